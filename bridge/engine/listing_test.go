package engine_test

import (
	"fmt"
	"testing"

	"parley/bridge"
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

// Lists are filtered by what people type; a value that doesn't exist is refused with those that do. Who resolves a conversation has it
// in the list of resolved ones. Whoever is in a team sees what is unassigned there and in no team, and only its people to filter by.
// Requirement R-092: Unassigned.
// Requirement R-098: Those that one resolved oneself.
// Requirement R-102: Filter by channel or account.
// Requirement R-105: Filter by who has it.
// Requirement R-109: Only colleagues of one's own teams to filter by.
func TestListFilter(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	root := w.openThread()
	team := store.Team{Name: "Support", Members: []store.AgentID{w.agents["ann"]}}
	must(store.SaveTeam(t.Context(), w.pool, team))(t)
	other := must(store.SaveTeam(t.Context(), w.pool, store.Team{Name: "Other", Members: []store.AgentID{w.agents["ben"]}}))(t)
	w.reloadEngines()
	d := w.engines[0].Desk(w.surface)
	rows := func(user store.SurfaceUser, list bridge.ListName, words string) int {
		t.Helper()
		q := bridge.ListQuery{List: list, ListView: must(bridge.ParseListView(words))(t)}
		return len(must(d.List(t.Context(), q, user))(t).Rows)
	}
	refused := func(user store.SurfaceUser, words, want string) {
		t.Helper()
		_, err := d.List(t.Context(), bridge.ListQuery{List: "all", ListView: must(bridge.ParseListView(words))(t)}, user)
		wantWords(t, "why “"+words+"” is refused", fmt.Sprint(*wantProblem(t, words, err)), want)
	}

	wantEqual(t, "all of nobody, lately", rows("ann", "all", "agent:nobody since:24h account:"+chat), 1)
	wantEqual(t, "all before a day", rows("ann", "all", "until:2001-01-01"), 0)
	wantEqual(t, "all of ann", rows("ann", "all", "agent:me"), 0)
	refused("ann", "account:elsewhere", chat)
	refused("ann", "status:gone", "pending")
	refused("ann", "sort:oddly", "newest")
	refused("ann", "team:nobodys", "Support")
	refused("ann", "since:soon", "7d")
	refused("ben", "agent:ann", "nobody")

	wantEqual(t, "unassigned, of the reader's team", rows("ann", "unassigned", "team:support"), 1)
	w.exec(`UPDATE conversations SET team_id = $1`, other)
	wantEqual(t, "unassigned, of another's team, for an admin", rows("ann", "unassigned", ""), 1)
	w.exec(`UPDATE conversations SET team_id = $1`, w.team)
	wantEqual(t, "unassigned, of another's team", rows("ben", "unassigned", ""), 0)
	w.exec(`UPDATE conversations SET team_id = NULL`)
	wantEqual(t, "unassigned, of no team", rows("ben", "unassigned", ""), 1)

	w.chat.Say("ann", support, root, "!take")
	w.waitDrained()
	wantEqual(t, "ben's count of unassigned", must(d.List(t.Context(), bridge.ListQuery{List: "mine", Counts: true}, "ben"))(t).Counts["unassigned"], 0)
	wantEqual(t, "ann's count of hers", must(d.List(t.Context(), bridge.ListQuery{List: "mine", Counts: true}, "ann"))(t).Counts["mine"], 1)
	w.chat.Say("ben", support, root, "!resolve")
	w.waitDrained()
	wantEqual(t, "resolved by ann", rows("ann", "resolved", ""), 0)
	wantEqual(t, "resolved by ben", rows("ben", "resolved", ""), 1)
	wantEqual(t, "archived", rows("ben", "archived", "status:resolved agent:nobody"), 0)
}
