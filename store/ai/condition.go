// Package ai stores what is known of the model that reads what customers write: whether it works, how many tokens it used,
// what it was asked and answered, and whether it may be asked about a conversation.
//
// What does not belong here: what was found with it (conversations and their log), and what is to be analysed
// (store.Burst).
package ai

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// Condition says whether the model works, as the process saw it that reported last.
type Condition struct {
	Status string    `db:"status"` // an analysis.Status
	Text   string    `db:"text"`   // what happened, for people
	Hint   string    `db:"hint"`   // what to do next
	Since  time.Time `db:"since"`  // when it began to be so, by Parley's clock
}

// The statuses of which admins may be told: analysis.Broken and analysis.Working, which this package can't import. The
// statement updateCondition repeats them.
const (
	broken  = "error"
	working = "active"
)

// lockCondition makes the row if there is none, sets when it was reported, and returns what admins were told last: the text
// of a fault that isn't over, or nothing. It locks the row until the transaction ends, so that two processes that report at
// once don't tell it twice.
const lockCondition = `
	INSERT INTO ai_condition (id, status, text, hint, since, seen_at)
	VALUES (1, '', '', '', parley_now(), parley_now())
	ON CONFLICT (id) DO UPDATE SET seen_at = EXCLUDED.seen_at
	RETURNING told`

// updateCondition relies on lockCondition, which has set seen_at in the same transaction.
const updateCondition = `
	UPDATE ai_condition
	SET status = $1, text = $2, hint = $3,
		told = CASE $1 WHEN 'error' THEN $2 WHEN 'active' THEN '' ELSE told END,
		since = CASE WHEN (status, text) = ($1, $2) THEN since ELSE seen_at END
	WHERE id = 1`

// Report stores a condition of the model. tell is true if admins have to be told of it:
//   - The model can't be used until somebody looks, and admins weren't told of this fault before.
//   - The model works again, and admins were told of a fault.
func Report(ctx context.Context, tx pgx.Tx, c Condition) (tell bool, err error) {
	var told string
	if err := tx.QueryRow(ctx, lockCondition).Scan(&told); err != nil {
		return false, fmt.Errorf("ai: report condition: lock: %w", err)
	}
	if _, err := tx.Exec(ctx, updateCondition, c.Status, c.Text, c.Hint); err != nil {
		return false, fmt.Errorf("ai: report condition: update: %w", err)
	}

	isNewFault := c.Status == broken && told != c.Text
	isOver := c.Status == working && told != ""
	return isNewFault || isOver, nil
}

const findCondition = `SELECT status, text, hint, since FROM ai_condition WHERE id = 1`

// FindCondition returns the condition that was reported last, or nil if none was.
func FindCondition(ctx context.Context, q store.Querier) (*Condition, error) {
	rows, err := query.Collect[Condition](ctx, q, "find the model's condition", findCondition)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}
