package clockback_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store/clockback"
	"parley/store/storetest"
)

var check, exec, row = storetest.Check, storetest.Exec, storetest.Row

// timesToLeave says, by table and column, why Mend leaves a time that is in the future.
func timesToLeave() map[string]string {
	return map[string]string{
		"queues.due_at":               "brought back by itself: TestClockThatWasAhead of the relay",
		"deliveries.not_before":       "brought back with the attempt: TestMendEndsNoHoldEarly",
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
}

// passedTimes matches the names of columns that only say when something happened. No work waits for these times.
const passedTimes = `^(at|created_at|.*ed_at|said_at|made_at|shown_at|last_at|told_at|sent_at|kept_at|window_from|since|waiting_since|` +
	`began_at|begins_at|backup_at|done_at|seen_at)$`

// listTimes returns the times of the schema that may be in the future, by table and column. It includes
// restores.served_at, although its name looks like that of a past time.
func listTimes(t *testing.T, pool *pgxpool.Pool) (names []string) {
	t.Helper()
	const list = `
		SELECT array_agg(table_name || '.' || column_name ORDER BY table_name, column_name)
		FROM information_schema.columns
		WHERE table_schema = 'public' AND data_type LIKE 'timestamp%'
			AND table_name IN (SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'goose_db_version')
			AND (column_name = 'served_at' OR column_name !~ $1)`
	check(t, pool.QueryRow(t.Context(), list, passedTimes).Scan(&names))
	return names
}

// Each time of the schema that may be in the future is either brought back by Mend or left for a reason.
func TestEveryTimeIsMendedOrLeft(t *testing.T) {
	t.Parallel()
	names := listTimes(t, storetest.DB(t))
	mended, left := clockback.Places(), timesToLeave()
	for _, name := range names {
		isMended, isLeft := slices.Contains(mended, name), left[name] != ""
		if isMended && isLeft {
			t.Errorf("%s is mended, though there is a reason to leave it", name)
		}
		if !isMended && !isLeft {
			t.Errorf("%s may lie in the future: mend it, or say why nobody waits for it", name)
		}
	}
	if len(names) < len(mended) {
		t.Errorf("the schema has %d times that may lie in the future, fewer than the %d that are mended", len(names), len(mended))
	}
}

// ahead is how far the database's clock was ahead in these tests.
const ahead = 6 * time.Hour

// wasAhead notes that the clock has shown a time this far in the future. Mend reads that note.
func wasAhead(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	exec(t, pool, `UPDATE clock_seen SET at = clock_timestamp() + $1`, ahead)
}

// mustMend calls Mend, and returns by how much it brought the times back.
func mustMend(t *testing.T, pool *pgxpool.Pool) (back time.Duration) {
	t.Helper()
	back, err := clockback.Mend(t.Context(), pool)
	check(t, err)
	return back
}

// listRows returns a statement for each table that Mend changes, which inserts a row: KEY stands for its key, SOON for
// each of its times.
func listRows() []string {
	return []string{
		`INSERT INTO accounts (id, name, kind, side) VALUES (100 + KEY, 'a' || KEY, 'email', 'channel')`,
		`INSERT INTO gates (account_id, key, next_at, wide_next_at) VALUES (1, 'g' || KEY, SOON, SOON)`,
		`INSERT INTO lanes (id, account_id, key, gate_id, due_at, rest_until, leased_until) VALUES (KEY, 1, 'l' || KEY, 1, SOON, SOON, SOON)`,
		`INSERT INTO fetches (id, account_id, conversation_id, message_id, n, ref, due_at, leased_until, created_at)
			VALUES (KEY, 1, 1, 1, 1, 'r', SOON, SOON, now())`,
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

// insertRows inserts the rows of listRows, with times this far in the future.
func insertRows(t *testing.T, pool *pgxpool.Pool, key int, future time.Duration) {
	t.Helper()
	soon := fmt.Sprintf("clock_timestamp() + make_interval(secs => %f)", future.Seconds())
	for _, sql := range listRows() {
		exec(t, pool, strings.NewReplacer("KEY", strconv.Itoa(key), "SOON", soon).Replace(sql))
	}
}

// checkNear checks, for each time that Mend changes, in how many of the two rows of insertRows it is within ten minutes
// of now.
func checkNear(t *testing.T, pool *pgxpool.Pool, when string, want int) {
	t.Helper()
	for _, name := range clockback.Places() {
		table, column, _ := strings.Cut(name, ".")
		count := fmt.Sprintf(`
			SELECT count(*), count(*) FILTER (WHERE %[2]s BETWEEN clock_timestamp() - interval '10 min' AND clock_timestamp() + interval '10 min')
			FROM %[1]s
			WHERE %[2]s IS NOT NULL`, table, column)
		var all, near int
		check(t, pool.QueryRow(t.Context(), count).Scan(&all, &near))
		if all != 2 {
			t.Errorf("%s: %s is set in %d rows, want 2", when, name, all)
		}
		if near != want {
			t.Errorf("%s: %s is near in %d rows, want %d", when, name, near, want)
		}
	}
}

// If the clock was not ahead, a time some hours in the future stays: a provider may demand a pause of a day.
func TestMendLeavesTimesOfARightClock(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	insertRows(t, pool, 1, 0)
	insertRows(t, pool, 2, ahead)
	if back := mustMend(t, pool); back != 0 {
		t.Errorf("times were brought back by %s, want 0", back)
	}
	checkNear(t, pool, "after Mend", 1)
}

// If the clock was ahead, times in the future are brought back by that much, once.
func TestMendBringsTimesBack(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	insertRows(t, pool, 1, 0)
	insertRows(t, pool, 2, ahead)
	wasAhead(t, pool)
	if back := mustMend(t, pool); back <= ahead-time.Hour || back > ahead {
		t.Errorf("times were brought back by %s, want %s or a little less", back, ahead)
	}
	checkNear(t, pool, "after Mend", 2)
	if back := mustMend(t, pool); back != 0 {
		t.Errorf("the second Mend brought times back by %s, want 0", back)
	}
}

// checkThat checks a condition on the row of a table that has this id.
func checkThat(t *testing.T, pool *pgxpool.Pool, table string, id int, what, condition string) {
	t.Helper()
	var holds bool
	check(t, pool.QueryRow(t.Context(), `SELECT `+condition+` FROM `+table+` WHERE id = $1`, id).Scan(&holds))
	if !holds {
		t.Errorf("%s %d: %s, but this is false: %s", table, id, what, condition)
	}
}

// A lane's lease (the time for which a process may work on it) doesn't end early because of Mend.
func TestMendEndsNoLeaseEarly(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	const longLease, shortLease = 1, 2
	exec(t, pool, `
		INSERT INTO lanes (id, account_id, key, gate_id, tail, due_at, leased_until, lease_seconds) VALUES
			(1, 1, 'a', 1, 2, parley_now(), clock_timestamp() + interval '50 minutes', 3600),
			(2, 1, 'b', 1, 1, parley_now() + interval '6 h', clock_timestamp() + interval '10 h', 45)`)
	exec(t, pool, `INSERT INTO leases (name, holder, until) VALUES ('n', 'h', clock_timestamp() + interval '10 minutes')`)
	exec(t, pool, `INSERT INTO notices (id, address, subject, body, due_at, leased_until, created_at)
		VALUES (1, 'a', 's', 'b', now(), 'infinity', now())`)
	wasAhead(t, pool)
	mustMend(t, pool)

	checkThat(t, pool, "lanes", longLease, "a long lease that was taken just now stays",
		`leased_until > clock_timestamp() + interval '30 minutes'`)
	checkThat(t, pool, "lanes", shortLease, "a lease that had four hours more than the clock was ahead keeps them",
		`leased_until BETWEEN clock_timestamp() + interval '3 h' AND clock_timestamp() + interval '5 h'`)
	if got := row(t, pool, `SELECT until > clock_timestamp() + interval '5 minutes' FROM leases`); got != "(t)" {
		t.Error("a lease of ten minutes has less than five left")
	}
	checkThat(t, pool, "notices", 1, "what nobody may take stays so", `leased_until = 'infinity'`)
}

// No hold (the time in which a reply can be taken back) ends early because of Mend. An attempt that is under way goes on.
func TestMendEndsNoHoldEarly(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	const underWay, held, ofTheFuture = 1, 2, 3
	exec(t, pool, `
		INSERT INTO lanes (id, account_id, key, gate_id, tail, due_at, leased_until, lease_seconds) VALUES
			(1, 1, 'a', 1, 2, parley_now(), clock_timestamp() + interval '50 minutes', 3600),
			(2, 1, 'b', 1, 1, parley_now() + interval '6 h', clock_timestamp() + interval '10 h', 45)`)
	exec(t, pool, `
		INSERT INTO deliveries (id, lane_id, seq, kind, state, sent_at, created_at)
		VALUES (1, 1, 1, 'reply', 'sending', clock_timestamp() - interval '1 minute', parley_now())`)
	exec(t, pool, `
		INSERT INTO deliveries (id, lane_id, seq, kind, state, not_before, created_at)
		VALUES (2, 1, 2, 'reply', 'queued', parley_now() + interval '10 minutes', parley_now())`)
	exec(t, pool, `
		INSERT INTO deliveries (id, lane_id, seq, kind, state, not_before, first_at, sent_at, absent_at, created_at)
		VALUES (3, 2, 1, 'reply', 'unknown', parley_now() + interval '10 h', clock_timestamp() + interval '5 h',
			clock_timestamp() + interval '5 h', clock_timestamp() + interval '5 h', parley_now())`)
	wasAhead(t, pool)
	mustMend(t, pool)

	checkThat(t, pool, "deliveries", underWay, "an attempt that goes on began when it did", `sent_at < clock_timestamp() - interval '30 s'`)
	checkThat(t, pool, "deliveries", held, "a hold of ten minutes stays", `not_before > parley_now() + interval '5 minutes'`)
	checkThat(t, pool, "deliveries", ofTheFuture, "a hold that had four hours more than the clock was ahead keeps them",
		`not_before BETWEEN parley_now() + interval '3 h' AND parley_now() + interval '5 h'`)
	checkThat(t, pool, "deliveries", ofTheFuture, "an attempt of the future began now, and no later, and so did the first one",
		`sent_at BETWEEN clock_timestamp() - interval '1 h' AND clock_timestamp() AND first_at = sent_at`)
	checkThat(t, pool, "deliveries", ofTheFuture, "what the future said of its absence is forgotten", `absent_at IS NULL`)
}

// Mend brings the hold of a delivery back before its lane, so that the lane isn't due first: a process that took the lane
// in between would postpone it until the old end of the hold. The test's trigger refuses such a lane.
func TestMendBringsHoldsBackBeforeLanes(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	exec(t, pool, `
		INSERT INTO lanes (id, account_id, key, gate_id, tail, due_at)
		VALUES (1, 1, 'a', 1, 1, parley_now() + interval '6 h')`)
	exec(t, pool, `
		INSERT INTO deliveries (id, lane_id, seq, kind, not_before, created_at)
		VALUES (1, 1, 1, 'reply', parley_now() + interval '6 h', parley_now())`)
	exec(t, pool, `
		CREATE FUNCTION held() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			IF EXISTS (SELECT FROM deliveries WHERE lane_id = NEW.id AND not_before > NEW.due_at + interval '1 h') THEN
				RAISE 'a lane is due before its hold';
			END IF;
			RETURN NULL;
		END $$`)
	exec(t, pool, `CREATE TRIGGER held AFTER UPDATE ON lanes FOR EACH ROW EXECUTE FUNCTION held()`)

	wasAhead(t, pool)
	mustMend(t, pool)
	checkThat(t, pool, "lanes", 1, "the lane is due again", `due_at < parley_now() + interval '1 minute'`)
}
