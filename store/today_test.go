package store_test

import (
	"testing"
	"time"

	"parley/store"
	"parley/store/storetest"
)

// What a day has for an agent is counted over the agent's own unfinished conversations.
// Requirement R-269: Start of the day.
func TestCountToday(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	account := channelAccount(t, pool, "a")
	exec(t, pool, `
		INSERT INTO conversations (id, account_id, kind, status, assignees, waiting_since, snoozed_until, window_from, traits, last_at, created_at)
		SELECT id, $1, 'customer', status, assignees, parley_now() - waits, parley_now() + sleeps, parley_now() - opened, traits::jsonb, now(), now()
		FROM (VALUES
			(1, 'open', '{5}'::bigint[], interval '2 h', NULL::interval, NULL::interval, '{"priority": "urgent"}'),
			(2, 'open', '{5}', '2 h', NULL, '23 h', '{}'), -- its window closes
			(3, 'open', '{5}', '26 h', NULL, '26 h', '{}'), -- it is closed
			(4, 'snoozed', '{5}', NULL, '2 h', NULL, '{}'),
			(5, 'snoozed', '{5}', NULL, '9 h', NULL, '{}'), -- tomorrow
			(6, 'pending', '{5}', NULL, NULL, NULL, '{}'), -- woke, and was given by another
			(7, 'open', '{6}', '2 h', NULL, NULL, '{"priority": "urgent"}'), -- another's
			(8, 'resolved', '{5}', NULL, NULL, NULL, '{"priority": "urgent"}')
		) AS v (id, status, assignees, waits, sleeps, opened, traits)`, account)
	exec(t, pool, `
		INSERT INTO log_entries (id, conversation_id, at, agent_id, actor, what, detail)
		SELECT row_number() OVER (), conversation, parley_now() - ago, agent, 'agent', what, jsonb_build_object('agents', ARRAY[given])
		FROM (VALUES (6, interval '1 h', 6, 'assigned', 5), (6, '1 h', NULL, 'woke', NULL), (1, '1 h', 5, 'assigned', 5),
			(2, '9 h', 6, 'assigned', 5), (3, '1 h', 6, 'assigned', 6)) AS v (conversation, ago, agent, what, given)`)

	now := must(store.Now(t.Context(), pool))(t)
	lasts := map[store.AccountID]time.Duration{account: 24 * time.Hour}
	got := must(store.CountToday(t.Context(), pool, store.Reader{Agent: 5}, now.Add(-8*time.Hour), now.Add(4*time.Hour), lasts))(t)
	if want := (store.Today{Urgent: 1, Waiting: 3, Promised: 1, Woken: 1, Closing: 1, Given: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
