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

// Periods is how long each kind of record is kept. Days.Periods makes it from an admin's setting.
type Periods struct {
	Payloads time.Duration // original payloads of what arrived; reactions; texts that were never sent
	Passing  time.Duration // short-lived deliveries, such as cards
	Ended    time.Duration // deliveries of a conversation, counted from its end; direct messages to colleagues
	Blobs    time.Duration // unreferenced files
}

// MaxDue is how many records of each kind Preview examines at most, and so the highest count that it returns.
const MaxDue = 1_000

// Due is how many records of each kind the next runs of retention will remove or empty.
type Due struct{ Events, Passing, Lanes, Reactions, Texts, Told, Direct int64 }

// Each statement counts the records of one kind that are older than $1 seconds, among the next $2. Those with an id are read
// from where the last run of retention stopped.
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

// Preview counts what the next runs of retention would remove or empty with the periods k, for example to show an admin
// the effect of a new setting. Each count is at most MaxDue. It changes nothing.
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
