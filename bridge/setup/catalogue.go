package setup

import (
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"parley/store"
)

const maxRoleRunes = 60

// readRole reads one of the company's own roles:
//
//	roles:
//	  - {name: Supervisor, lists: [all, blocked]}
func (o *overlay) readRole(e *Group) {
	var r store.Role
	r.Name = words(e.readName("name", "Agents have a role by its name: Supervisor."))
	if utf8.RuneCountInString(r.Name) > maxRoleRunes {
		e.Fault(e.At, "name", "is too long", fmt.Sprintf("A name has at most %d characters.", maxRoleRunes))
	}
	if slices.Contains(store.Roles(), r.Name) {
		e.Fault(e.At, "name", fmt.Sprintf("%q is one of Parley's own roles", r.Name), "Take another name.")
	}
	setList(e, "lists", &r.Lists, store.OpensAll, store.OpensBlocked)
	e.Done()
	o.entries.add("role", r.Name, e, e.At)
	o.Roles = append(o.Roles, r)
}

// readKnowledge reads the sources of suggested replies, which are folders and web sites:
//
//	knowledge:
//	  - folder: /srv/knowledge
//	  - url: https://example.com/help/
func readKnowledge(entries []*Group) (sources []string) {
	for _, o := range entries {
		folder, site := o.Text("folder"), o.Text("url")
		o.Done()
		var source string
		switch {
		case folder != nil && site == nil:
			source = o.checkFolder(*folder)
		case folder == nil && site != nil:
			source = o.checkSite(*site)
		default:
			o.Fault(o.At, "folder", "stands beside url, or neither is there",
				"Write one entry each: - folder: /srv/knowledge, or - url: https://example.com/help/")
		}
		if source != "" {
			sources = append(sources, source)
		}
	}

	slices.Sort(sources)
	return slices.Compact(sources)
}

// checkFolder returns the path of a folder. It adds a fault and returns "" if the path isn't absolute.
func (g *Group) checkFolder(folder Text) string {
	path := strings.TrimSpace(folder.Value)
	if !filepath.IsAbs(path) {
		g.Fault(folder.At, "folder", fmt.Sprintf("%q is no absolute path", folder.Raw), "Write /srv/knowledge.")
		return ""
	}
	return filepath.Clean(path)
}

// checkSite returns the address of a web site, with its scheme in lower case: by the scheme, readers of State.Knowledge
// distinguish sites from folders. It adds a fault and returns "" if the address is invalid.
func (g *Group) checkSite(site Text) string {
	if !isSite(site.Value) {
		g.Fault(site.At, "url", fmt.Sprintf("%q isn't an address of a web site", site.Raw),
			"Write https://example.com/help/, without a user or a password.")
		return ""
	}
	scheme, rest, _ := strings.Cut(strings.TrimSpace(site.Value), ":")
	return strings.ToLower(scheme) + ":" + rest
}

// isSite reports whether an address is that of a web site that Parley can read.
func isSite(address string) bool {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" {
		return false
	}
	isHTTP := u.Scheme == "https" || u.Scheme == "http"
	return isHTTP && u.User == nil && u.Fragment == ""
}

// Role returns the entry of one of the company's own roles.
func Role(r store.Role) *Mapping {
	entry := &Mapping{}
	entry.AddText("name", r.Name)
	entry.AddList("lists", r.Lists)
	return entry
}

// Source returns the entry of a folder or web site from which replies are suggested.
func Source(place string) *Mapping {
	entry := &Mapping{}
	if (store.KnowledgePlace{Place: place}).IsSite() {
		entry.AddText("url", place)
	} else {
		entry.AddText("folder", place)
	}
	return entry
}
