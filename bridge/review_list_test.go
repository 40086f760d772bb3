package bridge_test

import (
	"testing"

	"parley/bridge"
	"parley/store"
)

// The list of a team shows the conversations of the agent's own teams alone.
func TestListOfATeam(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.opened()
	must(store.SaveTeam(t.Context(), w.pool, store.Team{Name: "Support", Members: []int64{w.agents["ann"]}}))(t)
	check(t, w.engines[0].Reload(t.Context()))
	for user, want := range map[string]int{"ann": 1, "ben": 0} {
		l, err := w.engines[0].Desk(w.surface).List(t.Context(), bridge.ListQuery{List: "team"}, user)
		if err != nil || len(l.Rows) != want {
			t.Errorf("%s sees %d rows (%v), want %d", user, len(l.Rows), err, want)
		}
	}
}
