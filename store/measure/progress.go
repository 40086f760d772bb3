package measure

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// Progress is how far the figures are. Who holds it measures; nobody else does until the transaction ends. The zero
// value has no older conversations and no closed days.
type Progress struct {
	below  store.ConversationID // conversations from this number on were measured by the present hours
	closed string               // days before this one are closed, yyyy-mm-dd; "" = none
}

const (
	holdProgress = `SELECT below, closed::text, hours FROM measured FOR UPDATE SKIP LOCKED`
	newest       = `SELECT coalesce(max(id), 0) + 1 FROM conversations`
	setHours     = `UPDATE measured SET hours = $1, below = $2`
	setBelow     = `UPDATE measured SET below = $1`
)

// Hold takes the progress for this transaction; nil = another process has it. When business hours have changed (hours
// is a hash of them), all conversations are to be measured again.
func Hold(ctx context.Context, tx pgx.Tx, hours string) (*Progress, error) {
	var p Progress
	var before string
	err := tx.QueryRow(ctx, holdProgress).Scan(&p.below, &p.closed, &before)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil //nolint:nilnil // nil is a value of its own: somebody else has it
	}
	if err == nil && before != hours {
		if err = tx.QueryRow(ctx, newest).Scan(&p.below); err == nil {
			_, err = tx.Exec(ctx, setHours, hours, p.below)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("store: measured: %w", err)
	}
	return &p, nil
}

const olderConversations = `SELECT id FROM conversations WHERE id < $1 ORDER BY id DESC LIMIT $2`

// Older gives conversations that are still to be measured, at most so many, the newest first, and notes them as
// measured. more says that there are others.
func (p *Progress) Older(ctx context.Context, tx pgx.Tx, most int) (ids []store.ConversationID, more bool, err error) {
	if p.below == 0 {
		return nil, false, nil
	}
	if ids, err = query.IDs[store.ConversationID](ctx, tx, "older conversations", olderConversations, p.below, most); err != nil {
		return nil, false, err
	}
	p.below = 0
	if more = len(ids) == most; more {
		p.below = ids[most-1]
	}
	if _, err := tx.Exec(ctx, setBelow, p.below); err != nil {
		return nil, false, fmt.Errorf("store: measured: %w", err)
	}
	return ids, more, nil
}
