package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store/internal/query"
)

// The journal, the table events, is a durable log of everything that Parley receives: a customer's mail, an agent's message, a
// click. Each such thing is a fact: its original bytes and an external id, such as a hash of the mail. A fact is stored
// here before its sender gets an acknowledgement. If it is delivered again, the external id shows that it is a duplicate.
//
// An event is a stored fact. Processing it later, in a transaction that changes conversations, is called applying it. Events
// with the same order key, such as those of one mailbox, are applied in order. They form a queue: the first one is in the
// queue's row (table queues), and the others are in queue_events, ordered by their places. An empty queue has no row.
// queue.go takes events from the queues. Events that can't be applied are moved into quarantine (quarantine.go).

// Event is a fact in the journal.
type Event struct {
	ID         EventID   `db:"id"`
	AccountID  AccountID `db:"account_id"` // the channel or chat that it came from
	ExternalID string    `db:"external_id"`
	OrderKey   string    `db:"order_key"`
	Payload    []byte    `db:"payload"`
	Blob       *string   `db:"blob"` // the blob that has the bytes instead of Payload; nil if there is none
	SizeBytes  int64     `db:"size_bytes"`
	ReceivedAt time.Time `db:"received_at"`
}

// NewEvent is a fact to be stored in the journal.
type NewEvent struct {
	AccountID  AccountID
	ExternalID string
	OrderKey   string // with the account's prefix: see OrderKey
	Payload    []byte
	Blob       string // the blob that has the bytes instead of Payload; empty if there is none
	SizeBytes  int64
	Quarantine string // why the event can never be applied and goes to quarantine at once; usually empty
	// Share is the account to which the event is charged when processing time is divided among accounts; 0 means
	// AccountID. Parley's own facts about a conversation are charged to the conversation's account.
	Share AccountID
	// Erased is a keyed hash of AccountID and ExternalID (package erase). The fact is not stored if a fact with this hash
	// was erased. The zero value skips this check.
	Erased [16]byte
}

// FactVersion rises when a new kind of events is introduced. It is stored with the queue of each event. During an update, an
// older process leaves queues with a higher version to newer processes.
const FactVersion = 2

// SystemAccount is the account of Parley's own facts, such as expired timers and results of deliveries.
const SystemAccount AccountID = 1

// OrderKey returns the order key for a key that is unique within an account: "17/KEY".
func OrderKey(account AccountID, key string) string { return fmt.Sprintf("%d/%s", account, key) }

// ConversationKey is the order key of Parley's own facts about a conversation.
func ConversationKey(conversation ConversationID) string {
	return OrderKey(SystemAccount, fmt.Sprintf("c%d", conversation))
}

// enqueue appends events to their queues. It is the middle of several statements, which define new before it: the id,
// account_id (the account that is charged) and order_key of each event. Its parts:
//   - numbered numbers the events of each queue;
//   - put inserts the queues' rows, or extends existing queues. It returns a row for each queue that got events;
//   - rest stores the places of all events except those that became the first of their queues.
//
// A queue's row stays locked until the transaction ends. So places follow the order of commits, and an applier that is about
// to delete the row waits and then sees the new events. All events are inserted first, and then the rows are locked in the
// order of their keys, so two transactions can't deadlock.
//
// PostgreSQL's planner expects lists to be short and would join two of them with a nested loop. The expressions
// (… IN …) IS TRUE, and the JSON object by key, make it use a hash instead.
const enqueue = `numbered AS MATERIALIZED (
		SELECT id, account_id, order_key, row_number() OVER of_queue AS rank, count(*) OVER (PARTITION BY order_key) AS total
		FROM new
		WINDOW of_queue AS (PARTITION BY order_key ORDER BY id)
	), put AS (
		INSERT INTO queues (key, account_id, version, first_event, place, last_place, due_at)
		SELECT order_key, account_id, ` + factVersion + `, id, id, id + total - 1, (SELECT clock_timestamp())
		FROM numbered
		WHERE rank = 1
		ORDER BY order_key
		ON CONFLICT (key) DO UPDATE
		SET last_place = greatest(queues.last_place, EXCLUDED.place - 1) + EXCLUDED.last_place - EXCLUDED.place + 1,
			version = greatest(queues.version, EXCLUDED.version)
		RETURNING queues.id, queues.key, queues.first_event, queues.last_place
	), rest AS (
		INSERT INTO queue_events (queue_id, place, event_id)
		SELECT (queue ->> 0)::bigint, (queue ->> 1)::bigint - behind.total + behind.rank, behind.id
		FROM (
			SELECT numbered.*, (SELECT jsonb_object_agg(key, jsonb_build_array(id, last_place)) FROM put) -> order_key AS queue
			FROM numbered
			WHERE (numbered.id IN (SELECT first_event FROM put)) IS FALSE) AS behind
	)`

// factVersion is FactVersion in SQL.
const factVersion = `2`

// insertEvents has these parts before enqueue:
//   - given is the facts, with ids in the order of arrival;
//   - stored is those that are new: not in events, not removed from there by retention (seen), and not erased.;
//   - bad is those that go to quarantine, and new is those that are queued.
//
// Rows are inserted in the order of their external ids, so that two processes that store the same facts can't deadlock.
const insertEvents = `
	WITH given AS MATERIALIZED (
		SELECT nextval('events_id_seq') AS id, fact.*, fact.quarantine = '' AS good
		FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bytea[], $5::text[],
				$6::bigint[], $7::text[], $8::bigint[], $9::uuid[], $10::uuid[])
			AS fact(account_id, external_id, order_key, payload, blob, size_bytes, quarantine, share, fact, erased)
	), stored AS (
		INSERT INTO events (id, account_id, external_id, order_key, payload, blob, size_bytes)
		OVERRIDING SYSTEM VALUE
		SELECT id, account_id, external_id, order_key, payload, nullif(blob, ''), size_bytes
		FROM given
		WHERE NOT EXISTS (SELECT FROM seen WHERE seen.account_id = given.account_id AND seen.fact = given.fact)
			AND NOT EXISTS (SELECT FROM erased_facts AS gone WHERE gone.account_id = given.account_id AND gone.fact = given.erased)
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

// Inserted is a fact that InsertEvents stored.
type Inserted struct {
	ID         EventID
	AccountID  AccountID
	Share      AccountID // see NewEvent.Share
	Quarantine string    // NewEvent.Quarantine
}

// InsertEvents stores facts, and appends them to their queues or puts them into quarantine, in one statement. It skips facts
// that are known already, and returns the others.
func InsertEvents(ctx context.Context, q Querier, events []NewEvent) ([]Inserted, error) {
	if len(events) == 0 {
		return nil, nil
	}
	return query.Collect[Inserted](ctx, q, "insert events", insertEvents, eventColumns(events)...)
}

// InsertEvents adds the statement of the function InsertEvents.
func (p *Pipeline) InsertEvents(events []NewEvent) {
	if len(events) > 0 {
		p.batch.Queue(insertEvents, eventColumns(events)...)
	}
}

// eventColumns returns the arguments of insertEvents.
func eventColumns(events []NewEvent) []any {
	externalIDs := query.Field(events, func(e *NewEvent) string { return query.ShortID(e.ExternalID) })
	return []any{
		query.Field(events, func(e *NewEvent) AccountID { return e.AccountID }),
		externalIDs,
		query.Field(events, func(e *NewEvent) string { return query.ShortID(e.OrderKey) }),
		query.Field(events, func(e *NewEvent) []byte { return e.Payload }),
		query.Field(events, func(e *NewEvent) string { return e.Blob }),
		query.Field(events, func(e *NewEvent) int64 { return max(e.SizeBytes, int64(len(e.Payload))) }),
		query.Field(events, func(e *NewEvent) string { return Clean(e.Quarantine) }),
		query.Field(events, func(e *NewEvent) AccountID { return cmp.Or(e.Share, e.AccountID) }),
		query.Field(externalIDs, func(id *string) [16]byte { return factHash(*id) }),
		query.Field(events, func(e *NewEvent) [16]byte { return e.Erased }),
	}
}

// factHash returns the hash of an external id, shortened by query.ShortID, that stays in the table seen after retention has
// removed the event. The SQL constant seenOfEvents in retention*.go computes the same.
func factHash(externalID string) [16]byte {
	sum := sha256.Sum256([]byte(externalID))
	return [16]byte(sum[:16])
}

// insertFacts is insertEvents for results of deliveries. A process must claim a lane (a queue of deliveries) before it sends
// one, and each claim has an epoch. insertFacts stores a result only if the lane still has the epoch of the attempt.
// Otherwise another process has claimed the lane, and may have made another attempt.
const insertFacts = `
	WITH given AS MATERIALIZED (
		SELECT nextval('events_id_seq') AS id, fact.*
		FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bytea[], $5::bigint[], $6::bigint[], $7::bigint[])
			AS fact(account_id, external_id, order_key, payload, lane_id, epoch, share)
		JOIN lanes AS lane ON lane.id = fact.lane_id AND lane.epoch = fact.epoch AND lane.leased_until IS NOT NULL
	), stored AS (
		INSERT INTO events (id, account_id, external_id, order_key, payload, size_bytes)
		OVERRIDING SYSTEM VALUE
		SELECT id, account_id, external_id, order_key, payload, length(payload)
		FROM given
		ORDER BY account_id, external_id, id
		ON CONFLICT (account_id, external_id) DO NOTHING
		RETURNING id
	), new AS (
		SELECT given.id, given.share AS account_id, given.order_key
		FROM stored
		JOIN given ON given.id = stored.id
	), ` + enqueue + `
	SELECT 1 FROM put`

// LaneFact is the result of a delivery, with its lane and the epoch of the claim under which it was sent.
type LaneFact struct {
	LaneID LaneID
	Epoch  int64
	NewEvent
}

// AddLaneFacts adds a statement to a batch that stores results of deliveries. The statement skips those whose lane has been
// claimed again since.
func AddLaneFacts(batch *pgx.Batch, facts []LaneFact) {
	if len(facts) == 0 {
		return
	}
	batch.Queue(insertFacts,
		query.Field(facts, func(f *LaneFact) AccountID { return f.AccountID }),
		query.Field(facts, func(f *LaneFact) string { return f.ExternalID }),
		query.Field(facts, func(f *LaneFact) string { return f.OrderKey }),
		query.Field(facts, func(f *LaneFact) []byte { return f.Payload }),
		query.Field(facts, func(f *LaneFact) LaneID { return f.LaneID }),
		query.Field(facts, func(f *LaneFact) int64 { return f.Epoch }),
		query.Field(facts, func(f *LaneFact) AccountID { return cmp.Or(f.Share, f.AccountID) }))
}

const getEvent = `
	SELECT id, account_id, external_id, order_key, payload, blob, size_bytes, received_at
	FROM events WHERE id = $1`

// GetEvent returns one event. Errors: pgx.ErrNoRows.
func GetEvent(ctx context.Context, q Querier, id EventID) (Event, error) {
	list, err := query.Collect[Event](ctx, q, "event", getEvent, id)
	if err != nil {
		return Event{}, err
	}
	if len(list) == 0 {
		return Event{}, fmt.Errorf("store: event %d: %w", id, pgx.ErrNoRows)
	}
	return list[0], nil
}

const seenEvents = `
	SELECT external_id FROM events WHERE account_id = $1 AND external_id = ANY($2)
	UNION
	SELECT asked.external_id
	FROM unnest($2::text[], $3::uuid[]) AS asked(external_id, fact)
	JOIN seen ON seen.account_id = $1 AND seen.fact = asked.fact`

// SeenEvents returns the set of those external ids that an account has, or once had, in the journal.
func SeenEvents(ctx context.Context, q Querier, account AccountID, external []string) (map[string]bool, error) {
	short, original := query.ShortIDs(external)
	facts := query.Field(short, func(id *string) [16]byte { return factHash(*id) })
	found, err := query.Column[string](ctx, q, "seen events", seenEvents, account, short, facts)
	if err != nil {
		return nil, err
	}
	seen := make(map[string]bool, len(found))
	for _, id := range found {
		seen[original[id]] = true
	}
	return seen, nil
}

const payloadOf = `SELECT payload FROM events WHERE account_id = $1 AND external_id = $2`

// PayloadOf returns the payload of the event with an external id. It is nil if there is no such event, or its payload is a blob
// or was removed.
func PayloadOf(ctx context.Context, q Querier, account AccountID, external string) ([]byte, error) {
	found, err := query.Column[[]byte](ctx, q, "payload", payloadOf, account, query.ShortID(external))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// NewestEvent returns the id of the newest event, or 0 if there is none.
func NewestEvent(ctx context.Context, q Querier) (int64, error) {
	return query.Value[int64](ctx, q, "newest event", `SELECT coalesce(max(id), 0) FROM events`)
}

const unapplied = `
	SELECT EXISTS (
		SELECT FROM queues AS queue
		WHERE queue.account_id = $1 AND (queue.first_event <= $2
			OR EXISTS (
				SELECT FROM queue_events AS behind
				WHERE behind.queue_id = queue.id AND behind.place > queue.place AND behind.event_id <= $2)))`

// HasUnapplied reports whether events of an account with ids up to upTo, inclusive, have not been applied yet.
func HasUnapplied(ctx context.Context, q Querier, account AccountID, upTo int64) (bool, error) {
	return query.Value[bool](ctx, q, "unapplied", unapplied, account, upTo)
}
