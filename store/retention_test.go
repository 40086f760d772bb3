package store_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/blob"
	"parley/store/storetest"
)

const month = 30 * 24 * time.Hour

// stored puts events into the journal, applied already, and gives their ids in order.
func stored(t *testing.T, pool *pgxpool.Pool, events ...store.NewEvent) (ids []store.EventID) {
	t.Helper()
	for _, e := range events {
		must(store.InsertEvents(t.Context(), pool, []store.NewEvent{e}))(t)
		var id store.EventID
		check(t, pool.QueryRow(t.Context(), `SELECT id FROM events WHERE external_id = $1`, e.ExternalID).Scan(&id))
		ids = append(ids, id)
	}
	applied(t, pool)
	return ids
}

// applied empties all queues.
func applied(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	exec(t, pool, `DELETE FROM queues`)
	exec(t, pool, `DELETE FROM queue_events`)
}

// waits puts events into queues again, each as the only one of its order key.
func waits(t *testing.T, pool *pgxpool.Pool, events ...store.EventID) {
	t.Helper()
	exec(t, pool, `INSERT INTO queues (key, account_id, version, first_event, place, last_place, due_at)
		SELECT order_key, account_id, 0, id, id, id, clock_timestamp() FROM events WHERE id = ANY($1)`, events)
}

// emptyAll runs batches until there are no more.
func emptyAll(t *testing.T, pool *pgxpool.Pool) (all store.Emptied) {
	t.Helper()
	for {
		done := must(store.EmptyEvents(t.Context(), pool, month))(t)
		all.Looked, all.Events, all.Moved = all.Looked+done.Looked, all.Events+done.Events, all.Moved+done.Moved
		if !done.More {
			break
		}
	}
	done := must(store.EmptyRetained(t.Context(), pool, 0))(t)
	all.Events, all.Moved = all.Events+done.Events, all.Moved+done.Moved
	return all
}

// letter gives an event's message.
func letter(t *testing.T, pool *pgxpool.Pool, event store.EventID, subject string, html bool, files string) {
	t.Helper()
	exec(t, pool, `INSERT INTO contacts (id, name) VALUES (1, 'x') ON CONFLICT DO NOTHING`)
	exec(t, pool, `INSERT INTO identities (id, account_id, key, contact_id) VALUES (1, 1, 'k', 1) ON CONFLICT DO NOTHING`)
	exec(t, pool, `INSERT INTO conversations (id, account_id, identity_id, status, last_at, created_at)
		VALUES (1, 1, 1, 'open', now(), now()) ON CONFLICT DO NOTHING`)
	exec(t, pool, `INSERT INTO messages (id, conversation_id, direction, fate, subject, has_html, files, event_id, said_at, created_at)
		VALUES ($1, 1, 'in', 'in', $2, $3, $4::jsonb, $1, now(), now())`, event, subject, html, files)
}

// After a month an event that was applied loses its payload, but not its key. An event that is still to be applied
// keeps its payload, and so does the original of a message.
func TestEmptyEvents(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	event := func(name, payload string) store.NewEvent {
		return store.NewEvent{AccountID: 1, ExternalID: name, OrderKey: "1/" + name, Payload: []byte(payload)}
	}
	large := bytes.Repeat([]byte("large "), 300_000)
	hash := must(blob.Put(t.Context(), pool, large))(t)
	inBlob := func(name string) store.NewEvent {
		return store.NewEvent{AccountID: 1, ExternalID: name, OrderKey: "1/" + name, Blob: hash, SizeBytes: int64(len(large))}
	}
	names := []string{"plain", "waits", "bad", "html", "same html", "files", "letter", "chat", "large", "large letter", "young"}
	ids := stored(t, pool, event("plain", "p"), event("waits", "w"), event("bad", "b"), event("html", "<p>"), event("same html", "<p>"),
		event("files", "f"), event("letter", "l"), event("chat", "c"), inBlob("large"), inBlob("large letter"), event("young", "y"))

	waits(t, pool, ids[1])
	exec(t, pool, `INSERT INTO quarantine (event_id, reason) VALUES ($1, 'odd')`, ids[2])
	letter(t, pool, ids[3], "", true, "[]")
	letter(t, pool, ids[4], "", true, "[]")
	letter(t, pool, ids[5], "", false, `[{"name": "a.pdf"}]`)
	letter(t, pool, ids[6], "Hello", false, "[]")
	letter(t, pool, ids[7], "", false, "[]")
	letter(t, pool, ids[9], "Big", true, "[]")

	if done := emptyAll(t, pool); done.Looked != 0 {
		t.Fatalf("nothing is a month old yet: %+v", done)
	}
	check(t, store.MoveClock(t.Context(), pool, month+time.Hour))
	exec(t, pool, `UPDATE events SET received_at = received_at + interval '1 day' WHERE id = $1`, ids[10])

	if done := emptyAll(t, pool); done.Events != 7 || done.Moved != 4 || done.Looked != 10 {
		t.Errorf("first run: %+v", done)
	}

	want := map[string]string{"plain": "", "waits": "w", "bad": "b", "html": "<p>", "same html": "<p>", "files": "f", "letter": "l",
		"chat": "", "large": "", "large letter": string(large), "young": "y"}
	content := func(i int) string {
		t.Helper()
		e := must(store.GetEvent(t.Context(), pool, ids[i]))(t)
		if e.Blob == nil {
			return string(e.Payload)
		}
		if e.Payload != nil {
			t.Errorf("%s has a payload beside its blob", names[i])
		}
		return string(must(blob.Get(t.Context(), pool, nil, *e.Blob))(t))
	}
	for i, name := range names {
		if got := content(i); got != want[name] {
			t.Errorf("%s holds %.20q, not %.20q", name, got, want[name])
		}
	}

	if again := must(store.InsertEvents(t.Context(), pool, []store.NewEvent{event("plain", "p")}))(t); len(again) != 0 {
		t.Error("an emptied event came back")
	}

	if done := emptyAll(t, pool); done.Events != 0 {
		t.Errorf("second run: %+v", done)
	}

	must(store.Replay(t.Context(), pool, []store.EventID{ids[2]}))(t)
	exec(t, pool, `DELETE FROM queues WHERE first_event = $1`, ids[2])
	if done := emptyAll(t, pool); done.Events != 1 || content(1) != "w" || content(2) != "" {
		t.Errorf("what was replayed, beside what still waits: %+v", done)
	}

	applied(t, pool)
	if done := emptyAll(t, pool); done.Events != 1 || content(1) != "" {
		t.Errorf("what was applied late: %+v", done)
	}

	check(t, store.MoveClock(t.Context(), pool, 2*24*time.Hour))
	if done := emptyAll(t, pool); done.Events != 1 || content(10) != "" {
		t.Errorf("the young one, later: %+v", done)
	}
	if left := row(t, pool, `SELECT count(*) FROM retained`); left != "(0)" {
		t.Errorf("%s events are remembered for nothing, want (0)", left)
	}
}

// A batch reads and writes its own thousand rows, however long the journal is.
func TestRetentionPlans(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	events := int64(60_000) // in the long form five times as many
	if storetest.LongForm() {
		events = 300_000
	}
	for _, sql := range []string{
		fmt.Sprintf(`INSERT INTO events (account_id, external_id, order_key, payload, size_bytes, received_at)
			SELECT 1, 'e' || n, 'k', 'x', 1, now() - interval '60 days' + n * interval '4800000 s' / %[1]d FROM generate_series(1, %[1]d) AS n`, events),
		`UPDATE events SET payload = NULL, blob = 'h' || id WHERE id % 100 = 0`,
		`INSERT INTO blobs (hash, size_bytes, created_at) SELECT 'h' || n, 1, now() - interval '2 days' FROM generate_series(1, 20000) AS n`,
		`INSERT INTO contacts (id, name) VALUES (1, 'x')`,
		`INSERT INTO identities (id, account_id, key, contact_id) VALUES (1, 1, 'k', 1)`,
		`INSERT INTO conversations (id, account_id, identity_id, status, last_at, created_at) VALUES (1, 1, 1, 'open', now(), now())`,
		`INSERT INTO messages (id, conversation_id, direction, fate, subject, said_at, created_at, event_id)
			SELECT id, 1, 'in', 'in', 's', now(), now(), id FROM events WHERE id % 3 > 0`,
		`UPDATE events SET order_key = 'k' || id % 5000`,
		`INSERT INTO queues (key, account_id, version, first_event, place, last_place, due_at)
			SELECT order_key, 1, 0, min(id), min(id), max(id), now() FROM (SELECT * FROM events ORDER BY id DESC LIMIT 10000) AS e GROUP BY order_key`,
		`INSERT INTO quarantine (event_id, reason) SELECT n * 10, 'odd' FROM generate_series(1, 5000) AS n`,
		`INSERT INTO retained (event_id) SELECT n * 10 FROM generate_series(1, 2000) AS n`,
		`INSERT INTO reactions (account_id, target, identity_id, delivery_id) SELECT 1, 'x' || n, 1, n FROM generate_series(1, 20000) AS n`,
		`INSERT INTO conversations (id, account_id, identity_id, status, last_at, created_at, resolved_at)
			SELECT n, 1, 1, 'resolved', now(), now(), now() - interval '90 days' FROM generate_series(2, 20001) AS n`,
		`INSERT INTO gates (id, account_id, key) OVERRIDING SYSTEM VALUE VALUES (1, 1, 'g')`,
		`INSERT INTO lanes (id, account_id, key, gate_id, conversation_id, head, tail) SELECT n, 1, 'k' || n, 1, n + 1, 4, 4 FROM generate_series(1, 20000) AS n`,
		`INSERT INTO threads (account_id, conversation_id, channel, root) SELECT 1, n, 'c', 'r' || n FROM generate_series(2, 20001) AS n`,
		`INSERT INTO deliveries (id, lane_id, seq, kind, state, external_id, created_at)
			SELECT n, 1 + n / 4, 1 + n % 4, CASE n % 4 WHEN 0 THEN 'card' ELSE 'said' END, 'accepted', 'p' || n, now() - interval '90 days'
			FROM generate_series(1, 79999) AS n`,
		`INSERT INTO posts (account_id, channel, message, conversation_id, kind) SELECT 1, 'c', 'p' || n, 2 + n / 4, 'said' FROM generate_series(1, 79999) AS n`,
		`INSERT INTO posts (account_id, channel, message, kind, early, kept_at)
			SELECT 2, 'C' || n % 10, 'm' || n, 'human', '{}', now() - n * interval '1 min' FROM generate_series(1, 500) AS n`,
		`ANALYZE`,
	} {
		exec(t, pool, sql)
	}

	batch, hashes := []int64{}, []string{}
	for i := range int64(1000) {
		batch, hashes = append(batch, events/2+i), append(hashes, fmt.Sprint("h", i))
	}
	type rows map[string]float64 // by table: how many are read at most
	for _, tt := range []struct {
		name   string
		sql    string
		args   []any
		limits rows
		index  string
	}{
		{"old events", store.OldEventsSQL, []any{events / 3, month.Seconds(), 1000, 16 << 20}, rows{"events": 1000}, "events_pkey"},
		{"no old events", store.OldEventsSQL, []any{events - 1000, month.Seconds(), 1000, 16 << 20}, rows{"events": 1000}, "events_pkey"},
		{"open", store.RetainOpenSQL, []any{batch}, rows{"queues": 1000, "quarantine": 1000}, "queues_key_key"},
		{"remove", store.EmptyEventsSQL, []any{batch, true}, rows{"events": 3000, "messages": 1000}, "messages_event"},
		{"seen", store.SeenOfEventsSQL, []any{events / 3, month.Seconds(), 1000, 1}, rows{"events": 1000}, "events_pkey"},
		{"emptied", store.DropEmptiedSQL, []any{events / 3, events * 2 / 3, 1000}, rows{"events": 2000}, "events_pkey"},
		{"passing", store.DropPassingSQL, []any{int64(10_000), month.Seconds(), 1000},
			rows{"deliveries": 2000, "lanes": 1000}, "deliveries_pkey"},
		{"lanes", store.DropLanesSQL, []any{int64(1000), month.Seconds(), 1000},
			rows{"lanes": 3000, "conversations": 1000, "messages": 0, "deliveries": 8000, "posts": 8000, "threads": 8000}, "posts_pkey"},
		{"empty", store.EmptyEventsSQL, []any{batch, false}, rows{"events": 2000, "messages": 1000}, "messages_event"},
		{"freed", store.FreedEventsSQL, []any{1000}, rows{"retained": 2000, "queues": 2000, "quarantine": 5000}, ""},
		{"blobs", store.NextBlobsSQL, []any{"h3", (24 * time.Hour).Seconds(), 1000, 16 << 20},
			rows{"blobs": 1000, "events": 1000}, "events_blob"},
		{"reactions", store.DropReactionsSQL, []any{month.Seconds(), 1000},
			rows{"reactions": 3000, "deliveries": 1000}, "reactions_delivery"},
		{"kept posts to date", store.DateKeptSQL, []any{1000}, rows{"posts": 10}, "posts_kept"},
		{"early texts to forget", store.DropEarlySQL, []any{24000.0, 1000}, rows{"posts": 350}, "posts_kept"},
		{"what was told to forget", store.DropToldSQL, []any{24000.0, 1000}, rows{"posts": 150}, "posts_"},
		{"drop", store.DropBlobsSQL, []any{hashes, (24 * time.Hour).Seconds(), true}, rows{"blobs": 1000, "events": 1000}, "events_blob"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := storetest.ExplainHot(t, pool, tt.sql, tt.args...)
			_, indexes := p.Touched("")
			if !strings.Contains(indexes, tt.index) {
				t.Errorf("index %s is not used, but %s", tt.index, indexes)
			}
			for table, limit := range tt.limits {
				if read, indexes := p.Touched(table); read > limit {
					t.Errorf("%.0f rows of %s were read, at most %.0f are needed; indexes %s", read, table, limit, indexes)
				}
			}
		})
	}
}
