package store

import (
	"cmp"
	"context"
	"crypto/sha256"
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
	// Share is the account whose share of the appliers' time the event uses; 0 = AccountID. What
	// Parley tells itself about a conversation counts for the account of that conversation.
	Share int64
}

// FactVersion is written with each event. It rises when events of a new kind are introduced: a
// process leaves events of a higher version than its own to the processes that know them. Those
// of processes that know no version have 0.
const FactVersion = 2

// SystemAccount is Parley itself: the account of timers and results.
const SystemAccount int64 = 1

// OrderKey makes the journal's order key of an account's own.
func OrderKey(account int64, key string) string { return fmt.Sprintf("%d/%s", account, key) }

// ConversationKey is the order key of Parley's own facts about a conversation.
func ConversationKey(conversation int64) string {
	return OrderKey(SystemAccount, fmt.Sprintf("c%d", conversation))
}

// enqueue puts new events, given by id, account_id (whose share they use) and order_key in a
// table named new, at the ends of their queues. It is the middle of several statements; the last
// of its tables is put, with a row for each queue that got something.
//
// A queue's row is locked until the transaction ends. So the places of its events have the order
// of the commits, and an applier that is about to remove the row waits, and sees them. The rows
// are locked in the order of their keys, after all events were inserted: no two can wait for
// each other.
//
// The planner takes lists for short, and would join two by comparing each row of one with each of
// the other. So they are looked up in a hash (IN, in brackets that keep it from becoming a join) or
// in an object by key.
const enqueue = `fresh AS MATERIALIZED (
		SELECT id, account_id, order_key, row_number() OVER w AS rank, count(*) OVER (PARTITION BY order_key) AS n
		FROM new
		WINDOW w AS (PARTITION BY order_key ORDER BY id)
	), put AS (
		INSERT INTO queues AS q (key, account_id, version, first_event, place, last_place, due_at)
		SELECT order_key, account_id, ` + factVersion + `, id, id, id + n - 1, (SELECT clock_timestamp())
		FROM fresh
		WHERE rank = 1
		ORDER BY order_key
		ON CONFLICT (key) DO UPDATE
		SET last_place = greatest(q.last_place, EXCLUDED.place - 1) + EXCLUDED.last_place - EXCLUDED.place + 1,
			version = greatest(q.version, EXCLUDED.version)
		RETURNING q.id, q.key, q.first_event, q.last_place
	), rest AS (
		INSERT INTO queue_events (queue_id, place, event_id)
		SELECT (at ->> 0)::bigint, (at ->> 1)::bigint - behind.n + behind.rank, behind.id
		FROM (
			SELECT fresh.*, (SELECT jsonb_object_agg(key, jsonb_build_array(id, last_place)) FROM put) -> order_key AS at
			FROM fresh
			WHERE (fresh.id IN (SELECT first_event FROM put)) IS FALSE) AS behind
	)`

// factVersion is FactVersion in SQL.
const factVersion = `2`

// Ids are given in the order in which the facts came, but rows are inserted in the order of
// their external ids: two processes that store the same facts wait for each other in one
// direction only.
const insertEvents = `
	WITH given AS MATERIALIZED (
		SELECT nextval('events_id_seq') AS id, t.*, t.quarantine = '' AS good
		FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::bigint[], $7::text[], $8::bigint[], $9::uuid[])
			AS t(account_id, external_id, order_key, payload, blob, size_bytes, quarantine, share, fact)
	), stored AS (
		INSERT INTO events (id, account_id, external_id, order_key, payload, blob, size_bytes)
		OVERRIDING SYSTEM VALUE
		SELECT id, account_id, external_id, order_key, payload, nullif(blob, ''), size_bytes
		FROM given
		WHERE NOT EXISTS (SELECT FROM seen WHERE seen.account_id = given.account_id AND seen.fact = given.fact)
		ORDER BY account_id, external_id, id
		ON CONFLICT (account_id, external_id) DO NOTHING
		RETURNING id
	), bad AS (
		INSERT INTO quarantine (event_id, reason)
		SELECT id, quarantine
		FROM given
		WHERE NOT good AND (id IN (SELECT id FROM stored)) IS TRUE
		RETURNING event_id
	), new AS (
		SELECT id, share AS account_id, order_key
		FROM given
		WHERE good AND (id IN (SELECT id FROM stored)) IS TRUE
	), ` + enqueue + `
	SELECT id, account_id, share, quarantine
	FROM given
	WHERE (id IN (SELECT id FROM stored)) IS TRUE`

// Inserted is one fact that was not known before.
type Inserted struct {
	ID         int64
	AccountID  int64
	Share      int64  // the account whose share it uses
	Quarantine string // why it is never applied; "" = it was queued
}

// InsertEvents stores facts and queues those that are new, in one statement. What is
// known already is passed over.
func InsertEvents(ctx context.Context, q Querier, events []NewEvent) ([]Inserted, error) {
	return collect[Inserted](ctx, q, "insert events", insertEvents, eventColumns(events)...)
}

// InsertEvents stores facts with the other statements of the pipeline.
func (p *Pipeline) InsertEvents(events []NewEvent) {
	if len(events) > 0 {
		p.batch.Queue(insertEvents, eventColumns(events)...)
	}
}

func eventColumns(events []NewEvent) []any {
	n := len(events)
	accounts, sizes, shares := make([]int64, n), make([]int64, n), make([]int64, n)
	external, keys, blobs, reasons := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	payloads, facts := make([][]byte, n), make([][16]byte, n)
	for i, e := range events {
		accounts[i], external[i], keys[i], blobs[i] = e.AccountID, shortID(e.ExternalID), shortID(e.OrderKey), e.Blob
		payloads[i], sizes[i], reasons[i] = e.Payload, max(e.SizeBytes, int64(len(e.Payload))), Clean(e.Quarantine)
		shares[i], facts[i] = cmp.Or(e.Share, e.AccountID), factHash(external[i])
	}
	return []any{accounts, external, keys, payloads, blobs, sizes, reasons, shares, facts}
}

// factHash is what is kept of an external id for ever; seenOfEvents computes the same.
func factHash(external string) [16]byte {
	sum := sha256.Sum256([]byte(external))
	return [16]byte(sum[:16])
}

// An event in quarantine was never applied. One that an earlier version gave up may have been all
// the same, by another process: what it made tells.
const replayEvents = `
	WITH out AS (
		DELETE FROM quarantine AS q
		WHERE q.event_id = ANY($1) AND NOT EXISTS (SELECT FROM messages AS m WHERE m.event_id = q.event_id)
		RETURNING q.event_id
	), new AS (
		SELECT e.id, e.account_id, e.order_key
		FROM out
		JOIN events AS e ON e.id = out.event_id
	), ` + enqueue + `
	SELECT event_id FROM out`

// Replay puts quarantined events back into their queues, behind what waits there, and says which.
// One that has made a message already stays where it is.
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
		WHERE NOT EXISTS (SELECT FROM seen WHERE seen.account_id = $2 AND seen.fact = $4)
		ON CONFLICT (account_id, external_id) DO NOTHING
		RETURNING id, account_id, order_key
	), ` + enqueue + `
	SELECT event_id AS id FROM freed`

// HandOver gives a quarantined event to another account, under the name that it has
// there, and queues it; what that account knows already is only taken out of quarantine.
// It says whether the event was in quarantine.
func HandOver(ctx context.Context, q Querier, event, account int64, externalID string) (bool, error) {
	list, err := ids(ctx, q, "hand over", handOver, event, account, shortID(externalID), factHash(shortID(externalID)))
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
	SELECT id, account_id, external_id, order_key, payload, blob, size_bytes, received_at
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
	SELECT external_id FROM events WHERE account_id = $1 AND external_id = ANY($2)
	UNION
	SELECT t.external_id
	FROM unnest($2::text[], $3::uuid[]) AS t(external_id, fact)
	JOIN seen ON seen.account_id = $1 AND seen.fact = t.fact`

// SeenEvents tells which fact ids an account has in the journal.
func SeenEvents(ctx context.Context, q Querier, account int64, external []string) (map[string]bool, error) {
	type row struct {
		ExternalID string `db:"external_id"`
	}
	short, original := shortIDs(external)
	facts := make([][16]byte, len(short))
	for i, id := range short {
		facts[i] = factHash(id)
	}
	rows, err := collect[row](ctx, q, "seen events", seenEvents, account, short, facts)
	seen := make(map[string]bool, len(rows))
	for _, r := range rows {
		seen[original[r.ExternalID]] = true
	}
	return seen, err
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
		SELECT FROM queues AS q
		WHERE q.account_id = $1 AND (q.first_event <= $2
			OR EXISTS (SELECT FROM queue_events AS e WHERE e.queue_id = q.id AND e.place > q.place AND e.event_id <= $2)))`

// Unapplied says whether events of an account, up to one of them, still wait.
func Unapplied(ctx context.Context, q Querier, account, upTo int64) (bool, error) {
	var found bool
	if err := q.QueryRow(ctx, unapplied, account, upTo).Scan(&found); err != nil {
		return false, fmt.Errorf("store: unapplied: %w", err)
	}
	return found, nil
}
