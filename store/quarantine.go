package store

import (
	"context"
	"time"

	"parley/store/internal/query"
)

// An event that can't be applied is in quarantine: people see it with the reason, and its queue goes on without it. Once the
// reason is gone, the event is put back into its queue, or handed over to another account.

// replayEvents locks the events first (kept). So an erasure either has removed an event before that, or finds it in a
// queue afterwards. An event that has made a message stays in quarantine: earlier versions could quarantine an event that
// another process applied at the same time.
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

// Replay puts quarantined events back at the ends of their queues and returns their ids. An event that
// has already made a message stays in quarantine.
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

// HandOver takes an event out of quarantine and queues a copy of it for another account, as externalID. If that account
// knows the id already, it queues nothing. found is false if the event isn't in quarantine.
func HandOver(ctx context.Context, q Querier, event EventID, account AccountID, externalID string) (found bool, err error) {
	short := query.ShortID(externalID)
	freed, err := query.Column[int64](ctx, q, "hand over", handOver, event, account, short, factHash(short))
	return len(freed) > 0, err
}

// Quarantined is an event in quarantine, and why it is there.
type Quarantined struct {
	EventID   EventID   `db:"event_id"`
	AccountID AccountID `db:"account_id"`
	Account   string    `db:"account"`
	Reason    string    `db:"reason"`
	At        time.Time `db:"at"`
}

const listQuarantine = `
	SELECT quarantine.event_id, event.account_id, account.name AS account, quarantine.reason, quarantine.at
	FROM quarantine
	JOIN events AS event ON event.id = quarantine.event_id
	JOIN accounts AS account ON account.id = event.account_id
	ORDER BY quarantine.event_id DESC
	LIMIT $1`

// ListQuarantine returns the newest quarantined events.
func ListQuarantine(ctx context.Context, q Querier, limit int) ([]Quarantined, error) {
	return query.Collect[Quarantined](ctx, q, "quarantine", listQuarantine, limit)
}
