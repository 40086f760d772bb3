package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/inbox"
	"parley/store/storetest"
)

// Processes take ids in blocks, so that what happened later may have the smaller id. The tests of this file look at such a log.

const loggedConversation = store.ConversationID(7)

// loggedAt is the time of the first entry of newLog.
func loggedAt() time.Time { return time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC) }

// newLog makes a conversation with three entries, ten minutes apart: it was opened, given up, and taken.
func newLog(t *testing.T) *pgxpool.Pool {
	t.Helper()
	pool := storetest.Reused(t)
	exec(t, pool, `INSERT INTO accounts (id, name, kind, side) VALUES (70, 'a', 'x', 'channel')`)
	exec(t, pool, `
		INSERT INTO conversations (id, account_id, status, last_at, created_at)
		VALUES ($1, 70, 'open', now(), now())`, loggedConversation)
	addLogEntry(t, pool, 9001, 0, "opened")
	addLogEntry(t, pool, 9002, 10*time.Minute, "unassigned")
	addLogEntry(t, pool, 9003, 20*time.Minute, "took")
	return pool
}

// addLogEntry adds an entry of so long after the first one.
func addLogEntry(t *testing.T, pool *pgxpool.Pool, id int64, after time.Duration, what string) {
	t.Helper()
	exec(t, pool, `
		INSERT INTO log_entries (id, conversation_id, at, actor, what)
		VALUES ($1, $2, $3, 'agent', $4)`, id, loggedConversation, loggedAt().Add(after), what)
}

// addEntryWithSmallerID adds the entry that the conversation was given up again.
func addEntryWithSmallerID(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	addLogEntry(t, pool, 40, 30*time.Minute, "unassigned")
}

func TestPageNoticesAnEntryWithASmallerID(t *testing.T) {
	t.Parallel()
	pool := newLog(t)
	before := must(inbox.Stamp(t.Context(), pool, loggedConversation))(t)
	addEntryWithSmallerID(t, pool)
	if after := must(inbox.Stamp(t.Context(), pool, loggedConversation))(t); after == before {
		t.Errorf("the page's stamp is %v before and after", after)
	}
}

func TestLogIsInTheOrderOfItsTimes(t *testing.T) {
	t.Parallel()
	pool := newLog(t)
	addEntryWithSmallerID(t, pool)
	const pageSize = 1
	var ids []int64
	for page := range 4 {
		for _, e := range must(store.ListLog(t.Context(), pool, loggedConversation, pageSize, page))(t) {
			ids = append(ids, e.ID)
		}
	}
	if want := []int64{40, 9003, 9002, 9001}; !slices.Equal(ids, want) {
		t.Errorf("the pages of the log have the entries %v, want %v", ids, want)
	}
}

// UnassignedSince returns since when nobody has owned a conversation, and leaves out one without a log entry.
func TestPutBackGoesByTheTimesOfTheLog(t *testing.T) {
	t.Parallel()
	pool := newLog(t)
	addEntryWithSmallerID(t, pool)
	const unknown = store.ConversationID(8)
	since := must(store.UnassignedSince(t.Context(), pool, []store.ConversationID{loggedConversation, unknown}))(t)
	if len(since) != 1 {
		t.Fatalf("UnassignedSince returned %d conversations, want 1: %v", len(since), since)
	}
	checkSameTime(t, "since when nobody has had it", since[loggedConversation], loggedAt().Add(30*time.Minute))
}
