package engine_test

import (
	"slices"
	"strings"
	"testing"

	"parley/bridge"
)

// waitUnread waits until the card in a thread has the dot of what is unread, or doesn't have it.
func (w *world) waitUnread(thread string, want bool) {
	w.t.Helper()
	w.eventually("the card's dot", func() bool {
		return strings.Contains(w.chat.Get(support, thread).Plain(), "unread") == want
	})
}

// A conversation is unread from the customer's message until an agent replies, notes something, clicks, or says so. A list of it shows
// that, too.
// Requirement R-095: A mark for a list with something unread.
// Requirement R-094: A mark for what nobody has read.
// Requirement R-088: Rows that say the matter.
func TestUnread(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	acts := []func(){
		func() { w.chat.Say("ann", support, thread, "!read") },
		func() { w.chat.Press(w.t, "ben", w.chat.Get(support, thread), bridge.VerbTake) },
		func() { w.chat.Say("ann", support, thread, "// she means the small lamp") },
		func() { w.chat.Say("ben", support, thread, "It is on its way.") },
	}
	for _, act := range acts {
		w.waitUnread(thread, true)
		list := must(w.engines[0].Desk(w.surface).List(t.Context(), bridge.ListQuery{List: bridge.ListAll}, "ann"))(t)
		if len(list.Rows) != 1 || !list.Rows[0].Unread {
			t.Errorf("the list has the rows %+v, want one that is unread", list.Rows)
		}
		act()
		w.waitUnread(thread, false)
		w.customerWrites("kim", "And then?")
	}

	// ben took it: his list is marked, and the filter finds it, until he reads it.
	w.waitUnread(thread, true)
	desk := w.engines[0].Desk(w.surface)
	list := must(desk.List(t.Context(), bridge.ListQuery{List: bridge.ListMine, Counts: true}, "ben"))(t)
	found := must(desk.List(t.Context(), bridge.ListQuery{List: bridge.ListAll, ListView: bridge.ListView{Unread: "Yes"}}, "ann"))(t)
	if !slices.Contains(list.Unread, bridge.ListMine) || !slices.Contains(list.Unread, bridge.ListAll) || len(found.Rows) != 1 {
		t.Errorf("lists with something unread: %v; %d rows are found, want one", list.Unread, len(found.Rows))
	}
	w.chat.Say("ben", support, thread, "!read")
	w.waitUnread(thread, false)
	list = must(desk.List(t.Context(), bridge.ListQuery{List: bridge.ListMine, Counts: true, ListView: bridge.ListView{Unread: "yes"}}, "ben"))(t)
	if len(list.Unread)+len(list.Rows) != 0 {
		t.Errorf("lists with something unread: %v; %d rows are found, want none", list.Unread, len(list.Rows))
	}
}
