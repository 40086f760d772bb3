package store_test

import (
	"fmt"
	"testing"
	"time"

	"parley/store"
	"parley/store/storetest"
)

// Of bursts that are finished together, the one that grew meanwhile leaves its rest, the one that another process
// took after a lease had ended is left alone with its fact, and the others are gone.
func TestFinishBursts(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), storetest.DB(t)
	began := time.Now().Add(-time.Minute)
	burst := func(conversation store.ConversationID, first, last store.EventID) store.Burst {
		return store.Burst{ConversationID: conversation, FirstEvent: first, LastEvent: last, BeganAt: began, DueAt: began}
	}
	check(t, store.UpsertBursts(ctx, pool, []store.Burst{burst(1, 10, 11), burst(2, 20, 21), burst(3, 30, 31)}))
	claimed := must(store.ClaimBursts(ctx, pool, 5, time.Minute))(t)
	if len(claimed) != 3 {
		t.Fatalf("%d bursts claimed, want 3", len(claimed))
	}
	if again := must(store.ClaimBursts(ctx, pool, 5, time.Minute))(t); len(again) > 0 {
		t.Fatalf("%d bursts claimed twice, want none", len(again))
	}
	check(t, store.UpsertBursts(ctx, pool, []store.Burst{burst(2, 22, 25)}))
	must(pool.Exec(ctx, `UPDATE bursts SET leased_until = clock_timestamp() - interval '1 second' WHERE conversation_id = 3`))(t)
	if taken := must(store.ClaimBursts(ctx, pool, 5, time.Minute))(t); len(taken) != 1 || taken[0].ConversationID != 3 {
		t.Fatalf("after its lease ended, claimed was %+v", taken)
	}
	var done []store.AnalysedBurst
	for _, b := range claimed {
		done = append(done, store.AnalysedBurst{Burst: b, Fact: store.NewEvent{AccountID: store.SystemAccount,
			ExternalID: fmt.Sprint("analysis:", b.ConversationID), OrderKey: "analysis", Payload: []byte(`{}`)}})
	}
	for range 2 { // whoever is not sure that it went well finishes again
		check(t, store.FinishBursts(ctx, pool, done))
	}
	var left, facts string
	check(t, pool.QueryRow(ctx, `SELECT string_agg(conversation_id || ' from ' || first_event || ' to ' || last_event || ', attempt ' || attempt, '; ' ORDER BY conversation_id) FROM bursts`).Scan(&left))
	if want := "2 from 22 to 25, attempt 0; 3 from 30 to 31, attempt 2"; left != want {
		t.Errorf("left is %s, want %s", left, want)
	}
	check(t, pool.QueryRow(ctx, `SELECT string_agg(external_id, ' ' ORDER BY external_id) FROM events`).Scan(&facts))
	if want := "analysis:1 analysis:2"; facts != want {
		t.Errorf("journalled is %s, want %s", facts, want)
	}
}

// A conversation has one burst at a time. It is due three seconds after its latest message, twenty after its first one at
// the latest, and never sooner than it was.
func TestBurstsRipen(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), storetest.DB(t)
	began := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for i, c := range []struct{ said, due int }{{0, 3}, {2, 5}, {1, 5}, {16, 19}, {19, 20}, {60, 20}} {
		at := began.Add(time.Duration(c.said) * time.Second)
		event := store.EventID(10 + i)
		check(t, store.UpsertBursts(ctx, pool, []store.Burst{{ConversationID: 1, FirstEvent: event, LastEvent: event, BeganAt: at, DueAt: at.Add(store.BurstQuiet)}}))
		var rows int
		var due time.Time
		check(t, pool.QueryRow(ctx, `SELECT count(*), max(due_at) FROM bursts`).Scan(&rows, &due))
		if want := began.Add(time.Duration(c.due) * time.Second); rows != 1 || !due.Equal(want) {
			t.Errorf("after %d seconds: %d bursts, due at %s, want %s", c.said, rows, due.UTC(), want)
		}
	}
	if store.MaxBurstWait != 20*time.Second {
		t.Errorf("the statement knows twenty seconds, and not %s", store.MaxBurstWait)
	}
}
