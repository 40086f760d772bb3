package retention

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/internal/query"
)

// Periods says for how long records are kept.
type Periods struct {
	Payloads time.Duration // what arrived, as it came; reactions; texts that were sent to nobody
	Passing  time.Duration // records of posts that only mattered for a moment
	Ended    time.Duration // deliveries of conversations, from their end on; what colleagues were told outside of all conversations
	Blobs    time.Duration // files that nothing refers to
}

// MaxDue is the highest number that Preview counts of each kind: it looks at only so many of the next records.
const MaxDue = 1_000

// Due is how many records the next runs of retention will remove or empty.
type Due struct{ Events, Passing, Lanes, Reactions, Texts, Told, Direct int64 }

const (
	dueEvents = `
		SELECT count(*) FROM (
			SELECT received_at FROM events WHERE id > (SELECT events_upto FROM retention WHERE id = 1) ORDER BY id LIMIT $2) AS next
		WHERE next.received_at < (SELECT parley_now()) - make_interval(secs => $1)`
	duePassing = `
		SELECT count(*) FROM (
			SELECT created_at, kind, state, message_id, seq
			FROM deliveries
			WHERE id > (SELECT deliveries_upto FROM retention WHERE id = 1)
			ORDER BY id
			LIMIT $2) AS next
		WHERE next.created_at < (SELECT parley_now()) - make_interval(secs => $1) AND ` + isPassing
	dueLanes = `
		SELECT count(*)
		FROM (SELECT parley_now() - make_interval(secs => $1) AS before) AS clock
		CROSS JOIN (
			SELECT id, conversation_id, due_at, leased_until, head, tail
			FROM lanes
			WHERE id > (SELECT lanes_upto FROM retention WHERE id = 1)
			ORDER BY id
			LIMIT $2) AS l
		JOIN conversations AS c ON c.id = l.conversation_id AND ` + hasEnded + `
		WHERE ` + isIdle
	dueReactions = `
		SELECT count(*) FROM (SELECT delivery_id FROM reactions ORDER BY delivery_id LIMIT $2) AS next
		LEFT JOIN deliveries AS delivery ON delivery.id = next.delivery_id
		WHERE delivery.id IS NULL OR delivery.created_at < (SELECT parley_now()) - make_interval(secs => $1)`
	dueTexts = `
		SELECT count(*) FROM (
			SELECT FROM posts WHERE early IS NOT NULL AND kept_at < (SELECT parley_now()) - make_interval(secs => $1) LIMIT $2) AS kept`
	dueTold = `
		SELECT count(*) FROM (
			SELECT FROM posts
			WHERE kind = 'told' AND conversation_id = 0 AND kept_at < (SELECT parley_now()) - make_interval(secs => $1)
			LIMIT $2) AS kept`
)

// Preview counts what the next runs of retention will remove or empty, each kind up to MaxDue. It changes nothing.
func Preview(ctx context.Context, pool *pgxpool.Pool, k Periods) (due Due, err error) {
	err = store.InTx(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, query.ByIndex, statementTimeout); err != nil {
			return err
		}

		dueDirect := `SELECT count(*) FROM (` + selectOldDirect("$2") + `) AS next`
		for _, count := range []struct {
			sql  string
			keep time.Duration
			n    *int64
		}{
			{dueEvents, k.Payloads, &due.Events},
			{duePassing, k.Passing, &due.Passing},
			{dueLanes, k.Ended, &due.Lanes},
			{dueReactions, k.Payloads, &due.Reactions},
			{dueTexts, k.Payloads, &due.Texts},
			{dueTold, k.Ended, &due.Told},
			{dueDirect, k.Ended, &due.Direct},
		} {
			if err := tx.QueryRow(ctx, count.sql, count.keep.Seconds(), MaxDue).Scan(count.n); err != nil {
				return err
			}
		}

		return nil
	})
	if err != nil {
		return Due{}, fmt.Errorf("store: what retention would remove: %w", err)
	}

	return due, nil
}
