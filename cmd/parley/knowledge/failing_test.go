package knowledge_test

import (
	"slices"
	"strings"
	"testing"

	"parley/store/storetest"

	"github.com/jackc/pgx/v5/pgxpool"
)

// These tests read a site twice. At the second visit some of its pages can't be read or are gone, while its robots.txt
// can be read.

// newHelpSite makes a site whose start page leads to a hub and to a page about hours, and the hub to a page about lamps
// and one about returns.
func newHelpSite(t *testing.T) *site {
	t.Helper()
	return newSite(t, map[string]string{
		"/":        `<h1>Start</h1><p>Ask us.</p><a href="/hub">Hub</a> <a href="/hours">Hours</a>`,
		"/hours":   `<h1>Hours</h1><p>We open at nine.</p>`,
		"/hub":     `<h1>Hub</h1><p>Products.</p><a href="/lamps">Lamps</a> <a href="/returns">Returns</a>`,
		"/lamps":   `<h1>Lamps</h1><p>We sell lamps.</p>`,
		"/returns": `<h1>Returns</h1><p>Lamps can be returned.</p>`,
	})
}

// checkKept checks the paths of the pages that the database has of a site.
func checkKept(t *testing.T, pool *pgxpool.Pool, s *site, want ...string) {
	t.Helper()
	var addresses []string
	ask := `SELECT array_agg(replace(address, $1, '') ORDER BY address) FROM knowledge_pages`
	storetest.Check(t, pool.QueryRow(t.Context(), ask, s.URL).Scan(&addresses))
	if !slices.Equal(addresses, want) {
		t.Errorf("kept %q, want %q", addresses, want)
	}
}

// If a page can't be read, the pages to which it led are read by their own addresses, and kept.
func TestPageThatFailsKeepsWhatIsBelowIt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		failing   string
		wantAsked []string
	}{
		{name: "start page", failing: "/", wantAsked: []string{"/robots.txt", "/", "304 /hours", "304 /hub", "304 /lamps", "304 /returns"}},
		{name: "hub", failing: "/hub", wantAsked: []string{"/robots.txt", "304 /", "/hub", "304 /hours", "304 /lamps", "304 /returns"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newHelpSite(t)
			pool := createPlaces(t, s.URL+"/")
			readPlaces(t, pool)
			s.requests()

			s.setPage(tt.failing, unavailable)
			readPlaces(t, pool)

			if got := s.requests(); !slices.Equal(got, tt.wantAsked) {
				t.Errorf("asked for %q, want %q", got, tt.wantAsked)
			}
			checkKept(t, pool, s, "/", "/hours", "/hub", "/lamps", "/returns")
			if got := lastProblem(t, pool); !strings.Contains(got, "can't be read now: the site answers 503") {
				t.Errorf("the problem is %q, want that the page can't be read now", got)
			}
		})
	}
}
