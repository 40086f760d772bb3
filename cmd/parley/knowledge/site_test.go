package knowledge_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/analysis/offline"
	reader "parley/cmd/parley/knowledge"
	"parley/store"
	"parley/store/knowledge"
	"parley/store/storetest"
)

// site is a web site on a real socket.
type site struct {
	*httptest.Server

	mu       sync.Mutex
	pages    map[string]string // by path: HTML, "-> ADDRESS" for a redirect, or unavailable
	during   func(path string) // called while a page is asked for; may be nil
	asked    []string          // paths, in their order; "304 /path" where nothing had changed
	busy     atomic.Int32
	together atomic.Bool // two requests came at once
}

// unavailable is a page that can't be had now: the site answers 503.
const unavailable = "503"

func newSite(t *testing.T, pages map[string]string) *site {
	t.Helper()
	s := &site{pages: pages}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.busy.Add(1) > 1 {
		s.together.Store(true)
	}
	defer s.busy.Add(-1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.during != nil {
		s.during(r.URL.Path)
	}
	page, there := s.pages[r.URL.Path]
	to, redirect := strings.CutPrefix(page, "-> ")
	etag := fmt.Sprintf(`"%x"`, len(page))
	switch {
	case there && r.Header.Get("If-None-Match") == etag:
		s.asked = append(s.asked, "304 "+r.URL.Path)
		w.WriteHeader(http.StatusNotModified)
		return
	case redirect:
		w.Header().Set("Location", to) // as it is: http.Redirect would escape it
		w.WriteHeader(http.StatusFound)
	case !there:
		http.NotFound(w, r)
	case page == unavailable:
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		kind := "text/html; charset=utf-8"
		if strings.HasSuffix(r.URL.Path, ".txt") {
			kind = "text/plain"
		}
		w.Header().Set("Content-Type", kind)
		w.Header().Set("ETag", etag)
		_, _ = w.Write([]byte(page))
	}
	s.asked = append(s.asked, r.URL.Path)
}

// setPage changes a page; with "", there is none any more.
func (s *site) setPage(path, page string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages[path] = page
	if page == "" {
		delete(s.pages, path)
	}
}

// requests returns what was asked for, and forgets it.
func (s *site) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.asked
	s.asked = nil
	return list
}

// createPlaces returns a database with a list of places (folders and sites) for Parley to read. It has read none yet.
func createPlaces(t *testing.T, places ...string) *pgxpool.Pool {
	t.Helper()
	pool := storetest.DB(t)
	storetest.Check(t, store.InTx(t.Context(), pool, func(tx pgx.Tx) error { return knowledge.SavePlaces(t.Context(), tx, places, true) }))
	return pool
}

func readPlaces(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	storetest.Check(t, newReader(pool, 0).Round(t.Context()))
}

// newReader makes a Reader that reads each place again after the time every.
func newReader(pool *pgxpool.Pool, every time.Duration) *reader.Reader {
	return reader.New(reader.Options{
		Pool:     pool,
		Log:      slog.New(slog.DiscardHandler),
		Holder:   "test",
		Every:    every,
		Pause:    time.Millisecond,
		Language: offline.New(),
	})
}

// findTitles returns the titles of the sections that fit a text, the best first.
func findTitles(t *testing.T, pool *pgxpool.Pool, text string) []string {
	t.Helper()
	list := storetest.Must(knowledge.Find(t.Context(), pool, text, 5))(t)
	var all []string
	for _, s := range list {
		all = append(all, s.Title)
	}
	return all
}

// lastProblem returns the problem that is noted with the last of the places in alphabetical order.
func lastProblem(t *testing.T, pool *pgxpool.Pool) string {
	t.Helper()
	places, err := knowledge.Places(t.Context(), pool)
	if err != nil || len(places) == 0 {
		t.Fatal(places, err)
	}
	return places[len(places)-1].Problem
}

// The reader follows links, also in a circle, within a site's folder as far as robots.txt allows. It leaves out the words
// of navigation bars. The second time it reads only the pages that have changed, and forgets the sections that are gone.
func TestSite(t *testing.T) {
	t.Parallel()
	const nav = `<nav><a href="/help/">Help</a> <a href="/shop/basket">Warranty</a></nav>`
	s := newSite(t, map[string]string{
		"/robots.txt": "User-agent: *\nDisallow: /\n\nUser-agent: parley\nAllow: /help/\nDisallow: /help/internal*\n",
		"/help/": `<title>Help</title>` + nav +
			`<h1>Help</h1><p>Ask us anything.</p><a href="returns">Returns</a> <a href="internal/wages">Wages</a>` +
			` <a href="https://foreign.example/">x</a>`,
		"/help/returns": nav +
			`<h1>Returns</h1><p>Lamps can be returned within 30 days.</p><h2>Refund</h2><p>We refund the money within a week.</p>` +
			`<a href="/help/#top">Back</a> <a href="old">Old</a>`,
		"/help/old":        "-> /help/returns",
		"/help/internal/x": `<p>secret wages</p>`,
		"/shop/basket":     `<p>Warranty of the basket</p>`,
	})
	pool := createPlaces(t, s.URL+"/help/")
	readPlaces(t, pool)
	if got := s.requests(); !slices.Equal(got, []string{"/robots.txt", "/help/", "/help/returns", "/help/old", "/help/returns"}) {
		t.Errorf("asked for %q", got)
	}
	if s.together.Load() {
		t.Error("two requests were made at once")
	}
	if got := findTitles(t, pool, "How do I return my lamp?"); len(got) == 0 || got[0] != "Returns" {
		t.Errorf("found %q", got)
	}
	if got := findTitles(t, pool, "When do I get my refund?"); len(got) == 0 || got[0] != "Returns: Refund" {
		t.Errorf("found %q", got)
	}
	if got := findTitles(t, pool, "secret warranty basket"); len(got) != 0 {
		t.Errorf("found %q", got)
	}
	if p := lastProblem(t, pool); p != "" {
		t.Errorf("the place has the problem %q", p)
	}

	s.mu.Lock()
	s.pages["/help/returns"] = `<h1>Repairs</h1><p>We repair lamps.</p>`
	s.mu.Unlock()
	readPlaces(t, pool)
	if got := s.requests(); !slices.Equal(got, []string{"/robots.txt", "304 /help/", "/help/returns"}) {
		t.Errorf("the second time it asked for %q", got)
	}
	if got := findTitles(t, pool, "Refund, or do you repair lamps?"); !slices.Equal(got, []string{"Repairs"}) {
		t.Errorf("found %q", got)
	}
}

// A site can't make the reader ask another server, nor keep it busy with endless redirects or huge pages.
func TestSiteLeadsNowhere(t *testing.T) {
	t.Parallel()
	inside := newSite(t, map[string]string{"/": "<p>the password</p>"})
	s := newSite(t, map[string]string{
		"/": fmt.Sprintf(
			`<p>Hello</p><a href="/a">a</a><a href="/b">b</a><a href="/c">c</a><a href="/huge">h</a><a href="%s/">d</a>`+
				`<a href="file:///etc/passwd">e</a><a href="javascript:x()">f</a>`,
			inside.URL),
		"/a":       "-> " + inside.URL + "/",
		"/b":       "-> http://169.254.169.254/latest/meta-data/",
		"/c":       "-> /c",
		"/huge":    "<p>" + strings.Repeat("all sorts of words. ", 200_000) + "</p>",
		"/bad.txt": "\x00\xff",
	})
	pool := createPlaces(t, s.URL+"/")
	readPlaces(t, pool)
	if got := inside.requests(); len(got) != 0 {
		t.Errorf("another server was asked for %q", got)
	}
	if got := findTitles(t, pool, "password"); len(got) != 0 {
		t.Errorf("found %q", got)
	}
	if got := findTitles(t, pool, "hello"); len(got) != 1 {
		t.Errorf("found %q", got)
	}
	var bytes int
	if err := pool.QueryRow(t.Context(), `SELECT sum(length(body)) FROM knowledge_sections`).Scan(&bytes); err != nil || bytes > 200_000 {
		t.Errorf("of a huge page %d characters are kept, %v", bytes, err)
	}
	if p := lastProblem(t, pool); !strings.Contains(p, "another site") {
		t.Errorf("the problem is %q", p)
	}
}

// If an admin names a site inside the company's network, Parley doesn't read it. A super-admin can open it by taking it
// out of the list and naming it anew. It isn't enough that they name another place beside it.
// Requirement R-221: Pages for admins.
func TestSiteInside(t *testing.T) {
	t.Parallel()
	inside := newSite(t, map[string]string{"/": "<p>the password</p>"})
	pool := createPlaces(t)
	name := func(mayInside bool, places ...string) {
		t.Helper()
		storetest.Check(t, store.InTx(t.Context(), pool, func(tx pgx.Tx) error {
			return knowledge.SavePlaces(t.Context(), tx, places, mayInside)
		}))
		readPlaces(t, pool)
	}
	site := inside.URL + "/"
	name(false, site)
	name(true, site, t.TempDir())
	name(true, site)
	if got := inside.requests(); len(got) != 0 || !strings.Contains(lastProblem(t, pool), "a super-admin has to name it") {
		t.Errorf("named by an admin: asked for %q, and the problem is %q", got, lastProblem(t, pool))
	}
	name(true)
	name(true, site)
	name(false, site)
	if got := inside.requests(); len(got) == 0 || lastProblem(t, pool) != "" {
		t.Errorf("named by a super-admin: asked for %q, and the problem is %q", got, lastProblem(t, pool))
	}
}
