package engine_test

import (
	"slices"
	"testing"

	"parley/bridge"
)

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

// The desk answers what surfaces ask for, to those who may know.
//
func TestDesk(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	reply := w.reply(thread, "Hi")
	w.provider.WaitTexts(t, "Hi")
	w.waitCard(thread, "| Ann |")
	d := w.engines[0].Desk(w.surface)

	// A conversation by its thread or a message.
	for what, at := range map[string]bridge.Place{"its thread": {Channel: support, Thread: thread}, "a message": {Channel: support, Message: reply}} {
		f := must(d.FactsAt(t.Context(), at, "ben"))(t)
		wantEqual(t, "the conversation by "+what, f.ID, 1)
		wantEqual(t, "its contact by "+what, f.Contact.Name, "Kim")
		wantEqual(t, "its root by "+what, f.Thread.Root.Message, thread)
	}
	if _, err := d.FactsAt(t.Context(), bridge.Place{Channel: support, Thread: "nowhere"}, "ben"); err == nil {
		t.Error("FactsAt found a conversation in a thread that isn't there")
	}

	// Somebody who is no agent.
	const stranger = "dan"
	_, factsErr := d.Facts(t.Context(), 1, stranger)
	_, listErr := d.List(t.Context(), bridge.ListQuery{List: "all"}, stranger)
	_, historyErr := d.History(t.Context(), 1, 0, stranger)
	for what, err := range map[string]error{"Facts": factsErr, "List": listErr, "History": historyErr} {
		if err == nil {
			t.Errorf("%s answers somebody who is no agent", what)
		}
	}

	// Which facts were seen, my conversations, the history.
	nameOf := func(message string) string { return "m:" + support + ":" + message }
	seen := must(d.Seen(t.Context(), []string{nameOf(reply), nameOf(thread), nameOf("other")}))(t)
	wantEqual(t, "the reply was seen", seen[nameOf(reply)], true)
	wantEqual(t, "the root was seen", seen[nameOf(thread)], true)
	wantEqual(t, "a message that nobody wrote was seen", seen[nameOf("other")], false)
	if list := must(d.List(t.Context(), bridge.ListQuery{}, "ann"))(t); len(list.Rows) != 1 {
		t.Errorf("mine: %d, want 1", len(list.Rows))
	}
	if rows := must(d.History(t.Context(), 1, 0, "ann"))(t).Rows; len(rows) < 3 {
		t.Errorf("history: %+v, want at least 3 of them", rows)
	}
}
