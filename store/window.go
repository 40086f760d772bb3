package store

import (
	"context"
	"fmt"
	"time"

	"parley/store/internal/query"
)

// Closing is a conversation whose reply window closes.
type Closing struct {
	ID         ConversationID `db:"id"`
	WindowFrom time.Time      `db:"window_from"`
}

const listClosing = `
	SELECT id, window_from
	FROM conversations
	WHERE account_id = $1 AND window_from > $3 AND window_from <= $4 AND team_id = $2
		AND window_from IS NOT NULL AND waiting_since IS NOT NULL AND status IN ('open', 'pending', 'snoozed')
	ORDER BY window_from, id
	LIMIT $5`

// ListClosing returns open conversations of an account and team in which the customer waits for an
// answer and last opened the reply window after the time after, and not after until. Those whose
// window closes first come first.
func ListClosing(ctx context.Context, q Querier, account AccountID, team TeamID, after, until time.Time, limit int) ([]Closing, error) {
	return query.Collect[Closing](ctx, q, "list closing", listClosing, account, team, after, until, limit)
}

const keepOnlyTimers = `
	DELETE FROM timers
	WHERE conversation_id = 0 AND kind LIKE $1 || ':%' AND kind <> ALL($2) AND due_at > (SELECT parley_now())`

// KeepTimers removes timers that belong to no conversation and whose kind is word:ANYTHING, except for
// those whose kinds are given and those that are due: whoever takes them decides whether they still count.
func KeepTimers(ctx context.Context, q Execer, word string, kinds []string) error {
	if _, err := q.Exec(ctx, keepOnlyTimers, word, kinds); err != nil {
		return fmt.Errorf("store: keep timers: %w", err)
	}
	return nil
}
