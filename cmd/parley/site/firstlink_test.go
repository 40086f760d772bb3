package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/cmd/parley/site/sitetest"
	"parley/store/storetest"
)

// Of two people who use links for the first admin at the same moment, whether it is the same link or one of two, one
// becomes an admin. The other is told that the link does not work any more.
//
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
		hold, err := s.Pool.Begin(t.Context()) // both are let through only when both have looked at their link
		if err != nil {
			t.Fatal(err)
		}
		storetest.Exec(t, hold, `UPDATE settings SET version = version`)
		var all sync.WaitGroup
		status := make([]int, 2)
		for i, link := range []string{first, second} {
			v, name := s.Visitor(""), c.names[i]
			all.Go(func() {
				status[i] = v.Post(link, url.Values{"name": {name}, "email": {name + "@acme.test"}}).Status
			})
		}
		for storetest.Row(t, s.Pool, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) != "(2)" {
			if t.Context().Err() != nil {
				t.Fatal("they don't wait")
			}
			<-time.After(5 * time.Millisecond)
		}
		if err := hold.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
		all.Wait()
		admins := storetest.Row(t, s.Pool, `SELECT count(*) FROM agents WHERE roles && '{admin,super_admin}'`)
		if admins != "(1)" || status[0]+status[1] != http.StatusSeeOther+http.StatusNotFound {
			t.Errorf("%+v: there are %s admins, and the answers are %v", c, admins, status)
		}
	}
}
