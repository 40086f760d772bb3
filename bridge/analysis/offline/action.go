package offline

import (
	"slices"

	"parley/bridge/analysis"
)

const maxActions = 2

// minSolverSimilarity is the minimum sum of the similarities of all similar conversations that one agent resolved.
const minSolverSimilarity = 0.35

// suggestActions suggests what an agent could do next, most important first: give an urgent message priority, snooze
// another one until the customer is back ("I'm away until Monday"), or assign it to the agent who resolved similar
// conversations. It suggests only actions that the desk, the helpdesk that asks, offers.
func suggestActions(t *text, matches []match, q *analysis.Question, similar []resemblance, urgent bool) []analysis.Action {
	var candidates []analysis.Action
	if urgent {
		candidates = append(candidates, analysis.Action{Name: analysis.Priority, Value: "urgent"})
	} else {
		candidates = append(candidates, analysis.Action{Name: analysis.Snooze, Value: awayUntil(t, matches, q.Now)})
	}
	candidates = append(candidates, analysis.Action{Name: analysis.Assign, Value: solverOf(similar)})

	var suggested []analysis.Action
	for _, c := range candidates {
		isOffered := slices.Contains(q.Desk.Actions, c.Name)
		if c.Value != "" && isOffered && len(suggested) < maxActions {
			suggested = append(suggested, c)
		}
	}
	return suggested
}

// solverOf returns the agent or team that resolved the most similar conversations, or "" if they aren't similar enough.
func solverOf(similar []resemblance) string {
	best, highest := "", 0.0
	sums := map[string]float64{}
	for _, r := range similar {
		name := r.example.Solver
		if name == "" {
			continue
		}
		sums[name] += r.similarity
		if sums[name] > highest && sums[name] >= minSolverSimilarity {
			best, highest = name, sums[name]
		}
	}
	return best
}
