package site_test

import (
	"fmt"
	"strings"
	"testing"

	"parley/cmd/parley/site/sitetest"
	"parley/store/plantest"
)

// Lists of a thousand are shown a page at a time and looked through by words, also where entries are chosen, and on a phone.
func TestThousandRows(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, everything, withInbox(t))
	plantest.Run(t, s.Pool, fullHouse(2000), nil)
	ann := s.Visitor("ann@acme.test")
	for address, word := range map[string]string{"/settings/agents": "Agent No. 777", "/settings/tags": "Tag No. 777", "/settings/templates": "text 777"} {
		first := ann.Get(address)
		if rows := strings.Count(first.Body, "<tr>") - 1; rows != 100 || !first.Has("1–100 of 10") {
			t.Errorf("%s shows %d rows", address, rows)
		}
		seen := 0
		for page := 0; ; page++ {
			a := ann.Get(fmt.Sprint(address, "?page=", page))
			if seen += strings.Count(a.Body, "<tr>") - 1; !a.Has(`rel="next"`) {
				break
			}
		}
		if seen < 1000 {
			t.Errorf("%s: the pages show %d rows", address, seen)
		}
		found := ann.Get(address + "?find=" + strings.ReplaceAll(strings.ToUpper(word), " ", "+"))
		if strings.Count(found.Body, "<tr>") != 2 || !found.Has(word) {
			t.Errorf("%s: %q is not found", address, word)
		}
		if a := ann.Get(address + "?find=no+such+thing&page=99999999999999999999"); !a.Has("Nothing was found.") || a.Has("yet") {
			t.Errorf("%s: what isn't there", address)
		}
	}
	b := s.Browser("ann@acme.test")
	for name, address := range map[string]string{"agents": "/settings/agents?page=3", "tags": "/settings/tags", "templates": "/settings/templates", "team": "/settings/teams/Support",
		"log": "/settings/log", "inbox": "/inbox?list=resolved", "thread": "/inbox/99", "dashboard": "/settings/dashboard", "stuck": "/settings/stuck", "blocked": "/settings/blocked", "erase": "/settings/erase", "first-steps": "/settings/first-steps"} {
		b.Open(address)
		b.Size(360, 740)
		b.FitsIn()
		b.Size(1280, 900)
		b.FitsIn()
		b.Shot("thousand-" + name)
	}
}
