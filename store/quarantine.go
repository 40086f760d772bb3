package store

import (
	"context"
	"time"

	"parley/store/internal/query"
)

// Parley stores everything that it receives as an event, and processes (applies) the events of a queue in order. An event that
// can't be applied, such as a mail that crashes the parser, goes to quarantine, so that its queue continues without it.
// People see it there with the reason. Once the cause is fixed, Replay puts the event back into its queue.

// replayEvents locks the events first (kept), so that a concurrent erasure of a customer either has removed an event before,
// or finds it in a queue afterwards. An event from which a message was created stays in quarantine, because earlier versions
// could quarantine an event while another process applied it.
const replayEvents = `
	WITH kept AS MATERIALIZED (
		SELECT id, account_id, order_key FROM events WHERE id = ANY($1) ORDER BY id FOR UPDATE
	), freed AS (
		DELETE FROM quarantine
		WHERE event_id = ANY(ARRAY(SELECT id FROM kept))
			AND NOT EXISTS (SELECT FROM messages WHERE messages.event_id = quarantine.event_id)
		RETURNING event_id
	), new AS (
		SELECT kept.id, kept.account_id, kept.order_key
		FROM freed
		JOIN kept ON kept.id = freed.event_id
	), ` + enqueue + `
	SELECT event_id FROM freed`

// Replay moves events from quarantine to the ends of their queues and returns their ids. It leaves out events from which a
// message was created.
func Replay(ctx context.Context, q Querier, events []EventID) ([]EventID, error) {
	return query.Column[EventID](ctx, q, "replay", replayEvents, events)
}

const handOver = `
	WITH freed AS (
		DELETE FROM quarantine WHERE event_id = $1 RETURNING event_id
	), new AS (
		INSERT INTO events (account_id, external_id, order_key, payload, blob, size_bytes)
		SELECT $2::bigint, $3, $2::bigint || substring(event.order_key FROM position('/' IN event.order_key)),
			event.payload, event.blob, event.size_bytes
		FROM freed
		JOIN events AS event ON event.id = freed.event_id
		WHERE NOT EXISTS (SELECT FROM seen WHERE seen.account_id = $2 AND seen.fact = $4)
		ON CONFLICT (account_id, external_id) DO NOTHING
		RETURNING id, account_id, order_key
	), ` + enqueue + `
	SELECT event_id AS id FROM freed`

// HandOver removes an event from quarantine and queues a copy of it for another account, with the given external id. If that
// account has, or once had, an event with this id, it queues nothing. found is false if the event isn't in quarantine.
func HandOver(ctx context.Context, q Querier, event EventID, account AccountID, externalID string) (found bool, err error) {
	short := query.ShortID(externalID)
	freed, err := query.Column[int64](ctx, q, "hand over", handOver, event, account, short, factHash(short))
	return len(freed) > 0, err
}

// Quarantined is an event in quarantine.
type Quarantined struct {
	EventID   EventID   `db:"event_id"`
	AccountID AccountID `db:"account_id"`
	Account   string    `db:"account"`
	Reason    string    `db:"reason"` // why it can't be applied, for people
	At        time.Time `db:"at"`     // when it was put into quarantine
}

const listQuarantine = `
	SELECT quarantine.event_id, event.account_id, account.name AS account, quarantine.reason, quarantine.at
	FROM quarantine
	JOIN events AS event ON event.id = quarantine.event_id
	JOIN accounts AS account ON account.id = event.account_id
	ORDER BY quarantine.event_id DESC
	LIMIT $1`

// ListQuarantine returns the newest quarantined events, at most limit.
func ListQuarantine(ctx context.Context, q Querier, limit int) ([]Quarantined, error) {
	return query.Collect[Quarantined](ctx, q, "quarantine", listQuarantine, limit)
}
