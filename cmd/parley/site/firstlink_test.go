package site_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
	"parley/store/storetest"
)

// Two people use links for the first admin at the same moment, either the same link or two of them. One of them
// becomes an admin, and the other is told that the link doesn't work any more.
// Requirement R-211: Roles.
func TestFirstAdminIsOne(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		links int
		names [2]string
	}{{1, [2]string{"mallory", "olga"}}, {2, [2]string{"mallory", "olga"}}, {1, [2]string{"olga", "olga"}}} {
		s := sitetest.Start(t, strings.ReplaceAll(sitetest.Acme, "roles: [admin]", "roles: [agent]"))
		first := s.FirstLink()
		second := first
		if c.links == 2 {
			second = s.FirstLink()
		}

		hold := storetest.Begin(t, s.Pool) // both are let through only when both have looked at their link
		storetest.Exec(t, hold, `UPDATE settings SET version = version`)
		var all sync.WaitGroup
		status := make([]int, 2)
		for i, link := range []string{first, second} {
			v, name := s.Visitor(""), c.names[i]
			all.Go(func() {
				status[i] = v.Post(link, url.Values{"name": {name}, "email": {name + "@acme.test"}}).Status
			})
		}

		waitUntil(t, "both wait", func() bool {
			const waiting = `SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
			return countRowsOf(t, s, waiting) >= 2
		})

		check(t, hold.Rollback(t.Context()))
		all.Wait()
		admins := storetest.Row(t, s.Pool, `SELECT count(*) FROM agents WHERE roles && '{admin,super_admin}'`)
		if admins != "(1)" || status[0]+status[1] != http.StatusSeeOther+http.StatusNotFound {
			t.Errorf("%+v: there are %s admins, and the answers are %v", c, admins, status)
		}
	}
}

// When the chat is down by which agents sign in, somebody with the server's shell lets them in by a link. An agent
// without a role can answer customers then, and opens no other pages. A stranger gets no link.
func TestLinkForAnAgent(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme, withInbox(t))
	link := must(site.SignInLink(t.Context(), s.Pool, s.URL, "Ben@acme.test"))(t)
	ben := s.Visitor("")
	if a := ben.Post(strings.TrimPrefix(link, s.URL), nil); a.Status != http.StatusSeeOther {
		t.Fatalf("the link: %d %s", a.Status, a.Body)
	}
	for path, want := range map[string]int{"/inbox": http.StatusOK, "/settings/accounts": http.StatusForbidden} {
		if a := ben.Get(path); a.Status != want {
			t.Errorf("%s: %d, want %d", path, a.Status, want)
		}
	}

	if _, err := site.SignInLink(t.Context(), s.Pool, s.URL, "nobody@acme.test"); !errors.Is(err, site.ErrNoAgent) {
		t.Errorf("a stranger: %v", err)
	}
}
