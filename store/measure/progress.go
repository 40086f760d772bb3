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
	below    store.ConversationID // conversations from this number on were measured by the present hours
	closed   string               // days before this one are closed, yyyy-mm-dd; "" = none
	unfilled store.ConversationID // FillTimes has counted conversations from this number on
	before   string               // of days before this one, which were closed when there were no medians yet
}

const (
	holdProgress = `SELECT below, closed::text, hours FROM measured FOR UPDATE SKIP LOCKED`
	readFilling  = `SELECT below, before::text FROM measure_filling`
	newest       = `SELECT coalesce(max(id), 0) + 1 FROM conversations`
	setHours     = `UPDATE measured SET hours = $1, below = $2`
	setBelow     = `UPDATE measured SET below = $1`
	setUnfilled  = `UPDATE measure_filling SET below = $1`
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
	if err == nil { // after the row is held: what another process did before is seen
		if err = tx.QueryRow(ctx, readFilling).Scan(&p.unfilled, &p.before); errors.Is(err, pgx.ErrNoRows) {
			err = nil
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
	return below(ctx, tx, &p.below, setBelow, most)
}

// Unfilled does the same with conversations that are to be given to FillTimes. It gives none while Older does.
func (p *Progress) Unfilled(ctx context.Context, tx pgx.Tx, most int) (ids []store.ConversationID, more bool, err error) {
	if p.below > 0 {
		return nil, p.unfilled > 0, nil
	}
	return below(ctx, tx, &p.unfilled, setUnfilled, most)
}

// below gives the newest conversations below a number, which it lowers: to 0 when there are no others.
func below(ctx context.Context, tx pgx.Tx, number *store.ConversationID, set string, most int) (ids []store.ConversationID, more bool, err error) {
	if *number == 0 {
		return nil, false, nil
	}
	if ids, err = query.IDs[store.ConversationID](ctx, tx, "older conversations", olderConversations, *number, most); err != nil {
		return nil, false, err
	}
	*number = 0
	if more = len(ids) == most; more {
		*number = ids[most-1]
	}
	if _, err := tx.Exec(ctx, set, *number); err != nil {
		return nil, false, fmt.Errorf("store: measured: %w", err)
	}
	return ids, more, nil
}
