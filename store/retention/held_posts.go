package retention

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Some rows of posts hold something for a while only. kept_at says since when:
//
//	what is held                                       the row                           what ends it
//	a text typed in a channel, sent to no customer     kind human, with early            DropEarly empties early
//	an edit or deletion whose message hasn't come      kind early, with early            DropEarly removes the row
//	that somebody was told something in a channel      kind told, conversation_id = 0    DropTold removes the row
//	that somebody was told something in a              kind told, conversation_id > 0,   TidyConversations removes the row
//	conversation                                       without kept_at
//
// store.Post says what the kinds are.

// isInPage is the condition that a row of posts is one of the page, the rows that a statement has chosen.
const isInPage = `posts.account_id = page.account_id AND posts.channel = page.channel AND posts.message = page.message`

// dateKept sets kept_at of posts that earlier versions wrote without it: to now.
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

// dropEarly removes edits whose messages never came, with their rows (gone). Of a typed text it removes only the text
// (emptied): that the message was typed stays known.
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

// dropTold removes records that somebody was told something in a channel, outside of all conversations (conversation_id = 0).
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

// DropEarly removes one batch of texts that are older than keep (Parley's clock): those that were typed in a channel and
// sent to no customer, and edits whose message never came.
func DropEarly(ctx context.Context, pool *pgxpool.Pool, keep time.Duration) (Emptied, error) {
	return dropKept(ctx, pool, "drop early texts", dropEarly, keep)
}

// DropTold removes one batch of records that somebody was told something in a channel, when they are older than keep
// (Parley's clock).
func DropTold(ctx context.Context, pool *pgxpool.Pool, keep time.Duration) (Emptied, error) {
	return dropKept(ctx, pool, "drop told posts", dropTold, keep)
}

// dropKept runs sql, one of the statements above, for one batch, after it has set kept_at where that is missing.
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

// formerRows is how many contacts one batch looks at: several million are looked at within one run.
const formerRows = 20_000

// dropFormer removes those of the next contacts (page) that have no identities. When two customers turn out to be one person, one
// of their contacts loses its identities. store.LinkIdentities removes that contact, which earlier versions did not. An
// erasure doesn't find the name that such a contact holds, since it follows identities.
const dropFormer = `
	WITH page AS MATERIALIZED (
		SELECT id FROM contacts WHERE id > $1 ORDER BY id LIMIT $2
	), gone AS (
		DELETE FROM contacts AS c
		WHERE c.id = ANY(ARRAY(SELECT id FROM page)) AND NOT EXISTS (SELECT FROM identities AS i WHERE i.contact_id = c.id)
		RETURNING 1
	)
	SELECT coalesce((SELECT max(id) FROM page), 0), (SELECT count(*) FROM page), (SELECT count(*) FROM gone)`

// DropFormerContacts looks at one batch of contacts, and removes those that have no identity, however old they are. Once a day it
// looks at all.
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
