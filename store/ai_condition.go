package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store/internal/query"
)

// AICondition describes whether the model works, as the latest report has it. Several processes use the model, and each
// of them reports what it sees. The table ai_condition has one row, which holds the condition and, in the column told,
// the fault that admins were last notified of.
type AICondition struct {
	Status string    `db:"status"` // an analysis.Status
	Text   string    `db:"text"`   // what happened, for people
	Hint   string    `db:"hint"`   // what to do next
	Since  time.Time `db:"since"`  // when the status or text last changed, by the database's parley_now()
}

// The statuses that admins are notified of: analysis.Broken and analysis.Working. This package can't import analysis. The
// statement updateCondition repeats the values.
const (
	broken  = "error"
	working = "active"
)

// lockCondition creates the row if it is missing, updates the time of the latest report, and returns the text of the
// fault that admins were last notified of, or "" if that fault is over. It locks the row until the transaction ends, so
// that two processes that report the same fault at once cause one notification.
const lockCondition = `
	INSERT INTO ai_condition (id, status, text, hint, since, seen_at)
	VALUES (1, '', '', '', parley_now(), parley_now())
	ON CONFLICT (id) DO UPDATE SET seen_at = EXCLUDED.seen_at
	RETURNING told`

// updateCondition must run after lockCondition in the same transaction: it uses the seen_at that lockCondition set.
const updateCondition = `
	UPDATE ai_condition
	SET status = $1, text = $2, hint = $3,
		told = CASE $1 WHEN 'error' THEN $2 WHEN 'active' THEN '' ELSE told END,
		since = CASE WHEN (status, text) = ($1, $2) THEN since ELSE seen_at END
	WHERE id = 1`

// ReportAI stores the model's condition. It returns notify = true if the caller must notify the admins, which is in two
// cases:
//   - The model is broken until a person fixes it, and admins were not notified of this fault yet.
//   - The model works again after a fault that admins were notified of.
func ReportAI(ctx context.Context, tx pgx.Tx, c AICondition) (notify bool, err error) {
	var knownFault string // what admins were notified of
	if err := tx.QueryRow(ctx, lockCondition).Scan(&knownFault); err != nil {
		return false, fmt.Errorf("ai: report condition: lock: %w", err)
	}
	if _, err := tx.Exec(ctx, updateCondition, c.Status, c.Text, c.Hint); err != nil {
		return false, fmt.Errorf("ai: report condition: update: %w", err)
	}

	isNewFault := c.Status == broken && c.Text != knownFault
	isRecovery := c.Status == working && knownFault != ""
	return isNewFault || isRecovery, nil
}

const findCondition = `SELECT status, text, hint, since FROM ai_condition WHERE id = 1`

// FindAICondition returns the condition that was reported last, or nil if there was no report yet.
func FindAICondition(ctx context.Context, q Querier) (*AICondition, error) {
	rows, err := query.Collect[AICondition](ctx, q, "find the model's condition", findCondition)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}
