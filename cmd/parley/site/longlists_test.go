package site_test

import (
	"fmt"
	"strings"
	"testing"

	"parley/cmd/parley/site/sitetest"
)

// These tests look at a site with a thousand agents, tags and templates (fillManyRows).

const rowsPerPage = 100

// countRows counts the rows of a page's list, without the heading.
func countRows(page sitetest.Answer) int { return strings.Count(page.Body, "<tr>") - 1 }

// A list of a thousand entries is shown page by page, and can be searched by words.
func TestLongLists(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, everything, withInbox(t))
	fillManyRows(t, s, 2000)
	ann := s.Visitor("ann@acme.test")
	for _, tt := range []struct {
		path string
		name string // of one of the entries
	}{
		{path: "/settings/agents", name: "Agent No. 777"},
		{path: "/settings/tags", name: "Tag No. 777"},
		{path: "/settings/templates", name: "text 777"},
	} {
		t.Run(strings.TrimPrefix(tt.path, "/settings/"), func(t *testing.T) {
			first := ann.Get(tt.path)
			if n := countRows(first); n != rowsPerPage {
				t.Errorf("the first page has %d rows, want %d", n, rowsPerPage)
			}
			wantShown(t, "the first page", first, "1–100 of 10") // and further digits

			if n := countRowsOfAllPages(ann, tt.path); n < 1000 {
				t.Errorf("all pages together have %d rows, want at least 1000", n)
			}

			found := ann.Get(tt.path + "?find=" + strings.ReplaceAll(strings.ToUpper(tt.name), " ", "+"))
			if n := countRows(found); n != 1 {
				t.Errorf("looking for %q finds %d rows, want 1", tt.name, n)
			}
			wantShown(t, "what is found", found, tt.name)

			nothing := ann.Get(tt.path + "?find=no+such+thing&page=99999999999999999999")
			wantShown(t, "what isn't there", nothing, "Nothing was found.")
			wantHidden(t, "what isn't there", nothing, "yet") // as in "There are no agents yet"
		})
	}
}

func countRowsOfAllPages(v *sitetest.Visitor, path string) int {
	rows := 0
	for page := 0; ; page++ {
		a := v.Get(fmt.Sprint(path, "?page=", page))
		rows += countRows(a)
		if !a.Has(`rel="next"`) {
			return rows
		}
	}
}

// In a browser, pages with a thousand entries fit into the window, also on a phone. The entries are listed, or can be
// chosen.
func TestLongListsFitIn(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, everything, withInbox(t))
	fillManyRows(t, s, 2000)

	b := s.Browser("ann@acme.test")
	for _, tt := range []struct {
		name string
		path string
	}{
		{name: "agents", path: "/settings/agents?page=3"},
		{name: "tags", path: "/settings/tags"},
		{name: "templates", path: "/settings/templates"},
		{name: "team", path: "/settings/teams/Support"},
		{name: "log", path: "/settings/log"},
		{name: "inbox", path: "/inbox?list=resolved"},
		{name: "thread", path: "/inbox/99"},
		{name: "dashboard", path: "/settings/dashboard"},
		{name: "stuck", path: "/settings/stuck"},
		{name: "blocked", path: "/settings/blocked"},
		{name: "erase", path: "/settings/erase"},
		{name: "first-steps", path: "/settings/first-steps"},
	} {

		b.Open(tt.path)
		b.Size(360, 740)
		b.FitsIn()
		b.Size(1280, 900)
		b.FitsIn()
		b.Shot("thousand-" + tt.name)
	}
}
