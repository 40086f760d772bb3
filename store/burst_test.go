package store_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

// dueBurst returns a burst of a conversation that has been due for a minute. A burst is what a customer writes in one
// go, and is analysed together.
func dueBurst(conversation store.ConversationID, first, last store.EventID) store.Burst {
	due := time.Now().Add(-time.Minute)
	return store.Burst{ConversationID: conversation, FirstEvent: first, LastEvent: last, BeganAt: due, DueAt: due}
}

// claimBursts claims all bursts that are due. The test fails if they aren't of the wanted conversations.
func claimBursts(t *testing.T, pool *pgxpool.Pool, want ...store.ConversationID) []store.Burst {
	t.Helper()
	const limit = 5
	claimed := must(store.ClaimBursts(t.Context(), pool, limit, time.Minute))(t)
	var got []store.ConversationID
	for _, b := range claimed {
		got = append(got, b.ConversationID)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Fatalf("claimed the bursts of the conversations %v, want %v", got, want)
	}
	return claimed
}

// finishBursts records that bursts are analysed. The fact of each is "analysis:" with the number of its conversation.
func finishBursts(t *testing.T, pool *pgxpool.Pool, claimed []store.Burst) {
	t.Helper()
	var done []store.AnalysedBurst
	for _, b := range claimed {
		done = append(done, store.AnalysedBurst{Burst: b, Fact: store.NewEvent{
			AccountID:  store.SystemAccount,
			ExternalID: fmt.Sprint("analysis:", b.ConversationID),
			OrderKey:   "analysis",
			Payload:    []byte(`{}`),
		}})
	}
	check(t, store.FinishBursts(t.Context(), pool, done))
}

// storedBurst is what these tests compare of a row of bursts.
type storedBurst struct {
	Conversation store.ConversationID
	First, Last  store.EventID
	Attempt      int
}

func checkStoredBursts(t *testing.T, pool *pgxpool.Pool, want ...storedBurst) {
	t.Helper()
	got := storetest.Rows(t, pool, pgx.RowToStructByPos[storedBurst], `SELECT conversation_id, first_event, last_event, attempt
		FROM bursts ORDER BY conversation_id`)
	if !slices.Equal(got, want) {
		t.Errorf("the bursts are %+v, want %+v", got, want)
	}
}

func checkFacts(t *testing.T, pool *pgxpool.Pool, want ...string) {
	t.Helper()
	got := storetest.Rows(t, pool, pgx.RowTo[string], `SELECT external_id FROM events ORDER BY external_id`)
	if !reflect.DeepEqual(got, append([]string{}, want...)) {
		t.Errorf("the journal has %v, want %v", got, want)
	}
}

func TestBurstIsClaimedOnce(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	check(t, store.UpsertBursts(t.Context(), pool, []store.Burst{dueBurst(1, 10, 11), dueBurst(2, 20, 21)}))
	claimBursts(t, pool, 1, 2)
	claimBursts(t, pool)
}

// A burst was removed while it was analysed, as an erasure does, and the people who are left in the conversation wrote again.
// The result of the first burst may repeat the words of whoever was erased: it isn't journalled, and neither it nor a failure
// ends the second burst's claim.
func TestResultOfARemovedBurst(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	check(t, store.UpsertBursts(t.Context(), pool, []store.Burst{dueBurst(1, 10, 11)}))
	removed := claimBursts(t, pool, 1)
	exec(t, pool, `DELETE FROM bursts`)
	check(t, store.UpsertBursts(t.Context(), pool, []store.Burst{dueBurst(1, 20, 21)}))
	second := claimBursts(t, pool, 1)

	finishBursts(t, pool, removed)
	check(t, store.RetryBurst(t.Context(), pool, removed[0], 0))
	check(t, store.DropBurst(t.Context(), pool, removed[0]))
	checkFacts(t, pool)
	claimBursts(t, pool)

	finishBursts(t, pool, second)
	checkStoredBursts(t, pool)
	checkFacts(t, pool, "analysis:1")
}

// A conversation has one burst at a time. The burst is due three seconds after its latest message, but at most twenty
// seconds after its first one. A message that is told late doesn't make it due earlier.
func TestBurstsRipen(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), storetest.Reused(t)
	began := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	messages := []struct{ after, wantDue time.Duration }{ // since the burst began
		{after: 0, wantDue: 3 * time.Second},
		{after: 2 * time.Second, wantDue: 5 * time.Second},
		{after: 1 * time.Second, wantDue: 5 * time.Second}, // told late
		{after: 16 * time.Second, wantDue: 19 * time.Second},
		{after: 19 * time.Second, wantDue: 20 * time.Second},
		{after: 60 * time.Second, wantDue: 20 * time.Second},
	}

	for i, m := range messages {
		at, event := began.Add(m.after), store.EventID(10+i)
		burst := store.Burst{ConversationID: 1, FirstEvent: event, LastEvent: event, BeganAt: at, DueAt: at.Add(store.BurstQuiet)}
		check(t, store.UpsertBursts(ctx, pool, []store.Burst{burst}))
		var rows int
		var due time.Time
		check(t, pool.QueryRow(ctx, `SELECT count(*), max(due_at) FROM bursts`).Scan(&rows, &due))
		if rows != 1 {
			t.Errorf("after a message at %s there are %d bursts, want 1", m.after, rows)
		}
		if got := due.Sub(began); got != m.wantDue {
			t.Errorf("after a message at %s the burst is due at %s, want %s", m.after, got, m.wantDue)
		}
	}
}
