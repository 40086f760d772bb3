package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A delivery is a message that Parley sent or is to send: a reply to a customer, or a post in the agents' chat. A lane is
// the queue of the deliveries of one conversation to one place. They are sent in order; head and tail count those that
// are done and those that were queued. This file removes deliveries in three ways:
//
//   - DropPassing removes short-lived ones early, such as a card (a conversation's summary with buttons).
//   - TidyConversations removes whole lanes, with all of their deliveries, long after the conversation has ended.
//   - DropDirect removes direct messages to colleagues, such as reminders, which belong to no conversation.
//
// Messages and log entries of conversations are never removed here.

// isPassing is the SQL condition that the row next of deliveries is short-lived and done: a card, a mark (an emoji on an
// agent's message that shows whether it was sent) or an ephemeral message, which only one person sees. The newest mark of
// each message is kept, because the next mark replaces it.
const isPassing = `(next.kind IN ('card', 'mark', 'ephemeral') AND next.state NOT IN ('queued', 'sending', 'unknown', 'needs_decision')
	AND (next.kind <> 'mark' OR next.message_id = 0 OR next.state IN ('failed', 'cancelled') OR EXISTS (
		SELECT FROM deliveries AS later
		WHERE later.message_id = next.message_id AND later.message_id <> 0 AND later.kind = 'mark' AND later.seq > next.seq
			AND later.state NOT IN ('failed', 'cancelled'))))`

// dropDeliveries examines the next $3 deliveries and removes those that are passing and old enough. It returns the id of
// the last old one, from which the next batch continues. Ids don't strictly rise with time, since processes allocate them
// in blocks, so a young row among old ones is skipped.
const dropDeliveries = `
	WITH clock AS MATERIALIZED (
		SELECT parley_now() - make_interval(secs => $2) AS before
	), page AS MATERIALIZED (
		SELECT next.id, next.lane_id, next.seq, next.created_at >= clock.before AS young, ` + isPassing + ` AS passing
		FROM clock
		CROSS JOIN LATERAL (SELECT * FROM deliveries WHERE deliveries.id > $1 ORDER BY deliveries.id LIMIT $3) AS next
	), old AS MATERIALIZED (
		SELECT * FROM page WHERE NOT young
	), gone AS (
		DELETE FROM deliveries
		WHERE id = ANY(ARRAY(
			SELECT old.id
			FROM old
			JOIN lanes ON lanes.id = old.lane_id AND lanes.head >= old.seq AND lanes.leased_until IS NULL
			WHERE old.passing))
		RETURNING 1
	)
	SELECT coalesce((SELECT max(id) FROM old), 0), (SELECT count(*) FROM page), (SELECT count(*) FROM gone)`

const deliveriesUpTo = `UPDATE retention SET deliveries_upto = $1 WHERE id = 1`

// DropPassing removes one batch of short-lived deliveries (cards, marks and ephemeral messages) that are older than keep
// (by Parley's clock). Once a day it starts again from the first delivery, for those that were skipped or inserted later
// with a lower id.
func DropPassing(ctx context.Context, pool *pgxpool.Pool, keep time.Duration) (Emptied, error) {
	const daily = "retention: all deliveries"
	return runBatch(ctx, pool, "drop passing deliveries", func(tx pgx.Tx, p progress) (done Emptied, err error) {
		var last int64
		page := tx.QueryRow(ctx, dropDeliveries, p.Deliveries, keep.Seconds(), batchRows)
		if err := page.Scan(&last, &done.Looked, &done.Deliveries); err != nil {
			return done, err
		}

		isRoundOver := last == 0 || done.Looked < batchRows
		beginsAgain := false
		if isRoundOver && p.Deliveries > 0 {
			if beginsAgain, err = isDailyWorkDue(ctx, tx, daily); err != nil {
				return done, err
			}
		}
		if last == 0 && !beginsAgain { // nothing is old enough
			return done, nil
		}
		if beginsAgain {
			last = 0
			if err := noteDone(ctx, tx, daily); err != nil {
				return done, err
			}
		}

		done.More = beginsAgain || !isRoundOver
		_, err = tx.Exec(ctx, deliveriesUpTo, last)
		return done, err
	})
}

// hasEnded is the SQL condition that the conversation c ended before clock.before. One of the kind "automatic" collects
// automatic mails and is never resolved, so it counts as ended since its last mail.
const hasEnded = `(c.status IN ('resolved', 'closed') AND c.resolved_at < clock.before
		OR c.kind = 'automatic' AND c.last_at < clock.before)`

// isIdle is the SQL condition that the lane l has nothing left to deliver, and no delivery for which a person has to
// decide whether it arrived.
const isIdle = `l.due_at IS NULL AND l.leased_until IS NULL AND l.head = l.tail AND NOT EXISTS (
	SELECT FROM deliveries AS d
	JOIN messages AS m ON m.id = d.message_id AND m.fate = 'unclear'
	WHERE d.lane_id = l.id AND d.state = 'needs_decision')`

// dropLanes removes the lanes of conversations that ended long ago (ended) and have nothing left to deliver (idle). It
// also removes their deliveries, the records of Parley's own posts (unposted) and of direct notices (told), and the
// suggestions. It keeps the records of roots, the first posts of threads, and of posts that people typed. It searches for
// posts in all channels in which the conversation had a root (places), since the conversation may have moved to another
// team. If the customer writes again, new lanes are made. Lanes in use are skipped until the next round.
//
// The records of posts in threads of automatic mails are kept, because an erasure of a customer finds the posts by them.
const dropLanes = `
	WITH clock AS MATERIALIZED (
		SELECT parley_now() - make_interval(secs => $2) AS before
	), page AS MATERIALIZED (
		SELECT l.id, l.account_id, l.conversation_id
		FROM lanes AS l
		WHERE l.id > $1
		ORDER BY l.id
		LIMIT $3
	), ended AS MATERIALIZED (
		SELECT page.id, c.kind
		FROM page
		CROSS JOIN clock
		JOIN conversations AS c ON c.id = page.conversation_id AND ` + hasEnded + `
	), idle AS MATERIALIZED (
		SELECT l.id, l.account_id, l.conversation_id
		FROM lanes AS l
		WHERE l.id = ANY(ARRAY(SELECT id FROM ended)) AND ` + isIdle + `
		ORDER BY l.id
		FOR UPDATE SKIP LOCKED
	), delivered AS (
		DELETE FROM deliveries WHERE lane_id = ANY(ARRAY(SELECT id FROM idle)) RETURNING lane_id, kind, external_id
	), places AS (
		SELECT conversation_id, account_id, channel
		FROM threads
		WHERE conversation_id = ANY(ARRAY(SELECT conversation_id FROM idle))
		UNION
		SELECT conversation_id, account_id, channel
		FROM posts
		WHERE kind = 'root' AND conversation_id = ANY(ARRAY(SELECT conversation_id FROM idle))
	), unposted AS (
		DELETE FROM posts
		USING delivered
		JOIN idle ON idle.id = delivered.lane_id AND idle.id <> ALL(ARRAY(SELECT id FROM ended WHERE kind = 'automatic'))
		JOIN places ON places.conversation_id = idle.conversation_id AND places.account_id = idle.account_id
		WHERE posts.account_id = places.account_id AND posts.channel = places.channel AND posts.message = delivered.external_id
			AND delivered.external_id <> '' AND posts.conversation_id = idle.conversation_id AND posts.kind IN ('said', 'files', 'line')
	), told AS (
		DELETE FROM posts WHERE kind = 'told' AND conversation_id = ANY(ARRAY(SELECT conversation_id FROM idle))
	), suggested AS (
		DELETE FROM suggestions WHERE conversation_id = ANY(ARRAY(SELECT conversation_id FROM idle))
	), gone AS (
		DELETE FROM lanes WHERE id = ANY(ARRAY(SELECT id FROM idle)) RETURNING 1
	)
	SELECT coalesce((SELECT max(id) FROM page), 0), (SELECT count(*) FROM page),
		(SELECT count(*) FROM delivered), (SELECT count(*) FROM gone)`

const lanesUpTo = `UPDATE retention SET lanes_upto = $1 WHERE id = 1`

// TidyConversations examines one batch of lanes. It removes those whose conversation ended longer than keep ago (by
// Parley's clock), together with their deliveries. More is false when all lanes have been examined; the next call then
// starts from the first one.
func TidyConversations(ctx context.Context, pool *pgxpool.Pool, keep time.Duration) (Emptied, error) {
	return runBatch(ctx, pool, "tidy conversations", func(tx pgx.Tx, p progress) (done Emptied, err error) {
		var last int64
		page := tx.QueryRow(ctx, dropLanes, p.Lanes, keep.Seconds(), batchRows)
		if err := page.Scan(&last, &done.Looked, &done.Deliveries, &done.Lanes); err != nil {
			return done, err
		}
		done.More = done.Looked == batchRows
		if !done.More {
			last = 0
		}
		_, err = tx.Exec(ctx, lanesUpTo, last)
		return done, err
	})
}

// selectOldDirect returns the statement that finds old direct messages: lists, reminders and announcements, which belong
// to no conversation (0). It reads only the oldest perLane deliveries of each lane, so that it doesn't scan young ones.
func selectOldDirect(perLane string) string {
	return `
		SELECT d.id, l.account_id, d.channel, d.external_id
		FROM (SELECT parley_now() - make_interval(secs => $1) AS before) AS clock
		CROSS JOIN lanes AS l
		CROSS JOIN LATERAL (
			SELECT id, external_id, coalesce(payload #>> '{place,channel}', '') AS channel, created_at
			FROM deliveries
			WHERE lane_id = l.id AND seq <= l.head AND state NOT IN ('queued', 'sending', 'unknown', 'needs_decision')
			ORDER BY seq
			LIMIT ` + perLane + `) AS d
		WHERE l.conversation_id = 0 AND l.leased_until IS NULL AND d.created_at < clock.before
		LIMIT $2`
}

// dropDirect returns the statement that removes old direct messages and the records of their posts. The lanes stay.
func dropDirect() string {
	return `
	WITH page AS MATERIALIZED (` + selectOldDirect("100") + `
	), gone AS (
		DELETE FROM deliveries WHERE id = ANY(ARRAY(SELECT id FROM page)) RETURNING 1
	), unposted AS (
		DELETE FROM posts
		USING page
		WHERE posts.account_id = page.account_id AND posts.channel = page.channel AND posts.message = page.external_id
			AND page.external_id <> '' AND posts.conversation_id = 0 AND posts.kind = 'line'
	)
	SELECT count(*) FROM gone`
}

// DropDirect removes one batch of direct messages to colleagues that are older than keep (by Parley's clock).
func DropDirect(ctx context.Context, pool *pgxpool.Pool, keep time.Duration) (Emptied, error) {
	return runBatch(ctx, pool, "drop direct messages", func(tx pgx.Tx, _ progress) (done Emptied, err error) {
		err = tx.QueryRow(ctx, dropDirect(), keep.Seconds(), batchRows).Scan(&done.Deliveries)
		done.Looked, done.More = done.Deliveries, done.Deliveries > 0
		return done, err
	})
}
