package store_test

import (
	"slices"
	"testing"

	"parley/store"
	"parley/store/inbox"
	"parley/store/storetest"
)

// Processes take ids in blocks, so that what happened later may have the smaller id: the log of a conversation, and since when
// nobody has had it, go by the times.
func TestLogIsInTheOrderOfItsTimes(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	ctx := t.Context()
	exec(t, pool, `INSERT INTO accounts (id, name, kind, side) VALUES (70, 'a', 'x', 'channel')`)
	exec(t, pool, `INSERT INTO conversations (id, account_id, status, last_at, created_at) VALUES (7, 70, 'open', now(), now())`)
	entry := `INSERT INTO log_entries (id, conversation_id, at, actor, what) VALUES ($1, 7, timestamptz '2026-11-20 09:00Z' + make_interval(mins => $2), 'agent', $3)`
	exec(t, pool, entry, 9001, 0, "opened")
	exec(t, pool, entry, 9002, 10, "unassigned")
	exec(t, pool, entry, 9003, 20, "took")
	before, err := inbox.Stamp(ctx, pool, 7)
	check(t, err)
	exec(t, pool, entry, 40, 30, "unassigned")
	after, err := inbox.Stamp(ctx, pool, 7)
	check(t, err)
	if before == after {
		t.Error("a page doesn't notice an entry with a smaller id")
	}

	var ids []int64
	for page := range 4 {
		list, err := store.ListLog(ctx, pool, 7, 1, page)
		check(t, err)
		for _, e := range list {
			ids = append(ids, e.ID)
		}
	}
	if want := []int64{40, 9003, 9002, 9001}; !slices.Equal(ids, want) {
		t.Errorf("the pages of the log are %v, want %v", ids, want)
	}

	since, err := store.PutBack(ctx, pool, []store.ConversationID{7, 8})
	check(t, err)
	if got := since[7].UTC().Format("15:04"); got != "09:30" || len(since) != 1 {
		t.Errorf("nobody has had it since %s of %v", got, since)
	}
}
