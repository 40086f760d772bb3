package operate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store"
)

// This file has the SQL behind `parley explain`, which shows what happened to a conversation. The tables have these roles:
//   - events is the journal of everything that providers and chats reported, such as a new mail.
//   - queues and queued hold the events that are not processed yet, quarantine those that can't be processed.
//   - lanes are queues of deliveries: one for each conversation and each place to which it is sent. A lane's deliveries
//     are sent one after the other; head is the number of the last one that is done.

// ErrUnknown means that there is no such conversation or event.
var ErrUnknown = errors.New("not found")

// event is a row of the journal without its payload, with its state in the queue and in quarantine.
type event struct {
	ID         store.EventID   `db:"id"`
	AccountID  store.AccountID `db:"account_id"`
	Account    string          `db:"account"`
	ExternalID string          `db:"external_id"`
	SizeBytes  int64           `db:"size_bytes"`
	ReceivedAt time.Time       `db:"received_at"`
	Erased     bool            `db:"erased"`      // its payload was deleted
	Tries      *int            `db:"tries"`       // failed attempts to process it; nil if it is in no queue
	WaitsUntil *time.Time      `db:"waits_until"` // when its queue is tried again; nil if that isn't in the future
	Reason     *string         `db:"reason"`      // nil if it is not quarantined
}

const getEvents = `
	SELECT events.id, events.account_id, coalesce(accounts.name, '?') AS account, events.external_id, events.size_bytes,
		events.received_at, events.payload IS NULL AND events.blob IS NULL AS erased,
		CASE
			WHEN queues.id IS NULL THEN NULL -- it is in no queue
			WHEN queues.first_event = events.id THEN queues.tries
			ELSE 0 -- only the first event of a queue is tried
		END AS tries,
		CASE WHEN queues.due_at > (SELECT clock_timestamp()) THEN queues.due_at END AS waits_until,
		quarantine.reason
	FROM events
	LEFT JOIN accounts ON accounts.id = events.account_id
	LEFT JOIN queues ON queues.key = events.order_key
		AND EXISTS (SELECT FROM queued WHERE queued.queue_id = queues.id AND queued.event_id = events.id)
	LEFT JOIN quarantine ON quarantine.event_id = events.id
	WHERE events.id = ANY($1)
	ORDER BY events.id`

// readEvents reads events by id. It ignores unknown ids.
func readEvents(ctx context.Context, q store.Querier, ids []store.EventID) ([]event, error) {
	return collect(ctx, q, "events", pgx.RowToStructByName[event], getEvents, ids)
}

// openEvents finds the events with an order key (the name of a queue) that are queued or in quarantine. Both tables are
// small.
const openEvents = `
	SELECT queued.event_id AS id FROM queues JOIN queued ON queued.queue_id = queues.id WHERE queues.key = $1
	UNION
	SELECT events.id FROM quarantine JOIN events ON events.id = quarantine.event_id WHERE events.order_key = $1`

// touchedConversations finds the conversations that an event changed. It scans log_entries, since only parley explain
// would use an index on their event_id.
const touchedConversations = `
	SELECT conversation_id AS id FROM messages WHERE event_id = $1
	UNION
	SELECT conversation_id FROM log_entries WHERE event_id = $1
	ORDER BY 1`

// delivery is a message on its way to one place, with the state of its lane.
type delivery struct {
	ID         store.DeliveryID    `db:"id"`
	MessageID  store.MessageID     `db:"message_id"`
	Account    string              `db:"account"`
	Kind       string              `db:"kind"`
	State      store.DeliveryState `db:"state"`
	Attempt    int                 `db:"attempt"`
	CreatedAt  time.Time           `db:"created_at"`
	FirstAt    *time.Time          `db:"first_at"`
	SentAt     *time.Time          `db:"sent_at"`
	NotBefore  *time.Time          `db:"not_before"`
	DueAt      *time.Time          `db:"due_at"` // when the lane is tried next
	Before     int64               `db:"before"` // number of unfinished deliveries ahead of it in the lane
	ErrorClass string              `db:"error_class"`
	ErrorText  string              `db:"error_text"`
}

const selectDeliveries = `
	SELECT deliveries.id, deliveries.message_id, coalesce(accounts.name, '?') AS account, deliveries.kind, deliveries.state,
		deliveries.attempt, deliveries.created_at, deliveries.first_at, deliveries.sent_at, deliveries.not_before, lanes.due_at,
		greatest(deliveries.seq - lanes.head - 1, 0) AS before, -- lanes.head is the last delivery that is done
		deliveries.error_class, deliveries.error_text
	FROM lanes
	JOIN deliveries ON deliveries.lane_id = lanes.id
	LEFT JOIN accounts ON accounts.id = lanes.account_id
	WHERE lanes.conversation_id = $1`

const newestDeliveries = selectDeliveries + `
	ORDER BY deliveries.created_at DESC, deliveries.id DESC
	LIMIT $2`

const deliveriesOfMessages = selectDeliveries + `
	AND deliveries.message_id = ANY($2) AND deliveries.message_id <> 0
	ORDER BY deliveries.created_at DESC, deliveries.id DESC`

// collect runs a query and reads all rows with scan. what describes the rows in errors.
func collect[T any](ctx context.Context, q store.Querier, what string, scan pgx.RowToFunc[T], sql string, args ...any) ([]T, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("inspect: %s: %w", what, err)
	}
	list, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("inspect: %s: %w", what, err)
	}
	return list, nil
}
