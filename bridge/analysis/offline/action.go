package offline

import (
	"slices"

	"parley/bridge/analysis"
)

const (
	mostActions = 2
	sureSolver  = 0.35
)

// actions suggests what an agent could do next, of what the desk allows: the most pressing first.
func actions(t *text, matches []match, q *analysis.Question, alike []resemblance, urgent bool) []analysis.Action {
	var found []analysis.Action
	suggest := func(name analysis.ActionName, value string) {
		if value != "" && slices.Contains(q.Desk.Actions, name) && len(found) < mostActions {
			found = append(found, analysis.Action{Name: name, Value: value})
		}
	}
	if urgent {
		suggest(analysis.Priority, "urgent")
	} else {
		suggest(analysis.Snooze, awayUntil(t, matches, q.Now))
	}
	suggest(analysis.Assign, solver(alike))
	return found
}

// solver gives who resolved the conversations that are most like a text.
func solver(alike []resemblance) string {
	best, most := "", 0.0
	sums := map[string]float64{}
	for _, r := range alike {
		name := r.example.Solver
		if name == "" {
			continue
		}
		if sums[name] += r.likeness; sums[name] > most && sums[name] >= sureSolver {
			best, most = name, sums[name]
		}
	}
	return best
}
