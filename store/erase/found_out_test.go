package erase_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/erase"
	"parley/store/storetest"
)

// These tests are about what models made of a contact's words: records of what a model was asked and answered
// (ai_exchanges), examples, suggestions, and requested texts.

const (
	manyClaims = 9           // more than there are bursts or requests
	lease      = time.Minute // of a claim, longer than a test
)

// writeInCopy stores a message that zebra, who was in copy, wrote in otter's conversation.
func writeInCopy(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	exec(t, pool, `INSERT INTO messages (id, conversation_id, direction, fate, identity_id, account_id, text, event_id, said_at, created_at)
		VALUES (77001, $1, 'in', 'in', $2, 10, 'zebra in copy', $2, now(), now())`, otter().first+1, zebra().first+1)
}

// claimBursts claims all bursts, to ask a model about them.
func claimBursts(t *testing.T, pool *pgxpool.Pool) []store.Burst {
	t.Helper()
	return must(store.ClaimBursts(t.Context(), pool, manyClaims, lease))(t)
}

// claimRequests claims all requested texts.
func claimRequests(t *testing.T, pool *pgxpool.Pool) []store.AIRequest {
	t.Helper()
	return must(store.ClaimRequests(t.Context(), pool, manyClaims, lease))(t)
}

// claimOf returns the claim of a requested text.
func claimOf(r store.AIRequest) store.AIClaim {
	return store.AIRequestClaim(r.ConversationID, r.Name, r.AskedAt, r.Epoch)
}

// keepRecord stores what a model was asked and answered under a claim.
func keepRecord(t *testing.T, o erase.Options, claim store.AIClaim, words string) {
	t.Helper()
	check(t, store.KeepAIRecord(t.Context(), o.Pool, o.Sealer, mailAccount, claim, words))
}

// countRecords returns how many records of models a database holds.
func countRecords(t *testing.T, pool *pgxpool.Pool) (n int) {
	t.Helper()
	check(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM ai_exchanges`).Scan(&n))
	return n
}

// The erased contact also wrote in another customer's conversation, in copy. What models made of these words is erased
// there, too: records, suggestions, requested texts and lines in the thread. What models made of other people's
// words stays.
func TestWhatMachinesMadeOfIt(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	o := otter()
	writeInCopy(t, pool)

	// Models have used zebra's words in otter's conversation.
	exec(t, pool, `UPDATE ai_exchanges SET sealed = convert_to('otter and zebra', 'UTF8') WHERE conversation_id = $1`, o.first+1)
	exec(t, pool, `UPDATE suggested_replies SET replies = '["otter and zebra"]' WHERE conversation_id = $1`, o.first+1)
	exec(t, pool, `UPDATE text_requests SET ask = '{"text": "otter and zebra"}' WHERE conversation_id = $1`, o.first+1)
	exec(t, pool, `INSERT INTO deliveries (id, lane_id, seq, kind, payload, state, created_at)
		VALUES (77001, $1, 2, 'line', '{"line": {"Kind": "written", "Words": "otter and zebra"}}', 'sent', now()),
			(77002, $1, 0, 'line', '{"line": {"Kind": "analysis", "Urgent": "the zebra waits"}}', 'sent', now())`, o.first+2)
	exec(t, pool, `INSERT INTO log_entries (id, conversation_id, at, actor, what, detail)
		VALUES (77001, $1, now(), 'parley', 'analysed', '{"text": "angry", "reason": "the zebra waits"}')`, o.first+1)

	erasing := newOptions(t, pool)
	id := beginErasure(t, erasing, zebra())
	runWithChats(t, erasing, id)
	checkForgotten(t, pool, zebra(), "after the erasure")
	if left := storetest.Row(t, pool, `SELECT conversation_id FROM suggestions WHERE conversation_id = $1`, o.first+1); left == "" {
		t.Error("what has none of the contact's words is gone")
	}
	if left := storetest.Row(t, pool, `SELECT detail::text FROM log_entries WHERE id = 77001`); !strings.Contains(left, "angry") {
		t.Errorf("of the log %q is left, want the mood \"angry\" in it", left)
	}
}

// While a contact is erased, a model may be asked about the contact's conversation, or about another one in which the
// contact wrote in copy. A record that is stored while the claim is valid is erased with the rest. Later records aren't
// stored.
func TestWhatAModelIsBeingAsked(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	writeInCopy(t, pool)
	o := newOptions(t, pool)
	exec(t, pool, `DELETE FROM ai_exchanges`)

	var claims []store.AIClaim
	for _, b := range claimBursts(t, pool) {
		claims = append(claims, store.AIBurstClaim(b))
	}
	for _, r := range claimRequests(t, pool) {
		claims = append(claims, claimOf(r))
	}
	if len(claims) != 4 { // a burst and a request of each customer
		t.Fatalf("%d claims, want 4: %+v", len(claims), claims)
	}

	keepRecords := func() {
		t.Helper()
		for _, claim := range claims {
			keepRecord(t, o, claim, "otter and zebra")
		}
	}

	keepRecords()
	if n := countRecords(t, pool); n != len(claims) {
		t.Fatalf("%d records are kept before the erasure, want %d", n, len(claims))
	}

	o.Say = func(place string, _ int64) error {
		if place == "requests_there" || place == "exchanges_there" { // claims and records there have just been erased
			keepRecords()
		}
		return nil
	}
	runWithChats(t, o, beginErasure(t, o, zebra()))
	if n := countRecords(t, pool); n != 0 {
		t.Errorf("%d records are left, want none", n)
	}
}
