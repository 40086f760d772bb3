package knowledge_test

import (
	"maps"
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

// While the hub can't be read, a page that is gone is forgotten, whether another page led to it or only the hub did.
func TestPageThatIsGoneIsForgottenBesideOneThatFails(t *testing.T) {
	t.Parallel()
	tests := []struct {
		gone     string
		wantKept []string
	}{
		{gone: "/hours", wantKept: []string{"/", "/hub", "/lamps", "/returns"}},
		{gone: "/lamps", wantKept: []string{"/", "/hours", "/hub", "/returns"}},
	}
	for _, tt := range tests {
		t.Run(tt.gone, func(t *testing.T) {
			t.Parallel()
			s := newHelpSite(t)
			pool := createPlaces(t, s.URL+"/")
			readPlaces(t, pool)

			s.setPage("/hub", unavailable)
			s.setPage(tt.gone, "")
			readPlaces(t, pool)

			checkKept(t, pool, s, tt.wantKept...)
		})
	}
}

// If a page can't be read, a page to which it led is still found by a link on another page. If it is gone, it is
// forgotten.
func TestPageThatIsGoneIsForgottenBelowOneThatFails(t *testing.T) {
	t.Parallel()
	s := newHelpSite(t)
	s.setPage("/hours", `<h1>Hours</h1><p>We open at nine.</p><a href="/lamps">Lamps</a>`)
	pool := createPlaces(t, s.URL+"/")
	readPlaces(t, pool)

	s.setPage("/hub", unavailable)
	s.setPage("/lamps", "")
	readPlaces(t, pool)

	checkKept(t, pool, s, "/", "/hours", "/hub", "/returns")
}

// If a site answers 503 for each page, two pages are asked for in vain. The others are kept without being asked for.
func TestSiteThatIsAwayIsNotAskedForEachPage(t *testing.T) {
	t.Parallel()
	s := newHelpSite(t)
	pool := createPlaces(t, s.URL+"/")
	readPlaces(t, pool)
	s.requests()

	for _, path := range []string{"/", "/hours", "/hub", "/lamps", "/returns"} {
		s.setPage(path, unavailable)
	}
	readPlaces(t, pool)

	wantAsked := []string{"/robots.txt", "/", "/hours"}
	if got := s.requests(); !slices.Equal(got, wantAsked) {
		t.Errorf("asked for %q, want %q", got, wantAsked)
	}
	checkKept(t, pool, s, "/", "/hours", "/hub", "/lamps", "/returns")
}

// If a page can't be read, the pages to which it led by redirects are kept, too. They are stored under the address to
// which the redirect leads.
func TestPageThatFailsKeepsWhatIsBehindRedirects(t *testing.T) {
	t.Parallel()
	pages := map[string]string{
		"/":       `<h1>Start</h1><p>Ask us.</p><a href="/hub">Hub</a> <a href="/hours">Hours</a>`,
		"/hours":  `<h1>Hours</h1><p>We open at nine.</p>`,
		"/hub":    "-> /hub/",
		"/hub/":   `<h1>Hub</h1><p>Products.</p><a href="/lamps">Lamps</a>`,
		"/lamps":  "-> /lamps/",
		"/lamps/": `<h1>Lamps</h1><p>We sell lamps.</p>`,
	}
	tests := []struct {
		name    string
		failing string
	}{
		{name: "the start page", failing: "/"},
		{name: "the address that the link has", failing: "/hub"},
		{name: "the address to which it leads", failing: "/hub/"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, maps.Clone(pages))
			pool := createPlaces(t, s.URL+"/")
			readPlaces(t, pool)

			s.setPage(tt.failing, unavailable)
			readPlaces(t, pool)

			checkKept(t, pool, s, "/", "/hours", "/hub/", "/lamps/")
		})
	}
}

// A page that asks not to be indexed isn't stored. While it can't be read, the pages to which it leads are kept.
func TestPageWithoutIndexThatFailsKeepsWhatIsBelowIt(t *testing.T) {
	t.Parallel()
	s := newHelpSite(t)
	s.setPage("/hub", `<meta name="robots" content="noindex"><a href="/lamps">Lamps</a> <a href="/returns">Returns</a>`)
	pool := createPlaces(t, s.URL+"/")
	readPlaces(t, pool)

	s.setPage("/hub", unavailable)
	readPlaces(t, pool)

	checkKept(t, pool, s, "/", "/hours", "/lamps", "/returns")
}

// A link that redirects to itself fails at each visit. That doesn't keep a page to which no link leads any more.
func TestCircleKeepsNoOtherPage(t *testing.T) {
	t.Parallel()
	s := newHelpSite(t)
	s.setPage("/login", "-> /login")
	s.setPage("/hours", `<h1>Hours</h1><p>We open at nine.</p><a href="/login">Sign in</a>`)
	pool := createPlaces(t, s.URL+"/")
	readPlaces(t, pool)

	s.setPage("/hub", `<h1>Hub</h1><p>Products.</p><a href="/lamps">Lamps</a>`)
	readPlaces(t, pool)

	checkKept(t, pool, s, "/", "/hours", "/hub", "/lamps")
}
