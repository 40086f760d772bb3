package offline

import (
	"slices"

	"parley/bridge/analysis"
)

const maxActions = 2

// suggestActions suggests what an agent could do next, most important first: give an urgent message priority, snooze
// another one until the customer is back ("I'm away until Monday"). It suggests only actions that the desk, the helpdesk that asks, offers.
func suggestActions(t *text, matches []match, q *analysis.Question, urgent bool) []analysis.Action {
	var candidates []analysis.Action
	if urgent {
		candidates = append(candidates, analysis.Action{Name: analysis.Priority, Value: "urgent"})
	} else {
		candidates = append(candidates, analysis.Action{Name: analysis.Snooze, Value: awayUntil(t, matches, q.Now)})
	}

	var suggested []analysis.Action
	for _, c := range candidates {
		isOffered := slices.Contains(q.Desk.Actions, c.Name)
		if c.Value != "" && isOffered && len(suggested) < maxActions {
			suggested = append(suggested, c)
		}
	}
	return suggested
}
