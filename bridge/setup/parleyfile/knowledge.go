package parleyfile

import (
	"fmt"
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
		if (folder == nil) == (site == nil) {
			o.Fault(o.At, "folder", "stands beside url, or neither is there",
				"Write one entry each: - folder: /srv/knowledge, or - url: https://example.com/help/")
			continue
		}

		if folder != nil {
			path := strings.TrimSpace(folder.Value)
			if filepath.IsAbs(path) {
				f.Knowledge = append(f.Knowledge, filepath.Clean(path))
			} else {
				o.Fault(folder.At, "folder", fmt.Sprintf("%q is no absolute path", folder.Raw), "Write /srv/knowledge.")
			}

			continue
		}

		if isSite(site.Value) {
			scheme, rest, _ := strings.Cut(strings.TrimSpace(site.Value), ":")
			f.Knowledge = append(f.Knowledge, strings.ToLower(scheme)+":"+rest) // by the scheme others tell a site from a folder
		} else {
			o.Fault(site.At, "url", fmt.Sprintf("%q isn't an address of a web site", site.Raw),
				"Write https://example.com/help/, without a user or a password.")
		}
	}

	slices.Sort(f.Knowledge)
	f.Knowledge = slices.Compact(f.Knowledge)
}

// isSite reports whether an address is one from which a web site can be read.
func isSite(address string) bool {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" {
		return false
	}
	isHTTP := u.Scheme == "https" || u.Scheme == "http"
	return isHTTP && u.User == nil && u.Fragment == ""
}
