// Package ai keeps what concerns the model that reads what customers write: how it is, how many tokens it used, and
// what it was asked and answered.
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

// Condition is how the model is, as the process saw it that asked it last.
type Condition struct {
	Status string    `db:"status"` // an analysis.Status
	Text   string    `db:"text"`   // what happened, for people
	Hint   string    `db:"hint"`   // what to do next
	Since  time.Time `db:"since"`  // Parley's clock, as SeenAt
	SeenAt time.Time `db:"seen_at"`
}

// Those of Condition.Status of which admins may be told. The statement report repeats them.
const (
	broken  = "error"
	working = "active"
)

// toldBefore reads what admins were told last: the text of a condition in which the model can't be used, or nothing. It
// locks the row, so that two processes that report at the same time don't tell the same thing twice.
const toldBefore = `
	INSERT INTO ai_condition (id, status, text, hint, since, seen_at)
	VALUES (1, '', '', '', parley_now(), parley_now())
	ON CONFLICT (id) DO UPDATE SET seen_at = EXCLUDED.seen_at
	RETURNING told`

const report = `
	UPDATE ai_condition
	SET status = $1, text = $2, hint = $3,
		told = CASE $1 WHEN 'error' THEN $2 WHEN 'active' THEN '' ELSE told END,
		since = CASE WHEN (status, text) = ($1, $2) THEN since ELSE seen_at END
	WHERE id = 1`

// Report writes how the model is. It returns tell true if admins have to be told of it:
//   - The model can't be used until somebody looks, and admins weren't told so before.
//   - The model works again, and admins were told that it can't be used.
func Report(ctx context.Context, tx pgx.Tx, c Condition) (tell bool, err error) {
	var told string
	if err := tx.QueryRow(ctx, toldBefore).Scan(&told); err != nil {
		return false, fmt.Errorf("ai: report condition: %w", err)
	}
	if _, err := tx.Exec(ctx, report, c.Status, c.Text, c.Hint); err != nil {
		return false, fmt.Errorf("ai: report condition: %w", err)
	}
	if c.Status == broken {
		return told != c.Text, nil
	}
	return c.Status == working && told != "", nil
}

const findCondition = `SELECT status, text, hint, since, seen_at FROM ai_condition WHERE id = 1`

// FindCondition reads how the model is; nil while no process has asked one.
func FindCondition(ctx context.Context, q store.Querier) (*Condition, error) {
	rows, err := query.Collect[Condition](ctx, q, "find the model's condition", findCondition)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}
