package measure

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// When something happens in a conversation (the customer writes, an agent answers), its figures have to be recomputed.
// That isn't done in the same transaction. Instead, the transaction inserts the conversation's ID into the queue table
// measure_due, and a background process recomputes the figures a moment later.

const addDue = `INSERT INTO measure_due (conversations, since) VALUES ($1, (SELECT clock_timestamp()))`

// Due queues conversations for measuring. Call it in the transaction that changes them.
func Due(ctx context.Context, q store.Execer, conversations []store.ConversationID) error {
	if len(conversations) == 0 {
		return nil
	}
	return query.Exec(ctx, q, "due to be measured", addDue, conversations)
}

// takeDue deletes and returns the oldest rows, until they name at least $1 conversations. There is only one row for each
// batch of events, so that the queue stays short even after a rush hour.
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

// TakeDue takes about limit conversations off the queue, oldest first, and returns their sorted IDs without duplicates. more
// reports whether there may be others. If tx isn't committed, they stay queued. Read the conversations only after TakeDue:
// then you see every change that queued them, and a later change queues them again.
func (p *Progress) TakeDue(ctx context.Context, tx pgx.Tx, limit int) (ids []store.ConversationID, more bool, err error) {
	if ids, err = query.Column[store.ConversationID](ctx, tx, "due to be measured", takeDue, limit); err != nil {
		return nil, false, err
	}
	more = len(ids) >= limit
	slices.Sort(ids)
	return slices.Compact(ids), more, nil
}

// Behind reports how far the figures lag behind.
type Behind struct {
	Seconds float64 `db:"seconds"` // the age of the oldest row in the queue; 0 if the queue is empty
	Older   bool    `db:"older"`   // older conversations are still being measured, for example after business hours changed
}

const behind = `
	SELECT coalesce(extract(epoch FROM (SELECT clock_timestamp()) - (SELECT min(since) FROM measure_due)), 0)::float8 AS seconds,
		below > 0 AS older
	FROM measured`

// ReadBehind returns how far the figures lag behind.
func ReadBehind(ctx context.Context, q store.Querier) (Behind, error) {
	list, err := query.Collect[Behind](ctx, q, "figures behind", behind)
	if err != nil || len(list) == 0 {
		return Behind{}, err
	}
	return list[0], nil
}
