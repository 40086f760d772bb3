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

// The journal is the table events. It keeps facts: each is one thing that somebody told Parley, such as a customer's mail
// or an agent's message, as bytes under an external id, so that it counts once however often it is told. Accepting a fact
// stores it here before anybody is told that it arrived.
//
// Events with the same order key (a mailbox, a thread) are applied in order. They form a queue: a row of queues names the
// next one, and queue_events has those behind it, by their places. A queue without events has no row. queue.go takes from
// the queues. An event that can't be applied is moved from its queue into quarantine (quarantine.go).

// Event is a fact in the journal.
type Event struct {
	ID         EventID   `db:"id"`
	AccountID  AccountID `db:"account_id"` // of the channel or chat that told it
	ExternalID string    `db:"external_id"`
	OrderKey   string    `db:"order_key"`
	Payload    []byte    `db:"payload"`
	Blob       *string   `db:"blob"` // the name of the blob that has the bytes instead of Payload; nil if none has
	SizeBytes  int64     `db:"size_bytes"`
	ReceivedAt time.Time `db:"received_at"`
}

// NewEvent is a fact to be stored in the journal.
type NewEvent struct {
	AccountID  AccountID
	ExternalID string
	OrderKey   string // with the account's prefix: see OrderKey
	Payload    []byte
	Blob       string // the name of the blob that has the bytes instead of Payload
	SizeBytes  int64
	Quarantine string // why the event can never be applied, so that it is stored in quarantine; empty for all others
	// Share is the account whose share of the appliers' time the event uses; 0 means AccountID. Parley's
	// own facts about a conversation use the share of that conversation's account.
	Share AccountID
	// Erased is a keyed hash of AccountID and ExternalID (package erase). A fact whose hash is among those of erased facts
	// isn't stored. The zero value means that nobody looks for it.
	Erased [16]byte
}

// FactVersion is stored with the queue of each event. It rises when events of a new kind are introduced. A process leaves
// queues of a higher version than its own to processes that know it.
const FactVersion = 2

// SystemAccount is the account of Parley's own facts, for example those about timers and results.
const SystemAccount AccountID = 1

// OrderKey returns the journal's order key for a key that is unique within an account: "17/KEY".
func OrderKey(account AccountID, key string) string { return fmt.Sprintf("%d/%s", account, key) }

// ConversationKey is the order key of Parley's own facts about a conversation.
func ConversationKey(conversation ConversationID) string {
	return OrderKey(SystemAccount, fmt.Sprintf("c%d", conversation))
}

// enqueue appends events to their queues. It is the middle of several statements. They define new before it: the id,
// account_id (the account whose share is used) and order_key of each event. Its parts:
//   - numbered counts the events of each queue;
//   - put makes the queues' rows, or lengthens the queues that are there. It has a row for each queue that got events;
//   - rest stores the places of all events but those that are the next ones of their queues.
//
// A queue's row stays locked until the transaction ends. So the queue's events get their places in the order of the
// commits, and an applier that is about to remove the row waits and then sees the new events. All events are inserted
// first, then the rows are locked in the order of their keys: so two transactions can't wait for each other.
//
// PostgreSQL's planner expects lists to be short and would join two of them by comparing each row with each. The
// expressions (… IN …) IS TRUE, and the JSON object by key, make it use a hash instead.
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
//   - given are the facts, with ids in the order in which they came;
//   - stored are those that are neither events, nor events that were removed (seen), nor erased;
//   - bad go into quarantine, and new are queued.
//
// Rows are inserted in the order of their external ids, so that two processes that store the same facts at once can't deadlock.
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

// Inserted is a fact that InsertEvents stored because it was not known before.
type Inserted struct {
	ID         EventID
	AccountID  AccountID
	Share      AccountID // the account whose share it uses
	Quarantine string    // NewEvent.Quarantine
}

// InsertEvents stores facts, and appends them to their queues or puts them into quarantine, in one statement. It ignores
// facts that are known already, and returns the others.
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

// factHash returns what the table seen keeps of a short external id when its event is removed. The SQL constant
// seenOfEvents of package retention computes the same.
func factHash(external string) [16]byte {
	sum := sha256.Sum256([]byte(external))
	return [16]byte(sum[:16])
}

// insertFacts is insertEvents for facts about results of deliveries. It stores a fact only if the lane's lease still is the
// one under which the attempt was made: after that, another process may have made another attempt.
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

// LaneFact is a fact about the result of a delivery, with the lane and the epoch of the delivery's claim.
type LaneFact struct {
	LaneID LaneID
	Epoch  int64
	NewEvent
}

// AddLaneFacts adds the statement that stores facts about results to a batch. It leaves out facts whose lane has been
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

// GetEvent reads one event.
// Errors: pgx.ErrNoRows when there is none.
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

// SeenEvents returns those of the external ids under which an account has, or once had, a fact in the journal.
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

// HasUnapplied returns whether events of an account with ids up to upTo still wait to be applied.
func HasUnapplied(ctx context.Context, q Querier, account AccountID, upTo int64) (bool, error) {
	return query.Value[bool](ctx, q, "unapplied", unapplied, account, upTo)
}
