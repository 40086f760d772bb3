package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store/internal/query"
)

const wakeQueues = `
	UPDATE queues AS q
	SET due_at = (SELECT clock_timestamp()), waits_for = NULL
	WHERE q.id = ANY(ARRAY(
		SELECT w.id FROM queues AS w WHERE w.waits_for = ANY($1) AND w.holder IS NULL ORDER BY w.key FOR NO KEY UPDATE SKIP LOCKED))
	RETURNING q.account_id AS id`

// WakeQueues makes those queues due whose next event waits for one of the written records (AwaitedPost,
// AwaitedID). It returns the accounts whose shares the queues use.
func WakeQueues(ctx context.Context, q Querier, written []string) ([]AccountID, error) {
	if len(written) == 0 {
		return nil, nil
	}
	short, _ := query.ShortIDs(written)
	list, err := query.IDs[AccountID](ctx, q, "wake queues", wakeQueues, short)
	slices.Sort(list)
	return slices.Compact(list), err
}

// ShareDue says when an account has something to apply.
type ShareDue struct {
	AccountID AccountID `db:"account_id"`
	Due       time.Time `db:"due"`  // the due time of its first queue
	Wait      float64   `db:"wait"` // seconds until then
}

// The first queue of each account, whether an applier holds it or not. $3 (thorough) also looks for
// queues of accounts that are in neither accounts nor $1.
const sharesDue = `
	WITH l AS MATERIALIZED (
		SELECT account_id, since FROM unnest($1::bigint[], $2::timestamptz[]) AS l(account_id, since)
	), a AS MATERIALIZED (
		SELECT id FROM accounts
		UNION
		SELECT account_id FROM l
		UNION
		SELECT account_id FROM queues WHERE $3
	)
	SELECT a.id AS account_id, x.due_at AS due, extract(epoch FROM x.due_at - (SELECT clock_timestamp()))::double precision AS wait
	FROM a
	LEFT JOIN l ON l.account_id = a.id
	CROSS JOIN LATERAL (
		SELECT q.due_at
		FROM queues AS q
		WHERE q.account_id = a.id AND q.due_at >= coalesce(l.since, '-infinity')
		ORDER BY q.due_at
		LIMIT 1) AS x`

// SharesDue returns for each account that has queues when the first of them is due, and the database's
// clock. since is Share.From by account; with thorough all queues are looked at instead.
func SharesDue(ctx context.Context, q Batcher, since map[AccountID]time.Time, thorough bool) (list []ShareDue, real time.Time, err error) {
	var accounts []AccountID
	var from []time.Time
	for id, at := range since {
		if thorough {
			at = time.Time{}
		}
		accounts, from = append(accounts, id), append(from, at)
	}
	var p Pipeline
	p.batch.Queue(`SELECT clock_timestamp()`).QueryRow(func(row pgx.Row) error { return row.Scan(&real) })
	read(&p, &list, sharesDue, accounts, from, thorough)
	if err := p.Run(ctx, q); err != nil {
		return nil, time.Time{}, fmt.Errorf("store: shares due: %w", err)
	}
	return list, real, nil
}

// awaitedPost begins the names that AwaitedPost returns.
const awaitedPost = `post:`

const suspects = `
	SELECT EXISTS (SELECT FROM queues WHERE tries > 0 AND due_at <= (SELECT clock_timestamp()) AND holder IS NULL AND version <= $1),
		EXISTS (SELECT FROM queues WHERE waits_for >= 'post:' AND waits_for < 'post;'),
		EXISTS (SELECT FROM queues WHERE waits_for >= 'open:' AND waits_for < 'open;')`

// Suspects says whether an event that failed before is due to be tried again (due), and whether events
// wait for the records of posts (posts) or until their accounts are open (openings).
func Suspects(ctx context.Context, q Querier, version int) (due, posts, openings bool, err error) {
	if err := q.QueryRow(ctx, suspects, version).Scan(&due, &posts, &openings); err != nil {
		return false, false, false, fmt.Errorf("store: suspects: %w", err)
	}
	return due, posts, openings, nil
}

// AwaitedOpening names the opening of an account, for which its events wait (Release.For).
func AwaitedOpening(account AccountID) string { return fmt.Sprintf("open:%d", account) }

// AwaitedPost names the record of a surface's message, for which an event may wait (Release.For).
func AwaitedPost(account AccountID, channel, message string) string {
	return fmt.Sprintf("%s%d:%s:%s", awaitedPost, account, channel, message)
}

// AwaitedID names the record of a provider's message id, for which an event may wait (Release.For).
func AwaitedID(account AccountID, external string) string {
	return fmt.Sprintf("id:%d:%s", account, external)
}

// Written returns those of the providers' message ids, and of the surfaces' messages, that are recorded.
func Written(ctx context.Context, q Batcher, ids []ExternalID, posts []Post) ([]ExternalID, []Post, error) {
	var p Pipeline
	var accounts, surfaces []AccountID
	var external, channels, messages []string
	for _, x := range ids {
		accounts, external = append(accounts, x.AccountID), append(external, x.ExternalID)
	}
	for _, x := range posts {
		surfaces, channels, messages = append(surfaces, x.AccountID), append(channels, x.Channel), append(messages, x.Message)
	}
	ids, posts = nil, nil
	p.FindExternalIDs(&ids, accounts, external)
	p.FindPosts(&posts, surfaces, channels, messages)
	return ids, posts, p.Run(ctx, q)
}
