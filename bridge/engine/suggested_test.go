package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/analysis"
)

// replier suggests replies to each message. One that ends with a question mark gets two good ones, and one with a foreign
// address.
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

// suggestionsIn returns the id of the suggestions in the newest note of a conversation that has any, or 0 if none has.
func (w *world) suggestionsIn(conversation int) bridge.EventID {
	return bridge.EventID(w.count(`SELECT coalesce(max((d.payload #>> '{line,Suggested}')::bigint), 0) FROM deliveries AS d
		JOIN lanes AS l ON l.id = d.lane_id
		WHERE d.kind = 'line' AND l.conversation_id = $1`, conversation))
}

// A note offers the suggested replies that passed the check. Its button names them by a number. The number counts only in
// that conversation and for those who may read it. A newer suggestion or the conversation's end makes it void. For thanks
// Parley notes no suggestion.
// Requirement R-185: Suggested replies.
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

	// Two customers ask, and the notes offer replies.
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

	// Thanks change nothing. Another question makes the id void.
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

	// When the conversation is resolved, its suggestions are deleted.
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

// If an account has a channel of its own, only members of that channel can read its suggested replies.
// Requirement R-185: Suggested replies.
// Requirement R-212: Only some people read an account.
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
