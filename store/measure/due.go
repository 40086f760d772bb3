package measure

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// When something happens in a conversation, its figures have to be computed anew. That isn't done in the same
// transaction: the conversation is only noted as due, in the table measure_due, and a process measures what is due
// a moment later.

const addDue = `INSERT INTO measure_due (conversations, since) VALUES ($1, (SELECT clock_timestamp()))`

// Due notes that conversations are to be measured again. Call it in the transaction that changes them.
func Due(ctx context.Context, q store.Execer, conversations []store.ConversationID) error {
	if len(conversations) == 0 {
		return nil
	}
	return query.Exec(ctx, q, "due to be measured", addDue, conversations)
}

// takeDue takes the oldest rows, until they name at least $1 conversations. There is one row for each batch of events,
// so that the rows are soon read even after a rush hour.
const takeDue = `
	WITH taken AS (
		DELETE FROM measure_due
		WHERE ctid = ANY(ARRAY(
			SELECT place
			FROM (
				SELECT ctid AS place, sum(cardinality(conversations)) OVER (ORDER BY since, ctid) - cardinality(conversations) AS before
				FROM measure_due) AS due
			WHERE before < $1))
		RETURNING conversations
	)
	SELECT unnest(conversations) FROM taken`

// TakeDue removes about limit conversations from those that are due and returns them, those first that have waited
// longest. more is true if there may be others. If tx isn't committed, they stay due. Read the conversations only
// after TakeDue: then you see everything that made them due, and a later change makes them due again.
func (p *Progress) TakeDue(ctx context.Context, tx pgx.Tx, limit int) (ids []store.ConversationID, more bool, err error) {
	if ids, err = query.Column[store.ConversationID](ctx, tx, "due to be measured", takeDue, limit); err != nil {
		return nil, false, err
	}
	more = len(ids) >= limit
	slices.Sort(ids)
	return slices.Compact(ids), more, nil
}

// Behind is how far the figures are behind what happens.
type Behind struct {
	Seconds float64 `db:"seconds"` // for which something has waited to be counted; 0 if nothing waits
	Older   bool    `db:"older"`   // all conversations are being measured again, or those from before the figures
	Filling bool    `db:"filling"` // medians of days that were closed before there were any are being counted
}

const behind = `
	SELECT coalesce(extract(epoch FROM (SELECT clock_timestamp()) - (SELECT min(since) FROM measure_due)), 0)::float8 AS seconds,
		below > 0 AS older, EXISTS (SELECT FROM measure_filling AS filling WHERE filling.below > 0) AS filling
	FROM measured`

// ReadBehind returns how far the figures are behind.
func ReadBehind(ctx context.Context, q store.Querier) (Behind, error) {
	list, err := query.Collect[Behind](ctx, q, "figures behind", behind)
	if err != nil || len(list) == 0 {
		return Behind{}, err
	}
	return list[0], nil
}
