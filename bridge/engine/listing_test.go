package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/channels/channelstest"
	"parley/store"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which customers
// write and are answered, and a fake chat, in whose channel "support" agents work.

// The list of a team shows the conversations of the agent's own teams alone.
// Requirement R-091: A team's list.
// Requirement R-106: Filter by team.
func TestListOfATeam(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.openThread()
	must(store.SaveTeam(t.Context(), w.pool, store.Team{Name: "Support", Members: []store.AgentID{w.agents["ann"]}}))(t)
	w.reloadEngines()
	d := w.engines[0].Desk(w.surface)
	ofMember := must(d.List(t.Context(), bridge.ListQuery{List: "team"}, "ann"))(t)
	wantEqual(t, "rows that ann sees, who is in the team", len(ofMember.Rows), 1)
	ofOther := must(d.List(t.Context(), bridge.ListQuery{List: "team"}, "ben"))(t)
	wantEqual(t, "rows that ben sees, who isn't", len(ofOther.Rows), 0)
}

// listed returns the one conversation that a list shows ann.
func (w *world) listed(list bridge.ListName) bridge.Facts {
	w.t.Helper()
	l := must(w.engines[0].Desk(w.surface).List(w.t.Context(), bridge.ListQuery{List: list}, "ann"))(w.t)
	if len(l.Rows) != 1 {
		w.t.Fatalf("the list %s has %d rows, want 1", list, len(l.Rows))
	}
	return l.Rows[0]
}

// The list of unassigned conversations shows since when nobody has them: since they began, or since they were given back.
// Requirement R-097: The time that fits the list.
func TestListShowsSinceWhenNobodyHasIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	f := w.listed("unassigned")
	if f.FreeSince.IsZero() || !f.FreeSince.Equal(f.CreatedAt) {
		t.Errorf("unassigned since %v, want since it began, at %v", f.FreeSince, f.CreatedAt)
	}

	w.take("ann", "Hello")
	w.advance(time.Hour)
	w.reply(thread, "!unassign")
	w.waitCard(thread, "Hello |  |")
	if f := w.listed("unassigned"); f.FreeSince.Before(f.CreatedAt.Add(time.Hour)) {
		t.Errorf("unassigned since %v, want since an hour after it began, at %v", f.FreeSince, f.CreatedAt)
	}
}

// The list of resolved conversations shows when they ended.
// Requirement R-097: The time that fits the list.
func TestListShowsWhenItEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.take("ann", "Hello") // the list has what its agent has held
	w.advance(time.Hour)
	w.reply(thread, "!resolve")
	w.waitCard(thread, "resolved")
	if f := w.listed("resolved"); f.EndedAt.Before(f.CreatedAt.Add(time.Hour)) {
		t.Errorf("resolved at %v, want an hour at least after it began, at %v", f.EndedAt, f.CreatedAt)
	}
}

// A chat's card says what it is about by its first words.
func TestCardSaysTheMatter(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "Where is my parcel?\nNumber 4711")
	thread := w.waitThread("Where is my")
	w.customerWrites("kim", "Hello?")
	w.waitShown("Hello?")
	w.waitCard(thread, "| Kim | Where is my parcel? Number 4711 |")
}

// A card names what else of the same customer is open, with who has it.
func TestCardNamesWhatElseIsOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerSends(mail, channelstest.Event{From: "lou@x.test", Name: "Lou", Subject: "Lamp", Text: "It is dark"})
	w.take("ann", "It is dark")
	w.customerSends(mail, channelstest.Event{From: "lou@x.test", Name: "Lou", Subject: "Desk", Text: "It is low"})
	w.waitCard(w.waitThread("It is low"), "| also open #1 Ann")
	also := must(w.engines[0].Desk(w.surface).Facts(t.Context(), 1, "ben"))(t).AlsoOpen
	if len(also) != 1 {
		t.Fatalf("beside #1 are open %+v, want #2 alone", also)
	}
	wantEqual(t, "what is open beside #1", also[0].ID, 2)
	wantEqual(t, "the channel of its thread", also[0].Root.Channel, support)
}
