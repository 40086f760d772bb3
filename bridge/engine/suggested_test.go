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
		a := analysis.Answer{Sentiment: analysis.Neutral, Intents: []string{"thanks"}, By: "test",
			Replies: []analysis.Reply{{Text: "You are welcome."}}}
		if last := q.Burst[len(q.Burst)-1].Text; strings.HasSuffix(last, "?") {
			a.Intents = []string{"product"}
			a.Replies = []analysis.Reply{{Text: "To " + last + " Yes, we have them."}, {Text: "Not yet."}, {Text: "See https://foreign.example/"}}
		}
		return a, nil
	}}
}

// suggestionsIn returns the suggestions' id that the newest note of a conversation carries, or 0 if it carries none.
func (w *world) suggestionsIn(conversation int) bridge.EventID {
	return bridge.EventID(w.count(`SELECT coalesce(max((d.payload #>> '{line,Suggested}')::bigint), 0) FROM deliveries AS d
		JOIN lanes AS l ON l.id = d.lane_id
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
	analyse := func() {
		t.Helper()
		w.makeBurstsDue()
		w.waitAnalysed()
		w.waitDrained()
	}
	suggested := func(conversation bridge.ConversationID, id bridge.EventID, user bridge.SurfaceUser) []bridge.SuggestedReply {
		t.Helper()
		return must(d.Suggested(t.Context(), conversation, id, user))(t)
	}
	w.customerWrites("kim", "Red lamps?")
	w.customerWrites("joe", "Tables?")
	one := w.waitThread("Red lamps?")
	w.waitShown("Tables?")
	analyse()
	first, foreign := w.suggestionsIn(1), w.suggestionsIn(2)
	if first == 0 || foreign == 0 || first == foreign {
		t.Fatalf("the notes' buttons name %d and %d, want two ids\n%s", first, foreign, w.dump())
	}
	wantSuggested(t, "by its id", suggested(1, first, "ann"), "To Red lamps? Yes, we have them.", "Not yet.")
	wantSuggested(t, "by another conversation's id", suggested(1, foreign, "ann"))
	if got, err := d.Suggested(t.Context(), 1, first, "stranger"); err == nil || got != nil {
		t.Errorf("somebody who isn't an agent gets %+v, %v, want nothing and an error", got, err)
	}
	if _, err := d.Suggested(t.Context(), 99, first, "ann"); !errors.Is(err, bridge.ErrNoConversation) {
		t.Errorf("in a conversation that isn't there: got the error %v, want ErrNoConversation", err)
	}

	// Thanks change nothing; another question makes the id void.
	w.customerWrites("kim", "Thank you")
	w.waitShown("Thank you")
	analyse()
	wantEqual(t, "what the button names after thanks", w.suggestionsIn(1), first)
	wantSuggested(t, "after thanks", suggested(1, first, "ann"), "To Red lamps? Yes, we have them.", "Not yet.")
	w.customerWrites("kim", "Blue ones, too?")
	w.waitThread("Blue ones, too?")
	analyse()
	wantSuggested(t, "by the outdated id", suggested(1, first, "ann"))
	wantSuggested(t, "by the newer id", suggested(1, w.suggestionsIn(1), "ann"), "To Blue ones, too? Yes, we have them.", "Not yet.")
	w.wantNothingSent()

	// The conversation's end makes them void.
	w.reply(one, "!resolve")
	w.waitCard(one, "#1 resolved")
	if n := w.count(`SELECT count(*) FROM suggested_replies WHERE conversation_id = 1`); n != 0 {
		t.Errorf("%d rows are kept of a conversation that has ended, want none", n)
	}
	wantSuggested(t, "after the end", suggested(1, w.suggestionsIn(1), "ann"))
}

// wantSuggested checks the texts of suggested replies.
func wantSuggested(t *testing.T, what string, got []bridge.SuggestedReply, want ...string) {
	t.Helper()
	var list []string
	for _, s := range got {
		list = append(list, s.Text)
	}
	wantList(t, "suggested "+what, list, want)
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
	got, err := d.Suggested(t.Context(), 1, 7, "cat")
	_ = wantProblem(t, "for somebody who isn't in the channel", err)
	wantSuggested(t, "to somebody who isn't in the channel", got)
}
