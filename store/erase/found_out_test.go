package erase_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/ai"
	"parley/store/erase"
	"parley/store/request"
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
func claimRequests(t *testing.T, pool *pgxpool.Pool) []request.Request {
	t.Helper()
	return must(request.Claim(t.Context(), pool, manyClaims, lease))(t)
}

// claimOf returns the claim of a requested text.
func claimOf(r request.Request) ai.Claim {
	return ai.RequestClaim(r.ConversationID, r.Name, r.AskedAt, r.Epoch)
}

// keepRecord stores what a model was asked and answered under a claim.
func keepRecord(t *testing.T, o erase.Options, claim ai.Claim, words string) {
	t.Helper()
	check(t, ai.KeepRecord(t.Context(), o.Pool, o.Sealer, mailAccount, claim, words))
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

	var claims []ai.Claim
	for _, b := range claimBursts(t, pool) {
		claims = append(claims, ai.BurstClaim(b))
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

// Somebody else writes in the contact's conversation during the erasure, after its claims were erased and before its words
// are. A model is asked, and answers once the words are erased, or once the erasure has ended. No record is left at the end,
// although no chat causes a second run of the erasure.
func TestClaimedWhileItIsErased(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	o := newOptions(t, pool)
	o.Ask = nil // no chat causes a second run
	burst := store.Burst{ConversationID: store.ConversationID(zebra().first + 1), FirstEvent: 4711, Epoch: 3}

	countOwnRecords := func() (n int) {
		t.Helper()
		check(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM ai_exchanges WHERE conversation_id = $1`, burst.ConversationID).Scan(&n))
		return n
	}

	o.Say = func(place string, _ int64) error {
		switch place {
		case "deliveries": // the claims are erased
			exec(t, pool, `INSERT INTO bursts (conversation_id, first_event, last_event, began_at, due_at, epoch)
				VALUES ($1, $2, $2, now(), now(), $3)
				ON CONFLICT (conversation_id) DO NOTHING`, burst.ConversationID, burst.FirstEvent, burst.Epoch)
		case "messages": // the words are erased
			keepRecord(t, o, ai.BurstClaim(burst), "zebra")
			if countOwnRecords() == 0 {
				t.Error("no record is kept when the words are gone, want one: else the claim didn't stand")
			}
		}
		return nil
	}

	id := beginErasure(t, o, zebra())
	must(erase.Run(t.Context(), o, id))(t)
	keepRecord(t, o, ai.BurstClaim(burst), "zebra")
	if n := countOwnRecords(); n != 0 {
		t.Errorf("%d records are left, want none", n)
	}
}

// A process that has lost its claim stores no record: the burst may be another one by then, or the text may have been
// requested again.
func TestRecordOfALostClaim(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	o := newOptions(t, pool)
	exec(t, pool, `DELETE FROM ai_exchanges`)
	bursts, requests := claimBursts(t, pool), claimRequests(t, pool)
	if len(bursts) != 2 {
		t.Fatalf("%d bursts were claimed, want 2", len(bursts))
	}
	if len(requests) != 2 {
		t.Fatalf("%d requests were claimed, want 2", len(requests))
	}

	for _, tt := range []struct {
		name  string
		lose  string // takes the claim away
		claim ai.Claim
		of    store.ConversationID
	}{
		{
			name:  "burst claimed by another",
			lose:  `UPDATE bursts SET epoch = epoch + 1 WHERE conversation_id = $1`,
			claim: ai.BurstClaim(bursts[0]),
			of:    bursts[0].ConversationID,
		},
		{
			name:  "burst that is another one",
			lose:  `UPDATE bursts SET first_event = 4711 WHERE conversation_id = $1`,
			claim: ai.BurstClaim(bursts[1]),
			of:    bursts[1].ConversationID,
		},
		{
			name:  "request that is answered",
			lose:  `UPDATE text_requests SET done_at = now() WHERE conversation_id = $1`,
			claim: claimOf(requests[0]),
			of:    requests[0].ConversationID,
		},
		{
			name:  "request that was asked anew",
			lose:  `UPDATE text_requests SET asked_at = asked_at + interval '1 minute' WHERE conversation_id = $1`,
			claim: claimOf(requests[1]),
			of:    requests[1].ConversationID,
		},
	} {
		exec(t, pool, tt.lose, tt.of)
		keepRecord(t, o, tt.claim, "otter")
		if n := countRecords(t, pool); n != 0 {
			t.Errorf("%s: %d records are kept, want none", tt.name, n)
		}
	}
}

// An erasure keeps whether a person or a machine gave an answer elsewhere, since figures need it. It overwrites other
// reasons.
func TestWhoAnsweredElsewhereStays(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	exec(t, pool, `INSERT INTO messages (id, conversation_id, direction, fate, reason, account_id, text, event_id, said_at, created_at)
		SELECT 77000 + n, $1, 'out', 'out', reason, 10, 'Dear zebra', 1, now(), now()
		FROM unnest(ARRAY['elsewhere', 'machine', 'zebra said no']) WITH ORDINALITY AS r(reason, n)`, zebra().first+1)
	o := newOptions(t, pool)
	runWithChats(t, o, beginErasure(t, o, zebra()))
	got := storetest.Row(t, pool, `SELECT string_agg(concat_ws(' ', reason, text), ', ' ORDER BY id) FROM messages WHERE id > 77000`)
	if want := `("elsewhere , machine , erased ")`; got != want {
		t.Errorf("reasons and texts that are left: got %q, want %q", got, want)
	}
}
