package retention

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Three kinds of posts are kept for a while only: texts that agents typed in a channel and that were
// never sent to a customer, edits whose message never came (kind early), and records that somebody was
// told something about a channel (kind told).

// dateKept gives a time to posts that earlier versions wrote without one: now.
const dateKept = `
	WITH page AS MATERIALIZED (
		SELECT account_id, channel, message
		FROM posts
		WHERE kept_at IS NULL AND (early IS NOT NULL OR (kind = 'told' AND conversation_id = 0))
		LIMIT $1
		FOR UPDATE SKIP LOCKED
	), dated AS (
		UPDATE posts
		SET kept_at = (SELECT parley_now())
		FROM page
		WHERE posts.account_id = page.account_id AND posts.channel = page.channel AND posts.message = page.message
		RETURNING 1
	)
	SELECT count(*) FROM dated`

// dropEarly removes edits whose messages never came as a whole (gone). Of a typed text it removes only the text
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
		DELETE FROM posts
		USING page
		WHERE posts.account_id = page.account_id AND posts.channel = page.channel AND posts.message = page.message AND posts.kind = 'early'
		RETURNING 1
	), emptied AS (
		UPDATE posts
		SET early = NULL, kept_at = NULL
		FROM page
		WHERE posts.account_id = page.account_id AND posts.channel = page.channel AND posts.message = page.message AND posts.kind <> 'early'
		RETURNING 1
	)
	SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM emptied)`

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
		DELETE FROM posts
		USING page
		WHERE posts.account_id = page.account_id AND posts.channel = page.channel AND posts.message = page.message
		RETURNING 1
	)
	SELECT count(*) FROM gone`

// DropEarly removes one batch of texts that are older than keep (Parley's clock): those typed in a
// channel that were never sent to a customer, and edits whose message never came.
func DropEarly(ctx context.Context, pool *pgxpool.Pool, keep time.Duration) (Emptied, error) {
	return dropKept(ctx, pool, "drop early texts", dropEarly, keep)
}

// DropTold removes one batch of records that somebody was told something about a channel, when they
// are older than keep (Parley's clock). TidyConversations removes those about a conversation.
func DropTold(ctx context.Context, pool *pgxpool.Pool, keep time.Duration) (Emptied, error) {
	return dropKept(ctx, pool, "drop told posts", dropTold, keep)
}

// dropKept runs the statement sql for one batch, after posts without a time have got one.
func dropKept(ctx context.Context, pool *pgxpool.Pool, what, sql string, keep time.Duration) (Emptied, error) {
	return oneBatch(ctx, pool, what, func(tx pgx.Tx, _ progress) (done Emptied, err error) {
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

// dropFormer removes those of the next contacts (page) that have no identities. While two customers turn out to be one person,
// store.LinkIdentities removes the contact of one of them; processes of earlier versions left it, with a name that no erasure found.
const dropFormer = `
	WITH page AS MATERIALIZED (
		SELECT id FROM contacts WHERE id > $1 ORDER BY id LIMIT $2
	), gone AS (
		DELETE FROM contacts AS c
		WHERE c.id = ANY(ARRAY(SELECT id FROM page)) AND NOT EXISTS (SELECT FROM identities AS i WHERE i.contact_id = c.id)
		RETURNING 1
	)
	SELECT coalesce((SELECT max(id) FROM page), 0), (SELECT count(*) FROM page), (SELECT count(*) FROM gone)`

// DropFormerContacts looks at one batch of contacts, and removes those that have no identity any more. Once a day it looks at all.
func DropFormerContacts(ctx context.Context, pool *pgxpool.Pool, _ time.Duration) (Emptied, error) {
	const daily = "retention: former contacts"
	return oneBatch(ctx, pool, "drop former contacts", func(tx pgx.Tx, _ progress) (done Emptied, err error) {
		due, err := isDue(ctx, tx, daily)
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
