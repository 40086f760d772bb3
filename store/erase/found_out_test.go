package erase_test

import (
	"strings"
	"testing"
	"time"

	"parley/store"
	"parley/store/ai"
	"parley/store/erase"
	"parley/store/request"
	"parley/store/storetest"
)

// Whoever is erased may have written in another customer's conversation, in copy. What machines made of it goes
// there, too: records of models, examples, suggestions, texts that wait, and what stands in the thread of it. What they made of others' words stays, and is no
// part of what the contact is handed.
func TestWhatMachinesMadeOfIt(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	z, o := zebra(), otter()
	exec(t, pool, `INSERT INTO messages (id, conversation_id, direction, fate, identity_id, account_id, text, event_id, said_at, created_at)
		VALUES (77001, $1, 'in', 'in', $2, 10, 'zebra in copy', $3, now(), now())`, o.first+1, z.first+1, z.first+1)
	exec(t, pool, `UPDATE ai_exchanges SET sealed = convert_to('otter and zebra', 'UTF8') WHERE conversation_id = $1`, o.first+1)
	exec(t, pool, `UPDATE suggested_replies SET replies = '["otter and zebra"]' WHERE conversation_id = $1`, o.first+1)
	exec(t, pool, `UPDATE solved SET asked = 'otter and zebra', words = to_tsvector('simple', 'otter and zebra') WHERE conversation_id = $1`, o.first+1)
	exec(t, pool, `UPDATE text_requests SET ask = '{"text": "otter and zebra"}' WHERE conversation_id = $1`, o.first+1)
	exec(t, pool, `INSERT INTO deliveries (id, lane_id, seq, kind, payload, state, created_at)
		VALUES (77001, $1, 2, 'line', '{"line": {"Kind": "written", "Words": "otter and zebra"}}', 'sent', now()),
			(77002, $1, 0, 'line', '{"line": {"Kind": "analysis", "Urgent": "the zebra waits"}}', 'sent', now())`, o.first+2)
	exec(t, pool, `INSERT INTO log_entries (id, conversation_id, at, actor, what, detail)
		VALUES (77001, $1, now(), 'parley', 'analysed', '{"text": "angry", "reason": "the zebra waits"}')`, o.first+1)
	erasing := newOptions(t, pool)
	id := must(erase.Begin(t.Context(), erasing, []store.ContactID{z.contact()}, "ann@acme.test"))(t)
	runWithChats(t, erasing, id)
	for place, n := range markedIn(t, pool, "zebra") {
		t.Errorf("%s holds something of the contact in %d rows", place, n)
	}
	if left := storetest.Row(t, pool, `SELECT conversation_id FROM suggestions WHERE conversation_id = $1`, o.first+1); left == "" {
		t.Error("what has none of the contact's words is gone")
	}
	if left := storetest.Row(t, pool, `SELECT detail::text FROM log_entries WHERE id = 77001`); !strings.Contains(left, "angry") {
		t.Errorf("of the log is left %s", left)
	}
}

// ofRequest is the claim of a text request.
func ofRequest(r request.Request) ai.Claim {
	return ai.OfRequest(r.ConversationID, r.Name, r.AskedAt, r.Epoch)
}

// While a contact is erased, a model may be asked about another customer's conversation in which the contact wrote, in copy, or
// about the contact's own. What it was asked and answered is kept while the claim stands, and goes with the rest; what comes later
// is not kept.
func TestWhatAModelIsBeingAsked(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), newWorld(t)
	z, other := zebra(), otter()
	exec(t, pool, `INSERT INTO messages (id, conversation_id, direction, fate, identity_id, account_id, text, event_id, said_at, created_at)
		VALUES (77001, $1, 'in', 'in', $2, 10, 'zebra in copy', $3, now(), now())`, other.first+1, z.first+1, z.first+1)
	var claims []ai.Claim
	for _, b := range must(store.ClaimBursts(ctx, pool, 9, time.Minute))(t) {
		claims = append(claims, ai.OfBurst(b))
	}
	for _, r := range must(request.Claim(ctx, pool, 9, time.Minute))(t) {
		claims = append(claims, ofRequest(r))
	}
	o := newOptions(t, pool)
	keep := func() {
		t.Helper()
		for _, c := range claims {
			check(t, ai.KeepRecord(ctx, pool, o.Sealer, mailAccount, c, "otter and zebra"))
		}
	}
	records := func() string { return storetest.Row(t, pool, `SELECT count(*) FROM ai_exchanges`) }
	exec(t, pool, `DELETE FROM ai_exchanges`)
	if keep(); len(claims) != 4 || records() != "(4)" {
		t.Fatalf("of %d claims %s records are kept", len(claims), records())
	}
	o.Say = func(place string, _ int64) error {
		if place == "requests_there" || place == "exchanges_there" { // claims and records there have just been erased
			keep()
		}
		return nil
	}
	id := must(erase.Begin(ctx, o, []store.ContactID{z.contact()}, "ann@acme.test"))(t)
	runWithChats(t, o, id)
	if got := records(); got != "(0)" {
		t.Errorf("%s records are left, want (0)", got)
	}
}

// Somebody else writes in the contact's conversation while its work was erased and its words were not yet. A model is asked, and
// answers when the words are gone, or when all is done: nothing of what it was asked is kept, though no chat gives it a second look.
func TestClaimedWhileItIsErased(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), newWorld(t)
	o := newOptions(t, pool)
	o.Ask = nil
	b := store.Burst{ConversationID: store.ConversationID(zebra().first + 1), FirstEvent: 4711, Epoch: 3}
	keep := func() {
		t.Helper()
		check(t, ai.KeepRecord(ctx, pool, o.Sealer, mailAccount, ai.OfBurst(b), "zebra"))
	}
	records := func() string {
		return storetest.Row(t, pool, `SELECT count(*) FROM ai_exchanges WHERE conversation_id = $1`, b.ConversationID)
	}
	o.Say = func(place string, _ int64) error {
		switch place {
		case "deliveries":
			exec(t, pool, `INSERT INTO bursts (conversation_id, first_event, last_event, began_at, due_at, epoch) VALUES ($1, $2, $2, now(), now(), $3)
				ON CONFLICT (conversation_id) DO NOTHING`, b.ConversationID, b.FirstEvent, b.Epoch)
		case "messages":
			if keep(); records() == "(0)" {
				t.Error("the claim didn't stand")
			}
		}
		return nil
	}
	id := must(erase.Begin(ctx, o, []store.ContactID{zebra().contact()}, "ann@acme.test"))(t)
	must(erase.Run(ctx, o, id))(t)
	if keep(); records() != "(0)" {
		t.Errorf("%s records are left, want (0)", records())
	}
}

// Whoever has lost a claim keeps nothing: the burst may be another one by then, and a request may have been asked anew.
func TestRecordOfALostClaim(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), newWorld(t)
	exec(t, pool, `DELETE FROM ai_exchanges`)
	bursts, requests := must(store.ClaimBursts(ctx, pool, 9, time.Minute))(t), must(request.Claim(ctx, pool, 9, time.Minute))(t)
	exec(t, pool, `UPDATE bursts SET epoch = epoch + 1 WHERE conversation_id = $1`, bursts[0].ConversationID)
	exec(t, pool, `UPDATE bursts SET first_event = 4711 WHERE conversation_id = $1`, bursts[1].ConversationID)
	exec(t, pool, `UPDATE text_requests SET done_at = now() WHERE conversation_id = $1`, requests[0].ConversationID)
	exec(t, pool, `UPDATE text_requests SET asked_at = asked_at + interval '1 minute' WHERE conversation_id = $1`, requests[1].ConversationID)
	o := newOptions(t, pool)
	for i := range 2 {
		check(t, ai.KeepRecord(ctx, pool, o.Sealer, mailAccount, ai.OfBurst(bursts[i]), "otter"))
		check(t, ai.KeepRecord(ctx, pool, o.Sealer, mailAccount, ofRequest(requests[i]), "otter"))
	}
	if got := storetest.Row(t, pool, `SELECT count(*) FROM ai_exchanges`); got != "(0)" {
		t.Errorf("%s records are kept, want (0)", got)
	}
}
