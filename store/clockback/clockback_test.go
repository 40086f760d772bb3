package clockback_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store/clockback"
	"parley/store/storetest"
)

var check, exec, row = storetest.Check, storetest.Exec, storetest.Row

// left says, by table and column, why a time may stay in the future, or is never there.
var left = map[string]string{
	"queues.due_at":               "brought back by itself: TestClockThatWasAhead of the relay",
	"deliveries.not_before":       "brought back with the attempt: TestHoldsAndAttempts",
	"deliveries.first_at":         "as not_before",
	"deliveries.absent_at":        "as not_before",
	"timers.due_at":               "people chose it, or it follows from what they chose",
	"conversations.snoozed_until": "people chose it",
	"site_sessions.expires_at":    "nothing waits for it: a session lasts longer",
	"site_links.expires_at":       "as sessions",
	"api_tokens.expires_at":       "people chose it",
	"grant_attempts.until":        "nothing waits for it: an attempt is good for longer",
	"retention.drop_from":         "nothing waits for it: events are kept for longer",
	"fetches.first_at":            "nothing waits for it: a file is given up later",
	"notices.first_at":            "as the files",
	"knowledge_places.read_at":    "a folder or a site is read again some hours later",
	"blocked.until":               "a table of the first versions, which nobody reads",
	"restores.served_at":          "set anew: TestServedAhead of store/restore",
	"clock_seen.at":               "this is by what the clock is known to have been ahead",
}

// Each time that a table holds is brought back, or it is known why nobody waits for it. What only says when something was
// is told by its name.
func TestEveryTimeIsKnown(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	mended := map[string]bool{}
	for _, name := range clockback.Places() {
		mended[name] = true
	}
	seen := 0
	for _, name := range strings.Fields(strings.Trim(row(t, pool, `
		SELECT string_agg(table_name || '.' || column_name, ' ' ORDER BY table_name, column_name)
		FROM information_schema.columns
		WHERE table_schema = 'public' AND data_type LIKE 'timestamp%'
			AND table_name IN (SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'goose_db_version')
			AND (column_name = 'served_at' OR column_name !~ '^(at|created_at|.*ed_at|said_at|made_at|shown_at|last_at|told_at|sent_at|kept_at|window_from|since|waiting_since|began_at|begins_at|backup_at|done_at|seen_at)$')`), `()"`)) {
		seen++
		switch why := left[name]; {
		case mended[name] && why != "":
			t.Errorf("%s is brought back, and left", name)
		case !mended[name] && why == "":
			t.Errorf("%s may lie in the future: bring it back, or say why nobody waits for it", name)
		}
	}
	if seen < len(mended) {
		t.Errorf("only %d times were found, want at least %d", seen, len(mended))
	}
}

// ahead is by how much the clock was ahead.
const ahead = 6 * time.Hour

// rows gives a row of each table that holds such times: KEY is its key, SOON the time.
func rows() []string {
	return []string{
		`INSERT INTO accounts (id, name, kind, side) VALUES (100 + KEY, 'a' || KEY, 'email', 'channel')`,
		`INSERT INTO gates (account_id, key, next_at, wide_next_at) VALUES (1, 'g' || KEY, SOON, SOON)`,
		`INSERT INTO lanes (id, account_id, key, gate_id, due_at, rest_until, leased_until) VALUES (KEY, 1, 'l' || KEY, 1, SOON, SOON, SOON)`,
		`INSERT INTO fetches (id, account_id, conversation_id, message_id, n, ref, due_at, leased_until, created_at) VALUES (KEY, 1, 1, 1, 1, 'r', SOON, SOON, now())`,
		`INSERT INTO bursts (conversation_id, first_event, last_event, began_at, due_at, leased_until) VALUES (KEY, 1, 1, now(), SOON, SOON)`,
		`INSERT INTO text_requests (conversation_id, name, ask, asked_at, due_at, leased_until) VALUES (KEY, 'n', '{}', now(), SOON, SOON)`,
		`INSERT INTO templates (account_id, name, language, provider_name, category, uses, body, todo_at, leased_until)
			VALUES (100 + KEY, 'n', 'en', 'n', 'utility', '{}', 'Hello', SOON, SOON)`,
		`INSERT INTO template_lists (account_id, due_at, leased_until) VALUES (100 + KEY, SOON, SOON)`,
		`INSERT INTO notices (id, address, subject, body, due_at, leased_until, created_at) VALUES (KEY, 'a', 's', 'b', SOON, SOON, now())`,
		`INSERT INTO channel_moves (account_id, former, current, leased_until) VALUES (1, 'f' || KEY, 'c', SOON)`,
		`INSERT INTO leases (name, holder, until) VALUES ('n' || KEY, 'h', SOON)`,
		`INSERT INTO holders (id, until) VALUES (KEY, SOON)`,
		`INSERT INTO openings (account_id, origin, free_at) VALUES (1, 'o' || KEY, SOON)`,
		`INSERT INTO replying (conversation_id, agent_id, opened_at, until) VALUES (KEY, 1, now(), SOON)`,
		`INSERT INTO contacts (id, name, created_at) VALUES (KEY, 'n', now())`,
		`INSERT INTO identities (id, account_id, key, contact_id, consent_at, marketing_at) VALUES (KEY, 100 + KEY, 'k' || KEY, KEY, SOON, SOON)`,
		`INSERT INTO grants (account_id, provider, signed_in, sealed, renew_at, expires_at) VALUES (100 + KEY, 'google', '', '', SOON, SOON)`,
	}
}

// fill makes the rows, with a time that lies so far in the future.
func fill(t *testing.T, pool *pgxpool.Pool, key int, future time.Duration) {
	t.Helper()
	soon := fmt.Sprintf("clock_timestamp() + make_interval(secs => %f)", future.Seconds())
	for _, sql := range rows() {
		exec(t, pool, strings.NewReplacer("KEY", strconv.Itoa(key), "SOON", soon).Replace(sql))
	}
}

// near counts the rows whose time a clock shows within ten minutes, and all.
func near(t *testing.T, pool *pgxpool.Pool, name string) string {
	t.Helper()
	table, column, _ := strings.Cut(name, ".")
	return row(t, pool, fmt.Sprintf(`SELECT count(*) FILTER (WHERE %[1]s BETWEEN clock_timestamp() - interval '10 minutes' AND clock_timestamp() + interval '10 minutes'), count(*) FROM %[2]s WHERE %[1]s IS NOT NULL`, column, table))
}

// What lies hours in the future is brought back by as much as the clock was ahead. Where the clock was not ahead, it stays: a
// provider may want that nobody asks for a day.
func TestMend(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	fill(t, pool, 1, 0)
	fill(t, pool, 2, ahead)
	if _, back, err := clockback.Mend(t.Context(), pool); err != nil || back != 0 {
		t.Errorf("the clock was not ahead: %s, %v", back, err)
	}
	for _, name := range clockback.Places() {
		if got := near(t, pool, name); got != "(1,2)" {
			t.Errorf("before: %s is near in %s rows, not in one of two", name, got)
		}
	}
	exec(t, pool, `UPDATE clock_seen SET at = clock_timestamp() + $1`, ahead)
	if _, back, err := clockback.Mend(t.Context(), pool); err != nil || back <= ahead-time.Hour || back > ahead {
		t.Errorf("the clock was %s ahead, %v", back, err)
	}
	for _, name := range clockback.Places() {
		if got := near(t, pool, name); got != "(2,2)" {
			t.Errorf("afterwards: %s is near in %s rows, not in both", name, got)
		}
	}
	if _, back, err := clockback.Mend(t.Context(), pool); err != nil || back != 0 {
		t.Errorf("it is mended already: %s, %v", back, err)
	}
}

// Nobody's lease ends before it would have, and no hold: a reply that can be taken back for a while more stays.
func TestMendEndsNothingEarly(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	exec(t, pool, `INSERT INTO lanes (id, account_id, key, gate_id, tail, due_at, leased_until, lease_seconds) VALUES
		(1, 1, 'a', 1, 2, parley_now(), clock_timestamp() + interval '50 minutes', 3600),
		(2, 1, 'b', 1, 1, parley_now() + interval '6 h', clock_timestamp() + interval '10 h', 45)`)
	exec(t, pool, `INSERT INTO deliveries (id, lane_id, seq, kind, state, not_before, sent_at, absent_at, created_at) VALUES
		(1, 1, 1, 'reply', 'sending', NULL, clock_timestamp() - interval '1 minute', NULL, parley_now()),
		(2, 1, 2, 'reply', 'queued', parley_now() + interval '10 minutes', NULL, NULL, parley_now()),
		(3, 2, 1, 'reply', 'unknown', parley_now() + interval '10 h', clock_timestamp() + interval '5 h', clock_timestamp() + interval '5 h', parley_now())`)
	exec(t, pool, `INSERT INTO leases (name, holder, until) VALUES ('n', 'h', clock_timestamp() + interval '10 minutes')`)
	exec(t, pool, `UPDATE clock_seen SET at = clock_timestamp() + $1`, ahead)
	_, _, err := clockback.Mend(t.Context(), pool)
	check(t, err)
	for what, sql := range map[string]string{
		"the long lease of a lane that was taken just now":        `SELECT leased_until > clock_timestamp() + interval '30 minutes' FROM lanes WHERE id = 1`,
		"a lease that had four hours more than the clock":         `SELECT leased_until BETWEEN clock_timestamp() + interval '3 h' AND clock_timestamp() + interval '5 h' FROM lanes WHERE id = 2`,
		"an attempt that goes on":                                 `SELECT sent_at < clock_timestamp() - interval '30 s' FROM deliveries WHERE id = 1`,
		"a hold":                                                  `SELECT not_before > parley_now() + interval '5 minutes' FROM deliveries WHERE id = 2`,
		"a hold that had four hours more than the clock":          `SELECT not_before BETWEEN parley_now() + interval '3 h' AND parley_now() + interval '5 h' FROM deliveries WHERE id = 3`,
		"an attempt of the future, which began now, and no later": `SELECT sent_at BETWEEN clock_timestamp() - interval '1 h' AND clock_timestamp() AND absent_at IS NULL FROM deliveries WHERE id = 3`,
		"a lease": `SELECT until > clock_timestamp() + interval '5 minutes' FROM leases`,
	} {
		if got := row(t, pool, sql); got != "(t)" {
			t.Errorf("%s: %s, want (t)", what, got)
		}
	}
}

// A lane is not due again before its hold ends when it would have: who took the lane in between would put it off until the hold
// of the future.
func TestHoldsComeBeforeLanes(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	exec(t, pool, `INSERT INTO lanes (id, account_id, key, gate_id, tail, due_at) VALUES (1, 1, 'a', 1, 1, parley_now() + interval '6 h')`)
	exec(t, pool, `INSERT INTO deliveries (id, lane_id, seq, kind, not_before, created_at) VALUES (1, 1, 1, 'reply', parley_now() + interval '6 h', parley_now())`)
	exec(t, pool, `CREATE FUNCTION held() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF EXISTS (SELECT FROM deliveries WHERE lane_id = NEW.id AND not_before > NEW.due_at + interval '1 h') THEN RAISE 'a lane is due before its hold'; END IF;
		RETURN NULL;
	END $$`)
	exec(t, pool, `CREATE TRIGGER held AFTER UPDATE ON lanes FOR EACH ROW EXECUTE FUNCTION held()`)
	exec(t, pool, `UPDATE clock_seen SET at = clock_timestamp() + $1`, ahead)
	_, _, err := clockback.Mend(t.Context(), pool)
	check(t, err)
	if got := row(t, pool, `SELECT due_at < parley_now() + interval '1 minute' FROM lanes`); got != "(t)" {
		t.Errorf("the lane is due: %s, want (t)", got)
	}
}
