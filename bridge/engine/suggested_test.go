package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/analysis"
)

// replier answers each question that ends with a question mark with two replies.
func replier() *reader {
	return &reader{find: func(q analysis.Question) (analysis.Answer, error) {
		a := analysis.Answer{Sentiment: analysis.Neutral, Intents: []string{"thanks"}, By: "test", Replies: []analysis.Reply{{Text: "You are welcome."}}}
		if last := q.Burst[len(q.Burst)-1].Text; strings.HasSuffix(last, "?") {
			a.Intents = []string{"product"}
			a.Replies = []analysis.Reply{{Text: "To " + last + " Yes, we have them."}, {Text: "Not yet."}, {Text: "See https://foreign.example/"}}
		}
		return a, nil
	}}
}

// suggestionsIn returns the suggestions' id that the newest note of a conversation carries, or 0 if it carries none.
func (w *world) suggestionsIn(conversation int) bridge.EventID {
	return bridge.EventID(w.count(`SELECT coalesce(max((d.payload #>> '{line,Suggested}')::bigint), 0) FROM deliveries AS d JOIN lanes AS l ON l.id = d.lane_id
		WHERE d.kind = 'line' AND l.conversation_id = $1`, conversation))
}

// A note offers the replies that were suggested and passed the check. Its button names them by a number, which
// counts in that conversation and for those who may read it; a newer suggestion and the conversation's end make it
// void. Nothing is suggested for thanks.
//
func TestSuggestedReplies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: replier()})
	d := w.engines[0].Desk(w.surface)
	analysed := func() {
		t.Helper()
		w.makeBurstsDue()
		w.waitAnalysed()
		w.waitDrained()
	}
	suggested := func(conversation bridge.ConversationID, id bridge.EventID, user string) []bridge.SuggestedReply {
		t.Helper()
		return must(d.Suggested(t.Context(), conversation, id, user))(t)
	}
	w.customerWrites("kim", "Red lamps?")
	w.customerWrites("joe", "Tables?")
	one := w.waitThread("Red lamps?")
	w.waitShown("Tables?")
	analysed()
	first, foreign := w.suggestionsIn(1), w.suggestionsIn(2)
	if first == 0 || foreign == 0 || first == foreign {
		t.Fatalf("the notes' buttons name %d and %d\n%s", first, foreign, w.dump())
	}
	if got := suggested(1, first, "ann"); len(got) != 2 || got[0].Text != "To Red lamps? Yes, we have them." || got[1].Text != "Not yet." {
		t.Errorf("suggested is %+v", got)
	}
	if got := suggested(1, foreign, "ann"); got != nil {
		t.Errorf("another conversation's id gives %+v, want none", got)
	}
	if got, err := d.Suggested(t.Context(), 1, first, "stranger"); err == nil || got != nil {
		t.Errorf("who is no agent gets %+v, %v", got, err)
	}
	if _, err := d.Suggested(t.Context(), 99, first, "ann"); !errors.Is(err, bridge.ErrNoConversation) {
		t.Errorf("a conversation that there isn't gives %v", err)
	}
	w.customerWrites("kim", "Thank you")
	w.waitShown("Thank you")
	analysed()
	if id := w.suggestionsIn(1); id != first || suggested(1, first, "ann") == nil {
		t.Errorf("after thanks the button names %d, before it named %d", id, first)
	}
	w.customerWrites("kim", "Blue ones, too?")
	w.waitShown("Blue ones, too?")
	analysed()
	if second := w.suggestionsIn(1); second == first || suggested(1, first, "ann") != nil || suggested(1, second, "ann") == nil {
		t.Errorf("an outdated id still counts, or the newer one (%d after %d) doesn't", second, first)
	}
	if len(w.sentTexts()) != 0 {
		t.Errorf("something left by itself: %q, want none", w.sentTexts())
	}
	w.reply(one, "!resolve")
	w.waitCard(one, "#1 resolved")
	if n := w.count(`SELECT count(*) FROM suggested_replies WHERE conversation_id = 1`); n != 0 {
		t.Errorf("%d rows are kept of a conversation that has ended, want none", n)
	}
	if got := suggested(1, w.suggestionsIn(1), "ann"); got != nil {
		t.Errorf("after the end it still suggests %+v", got)
	}
}

// Suggestions of an account's own channel are closed to who isn't in it, as all else there is.
//
func TestSuggestedRepliesOfAPrivateChannel(t *testing.T) {
	t.Parallel()
	w := newSecludedWorld(t, options{})
	w.exec(`INSERT INTO suggested_replies (conversation_id, event_id, replies) VALUES (1, 7, '[{"text": "It is the tax."}]')`)
	d := w.engines[0].Desk(w.surface)
	w.eventually("a member reads them", func() bool {
		got, err := d.Suggested(context.Background(), 1, 7, "ben")
		return err == nil && len(got) == 1
	})
	var p *bridge.Problem
	if got, err := d.Suggested(t.Context(), 1, 7, "cat"); !errors.As(err, &p) || got != nil {
		t.Errorf("who isn't in the channel gets %+v, %v", got, err)
	}
}
