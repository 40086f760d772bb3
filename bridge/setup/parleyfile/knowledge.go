package parleyfile

import (
	"net/url"
	"path/filepath"
	"slices"
	"strings"
)

// readKnowledge reads what suggested replies may draw on: folders and web sites.
func (f *File) readKnowledge(entries []*object) {
	for _, o := range entries {
		folder, site := o.Text("folder"), o.Text("url")
		o.Done()
		switch {
		case (folder == nil) == (site == nil):
			o.Fault(o.At, "folder", "stands beside url, or neither is there", "Write one entry each: - folder: /srv/knowledge, or - url: https://example.com/help/")
		case folder != nil && !filepath.IsAbs(strings.TrimSpace(folder.Value)):
			o.Fault(folder.At, "folder", "is no absolute path", "Write /srv/knowledge.")
		case folder != nil:
			f.Knowledge = append(f.Knowledge, filepath.Clean(strings.TrimSpace(folder.Value)))
		case !isSite(site.Value):
			o.Fault(site.At, "url", "is no address of a web site", "Write https://example.com/help/, without a user or a password.")
		default:
			f.Knowledge = append(f.Knowledge, strings.TrimSpace(site.Value))
		}
	}
	slices.Sort(f.Knowledge)
	f.Knowledge = slices.Compact(f.Knowledge)
}

// isSite reports whether an address is one from which a web site can be read.
func isSite(address string) bool {
	u, err := url.Parse(strings.TrimSpace(address))
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && u.Fragment == ""
}
