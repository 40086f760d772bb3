package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The table posts has a row for each message in the agents' chat that Parley knows. Some rows, or their column early, are
// kept only for a limited time, which is counted from kept_at:
//
//	what is kept                                       the row                           how it ends
//	a text typed in a channel, sent to no customer     kind human, with early            DropEarly clears early
//	an edit or deletion that came before its message   kind early, with early            DropEarly removes the row
//	the record of a notice to somebody in a channel    kind told, conversation_id = 0    DropTold removes the row
//	the record of a notice to somebody in a            kind told, conversation_id > 0,   TidyConversations removes the row
//	conversation                                       without kept_at
//
// store.Post describes the kinds.

// isInPage is the SQL condition that a row of posts is one of page, the rows that a statement has selected.
const isInPage = `posts.account_id = page.account_id AND posts.channel = page.channel AND posts.message = page.message`

// dateKept sets kept_at to the current time in rows that earlier versions wrote without it.
const dateKept = `
	WITH page AS MATERIALIZED (
		SELECT account_id, channel, message
		FROM posts
		WHERE kept_at IS NULL AND (early IS NOT NULL OR (kind = 'told' AND conversation_id = 0))
		LIMIT $1
		FOR UPDATE SKIP LOCKED
	), dated AS (
		UPDATE posts SET kept_at = (SELECT parley_now()) FROM page WHERE ` + isInPage + ` RETURNING 1
	)
	SELECT count(*) FROM dated`

// dropEarly removes the rows of edits whose messages never arrived (gone). For a typed message it removes only the text
// (emptied) and keeps the row, so that Parley still knows the message.
const dropEarly = `
	WITH clock AS MATERIALIZED (
		SELECT parley_now() - make_interval(secs => $1) AS before
	), page AS MATERIALIZED (
		SELECT account_id, channel, message
		FROM posts
		WHERE early IS NOT NULL AND kept_at < (SELECT before FROM clock)
		LIMIT $2
		FOR UPDATE SKIP LOCKED
	), gone AS (
		DELETE FROM posts USING page WHERE ` + isInPage + ` AND posts.kind = 'early' RETURNING 1
	), emptied AS (
		UPDATE posts SET early = NULL, kept_at = NULL FROM page WHERE ` + isInPage + ` AND posts.kind <> 'early' RETURNING 1
	)
	SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM emptied)`

// dropTold removes the records of notices in a channel, which belong to no conversation (0).
const dropTold = `
	WITH clock AS MATERIALIZED (
		SELECT parley_now() - make_interval(secs => $1) AS before
	), page AS MATERIALIZED (
		SELECT account_id, channel, message
		FROM posts
		WHERE kind = 'told' AND conversation_id = 0 AND kept_at < (SELECT before FROM clock)
		LIMIT $2
		FOR UPDATE SKIP LOCKED
	), gone AS (
		DELETE FROM posts USING page WHERE ` + isInPage + ` RETURNING 1
	)
	SELECT count(*) FROM gone`

// DropEarly removes one batch of texts that are older than keep (by Parley's clock): texts that were typed in a channel
// and sent to no customer, and edits whose message never arrived.
func DropEarly(ctx context.Context, pool *pgxpool.Pool, keep time.Duration) (Emptied, error) {
	return dropKept(ctx, pool, "drop early texts", dropEarly, keep)
}

// DropTold removes one batch of records of notices in a channel that are older than keep (by Parley's clock).
func DropTold(ctx context.Context, pool *pgxpool.Pool, keep time.Duration) (Emptied, error) {
	return dropKept(ctx, pool, "drop told posts", dropTold, keep)
}

// dropKept runs one batch of the statement sql, which is dropEarly or dropTold. Before, it sets missing kept_at.
func dropKept(ctx context.Context, pool *pgxpool.Pool, what, sql string, keep time.Duration) (Emptied, error) {
	return runBatch(ctx, pool, what, func(tx pgx.Tx, _ progress) (done Emptied, err error) {
		var dated int
		if err := tx.QueryRow(ctx, dateKept, batchRows).Scan(&dated); err != nil {
			return done, err
		}
		err = tx.QueryRow(ctx, sql, keep.Seconds(), batchRows).Scan(&done.Posts)
		done.More = dated == batchRows || done.Posts == batchRows
		return done, err
	})
}

// formerRows is how many contacts one batch examines. It is large, so that one run gets through several million.
const formerRows = 20_000

// dropFormer removes those of the next contacts (page) that have no identities. A contact is a customer, and an identity
// is one of her addresses. When two contacts turn out to be one person, the identities move to one of them, and
// store.LinkIdentities removes the other. Earlier versions did not. The name in an orphaned contact must go, because an
// erasure finds contacts by their identities and would miss it.
const dropFormer = `
	WITH page AS MATERIALIZED (
		SELECT id FROM contacts WHERE id > $1 ORDER BY id LIMIT $2
	), gone AS (
		DELETE FROM contacts AS c
		WHERE c.id = ANY(ARRAY(SELECT id FROM page)) AND NOT EXISTS (SELECT FROM identities AS i WHERE i.contact_id = c.id)
		RETURNING 1
	)
	SELECT coalesce((SELECT max(id) FROM page), 0), (SELECT count(*) FROM page), (SELECT count(*) FROM gone)`

// DropFormerContacts examines one batch of contacts and removes those without an identity, whatever their age. It goes
// through all contacts once a day, in as many batches as it takes.
func DropFormerContacts(ctx context.Context, pool *pgxpool.Pool, _ time.Duration) (Emptied, error) {
	const daily = "retention: former contacts"
	return runBatch(ctx, pool, "drop former contacts", func(tx pgx.Tx, _ progress) (done Emptied, err error) {
		due, err := isDailyWorkDue(ctx, tx, daily)
		if err != nil || !due {
			return done, err
		}

		last, err := doneUpTo(ctx, tx, daily)
		if err != nil {
			return done, err
		}
		if err := tx.QueryRow(ctx, dropFormer, last, formerRows).Scan(&last, &done.Looked, &done.Contacts); err != nil {
			return done, err
		}

		done.More = done.Looked == formerRows
		if done.More {
			return done, noteUpTo(ctx, tx, daily, last)
		}

		return done, noteDone(ctx, tx, daily)
	})
}
