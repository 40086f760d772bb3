package store

import (
	"context"

	"parley/store/internal/query"
)

// SetupChange is what somebody changed in the set-up at once.
type SetupChange struct {
	Agent  *AgentID // nil if nobody was signed in: a command did it
	Author string   // an e-mail address, or the command
	Lines  []string // "~ account support-mail: hold 20s → 30s"; secrets never stand there
}

const insertChange = `INSERT INTO setup_changes (agent_id, author, lines, at) VALUES ($1, $2, $3, (SELECT parley_now()))`

// KeepSetupChange adds to what was changed. Its time is that of Parley's clock, like the other times of the log.
func KeepSetupChange(ctx context.Context, q Querier, c SetupChange) error {
	return query.Exec(ctx, q, "change of the set-up", insertChange, c.Agent, c.Author, c.Lines)
}
