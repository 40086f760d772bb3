package store_test

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

// The accounts of newDatabase.
const (
	statsMail store.AccountID = 100
	statsChat store.AccountID = 101
)

// newDatabase returns a database with the accounts mail and chat, and nothing that waits.
func newDatabase(t *testing.T) *pgxpool.Pool {
	t.Helper()
	pool := storetest.Reused(t)
	exec(t, pool, `INSERT INTO accounts (id, name, kind, side) VALUES (100, 'mail', 'email', 'channel'), (101, 'chat', 'chat', 'surface')`)
	return pool
}

func readStats(t *testing.T, pool *pgxpool.Pool) store.Stats {
	t.Helper()
	return storetest.Must(store.ReadStats(t.Context(), pool))(t)
}

// checkAge compares a number of seconds with the age that the test gave its row. The row has grown older since: by as long as the
// test took on a busy machine.
func checkAge(t *testing.T, what string, seconds float64, want time.Duration) {
	t.Helper()
	const tolerance = 30 * time.Second
	if math.Abs(seconds-want.Seconds()) > tolerance.Seconds() {
		t.Errorf("%s: %.0f s, want %.0f s, give or take %s", what, seconds, want.Seconds(), tolerance)
	}
}

// getOnlyCount returns the count of an account, and ends the test if another account is counted, too.
func getOnlyCount(t *testing.T, counts []store.AccountCount, account store.AccountID) store.AccountCount {
	t.Helper()
	if len(counts) != 1 {
		t.Fatalf("counts of %d accounts, want 1: %+v", len(counts), counts)
	}
	if counts[0].AccountID != account {
		t.Fatalf("the count is that of account %d, want %d", counts[0].AccountID, account)
	}
	return counts[0]
}

func TestReadTellsTheDatabasesClock(t *testing.T) {
	t.Parallel()
	s := readStats(t, newDatabase(t))
	if off := time.Since(s.Clock).Abs(); off > time.Minute {
		t.Errorf("the database's clock is %s off, want at most %s", off, time.Minute)
	}
}

func TestReadCountsEventsThatWait(t *testing.T) {
	t.Parallel()
	pool := newDatabase(t)
	exec(t, pool, `
		INSERT INTO events (account_id, external_id, order_key, payload, size_bytes, received_at) VALUES
			(100, 'an hour old', 'k', '', 0, clock_timestamp() - interval '1 h'),
			(100, 'new', 'k', '', 0, clock_timestamp()),
			(101, 'applied', 'k', '', 0, clock_timestamp() - interval '2 h')   -- is in no queue, and must not count`)
	exec(t, pool, `
		INSERT INTO queues (key, account_id, version, first_event, place, last_place, due_at)
		SELECT external_id, 1, 0, id, id, id, now()
		FROM events
		WHERE external_id IN ('an hour old', 'new')`)

	s := readStats(t, pool)
	if s.Pending != 2 {
		t.Errorf("%d events are pending, want 2", s.Pending)
	}
	if s.Capped {
		t.Error("a limit was reached, want all events counted")
	}
	checkAge(t, "the oldest event", s.PendingOldest, time.Hour)
}

func TestReadCountsQuarantinedEvents(t *testing.T) {
	t.Parallel()
	pool := newDatabase(t)
	exec(t, pool, `
		INSERT INTO events (account_id, external_id, order_key, payload, size_bytes) VALUES
			(100, 'sound', 'k', '', 0),
			(101, 'odd', 'k', '', 0)`)
	exec(t, pool, `INSERT INTO quarantine (event_id, reason) SELECT id, 'odd' FROM events WHERE external_id = 'odd'`)

	if count := getOnlyCount(t, readStats(t, pool).Quarantined, statsChat); count.N != 1 {
		t.Errorf("%d events are quarantined, want 1", count.N)
	}
}

// A message is undecided if it is unclear whether it arrived: a person has to decide.
func TestReadCountsUndecidedMessages(t *testing.T) {
	t.Parallel()
	pool := newDatabase(t)
	exec(t, pool, `INSERT INTO contacts (id, name) VALUES (1, 'x')`)
	exec(t, pool, `INSERT INTO identities (id, account_id, key, contact_id) VALUES (1, 100, 'k', 1)`)
	exec(t, pool, `
		INSERT INTO conversations (id, account_id, identity_id, status, last_at, created_at)
		VALUES (1, 100, 1, 'open', now(), now())`)
	exec(t, pool, `
		INSERT INTO messages (id, conversation_id, direction, fate, said_at, created_at) VALUES
			(1, 1, 'out', 'unclear', now(), now() - interval '2 h'),
			(2, 1, 'out', 'out', now(), now()),
			(3, 1, 'out', 'unclear', now(), now() - interval '3 h') -- its delivery was erased: nothing is left to decide`)
	exec(t, pool, `INSERT INTO gates (id, account_id, key) OVERRIDING SYSTEM VALUE VALUES (1, 100, 'box')`)
	exec(t, pool, `INSERT INTO lanes (id, account_id, key, gate_id, conversation_id, head, tail) VALUES (1, 100, 'k', 1, 1, 1, 1)`)
	exec(t, pool, `
		INSERT INTO deliveries (id, lane_id, seq, message_id, kind, state, created_at)
		VALUES (1, 1, 1, 1, 'reply', 'needs_decision', now())`)

	count := getOnlyCount(t, readStats(t, pool).Undecided, statsMail)
	if count.N != 1 {
		t.Errorf("%d messages are undecided, want 1", count.N)
	}
	checkAge(t, "the oldest undecided message", count.Oldest, 2*time.Hour)
}

func TestReadCountsWhatWaitsInLanes(t *testing.T) {
	t.Parallel()
	pool := newDatabase(t)
	exec(t, pool, `INSERT INTO gates (id, account_id, key) OVERRIDING SYSTEM VALUE VALUES (1, 100, 'box'), (2, 101, 'C1')`)
	exec(t, pool, `
		INSERT INTO lanes (id, account_id, key, gate_id, head, tail, due_at) VALUES
			(1, 100, 'a day old, two more behind it', 1, 0, 3, now()),
			(2, 100, 'unclear, looked for in an hour', 1, 5, 6, now() + interval '1 h'),
			(3, 101, '5 minutes old', 2, 0, 1, now()),
			(4, 101, 'held for 20 s', 2, 0, 1, now() + interval '20 s'),
			(5, 101, 'empty', 2, 1, 1, NULL)`)
	exec(t, pool, `
		INSERT INTO deliveries (id, lane_id, seq, kind, state, created_at, not_before) VALUES
			(11, 1, 1, 'reply', 'queued', now() - interval '1 day', NULL),
			(12, 1, 2, 'reply', 'queued', now(), NULL),
			(13, 1, 3, 'reply', 'queued', now(), NULL),
			(21, 2, 6, 'reply', 'unknown', now() - interval '30 min', NULL),
			(31, 3, 1, 'said', 'queued', now() - interval '5 min', NULL),
			(41, 4, 1, 'said', 'queued', now() - interval '5 min', now() + interval '20 s'),
			(51, 5, 1, 'said', 'accepted', now(), NULL)`)

	lanes := readStats(t, pool).Lanes
	if len(lanes) != 2 {
		t.Fatalf("lanes of %d accounts, want 2: %+v", len(lanes), lanes)
	}
	slices.SortFunc(lanes, func(a, b store.LaneStats) int { return cmp.Compare(a.AccountID, b.AccountID) })
	// Ages has the numbers of heads that aren't due, and that are younger than 1 min, 10 min, 1 h, and older.
	checkLanes(t, lanes[0], store.LaneStats{AccountID: statsMail, Deliveries: 4, Unknown: 1, Ages: []int32{0, 0, 0, 1, 1}})
	checkAge(t, "the mailbox's oldest head", lanes[0].Oldest, 24*time.Hour)
	checkLanes(t, lanes[1], store.LaneStats{AccountID: statsChat, Deliveries: 2, Unknown: 0, Ages: []int32{1, 0, 1, 0, 0}})
	checkAge(t, "the chat's oldest head", lanes[1].Oldest, 5*time.Minute)
}

// checkLanes compares the counts of an account's lanes. Oldest is for checkAge.
func checkLanes(t *testing.T, got, want store.LaneStats) {
	t.Helper()
	if got.AccountID != want.AccountID {
		t.Fatalf("lanes of account %d, want %d", got.AccountID, want.AccountID)
	}
	if got.Deliveries != want.Deliveries {
		t.Errorf("account %d: %d deliveries wait, want %d", want.AccountID, got.Deliveries, want.Deliveries)
	}
	if got.Unknown != want.Unknown {
		t.Errorf("account %d: %d heads are unknown, want %d", want.AccountID, got.Unknown, want.Unknown)
	}
	if !slices.Equal(got.Ages, want.Ages) {
		t.Errorf("account %d: ages %v, want %v", want.AccountID, got.Ages, want.Ages)
	}
}

func TestReadCountsClosedGates(t *testing.T) {
	t.Parallel()
	pool := newDatabase(t)
	exec(t, pool, `
		INSERT INTO gates (id, account_id, key, next_at) OVERRIDING SYSTEM VALUE VALUES
			(1, 100, 'open', 'epoch'),
			(2, 101, 'closed for long', clock_timestamp() + interval '90 s'),
			(3, 101, 'closed', clock_timestamp() + interval '30 s')`)

	gates := readStats(t, pool).Gates
	if len(gates) != 1 {
		t.Fatalf("closed gates of %d accounts, want 1: %+v", len(gates), gates)
	}
	if gates[0].AccountID != statsChat {
		t.Errorf("closed gates of account %d, want %d", gates[0].AccountID, statsChat)
	}
	if gates[0].Blocked != 2 {
		t.Errorf("%d gates are closed, want 2", gates[0].Blocked)
	}
	checkAge(t, "the time until the last gate opens", gates[0].Wait, 90*time.Second)
}

func TestReadCountsBurstsThatAreDue(t *testing.T) {
	t.Parallel()
	pool := newDatabase(t)
	exec(t, pool, `
		INSERT INTO bursts (conversation_id, first_event, last_event, began_at, due_at) VALUES
			(1, 1, 1, now(), now() - interval '10 min'),
			(2, 1, 1, now(), now() - interval '1 min'),
			(3, 1, 1, now(), now() + interval '1 min')   -- is due later, and must not count`)

	s := readStats(t, pool)
	if s.Bursts != 2 {
		t.Errorf("%d bursts are due, want 2", s.Bursts)
	}
	checkAge(t, "the oldest burst", s.BurstsOldest, 10*time.Minute)
}

// A change of conversations waits in measure_due until the team's figures count it.
func TestReadTellsTheAgeOfFigures(t *testing.T) {
	t.Parallel()
	pool := newDatabase(t)
	exec(t, pool, `
		INSERT INTO measure_due (conversations, since) VALUES
			('{1}', clock_timestamp() - interval '3 min'),
			('{1,2}', clock_timestamp())`)

	checkAge(t, "the oldest change that isn't counted", readStats(t, pool).FiguresOldest, 3*time.Minute)
}

func TestReadCountsSuggestionsOfSevenDays(t *testing.T) {
	t.Parallel()
	pool := newDatabase(t)
	exec(t, pool, `
		INSERT INTO suggestions (conversation_id, kind, value, shown_at, fate) VALUES
			(1, 'tag', 'A', now(), 'used'),
			(1, 'tag', 'B', now(), 'ignored'),
			(1, 'tag', 'C', now(), ''),                          -- nobody has done anything about it yet
			(2, 'reply', 'A', now(), 'edited'),
			(3, 'tag', 'A', now() - interval '8 days', 'used')   -- is too old to count`)

	got := readStats(t, pool).Suggestions
	want := []store.SuggestionCount{
		{Kind: "reply", Shown: 1, Edited: 1},
		{Kind: "tag", Shown: 3, Used: 1, Ignored: 1},
	}
	if !slices.Equal(got, want) {
		t.Errorf("suggestions: got %+v, want %+v", got, want)
	}
}

func TestReadNamesBrokenAccounts(t *testing.T) {
	t.Parallel()
	pool := newDatabase(t)
	exec(t, pool, `UPDATE accounts SET status = 'error' WHERE id = $1`, statsChat)
	exec(t, pool, `UPDATE accounts SET status = 'error', paused = true WHERE id = $1`, statsMail) // nobody waits for it

	if got, want := readStats(t, pool).Broken, []store.AccountID{statsChat}; !slices.Equal(got, want) {
		t.Errorf("broken accounts: got %v, want %v", got, want)
	}
}
