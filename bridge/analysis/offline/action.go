package offline

import (
	"slices"

	"parley/bridge/analysis"
)

// What an agent could do next, suggested beside a customer's message: give it priority, snooze it until the
// customer is back, or assign it to the colleague who resolved similar ones.

const (
	mostActions = 2
	leastSolver = 0.35 // of likeness, over all conversations that somebody resolved
)

// suggestActions suggests what an agent could do next, of what the desk allows: the most pressing first.
func suggestActions(t *text, matches []match, q *analysis.Question, alike []resemblance, urgent bool) []analysis.Action {
	var found []analysis.Action
	suggest := func(name analysis.ActionName, value string) {
		isAllowed := slices.Contains(q.Desk.Actions, name) && len(found) < mostActions
		if value != "" && isAllowed {
			found = append(found, analysis.Action{Name: name, Value: value})
		}
	}
	if urgent {
		suggest(analysis.Priority, "urgent")
	} else {
		suggest(analysis.Snooze, awayUntil(t, matches, q.Now))
	}

	suggest(analysis.Assign, solverOf(alike))
	return found
}

// solverOf returns who resolved the conversations that are most like a text, "" if none is quite like it.
func solverOf(alike []resemblance) string {
	best, most := "", 0.0
	sums := map[string]float64{}
	for _, r := range alike {
		name := r.example.Solver
		if name == "" {
			continue
		}
		sums[name] += r.likeness
		if sums[name] > most && sums[name] >= leastSolver {
			best, most = name, sums[name]
		}
	}
	return best
}
