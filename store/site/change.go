package site

import (
	"context"
	"time"

	"parley/store"
	"parley/store/internal/query"
)

// Change is what somebody changed in the set-up at once.
type Change struct {
	ID     int64          `db:"id"`
	At     time.Time      `db:"at"`
	Agent  *store.AgentID `db:"agent_id"` // nil if nobody was signed in: a command did it
	Author string         `db:"author"`   // an e-mail address, or the command
	Lines  []string       `db:"lines"`    // "~ account support-mail: hold 20s → 30s"; secrets never stand there
}

const insertChange = `INSERT INTO setup_changes (agent_id, author, lines) VALUES ($1, $2, $3)`

// KeepChange adds to what was changed. Its id and time are the database's.
func KeepChange(ctx context.Context, q store.Querier, c Change) error {
	return query.Exec(ctx, q, "change of the set-up", insertChange, c.Agent, c.Author, c.Lines)
}

const listChanges = `
	SELECT id, at, agent_id, author, lines
	FROM setup_changes
	WHERE $1 = 0 OR id < $1
	ORDER BY id DESC
	LIMIT $2`

// ListChanges returns what was changed before the change with an id, the newest first, limit at most. With the id 0 it
// begins with the newest change.
func ListChanges(ctx context.Context, q store.Querier, before int64, limit int) ([]Change, error) {
	return query.Collect[Change](ctx, q, "changes of the set-up", listChanges, before, limit)
}
