package measure

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// Progress tracks how far a background job has come. The job measures conversations: it computes figures such as how long
// customers waited. When business hours change, it has to measure all conversations again, which it does in batches from
// the newest to the oldest. For example, with below = 700, conversations 700 and up are done.
//
// Progress is one row of the database. Hold locks it until the transaction ends, so only one process measures at a time.
// The zero value means that no older conversations are waiting and no days are closed.
type Progress struct {
	below  store.ConversationID // conversations with smaller IDs are still to be measured again; 0 if none
	closed string               // days before this one (yyyy-mm-dd) are closed: their figures are final; empty if none
}

const (
	holdProgress = `SELECT below, closed::text, hours FROM measured FOR UPDATE SKIP LOCKED`
	newest       = `SELECT coalesce(max(id), 0) + 1 FROM conversations`
	setHours     = `UPDATE measured SET hours = $1, below = $2`
	setBelow     = `UPDATE measured SET below = $1`
)

// Hold locks the progress for this transaction. It returns nil if another process holds it. hours is a hash of the
// business hours. If it differs from the stored one, Hold marks all conversations as waiting to be measured again.
func Hold(ctx context.Context, tx pgx.Tx, hours string) (*Progress, error) {
	var p Progress
	err := p.hold(ctx, tx, hours)
	if errors.Is(err, errHeld) {
		return nil, nil //nolint:nilnil // nil means that another process holds it
	}
	if err != nil {
		return nil, fmt.Errorf("store: measured: %w", err)
	}
	return &p, nil
}

// errHeld means that another process holds the progress.
var errHeld = errors.New("another process measures")

func (p *Progress) hold(ctx context.Context, tx pgx.Tx, hours string) error {
	var hoursBefore string
	err := tx.QueryRow(ctx, holdProgress).Scan(&p.below, &p.closed, &hoursBefore)
	if errors.Is(err, pgx.ErrNoRows) {
		return errHeld
	}
	if err != nil {
		return err
	}

	if hoursBefore != hours {
		if err := tx.QueryRow(ctx, newest).Scan(&p.below); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, setHours, hours, p.below); err != nil {
			return err
		}
	}
	return nil
}

const olderConversations = `SELECT id FROM conversations WHERE id < $1 ORDER BY id DESC LIMIT $2`

// TakeOlder returns at most limit conversations that are still to be measured, the newest first, and records them as
// measured. more reports whether there are others.
func (p *Progress) TakeOlder(ctx context.Context, tx pgx.Tx, limit int) (ids []store.ConversationID, more bool, err error) {
	if p.below == 0 {
		return nil, false, nil
	}

	ids, err = query.Column[store.ConversationID](ctx, tx, "older conversations", olderConversations, p.below, limit)
	if err != nil {
		return nil, false, err
	}

	more = len(ids) == limit
	if more {
		p.below = ids[limit-1]
	} else {
		p.below = 0
	}

	if _, err := tx.Exec(ctx, setBelow, p.below); err != nil {
		return nil, false, fmt.Errorf("store: measured: %w", err)
	}

	return ids, more, nil
}
