package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels/channelstest"
	"parley/store"
)

// The list of a team shows the conversations of the agent's own teams alone.
//
func TestListOfATeam(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.openThread()
	must(store.SaveTeam(t.Context(), w.pool, store.Team{Name: "Support", Members: []store.AgentID{w.agents["ann"]}}))(t)
	w.reloadEngines()
	for user, want := range map[string]int{"ann": 1, "ben": 0} {
		l := must(w.engines[0].Desk(w.surface).List(t.Context(), bridge.ListQuery{List: "team"}, user))(t)
		wantEqual(t, "rows that "+user+" sees", len(l.Rows), want)
	}
}

// The list of unassigned ones shows since when nobody has them, that of resolved ones when they ended.
//
func TestTimesOfLists(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	row := func(list string) bridge.Facts {
		l := must(w.engines[0].Desk(w.surface).List(t.Context(), bridge.ListQuery{List: list}, "ann"))(t)
		if len(l.Rows) != 1 {
			t.Fatalf("the list %s has %d rows, want 1", list, len(l.Rows))
		}
		return l.Rows[0]
	}
	if f := row("unassigned"); f.FreeSince.IsZero() || !f.FreeSince.Equal(f.CreatedAt) {
		t.Errorf("unassigned since %v, want since it began, at %v", f.FreeSince, f.CreatedAt)
	}
	w.reply(thread, "!take")
	w.waitCard(thread, "| Ann |")
	w.advance(time.Hour)
	w.reply(thread, "!unassign")
	w.waitCard(thread, "Hello |  |")
	if f := row("unassigned"); f.FreeSince.Before(f.CreatedAt.Add(time.Hour)) {
		t.Errorf("unassigned since %v, want since an hour after it began, at %v", f.FreeSince, f.CreatedAt)
	}
	w.reply(thread, "!take")
	w.waitCard(thread, "| Ann |")
	w.reply(thread, "!resolve")
	w.waitCard(thread, "resolved")
	if f := row("resolved"); f.EndedAt.Before(f.CreatedAt.Add(time.Hour)) {
		t.Errorf("resolved at %v, want an hour at least after it began, at %v", f.EndedAt, f.CreatedAt)
	}
}

// A chat's card says what it is about by its first words, and a card names what else of the same
// customer is open, with who has it.
func TestCardSaysTheMatter(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "Where is my parcel?\nNumber 4711")
	chatThread := w.waitThread("Where is my")
	w.customerWrites("kim", "Hello?")
	w.waitCard(chatThread, "| Kim | Where is my parcel? Number 4711 |")
	w.customerSends(mail, channelstest.Event{From: "lou@x.test", Name: "Lou", Subject: "Lamp", Text: "It is dark"})
	first := w.waitThread("It is dark")
	w.chat.Submit("ann", support, first, bridgetest.Button{Verb: bridge.VerbTake}, "")
	w.waitCard(first, "| Ann |")
	w.customerSends(mail, channelstest.Event{From: "lou@x.test", Name: "Lou", Subject: "Desk", Text: "It is low"})
	w.waitCard(w.waitThread("It is low"), "| also open #2 Ann")
	also := must(w.engines[0].Desk(w.surface).Facts(t.Context(), 2, "ben"))(t).AlsoOpen
	if len(also) != 1 {
		t.Fatalf("beside #2 are open %+v, want #3 alone", also)
	}
	wantEqual(t, "what is open beside #2", also[0].ID, 3)
	wantEqual(t, "the channel of its thread", also[0].Root.Channel, support)
}
