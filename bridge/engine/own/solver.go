package own

import (
	"strconv"
	"strings"

	"parley/store"
)

const solverPrefix = "agent:"

// SolverName returns the name by which an Analyzer is told of an agent who resolved a conversation.
func SolverName(agent store.AgentID) string {
	return solverPrefix + strconv.FormatInt(int64(agent), 10)
}

// ParseSolver returns the agent whom SolverName named, or 0.
func ParseSolver(name string) store.AgentID {
	number, isSolver := strings.CutPrefix(name, solverPrefix)
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil || !isSolver {
		return 0
	}
	return store.AgentID(id)
}
