package measure

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/store/internal/query"
)

// Progress is how far the figures are. Who holds it measures; nobody else does until the transaction ends.
type Progress struct {
	upto  int64 // changes by transactions before this one are in the figures
	below int64 // conversations from this number on are
	now   int64 // every transaction before this one has ended
}

const (
	holdProgress = `SELECT upto::text::bigint, below, restored, hours FROM measured FOR UPDATE SKIP LOCKED`
	// In a statement of its own: what the one that waited for the lock saw may be older than the progress.
	lookAround = `SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, (SELECT coalesce(max(id), 0) FROM restores)`
	newest     = `SELECT coalesce(max(id), 0) + 1 FROM conversations`
)

// Hold takes the progress for this transaction; nil = another process has it. After a restore from a backup, and
// when business hours have changed (hours is a hash of them), all conversations are to be measured again.
func Hold(ctx context.Context, tx pgx.Tx, hours string) (*Progress, error) {
	var p Progress
	var restored, restores int64
	var before string
	err := tx.QueryRow(ctx, holdProgress).Scan(&p.upto, &p.below, &restored, &before)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil //nolint:nilnil // nil is a value of its own: somebody else has it
	}
	if err == nil {
		err = tx.QueryRow(ctx, lookAround).Scan(&p.now, &restores)
	}
	if err != nil {
		return nil, fmt.Errorf("store: measured: %w", err)
	}
	anotherServer := restored != restores || p.upto > p.now // whose transactions have other numbers
	if anotherServer {
		p.upto = p.now
	}
	if !anotherServer && before == hours {
		return &p, nil
	}
	if err := tx.QueryRow(ctx, newest).Scan(&p.below); err != nil {
		return nil, fmt.Errorf("store: measured: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE measured SET restored = $1, hours = $2`, restores, hours); err != nil {
		return nil, fmt.Errorf("store: measured: %w", err)
	}
	return &p, nil
}

// Rows that were changed by transactions in the order in which these began. The last one's are never divided.
const (
	changedMessages = `
		SELECT conversation_id AS conversation, changed::text::bigint AS by
		FROM messages
		WHERE changed >= $1::text::xid8 AND changed < $2::text::xid8
		ORDER BY messages.changed
		FETCH FIRST $3 ROWS WITH TIES`
	changedLog = `
		SELECT conversation_id AS conversation, changed::text::bigint AS by
		FROM log_entries
		WHERE changed >= $1::text::xid8 AND changed < $2::text::xid8
		ORDER BY log_entries.changed
		FETCH FIRST $3 ROWS WITH TIES`
)

type changed struct {
	Conversation int64 `db:"conversation"`
	By           int64 `db:"by"`
}

// Changed gives the conversations that have changed since the last round, from about most rows. more says that there
// are others.
func (p *Progress) Changed(ctx context.Context, tx pgx.Tx, most int) (ids []int64, more bool, err error) {
	upto := p.now
	var all []changed
	for _, sql := range []string{changedMessages, changedLog} {
		rows, err := query.Collect[changed](ctx, tx, "changed conversations", sql, fmt.Sprint(p.upto), fmt.Sprint(p.now), most)
		if err != nil {
			return nil, false, err
		}
		if len(rows) >= most {
			upto, more = min(upto, rows[len(rows)-1].By+1), true
		}
		all = append(all, rows...)
	}
	for _, c := range all {
		if c.By < upto {
			ids = append(ids, c.Conversation)
		}
	}
	slices.Sort(ids)
	p.upto = upto
	return slices.Compact(ids), more, nil
}

const olderConversations = `SELECT id FROM conversations WHERE id < $1 ORDER BY id DESC LIMIT $2`

// Older gives conversations that are still to be measured, at most so many, the newest first. more says that there are
// others.
func (p *Progress) Older(ctx context.Context, tx pgx.Tx, most int) (ids []int64, more bool, err error) {
	if p.below == 0 {
		return nil, false, nil
	}
	if ids, err = query.IDs(ctx, tx, "older conversations", olderConversations, p.below, most); err != nil {
		return nil, false, err
	}
	p.below = 0
	if more = len(ids) == most; more {
		p.below = ids[most-1]
	}
	return ids, more, nil
}

const advance = `UPDATE measured SET upto = $1::text::xid8, below = $2`

// Advance notes what Changed and Older handed out as measured. It is part of the transaction in which that was done.
func (p *Progress) Advance(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, advance, fmt.Sprint(p.upto), p.below); err != nil {
		return fmt.Errorf("store: measured: %w", err)
	}
	return nil
}
