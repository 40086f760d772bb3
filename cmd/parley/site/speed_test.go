package site_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/cmd/parley/site/sitetest"
	"parley/store/plantest"
	"parley/store/storetest"
)

// fullHouse is a company of a thousand agents with so many conversations of a year: one in fifty is open, and everything has
// its messages, its log and its figures.
func fullHouse(conversations int) []string {
	of := func(sql string) string { return strings.ReplaceAll(sql, "MANY", fmt.Sprint(conversations)) }
	zeros := strings.Repeat(", 0", 5)
	sums := func(kind, value string) string {
		return `INSERT INTO measure_days SELECT '` + kind + `', day, ` + value + `, account_id, team_id, sum(opened), 0, sum(resolved), 0, sum(messages_in), sum(messages_out),
			sum(first_count), sum(first_sum), sum(first_sum_open), max(first_worst), max(first_worst_open)` + zeros + `, sum(ended_sum), sum(ended_sum_open), max(ended_worst), max(ended_worst_open)
			FROM measure_shares GROUP BY 2, 3, 4, 5 ORDER BY 2` // days are written one after the other
	}
	account := `(SELECT id FROM accounts WHERE name = 'support-mail')`
	team := `(SELECT id FROM teams WHERE name = 'Support')`
	return []string{
		`INSERT INTO agents (email, name, roles) SELECT 'agent' || n || '@acme.test', 'Agent No. ' || n, '{agent}' FROM generate_series(1, 1000) AS n`,
		`UPDATE teams SET members = members || (SELECT array_agg(id) FROM agents WHERE email LIKE 'agent%') WHERE name = 'Support'`,
		`INSERT INTO tags (name, color, description) SELECT 'Tag No. ' || n, '#112233', 'What it is about' FROM generate_series(1, 1000) AS n`,
		`INSERT INTO templates (account_id, name, language, provider_name, category, body, uses, status) SELECT ` + account + `, 'text ' || n, 'en', 'text_' || n, 'utility', 'Hello', '{reply}', 'approved' FROM generate_series(1, 1000) AS n`,
		of(`INSERT INTO contacts (id, name) SELECT n, 'Customer ' || n FROM generate_series(1, MANY) AS n`),
		of(`INSERT INTO identities (id, account_id, key, name, contact_id, blocked) SELECT n, ` + account + `, 'c' || n || '@customer.test', 'Customer ' || n, n, n % (MANY / 1000) = 0 FROM generate_series(1, MANY) AS n`),
		of(`INSERT INTO conversations (id, account_id, identity_id, team_id, status, subject, assignees, tags, last_at, waiting_since, created_at, last_from, last_preview, resolved_at, snoozed_until)
			SELECT n, ` + account + `, n, ` + team + `, CASE WHEN n % 50 = 0 OR n = 99 THEN 'open' WHEN n % 501 = 0 THEN 'snoozed' ELSE 'resolved' END, 'Order ' || n,
				CASE WHEN n % 3 = 0 THEN ARRAY[1 + n % 1000] ELSE '{}' END, ARRAY['Billing'], now() - (MANY - n) * (interval '365 days' / MANY), CASE WHEN n % 100 = 0 THEN now() END,
				now() - (MANY - n) * (interval '365 days' / MANY), 'Customer ' || n, 'Where is my order?', CASE WHEN n % 50 > 0 THEN now() END, CASE WHEN n % 501 = 0 THEN now() + interval '1 day' END
			FROM generate_series(1, MANY) AS n`),
		of(`INSERT INTO conversation_words (conversation_id, words) SELECT n, array_to_tsvector(ARRAY['order', 'customer', n::text]) FROM generate_series(1, MANY) AS n`),
		of(`INSERT INTO messages (id, conversation_id, direction, fate, identity_id, agent_id, text, said_at, created_at, event_id)
			SELECT n * 2 + i, n, CASE i WHEN 0 THEN 'in' ELSE 'out' END, CASE WHEN i = 0 THEN 'in' WHEN n % (MANY / 500) = 0 THEN 'unclear' ELSE 'out' END, n, 1 + n % 1000, 'Where is my order?', now(), now(), n * 2 + i
			FROM generate_series(1, MANY) AS n, generate_series(0, 1) AS i`),
		of(`INSERT INTO log_entries (id, conversation_id, at, agent_id, actor, what, detail)
			SELECT n * 3 + i, n, now() - (MANY - n) * (interval '365 days' / MANY), 1 + n % 1000, 'agent', (ARRAY['opened', 'assigned', 'resolved'])[i + 1], '{}' FROM generate_series(1, MANY) AS n, generate_series(0, 2) AS i`),
		of(`INSERT INTO threads (conversation_id, account_id, channel, root) SELECT n, 1, 'C' || n % 10, 'r' || n FROM generate_series(1, MANY) AS n`),
		of(`INSERT INTO events (account_id, external_id, order_key, payload, size_bytes, received_at) SELECT ` + account + `, 'e' || n, 'k' || n % 1000, 'x', 1, now() FROM generate_series(1, MANY / 4) AS n`),
		`INSERT INTO quarantine (event_id, reason) SELECT id, 'It can''t be read' FROM events ORDER BY id DESC LIMIT 1000`,
		of(`INSERT INTO lanes (id, account_id, key, conversation_id, gate_id, due_at) SELECT n, ` + account + `, 'c' || n, n, 1, CASE WHEN n % 100 = 0 THEN now() + interval '1 day' END FROM generate_series(1, MANY / 4) AS n`),
		of(`INSERT INTO deliveries (id, lane_id, seq, message_id, kind, state, created_at) SELECT n, n, 1, n * 2 + 1, 'reply', CASE WHEN n % 100 = 0 THEN 'queued' ELSE 'sent' END, now() FROM generate_series(1, MANY / 4) AS n`),
		`INSERT INTO erasures (id, contacts, hashes, asked_by, asked_at, done_at) SELECT gen_random_uuid(), '{}', '{}', 'ann@acme.test', now(), now() FROM generate_series(1, 1000)`,
		`INSERT INTO setup_changes (author, lines, at) SELECT 'ann@acme.test', ARRAY['~ something'], now() - n * interval '1 min' FROM generate_series(1, 100000) AS n`,
		`INSERT INTO measure_shares SELECT id, created_at::date, team_id, 1 + id % 1000, account_id, 1, 0, 1, 0, 1, 1, 1, id % 9973, id % 997, id % 9973, id % 997` + zeros + `, id % 99991, id % 9991, id % 99991, id % 9991
			FROM conversations`,
		`INSERT INTO measure_labels SELECT id, tags, 'refund', '' FROM conversations`,
		sums("all", "''"), sums("agent", "agent_id::text"), sums("tag", "'Billing'"), sums("intent", "'refund'"), plantest.Spans(), plantest.Spreads(),
		`INSERT INTO measure_times SELECT id, tags, 'refund', '', ARRAY['2026-03-02 101 2 7 first 60 60', '2026-03-02 101 2 7 ended 90 90'] FROM conversations`,
	}
}

// bigTables grow with what customers write.
func bigTables() []string {
	return []string{"contacts", "identities", "conversations", "conversation_words", "messages", "log_entries", "threads", "events", "lanes", "deliveries", "measure_shares", "measure_labels", "measure_times"}
}

// readRows tells how many rows of the big tables were read so far, by everybody, and how many of them by looking through
// a table without an index.
func readRows(t *testing.T, pool *pgxpool.Pool) (rows, scanned int64, of string) {
	t.Helper()
	for _, conn := range pool.AcquireAllIdle(t.Context()) {
		if _, err := conn.Exec(t.Context(), `SELECT pg_stat_force_next_flush()`); err != nil {
			t.Fatal(err)
		}
		conn.Release()
	}
	err := pool.QueryRow(t.Context(), `
		SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint, sum(seq_tup_read)::bigint, 
			string_agg(format('%s %s, of these %s looked through', relname, seq_tup_read + coalesce(idx_tup_fetch, 0), seq_tup_read), '; ' ORDER BY relname)
		FROM pg_stat_user_tables WHERE relname = ANY($1)`, bigTables()).Scan(&rows, &scanned, &of)
	if err != nil {
		t.Fatal(err)
	}
	return rows, scanned, of
}

// slowPages are no pages: files of everything, what asks others, and what looks through everything since it is asked to
// find whatever stands of one customer.
func slowPages() []string {
	return []string{"GET /settings/log.csv", "GET /settings/erase/contact/{id}", "GET /settings/erase/contact/{id}/export", "GET /inbox/live", "GET /auth/with/slack", "GET /auth/with/microsoft", "GET /auth/with/oidc"}
}

// mostRows of the big tables may be read for one page, however many there are: the log looks through some thousands for what
// is asked for, figures are sums.
const mostRows = 12_000

// mostScanned rows may be read without an index: each of the big tables has at least ten times as many.
const mostScanned = 100

// Every page is made from few rows, however many conversations there are; over a million, while two thousand things are done
// each second, within the time of mostWork (the long form: docs/performance.md has its figures).
func TestPagesOverMany(t *testing.T) {
	conversations, times := 20_000, 1
	if storetest.LongForm() {
		conversations, times = 1_000_000, 10
	} else {
		t.Parallel()
	}
	s := sitetest.Start(t, everything, allProviders(t), withInbox(t))
	plantest.Run(t, s.Pool, fullHouse(conversations), nil)
	if _, err := s.Pool.Exec(t.Context(), `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET jit = off', current_database()); END $$`); err != nil {
		t.Fatal(err)
	}
	s.Pool.Reset() // sessions are those of a serving Parley
	cookie := s.Visitor("ann@acme.test").Cookie()
	handler := s.Pages.Handler()
	get := func(address string) (int, time.Duration) {
		r := httptest.NewRequest(http.MethodGet, address, nil)
		r.AddCookie(cookie)
		w, began := httptest.NewRecorder(), time.Now()
		handler.ServeHTTP(w, r)
		return w.Code, time.Since(began)
	}
	pages := map[string]string{"inbox, mine": "/inbox?list=mine", "inbox, all": "/inbox?list=all", "inbox, resolved": "/inbox?list=resolved", "inbox, page 20": "/inbox?list=all&page=20",
		"inbox, snoozed": "/inbox?list=snoozed", "inbox, found": "/inbox?words=order+77", "inbox, a word of all": "/inbox?words=customer", "log of all": "/settings/log", "log of an agent": "/settings/log?who=7", "log of a day": "/settings/log?from=2026-01-02&until=2026-01-02",
		"a year": "/settings/dashboard?days=365", "an agent's": "/settings/dashboard?agent=7", "longest": "/settings/dashboard/longest?time=ended&days=365", "contact": "/settings/erase?contact=c77@customer.test"}
	for pattern, address := range requests() {
		if strings.HasPrefix(pattern, "GET ") && !slices.Contains(slowPages(), pattern) {
			pages[pattern] = address
		}
	}
	var others uint32 // the session of those who are at work meanwhile
	if times > 1 {
		pid, stop := busy(t, s.Pool)
		defer stop()
		others = pid
	}
	for name, address := range pages {
		get(address) // statements are prepared
		before, scannedBefore, _ := readRows(t, s.Pool)
		if status, _ := get(address); status >= http.StatusInternalServerError && status != http.StatusBadGateway {
			t.Errorf("%s: %d", address, status)
		}
		after, scanned, of := readRows(t, s.Pool)
		if name == "inbox, found" { // to find rare words in so few conversations PostgreSQL looks through all
			continue
		}
		if (after-before > mostRows || scanned-scannedBefore > mostScanned) && times == 1 {
			t.Errorf("%s reads %d rows, and looks through %d (all: %s)", address, after-before, scanned-scannedBefore, of)
		}
	}
	if times > 1 {
		measurePages(t, s.Pool, others, pages, times, func(address string) time.Duration { _, took := get(address); return took })
	}
}

// measurePages measures pages in turn, beside a statement that reads nothing: how long they take, and how long processors
// work for them, which says the same on a machine with other work.
func measurePages(t *testing.T, pool *pgxpool.Pool, others uint32, pages map[string]string, times int, get func(string) time.Duration) {
	t.Helper()
	var bare []time.Duration
	for range 20 {
		began := time.Now()
		if _, err := pool.Exec(t.Context(), `SELECT 1`); err != nil {
			t.Fatal(err)
		}
		bare = append(bare, time.Since(began))
	}
	lines := []string{fmt.Sprintf("%9.1f ms %9.1f ms %9s × SELECT 1", 1e3*within(bare, 50).Seconds(), 1e3*within(bare, 95).Seconds(), "")}
	for name, address := range pages {
		var took []time.Duration
		before, began := worked(t, pool, others), time.Now()
		for len(took) < times && time.Since(began) < 5*time.Second {
			took = append(took, get(address))
		}
		work := (worked(t, pool, others) - before) / time.Duration(len(took))
		lines = append(lines, fmt.Sprintf("%9.1f ms %9.1f ms %6.1f ms %s", 1e3*within(took, 50).Seconds(), 1e3*within(took, 95).Seconds(), 1e3*work.Seconds(), name))
		if most := mostWork(name); work > most && within(took, 50) > most {
			t.Errorf("%s takes %s, of which processors work %s", name, within(took, 50), work)
		}
	}
	slices.Sort(lines)
	t.Logf("median, 95 of 100, processors' time:\n%s", strings.Join(lines, "\n"))
}

// mostWork is how long processors may work for a page.
func mostWork(name string) time.Duration {
	if strings.HasSuffix(name, "/figures.csv") {
		return 100 * time.Millisecond // no page but a file, with the sums and medians of a thousand agents
	}
	return 50 * time.Millisecond
}

// worked is how long processors have worked for this process and for its sessions of PostgreSQL, but for one; 0 where the
// system doesn't say.
func worked(t *testing.T, pool *pgxpool.Pool, but uint32) (all time.Duration) {
	t.Helper()
	rows, err := pool.Query(t.Context(), `SELECT pid::text FROM pg_stat_activity WHERE datname = current_database() AND pid <> $1`, int64(but))
	if err != nil {
		t.Fatal(err)
	}
	pids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range append(pids, "self") {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		_, rest, found := strings.Cut(string(stat), ") ")
		if fields := strings.Fields(rest); err == nil && found && len(fields) > 12 {
			user, _ := strconv.Atoi(fields[11])   //nolint:errcheck // 0
			system, _ := strconv.Atoi(fields[12]) //nolint:errcheck // 0
			all += time.Duration(user+system) * 10 * time.Millisecond
		}
	}
	return all
}

// within returns the time within which so many of a hundred were.
func within(list []time.Duration, percent int) time.Duration {
	slices.Sort(list)
	return list[min(len(list)*percent/100, len(list)-1)]
}

// busy lets two thousand things be done each second by a session of PostgreSQL, until stop is called.
func busy(t *testing.T, pool *pgxpool.Pool) (pid uint32, stop func()) {
	t.Helper()
	conn, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	began, rows := time.Now(), 0
	go func() {
		defer close(done)
		defer conn.Release()
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			due := int(time.Since(began).Seconds()*2000) - rows
			if _, err := conn.Exec(ctx, `INSERT INTO log_entries (id, conversation_id, at, agent_id, actor, what, detail)
				SELECT 100000000 + $1 + n, 1 + ($1 + n) % 1000, clock_timestamp(), 1 + n % 1000, 'agent', 'tagged', '{"tag": "Billing"}' FROM generate_series(1, $2) AS n`, rows, due); err != nil && ctx.Err() == nil {
				t.Errorf("log: %v", err)
				return
			}
			rows += due
		}
	}()
	return conn.Conn().PgConn().PID(), func() {
		cancel()
		<-done
		t.Logf("%.0f rows of the log a second came meanwhile", float64(rows)/time.Since(began).Seconds())
	}
}
