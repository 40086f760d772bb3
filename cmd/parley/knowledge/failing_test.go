package knowledge_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"parley/store/storetest"

	"github.com/jackc/pgx/v5/pgxpool"
)

// These tests read a site twice. At the second visit one of its pages can't be read, though the site and its robots.txt can.

// newHelpSite makes a site whose start page leads to a hub and to a page about hours, and the hub to a page about lamps and one about
// returns.
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

// checkKept checks the paths of the pages that are kept of a site.
func checkKept(t *testing.T, pool *pgxpool.Pool, s *site, want ...string) {
	t.Helper()
	var addresses []string
	ask := `SELECT array_agg(replace(address, $1, '') ORDER BY address) FROM knowledge_pages`
	storetest.Check(t, pool.QueryRow(t.Context(), ask, s.URL).Scan(&addresses))
	if !slices.Equal(addresses, want) {
		t.Errorf("kept %q, want %q", addresses, want)
	}
}

// What stands below a page that can't be read now is asked for by its own address, and kept.
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

// While one page can't be read, another one that is gone is forgotten: if it is not below the first, and also if only the first
// led to it.
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

// A page below one that can't be read now, to which another page leads as well, is read like any other: it is forgotten if it is gone.
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

// Of a site that is away, two pages are asked for in vain; the others are kept without being asked for.
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

// Pages below one that can't be read now are kept also where links lead to them by redirects: they are stored where these lead.
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

// Pages below one that wants to be in no index, and so is not stored itself, are kept while it can't be read.
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

// A link that leads in a circle does so at each visit. That is no reason to keep a page to which no link leads any more.
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
