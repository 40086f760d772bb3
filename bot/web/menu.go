package web

import (
	"slices"
	"strings"
)

// menuGroup is a titled part of the menu.
type menuGroup struct {
	Title   string
	Entries []menuEntry
}

// menuEntry is an entry of the menu. Its pages are the tabs above each of them; it leads to the first.
type menuEntry struct {
	Text string
	Tabs []Tab
	Here bool // one of its pages is shown
}

// Tab is a link of the bar above a page.
type Tab struct {
	Path, Text string
	Here       bool // the page that is shown

	below []string // path prefixes, such as "/settings/new-tag", of other pages that belong to it
}

// menu returns the whole menu. A tab counts for people who may open its route; one without a route is left out.
func menu() []menuGroup {
	return []menuGroup{
		{Title: "Work", Entries: []menuEntry{
			{Text: "Inbox", Tabs: []Tab{
				{Path: "/inbox", Text: "Conversations"},
				{Path: "/settings/customers", Text: "Customers", below: []string{"/settings/customers-file"}},
				{Path: "/settings/blocked", Text: "Blocked and silenced"},
			}},
			{Text: "Figures", Tabs: []Tab{{Path: "/settings/dashboard", Text: "Figures"}}},
		}},
		{Title: "Set up", Entries: []menuEntry{
			{Text: "Channels", Tabs: []Tab{
				{Path: "/settings/accounts", Text: "Accounts", below: []string{
					"/settings/new-account/", "/settings/add-", "/settings/mailboxes/", "/settings/numbers/",
				}},
				{Path: "/settings/first-steps", Text: "First steps"},
			}},
			{Text: "People and teams", Tabs: []Tab{
				{Path: "/settings/agents", Text: "People", below: []string{"/settings/new-agent"}},
				{Path: "/settings/teams", Text: "Teams", below: []string{"/settings/new-team"}},
				{Path: "/settings/roles", Text: "Roles"},
			}},
			{Text: "Texts and tags", Tabs: []Tab{
				{Path: "/settings/canned-replies", Text: "Canned replies", below: []string{"/settings/new-canned-reply"}},
				{Path: "/settings/templates", Text: "Templates", below: []string{"/settings/new-template"}},
				{Path: "/settings/tags", Text: "Tags and labels", below: []string{"/settings/new-tag"}},
			}},
			{Text: "Rules and hours", Tabs: []Tab{
				{Path: "/settings/company", Text: "Company"},
				{Path: "/settings/automations", Text: "Automations", below: []string{"/settings/new-automation"}},
			}},
			{Text: "AI", Tabs: []Tab{{Path: "/settings/ai", Text: "AI"}}},
		}},
		{Title: "Look after it", Entries: []menuEntry{
			{Text: "Health and log", Tabs: []Tab{
				{Path: "/settings/health", Text: "Health"},
				{Path: "/settings/stuck", Text: "Errors"},
				{Path: "/settings/log", Text: "Log"},
				{Path: "/settings/retention", Text: "Retention"},
				{Path: "/settings/erase", Text: "Erase and export"},
				{Path: "/settings/tokens", Text: "API tokens"},
			}},
		}},
	}
}

// menuFor returns the menu with what the person may open, and the tabs of the page that is shown; a single tab is none.
func (v *Visit) menuFor() (groups []menuGroup, tabs []Tab) {
	if v.Person.ID == 0 {
		return nil, nil
	}
	mayOpen := func(path string) bool {
		i := slices.IndexFunc(v.site.routes, func(r Route) bool { return r.Pattern == "GET "+path })
		return i >= 0 && v.Person.mayOpen(v.site.routes[i].For)
	}
	for _, g := range menu() {
		var shown []menuEntry
		for _, e := range g.Entries {
			e.Tabs = slices.DeleteFunc(e.Tabs, func(t Tab) bool { return !mayOpen(t.Path) })
			for i := range e.Tabs {
				e.Tabs[i].Here = e.Tabs[i].contains(v.Request.URL.Path)
				e.Here = e.Here || e.Tabs[i].Here
			}
			if len(e.Tabs) > 0 {
				shown = append(shown, e)
			}
			if e.Here && len(e.Tabs) > 1 {
				tabs = e.Tabs
			}
		}
		if len(shown) > 0 {
			groups = append(groups, menuGroup{g.Title, shown})
		}
	}
	return groups, tabs
}

// contains reports whether the page at a path belongs to the tab.
func (t Tab) contains(path string) bool {
	return path == t.Path || strings.HasPrefix(path, t.Path+"/") ||
		slices.ContainsFunc(t.below, func(prefix string) bool { return strings.HasPrefix(path, prefix) })
}
