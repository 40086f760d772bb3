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
	UPDATE queues
	SET due_at = (SELECT clock_timestamp()), waits_for = NULL
	WHERE id = ANY(ARRAY(
		SELECT id FROM queues WHERE waits_for = ANY($1) AND holder IS NULL ORDER BY key FOR NO KEY UPDATE SKIP LOCKED))
	RETURNING account_id AS id`

// An event may have to wait for another one: a receipt for the record of the message that it is about, an agent's message
// for the post that began its thread. Its queue then names what it waits for ("post:17:C012:1700000000.0001"). Whoever
// writes that down wakes the queues that wait for this name. If nobody does, they are looked at again in time.

// WakeQueues makes those queues due whose next event waits for one of these names (AwaitedPost, AwaitedID,
// AwaitedOpening). It returns the accounts whose shares the queues use.
func WakeQueues(ctx context.Context, q Querier, written []string) ([]AccountID, error) {
	if len(written) == 0 {
		return nil, nil
	}
	short, _ := query.ShortIDs(written)
	accounts, err := query.Column[AccountID](ctx, q, "wake queues", wakeQueues, short)
	if err != nil {
		return nil, err
	}
	slices.Sort(accounts)
	return slices.Compact(accounts), nil
}

// ShareDue says when an account has something to apply.
type ShareDue struct {
	AccountID AccountID `db:"account_id"`
	Due       time.Time `db:"due"`  // the due time of its first queue
	Wait      float64   `db:"wait"` // seconds until then
}

// sharesDue finds the first queue of each account, whether an applier holds it or not. If $3 (thorough) is true, it also
// finds queues of accounts that are neither in the table accounts nor in $1.
const sharesDue = `
	WITH given AS MATERIALIZED (
		SELECT account_id, since FROM unnest($1::bigint[], $2::timestamptz[]) AS given(account_id, since)
	), account AS MATERIALIZED (
		SELECT id FROM accounts
		UNION
		SELECT account_id FROM given
		UNION
		SELECT account_id FROM queues WHERE $3
	)
	SELECT account.id AS account_id, first.due_at AS due,
		extract(epoch FROM first.due_at - (SELECT clock_timestamp()))::double precision AS wait
	FROM account
	LEFT JOIN given ON given.account_id = account.id
	CROSS JOIN LATERAL (
		SELECT due_at
		FROM queues
		WHERE account_id = account.id AND due_at >= coalesce(given.since, '-infinity')
		ORDER BY due_at
		LIMIT 1) AS first`

// SharesDue returns, for each account that has queues, when the first of them is due, and the time by the database's clock.
// It leaves out queues that were due before since (Share.From). If thorough is true, it leaves out none.
func SharesDue(
	ctx context.Context, q Batcher, since map[AccountID]time.Time, thorough bool,
) (list []ShareDue, databaseNow time.Time, err error) {
	var accounts []AccountID
	var from []time.Time
	for id, at := range since {
		if thorough {
			at = time.Time{}
		}
		accounts = append(accounts, id)
		from = append(from, at)
	}

	var p Pipeline
	p.batch.Queue(`SELECT clock_timestamp()`).QueryRow(func(row pgx.Row) error { return row.Scan(&databaseNow) })
	read(&p, &list, sharesDue, accounts, from, thorough)

	if err := p.Run(ctx, q); err != nil {
		return nil, time.Time{}, fmt.Errorf("store: shares due: %w", err)
	}
	return list, databaseNow, nil
}

// awaitedPost begins the names that AwaitedPost returns.
const awaitedPost = `post:`

const findWaiting = `
	SELECT EXISTS (SELECT FROM queues WHERE tries > 0 AND due_at <= (SELECT clock_timestamp()) AND holder IS NULL AND version <= $1),
		EXISTS (SELECT FROM queues WHERE waits_for >= 'post:' AND waits_for < 'post;'),
		EXISTS (SELECT FROM queues WHERE waits_for >= 'open:' AND waits_for < 'open;')`

// Waiting says which kinds of events wait in the queues.
type Waiting struct {
	SuspectDue bool // one that failed before is due to be tried again
	ForPosts   bool // some wait for the records of posts
	ToOpen     bool // some wait until their accounts are open
}

// FindWaiting finds which kinds of events wait. A failed one counts only if an applier of this version may take it.
func FindWaiting(ctx context.Context, q Querier, version int) (Waiting, error) {
	var w Waiting
	if err := q.QueryRow(ctx, findWaiting, version).Scan(&w.SuspectDue, &w.ForPosts, &w.ToOpen); err != nil {
		return Waiting{}, fmt.Errorf("store: find waiting events: %w", err)
	}
	return w, nil
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

// Written returns those of the providers' message ids, and of the messages of surfaces (agents' chats), that are recorded.
func Written(ctx context.Context, q Batcher, ids []ExternalID, posts []Post) ([]ExternalID, []Post, error) {
	var p Pipeline
	var writtenIDs []ExternalID
	p.FindExternalIDs(&writtenIDs,
		query.Field(ids, func(id *ExternalID) AccountID { return id.AccountID }),
		query.Field(ids, func(id *ExternalID) string { return id.ExternalID }))

	var writtenPosts []Post
	p.FindPosts(&writtenPosts,
		query.Field(posts, func(post *Post) AccountID { return post.AccountID }),
		query.Field(posts, func(post *Post) string { return post.Channel }),
		query.Field(posts, func(post *Post) string { return post.Message }))

	if err := p.Run(ctx, q); err != nil {
		return nil, nil, err
	}
	return writtenIDs, writtenPosts, nil
}
