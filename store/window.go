package store

import (
	"context"
	"time"

	"parley/store/internal/query"
)

// ClosingOf says whose conversations ListClosing returns.
type ClosingOf struct {
	Account     AccountID
	Team        TeamID
	WithoutTeam bool // also those that no team has
}

const listClosing = `
	SELECT id
	FROM conversations
	WHERE account_id = $1 AND window_from > $3 AND window_from <= $4 AND (team_id = $2 OR ($6 AND team_id IS NULL))
		AND window_from IS NOT NULL AND waiting_since IS NOT NULL AND status IN ('open', 'pending', 'snoozed')
		AND visible_to = '{}' AND NOT EXISTS (
			SELECT FROM log_entries
			WHERE conversation_id = conversations.id AND what = 'left until tomorrow'
				AND at >= greatest(window_from, CASE WHEN last_from = 'customer' THEN last_at END))
	ORDER BY window_from, id
	LIMIT $5`

// ListClosing returns open conversations in which the customer waits for an answer and last opened the
// reply window later than after and not later than until, and that nobody has left since. Those whose window closes first come first.
func ListClosing(ctx context.Context, q Querier, of ClosingOf, after, until time.Time, limit int) ([]ConversationID, error) {
	return query.Column[ConversationID](ctx, q, "list closing", listClosing, of.Account, of.Team, after, until, limit, of.WithoutTeam)
}

const dropOtherTimers = `
	DELETE FROM timers
	WHERE conversation_id = 0 AND kind LIKE $1 || ':%' AND kind <> ALL($2) AND due_at > (SELECT parley_now())`

// KeepTimers removes timers that belong to no conversation and whose kind begins with word and a colon. It
// keeps those of the given kinds, and those that are due: whoever takes them decides whether they still count.
func KeepTimers(ctx context.Context, q Execer, word FactKind, kinds []FactKind) error {
	return query.Exec(ctx, q, "keep timers", dropOtherTimers, word, kinds)
}
