package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Event is an arrived fact in the journal.
type Event struct {
	ID         int64     `db:"id"`
	AccountID  int64     `db:"account_id"`
	ExternalID string    `db:"external_id"`
	OrderKey   string    `db:"order_key"`
	Payload    []byte    `db:"payload"`
	Blob       *string   `db:"blob"`
	SizeBytes  int64     `db:"size_bytes"`
	ReceivedAt time.Time `db:"received_at"`
	Tries      int       `db:"tries"`
}

// NewEvent is a fact to be stored.
type NewEvent struct {
	AccountID  int64
	ExternalID string
	OrderKey   string // with the account's prefix: see OrderKey
	Payload    []byte
	Blob       string // instead of Payload
	SizeBytes  int64
	Quarantine string // not empty: stored and shown, never applied
}

// SystemAccount is Parley itself: the account of timers and results.
const SystemAccount int64 = 1

// OrderKey makes the journal's order key of an account's own.
func OrderKey(account int64, key string) string { return fmt.Sprintf("%d/%s", account, key) }

// ConversationKey is the order key of Parley's own facts about a conversation.
func ConversationKey(conversation int64) string {
	return OrderKey(SystemAccount, fmt.Sprintf("c%d", conversation))
}

const insertEvents = `
	WITH new AS (
		INSERT INTO events (account_id, external_id, order_key, payload, blob, size_bytes)
		SELECT a, x, k, p, nullif(b, ''), s
		FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::bigint[]) AS t(a, x, k, p, b, s)
		ON CONFLICT (account_id, external_id) DO NOTHING
		RETURNING id, account_id, external_id, order_key
	), bad AS (
		INSERT INTO quarantine (event_id, reason)
		SELECT new.id, t.r
		FROM new
		JOIN unnest($1::bigint[], $2::text[], $7::text[]) AS t(a, x, r) ON t.a = new.account_id AND t.x = new.external_id
		WHERE t.r <> ''
		ON CONFLICT DO NOTHING
		RETURNING event_id, reason
	), queued AS (
		INSERT INTO pending (event_id, shard, order_key)
		SELECT id, (hashtext(order_key) & 2147483647) % 4, order_key
		FROM new
		WHERE id NOT IN (SELECT event_id FROM bad)
		RETURNING shard
	)
	SELECT shard, 0::bigint AS quarantined, 0::bigint AS account_id, '' AS reason FROM queued
	UNION ALL
	SELECT 0::smallint, new.id, new.account_id, bad.reason FROM bad JOIN new ON new.id = bad.event_id`

// Inserted is one fact that was not known before.
type Inserted struct {
	Shard       int16  // that got work
	Quarantined int64  // the event, where it was never queued; else 0
	AccountID   int64  // of a quarantined one
	Reason      string // of a quarantined one
}

// InsertEvents stores facts and queues those that are new, in one statement. What is
// known already is passed over.
func InsertEvents(ctx context.Context, q Querier, events []NewEvent) ([]Inserted, error) {
	return collect[Inserted](ctx, q, "insert events", insertEvents, eventColumns(events)...)
}

func eventColumns(events []NewEvent) []any {
	n := len(events)
	accounts, sizes := make([]int64, n), make([]int64, n)
	external, keys, blobs, reasons := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	payloads := make([][]byte, n)
	for i, e := range events {
		accounts[i], external[i], keys[i], blobs[i] = e.AccountID, shortID(e.ExternalID), shortID(e.OrderKey), e.Blob
		payloads[i], sizes[i], reasons[i] = e.Payload, max(e.SizeBytes, int64(len(e.Payload))), Clean(e.Quarantine)
	}
	return []any{accounts, external, keys, payloads, blobs, sizes, reasons}
}

// Pending are events taken off the queue, oldest first, and when.
type Pending struct {
	Events []Event
	Now    time.Time // Parley's clock
	Real   time.Time // the database's
}

const lockShard = `SELECT id FROM shards WHERE id = $1 FOR UPDATE`

// The oldest events whose key is not blocked, as many as fit the byte limit (at
// least one).
const pendingEvents = `
	WITH oldest AS (
		SELECT p.event_id, p.tries
		FROM pending AS p
		WHERE p.shard = $1
			AND NOT EXISTS (SELECT 1 FROM blocked AS b WHERE b.order_key = p.order_key AND b.until > clock_timestamp())
		ORDER BY p.event_id
		LIMIT $2
	), sized AS (
		SELECT o.event_id, o.tries, sum(e.size_bytes) OVER (ORDER BY o.event_id) - e.size_bytes AS before
		FROM oldest AS o
		JOIN events AS e ON e.id = o.event_id
	), taken AS (
		SELECT event_id, tries FROM sized WHERE before < $3
	), done AS (
		DELETE FROM pending WHERE event_id = ANY(ARRAY(SELECT event_id FROM taken))
	)
	SELECT e.id, e.account_id, e.external_id, e.order_key, e.payload, e.blob, e.size_bytes, e.received_at, t.tries
	FROM taken AS t
	JOIN events AS e ON e.id = t.event_id
	ORDER BY e.id`

// TakePending locks a shard (it waits: skipping would lose wake-ups) and takes its oldest
// events off the queue, in a statement of its own, so that it sees what the last holder
// did. They are back when the transaction fails.
func TakePending(ctx context.Context, tx pgx.Tx, shard int16, limit int, maxBytes int64) (Pending, error) {
	var p Pipeline
	var taken Pending
	p.batch.Queue(lockShard, shard)
	read(&p, &taken.Events, pendingEvents, shard, limit, maxBytes)
	p.batch.Queue(bothClocks).QueryRow(func(row pgx.Row) error { return row.Scan(&taken.Now, &taken.Real) })
	return taken, p.Run(ctx, tx)
}

const blockKey = `
	WITH tried AS (UPDATE pending SET tries = tries + $4 WHERE event_id = $1)
	INSERT INTO blocked (order_key, until)
	VALUES ($2, clock_timestamp() + make_interval(secs => $3))
	ON CONFLICT (order_key) DO UPDATE SET until = EXCLUDED.until`

// BlockKey lets the key of an event wait and, if count is set, counts a failed try.
func BlockKey(ctx context.Context, q Querier, event int64, key string, wait time.Duration, count bool) error {
	tries := 0
	if count {
		tries = 1
	}
	if _, err := q.Exec(ctx, blockKey, event, key, wait.Seconds(), tries); err != nil {
		return fmt.Errorf("store: block key: %w", err)
	}
	return nil
}

const quarantineEvent = `
	WITH gone AS (DELETE FROM pending WHERE event_id = $1),
	free AS (DELETE FROM blocked WHERE order_key = (SELECT order_key FROM events WHERE id = $1))
	INSERT INTO quarantine (event_id, reason)
	VALUES ($1, $2)
	ON CONFLICT (event_id) DO UPDATE SET reason = EXCLUDED.reason, at = clock_timestamp()`

// Quarantine takes an event that can't be applied out of the queue and frees its key.
func Quarantine(ctx context.Context, q Querier, event int64, reason string) error {
	if _, err := q.Exec(ctx, quarantineEvent, event, Clean(reason)); err != nil {
		return fmt.Errorf("store: quarantine: %w", err)
	}
	return nil
}

const replayEvents = `
	WITH out AS (DELETE FROM quarantine WHERE event_id = ANY($1) RETURNING event_id)
	INSERT INTO pending (event_id, shard, order_key)
	SELECT e.id, (hashtext(e.order_key) & 2147483647) % 4, e.order_key
	FROM out JOIN events AS e ON e.id = out.event_id
	ON CONFLICT (event_id) DO NOTHING
	RETURNING event_id`

// Replay puts quarantined events back into the queue and says which.
func Replay(ctx context.Context, q Querier, events []int64) ([]int64, error) {
	return ids(ctx, q, "replay", replayEvents, events)
}

const handOver = `
	WITH freed AS (
		DELETE FROM quarantine WHERE event_id = $1 RETURNING event_id
	), new AS (
		INSERT INTO events (account_id, external_id, order_key, payload, blob, size_bytes)
		SELECT $2::bigint, $3, $2::bigint || substring(e.order_key FROM position('/' IN e.order_key)), e.payload, e.blob, e.size_bytes
		FROM freed
		JOIN events AS e ON e.id = freed.event_id
		ON CONFLICT (account_id, external_id) DO NOTHING
		RETURNING id, order_key
	), queued AS (
		INSERT INTO pending (event_id, shard, order_key)
		SELECT id, (hashtext(order_key) & 2147483647) % 4, order_key FROM new
	)
	SELECT event_id AS id FROM freed`

// HandOver gives a quarantined event to another account, under the name that it has
// there, and queues it; what that account knows already is only taken out of quarantine.
// It says whether the event was in quarantine.
func HandOver(ctx context.Context, q Querier, event, account int64, externalID string) (bool, error) {
	list, err := ids(ctx, q, "hand over", handOver, event, account, shortID(externalID))
	return len(list) > 0, err
}

// Quarantined is an event that could not be applied.
type Quarantined struct {
	EventID    int64     `db:"event_id"`
	AccountID  int64     `db:"account_id"`
	Account    string    `db:"account"`
	ExternalID string    `db:"external_id"`
	Reason     string    `db:"reason"`
	At         time.Time `db:"at"`
}

const listQuarantine = `
	SELECT q.event_id, e.account_id, a.name AS account, e.external_id, q.reason, q.at
	FROM quarantine AS q
	JOIN events AS e ON e.id = q.event_id
	JOIN accounts AS a ON a.id = e.account_id
	ORDER BY q.event_id DESC
	LIMIT $1`

// ListQuarantine gives the newest quarantined events.
func ListQuarantine(ctx context.Context, q Querier, limit int) ([]Quarantined, error) {
	return collect[Quarantined](ctx, q, "quarantine", listQuarantine, limit)
}

const getEvent = `
	SELECT id, account_id, external_id, order_key, payload, blob, size_bytes, received_at, 0 AS tries
	FROM events WHERE id = $1`

// GetEvent reads one event of the journal.
// Errors: pgx.ErrNoRows when there is none.
func GetEvent(ctx context.Context, q Querier, id int64) (Event, error) {
	list, err := collect[Event](ctx, q, "event", getEvent, id)
	if err == nil && len(list) == 0 {
		return Event{}, fmt.Errorf("store: event %d: %w", id, pgx.ErrNoRows)
	}
	if err != nil {
		return Event{}, err
	}
	return list[0], nil
}

const seenEvents = `
	SELECT external_id FROM events WHERE account_id = $1 AND external_id = ANY($2)`

// SeenEvents tells which fact ids an account has in the journal.
func SeenEvents(ctx context.Context, q Querier, account int64, external []string) (map[string]bool, error) {
	type row struct {
		ExternalID string `db:"external_id"`
	}
	short, original := shortIDs(external)
	rows, err := collect[row](ctx, q, "seen events", seenEvents, account, short)
	seen := make(map[string]bool, len(rows))
	for _, r := range rows {
		seen[original[r.ExternalID]] = true
	}
	return seen, err
}

const shardsWithWork = `
	SELECT s.id FROM shards AS s
	WHERE EXISTS (SELECT 1 FROM pending AS p WHERE p.shard = s.id)`

// ShardsWithWork gives the shards that have something queued.
func ShardsWithWork(ctx context.Context, q Querier) ([]int16, error) {
	rows, err := q.Query(ctx, shardsWithWork)
	if err != nil {
		return nil, fmt.Errorf("store: shards: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[int16])
}

const dropBlocked = `DELETE FROM blocked WHERE until < clock_timestamp() - interval '1 minute'`

// DropBlocked forgets keys that wait no more.
func DropBlocked(ctx context.Context, q Querier) error {
	if _, err := q.Exec(ctx, dropBlocked); err != nil {
		return fmt.Errorf("store: blocked keys: %w", err)
	}
	return nil
}

// NewestEvent gives the id of the newest event; 0 if there is none.
func NewestEvent(ctx context.Context, q Querier) (int64, error) {
	var id int64
	if err := q.QueryRow(ctx, `SELECT coalesce(max(id), 0) FROM events`).Scan(&id); err != nil {
		return 0, fmt.Errorf("store: newest event: %w", err)
	}
	return id, nil
}

const unapplied = `
	SELECT EXISTS (
		SELECT 1
		FROM pending AS p
		JOIN events AS e ON e.id = p.event_id
		WHERE p.event_id <= $2 AND e.account_id = $1)`

// Unapplied says whether events of an account, up to one of them, still wait.
func Unapplied(ctx context.Context, q Querier, account, upTo int64) (bool, error) {
	var found bool
	if err := q.QueryRow(ctx, unapplied, account, upTo).Scan(&found); err != nil {
		return false, fmt.Errorf("store: unapplied: %w", err)
	}
	return found, nil
}
