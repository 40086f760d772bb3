package site_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/cmd/parley/site/sitetest"
	"parley/store/plantest"
	"parley/store/storetest"
)

// These tests open every page of a site whose database has very many rows (testdata/manyrows.sql). TestPagesReadFewRows counts
// the rows that PostgreSQL reads for each. TestPagesAreFast, in the long form alone, measures how long each takes; its figures are
// in docs/performance.md.

const (
	// maxRowsRead bounds how many rows of the growing tables are read for a page, however many there are: the log looks through
	// some thousands for what is asked for. Figures are sums that are kept.
	maxRowsRead = 12_000
	// maxRowsScanned bounds how many of them are read without an index. Each of the tables has at least ten times as many.
	maxRowsScanned = 100
)

// growingTables lists the tables that grow with what customers write.
func growingTables() []string {
	return []string{
		"contacts", "identities", "conversations", "conversation_words", "messages", "log_entries", "threads",
		"events", "lanes", "deliveries", "measure_shares", "measure_labels", "measure_times",
	}
}

// fullSite is a site with very many rows, and an admin who is signed in.
type fullSite struct {
	*sitetest.Site

	handler http.Handler
	cookie  *http.Cookie
}

// startFullSite starts a site with so many conversations.
func startFullSite(t *testing.T, conversations int) *fullSite {
	t.Helper()
	s := sitetest.Start(t, everything, allProviders(t), withInbox(t))
	fillManyRows(t, s, conversations)
	// Sessions have the settings with which parley serve opens them.
	storetest.Exec(t, s.Pool, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET jit = off', current_database()); END $$`)
	s.Pool.Reset()
	return &fullSite{Site: s, handler: s.Pages.Handler(), cookie: s.Visitor("ann@acme.test").Cookie()}
}

// fillManyRows fills the database of a site with so many conversations, and with a thousand of everything else.
func fillManyRows(t *testing.T, s *sitetest.Site, conversations int) {
	t.Helper()
	rows := must(os.ReadFile("testdata/manyrows.sql"))(t)
	fill := strings.ReplaceAll(string(rows), "MANY", strconv.Itoa(conversations))
	plantest.Run(t, s.Pool, []string{fill, plantest.Spans(), plantest.Spreads()}, nil)
}

// get opens a page without a network in between.
func (s *fullSite) get(path string) (status int, took time.Duration) {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.AddCookie(s.cookie)
	w, began := httptest.NewRecorder(), time.Now()
	s.handler.ServeHTTP(w, r)
	return w.Code, time.Since(began)
}

// measuredPage is a page that these tests open.
type measuredPage struct {
	name string // in reports
	path string
	// mayScan says that PostgreSQL may look through all rows for the page: among few conversations it does so to find rare words.
	mayScan bool
}

// measuredPages lists every page of the site, and some once more for what takes the most work there.
func measuredPages() []measuredPage {
	pages := []measuredPage{
		{name: "inbox, mine", path: "/inbox?list=mine"},
		{name: "inbox, all", path: "/inbox?list=all"},
		{name: "inbox, resolved", path: "/inbox?list=resolved"},
		{name: "inbox, page 20", path: "/inbox?list=all&page=20"},
		{name: "inbox, snoozed", path: "/inbox?list=snoozed"},
		{name: "inbox, found", path: "/inbox?words=order+77", mayScan: true},
		{name: "inbox, a word of all", path: "/inbox?words=customer"},
		{name: "log of all", path: "/settings/log"},
		{name: "log of an agent", path: "/settings/log?who=7"},
		{name: "log of a day", path: "/settings/log?from=2026-01-02&until=2026-01-02"},
		{name: "a year", path: "/settings/dashboard?days=365"},
		{name: "an agent's", path: "/settings/dashboard?agent=7"},
		{name: "longest", path: "/settings/dashboard/longest?time=ended&days=365"},
		{name: "contact", path: "/settings/erase?contact=c77@customer.test"},
	}
	for pattern, path := range requests() {
		if strings.HasPrefix(pattern, http.MethodGet+" ") && !slices.Contains(unmeasuredRoutes(), pattern) {
			pages = append(pages, measuredPage{name: pattern, path: path})
		}
	}
	return pages
}

// unmeasuredRoutes lists the routes that these tests leave out: files with all rows, searches for everything of one customer, which
// look through all rows, requests that wait for changes, and those that ask other servers.
func unmeasuredRoutes() []string {
	return []string{
		"GET /settings/log.csv",
		"GET /settings/erase/contact/{id}",
		"GET /settings/erase/contact/{id}/export",
		"GET /inbox/live",
		"GET /auth/with/slack",
		"GET /auth/with/microsoft",
		"GET /auth/with/oidc",
	}
}

// rowsRead is what PostgreSQL has read of the growing tables so far, for everybody.
type rowsRead struct {
	all     int64
	scanned int64  // of these without an index
	detail  string // by table
}

func countRowsRead(t *testing.T, pool *pgxpool.Pool) rowsRead {
	t.Helper()
	for _, conn := range pool.AcquireAllIdle(t.Context()) {
		storetest.Exec(t, conn, `SELECT pg_stat_force_next_flush()`)
		conn.Release()
	}
	var r rowsRead
	check(t, pool.QueryRow(t.Context(), `
		SELECT
			sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint,
			sum(seq_tup_read)::bigint,
			string_agg(format('%s %s, of these %s without an index', relname, seq_tup_read + coalesce(idx_tup_fetch, 0), seq_tup_read), '; '
			ORDER BY relname)
		FROM pg_stat_user_tables
		WHERE relname = ANY($1)`, growingTables()).Scan(&r.all, &r.scanned, &r.detail))
	return r
}

// Every page is made from few rows, however many conversations there are.
func TestPagesReadFewRows(t *testing.T) {
	t.Parallel()
	const conversations = 20_000
	s := startFullSite(t, conversations)
	for _, page := range measuredPages() {
		s.get(page.path) // prepares the statements, which reads rows of its own
		before := countRowsRead(t, s.Pool)
		checkPageIsMade(t, s, page)
		after := countRowsRead(t, s.Pool)

		if page.mayScan {
			continue
		}
		if n := after.all - before.all; n > maxRowsRead {
			t.Errorf("%s reads %d rows, want at most %d (rows read so far: %s)", page.path, n, maxRowsRead, after.detail)
		}
		if n := after.scanned - before.scanned; n > maxRowsScanned {
			t.Errorf("%s reads %d rows without an index, want at most %d (rows read so far: %s)", page.path, n, maxRowsScanned, after.detail)
		}
	}
}

// checkPageIsMade opens a page. It may say that another server can't be reached.
func checkPageIsMade(t *testing.T, s *fullSite, page measuredPage) {
	t.Helper()
	status, _ := s.get(page.path)
	if status >= http.StatusInternalServerError && status != http.StatusBadGateway {
		t.Errorf("%s has status %d, want a page", page.path, status)
	}
}
