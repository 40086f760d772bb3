package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store/internal/query"
)

// Events are processed (applied) in queues, in order. But an event may arrive too early: an agent's answer may come before
// Parley has recorded the post that began the thread, or a receipt before the message that it is about. Its queue is then
// postponed, and names what it waits for, "post:17:C012:1700000000.0001" in the first example. The transaction that records
// the post calls WakeQueues with the same name. If nobody does, the queue is tried again after a delay.

const wakeQueues = `
	UPDATE queues
	SET due_at = (SELECT clock_timestamp()), waits_for = NULL
	WHERE id = ANY(ARRAY(
		SELECT id FROM queues WHERE waits_for = ANY($1) AND holder IS NULL ORDER BY key FOR NO KEY UPDATE SKIP LOCKED))
	RETURNING account_id AS id`

// WakeQueues makes the queues due that wait for one of these names, from AwaitedPost, AwaitedID or AwaitedOpening. It returns
// the accounts to which the queues' work is charged.
func WakeQueues(ctx context.Context, q Querier, names []string) ([]AccountID, error) {
	if len(names) == 0 {
		return nil, nil
	}
	short, _ := query.ShortIDs(names)
	accounts, err := query.Column[AccountID](ctx, q, "wake queues", wakeQueues, short)
	if err != nil {
		return nil, err
	}
	slices.Sort(accounts)
	return slices.Compact(accounts), nil
}

// ShareDue is when an account next has an event to apply.
type ShareDue struct {
	AccountID AccountID `db:"account_id"`
	Due       time.Time `db:"due"`  // the due time of its first queue
	Wait      float64   `db:"wait"` // seconds until then
}

// sharesDue selects the first queue of each account, even if an applier is working on it. If $3 (thorough) is true, it also
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

// SharesDue returns when the first queue of each account is due, and the current time of the database. It skips queues that
// were due before since[account] (see Share.From). If thorough is true, it skips none.
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

// awaitedPost is the prefix of the names that AwaitedPost returns.
const awaitedPost = `post:`

const findWaiting = `
	SELECT EXISTS (SELECT FROM queues WHERE tries > 0 AND due_at <= (SELECT clock_timestamp()) AND holder IS NULL AND version <= $1),
		EXISTS (SELECT FROM queues WHERE waits_for >= 'post:' AND waits_for < 'post;'),
		EXISTS (SELECT FROM queues WHERE waits_for >= 'open:' AND waits_for < 'open;')`

// Waiting shows which kinds of events wait in the queues.
type Waiting struct {
	SuspectDue bool // an event that failed before is due for its next attempt
	ForPosts   bool // some events wait for records of posts (AwaitedPost)
	ToOpen     bool // some events wait until their accounts are open (AwaitedOpening)
}

// FindWaiting reports which kinds of events wait. SuspectDue is true only if an applier of this version may take the event.
func FindWaiting(ctx context.Context, q Querier, version int) (Waiting, error) {
	var w Waiting
	if err := q.QueryRow(ctx, findWaiting, version).Scan(&w.SuspectDue, &w.ForPosts, &w.ToOpen); err != nil {
		return Waiting{}, fmt.Errorf("store: find waiting events: %w", err)
	}
	return w, nil
}

// AwaitedOpening returns the name (Release.For) by which events wait until their account is open.
func AwaitedOpening(account AccountID) string { return fmt.Sprintf("open:%d", account) }

// AwaitedPost returns the name (Release.For) by which an event waits until a message in an agents' chat is recorded.
func AwaitedPost(account AccountID, channel, message string) string {
	return fmt.Sprintf("%s%d:%s:%s", awaitedPost, account, channel, message)
}

// AwaitedID returns the name (Release.For) by which an event waits until a provider's message id is recorded.
func AwaitedID(account AccountID, externalID string) string {
	return fmt.Sprintf("id:%d:%s", account, externalID)
}

// FilterRecorded returns those of the providers' message ids, and of the messages in agents' chats, that are recorded already.
func FilterRecorded(ctx context.Context, q Batcher, ids []ExternalID, posts []Post) ([]ExternalID, []Post, error) {
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
