package engine_test

import (
	"slices"
	"testing"

	"parley/bridge"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which customers
// write and are answered, and a fake chat, in whose channel "support" agents work.

// A tag that was made by one replica is known to the others.
func TestSettingsReachReplicas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{engines: 2})
	thread := w.openThread()
	w.reply(thread, "!tag Brand new, Billing")
	w.waitCard(thread, "Brand new,Billing")
	for _, e := range w.engines {
		w.eventually("it knows the tag", func() bool {
			tags := must(e.Desk(w.surface).TagNames(t.Context()))(t)
			return slices.ContainsFunc(tags, func(tag bridge.Tag) bool { return tag.Name == "Brand new" })
		})
	}
}

// newWorldOfReply makes a world in which ann has answered kim. It returns the thread and her reply.
func newWorldOfReply(t *testing.T) (w *world, thread, reply string) {
	t.Helper()
	w = newWorld(t, options{})
	thread = w.openThread()
	reply = w.reply(thread, "Hi")
	w.provider.WaitTexts(t, "Hi")
	w.waitCard(thread, "| Ann |")
	return w, thread, reply
}

// The desk finds a conversation by its thread, or by a message in it.
// Requirement R-089: Named lists.
func TestDeskFindsConversationsByPlace(t *testing.T) {
	t.Parallel()
	w, thread, reply := newWorldOfReply(t)
	d := w.engines[0].Desk(w.surface)
	tests := []struct {
		name string
		at   bridge.Place
	}{
		{name: "its thread", at: bridge.Place{Channel: support, Thread: thread}},
		{name: "a message", at: bridge.Place{Channel: support, Message: reply}},
	}
	for _, tt := range tests {
		f := must(d.FactsAt(t.Context(), tt.at, "ben"))(t)
		wantEqual(t, "the conversation by "+tt.name, f.ID, 1)
		wantEqual(t, "its contact by "+tt.name, f.Contact.Name, "Kim")
		wantEqual(t, "its root by "+tt.name, f.Thread.Root.Message, thread)
	}
	if _, err := d.FactsAt(t.Context(), bridge.Place{Channel: support, Thread: "nowhere"}, "ben"); err == nil {
		t.Error("FactsAt of a thread that isn't there has no error, want one")
	}
}

// The desk tells nothing to somebody who isn't an agent.
// Requirement R-089: Named lists.
func TestDeskRefusesStrangers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.openThread()
	d := w.engines[0].Desk(w.surface)
	const stranger = "dan"
	if _, err := d.Facts(t.Context(), 1, stranger); err == nil {
		t.Error("Facts for somebody who isn't an agent has no error, want one")
	}
	if _, err := d.List(t.Context(), bridge.ListQuery{List: "all"}, stranger); err == nil {
		t.Error("List for somebody who isn't an agent has no error, want one")
	}
	if _, err := d.History(t.Context(), 1, 0, stranger); err == nil {
		t.Error("History for somebody who isn't an agent has no error, want one")
	}
}

// The desk knows which messages of the chat it has seen: those that people wrote, and Parley's own.
// Requirement R-089: Named lists.
func TestDeskKnowsWhatItHasSeen(t *testing.T) {
	t.Parallel()
	w, thread, reply := newWorldOfReply(t)
	factOf := func(message string) string { return "m:" + support + ":" + message }
	seen := must(w.engines[0].Desk(w.surface).KnownFacts(t.Context(), []string{factOf(reply), factOf(thread), factOf("other")}))(t)
	wantEqual(t, "whether the reply was seen", seen[factOf(reply)], true)
	wantEqual(t, "whether the root was seen", seen[factOf(thread)], true)
	wantEqual(t, "whether a message was seen that nobody wrote", seen[factOf("other")], false)
}

// The desk lists an agent's own conversations, if no list is named, and what was done to one.
// Requirement R-089: Named lists.
func TestDeskListsConversationsAndHistory(t *testing.T) {
	t.Parallel()
	w, _, _ := newWorldOfReply(t)
	d := w.engines[0].Desk(w.surface)
	mine := must(d.List(t.Context(), bridge.ListQuery{}, "ann"))(t)
	wantEqual(t, "conversations of ann", len(mine.Rows), 1)
	if rows := must(d.History(t.Context(), 1, 0, "ann"))(t).Rows; len(rows) < 3 {
		t.Errorf("the history is %+v, want at least 3 rows", rows)
	}
}
