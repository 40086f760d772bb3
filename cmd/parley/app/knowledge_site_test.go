package app_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/analysis/offline"
	"parley/cmd/parley/app"
	"parley/store"
	"parley/store/storetest"
)

// site is a web site on a real socket.
type knowledgeSite struct {
	*httptest.Server

	mu    sync.Mutex
	pages map[string]string // by path: HTML, "-> ADDRESS" for a redirect, or unavailable
	asked []string          // paths, in their order; "304 /path" where nothing had changed
}

// unavailable is a page that can't be had now: the site answers 503.
const unavailable = "503"

func newSite(t *testing.T, pages map[string]string) *knowledgeSite {
	t.Helper()
	s := &knowledgeSite{pages: pages}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *knowledgeSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
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
func (s *knowledgeSite) setPage(path, page string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages[path] = page
	if page == "" {
		delete(s.pages, path)
	}
}

// requests returns what was asked for, and forgets it.
func (s *knowledgeSite) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.asked
	s.asked = nil
	return list
}

// createPlaces returns a database with a list of places (folders and sites) for Parley to read. It has read none yet.
func createPlaces(t *testing.T, places ...string) *pgxpool.Pool {
	t.Helper()
	pool := storetest.Reused(t)
	storetest.Check(t, store.InTx(t.Context(), pool, func(tx pgx.Tx) error { return store.SaveKnowledgePlaces(t.Context(), tx, places, true) }))
	return pool
}

func readPlaces(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	storetest.Check(t, newReader(pool, 0).Round(t.Context()))
}

// newReader makes a Reader that reads each place again after the time every.
func newReader(pool *pgxpool.Pool, every time.Duration) *app.Reader {
	return app.NewKnowledge(app.KnowledgeOptions{
		Pool:     pool,
		Log:      slog.New(slog.DiscardHandler),
		Holder:   "test",
		Every:    every,
		Language: offline.New(),
	})
}

// findTitles returns the titles of the sections that fit a text, the best first.
func findTitles(t *testing.T, pool *pgxpool.Pool, text string) []string {
	t.Helper()
	list := storetest.Must(store.FindKnowledge(t.Context(), pool, text, 5))(t)
	var all []string
	for _, s := range list {
		all = append(all, s.Title)
	}
	return all
}

// lastProblem returns the problem that is noted with the last of the places in alphabetical order.
func lastProblem(t *testing.T, pool *pgxpool.Pool) string {
	t.Helper()
	places, err := store.KnowledgePlaces(t.Context(), pool)
	if err != nil || len(places) == 0 {
		t.Fatal(places, err)
	}
	return places[len(places)-1].Problem
}

// folderBehind makes a folder with one file, and a database in which the site is read first and this folder after it.
func folderBehind(t *testing.T, s *knowledgeSite) *pgxpool.Pool {
	t.Helper()
	dir := t.TempDir()
	storetest.Check(t, os.WriteFile(filepath.Join(dir, "a.md"), []byte("# Warranty\n\nThe warranty lasts two years."), 0o600))
	pool := createPlaces(t, dir, s.URL+"/")
	storetest.Must(pool.Exec(t.Context(), `UPDATE knowledge_places SET read_at = parley_now() - interval '1 day' WHERE place = $1`, dir))(t)
	return pool
}

// If a page of one place can't be stored, that is noted with it. Others are read, and it isn't read anew before its time.
func TestPlaceThatCannotBeStored(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"/": "<h1>Help</h1><p>Ask the unspeakable.</p>"})
	pool := folderBehind(t, s)
	storetest.Must(pool.Exec(t.Context(), `ALTER TABLE knowledge_sections ADD CHECK (body NOT LIKE '%unspeakable%')`))(t)
	r := newReader(pool, time.Hour)
	if err := r.Round(t.Context()); err == nil || !strings.Contains(err.Error(), s.URL) {
		t.Errorf("the log tells %v", err)
	}
	if got := findTitles(t, pool, "warranty"); !slices.Equal(got, []string{"Warranty"}) {
		t.Errorf("of the place behind it %q is found", got)
	}
	if p := lastProblem(t, pool); !strings.Contains(p, "could not be read to its end") {
		t.Errorf("the problem is %q", p)
	}
	asked := len(s.requests())
	if err := r.Round(t.Context()); err != nil || asked == 0 || len(s.requests()) != 0 {
		t.Errorf("after %d requests it was read again: %v", asked, err)
	}
}

// A page is read again when it has changed, forgotten when it is gone, and kept while it can't be read.
func TestPage(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"/returns": `<title>Acme</title><nav><a href="/">Warranty</a></nav>` +
		`<h1>Returns</h1><p>Lamps can be returned within 30 days.</p><h2>Refund</h2><p>We refund the money within a week.</p>`})
	pool := createPlaces(t, s.URL+"/returns")
	check := func(asked string, titles ...string) {
		t.Helper()
		readPlaces(t, pool)
		if got := s.requests(); !slices.Equal(got, []string{asked}) {
			t.Errorf("asked for %q, want %q", got, asked)
		}
		if got := findTitles(t, pool, "How do I get my refund when a lamp is returned? What about the warranty?"); !slices.Equal(got, titles) {
			t.Errorf("found %q, want %q", got, titles)
		}
	}

	check("/returns", "Returns: Refund", "Returns")
	check("304 /returns", "Returns: Refund", "Returns")
	s.setPage("/returns", "<h1>Repairs</h1><p>We repair each lamp.</p>")
	check("/returns", "Repairs")
	s.setPage("/returns", unavailable)
	check("/returns", "Repairs")
	if p := lastProblem(t, pool); !strings.Contains(p, "can't be read now: the site answers 503") {
		t.Errorf("the problem is %q", p)
	}
	s.setPage("/returns", "")
	check("/returns")
}

// A page can't make the reader ask an address inside the network, nor keep it busy with endless redirects or huge pages.
func TestPageLeadsNowhere(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{"/inside": "it leads to http://169.254.169.254", "/circle": "in a circle", "/huge": ""} {
		s := newSite(t, map[string]string{
			"/inside": "-> http://169.254.169.254/latest/meta-data/",
			"/circle": "-> /circle",
			"/huge":   "<p>" + strings.Repeat("all sorts of words. ", 200_000) + "</p>",
		})
		pool := createPlaces(t, s.URL+path)
		readPlaces(t, pool)
		if p := lastProblem(t, pool); !strings.Contains(p, want) || want == "" && p != "" {
			t.Errorf("%s: the problem is %q, want %q", path, p, want)
		}
		var bytes int
		ask := `SELECT coalesce(sum(length(body)), 0) FROM knowledge_sections`
		if err := pool.QueryRow(t.Context(), ask).Scan(&bytes); err != nil || bytes > 200_000 {
			t.Errorf("%s: %d characters are kept, %v", path, bytes, err)
		}
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
			return store.SaveKnowledgePlaces(t.Context(), tx, places, mayInside)
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

// While a site can't be reached, what was read there before can be found, until the site is taken out of the list.
func TestSiteIsAway(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"/": "<h1>Hours</h1><p>We open at nine.</p>"})
	pool := createPlaces(t, s.URL+"/")
	readPlaces(t, pool)
	s.Close()
	readPlaces(t, pool)
	if got := findTitles(t, pool, "When do you open?"); !slices.Equal(got, []string{"Hours"}) {
		t.Errorf("found %q", got)
	}
	if p := lastProblem(t, pool); !strings.Contains(p, "can't be read") {
		t.Errorf("the problem is %q", p)
	}
	forget := func(tx pgx.Tx) error { return store.SaveKnowledgePlaces(context.Background(), tx, nil, true) }
	storetest.Check(t, store.InTx(t.Context(), pool, forget))
	if got := findTitles(t, pool, "When do you open?"); len(got) != 0 {
		t.Errorf("of a place that was taken out %q is found", got)
	}
}
