package engine_test

import (
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
