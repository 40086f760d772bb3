package torture

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store"
)

// Parley stores everything that it receives in the journal, the table events, before it applies it. Events with the same
// order key, such as the mails of one mailbox, must take effect in the order in which they were committed there. After a
// test run, this file reads when each event took effect, and finds those that were overtaken.

// effect is a result of an event: a message, a log entry, or a place in a lane (a queue of outgoing posts).
type recordsEffect struct {
	Key         string        `db:"order_key"`
	Event       store.EventID `db:"event_id"`
	Transaction string        `db:"transaction"` // that stored the event in the journal
	AcceptedAt  *time.Time    `db:"accepted"`    // when that was committed; nil if unknown
	AppliedAt   time.Time     `db:"at"`          // when it was applied, by Parley's clock
	ID          int64         `db:"id"`          // increases within one transaction
}

// visibleWithin is the time after its commit by which a transaction is certainly visible to others.
const visibleWithin = 500 * time.Millisecond

// isBefore reports whether e precedes other in their queue. A transaction that adds events to a queue locks
// the queue until it commits. So events are in the order of the commits, and within one transaction in the
// order of their ids. Events accepted before since are of an old version without queues: two events that
// were accepted at the same moment may have been applied in either order, so neither is before the other.
func (e *recordsEffect) isBefore(other *recordsEffect, since time.Time) bool {
	if e.Transaction == other.Transaction {
		return e.Event < other.Event
	}
	if e.AcceptedAt == nil || other.AcceptedAt == nil {
		return false
	}
	if other.AcceptedAt.Before(since) {
		return e.Event < other.Event && e.AcceptedAt.Add(visibleWithin).Before(*other.AcceptedAt)
	}
	return e.AcceptedAt.Before(*other.AcceptedAt)
}

// findOutOfOrder finds events that took effect after later ones of their key. list has the effects in the order in
// which they happened. Those before since are of an earlier version and are not checked.
func findOutOfOrder(list []recordsEffect, since time.Time) []string {
	var found []string
	newest := map[string]*recordsEffect{}
	for i := range list {
		e := &list[i]
		last := newest[e.Key]
		if last == nil || last.isBefore(e, since) {
			newest[e.Key] = e
			continue
		}

		if e.isBefore(last, since) && !last.AppliedAt.Before(since) {
			found = append(found, fmt.Sprintf("event %d of %s took effect after event %d, at %s and %s", e.Event, e.Key, last.Event,
				e.AppliedAt.Format(time.RFC3339Nano), last.AppliedAt.Format(time.RFC3339Nano)))
		}
	}

	return found
}

// eventOrderColumns selects the columns of event e that decide its place in its queue.
const eventOrderColumns = `
	e.xmin::text AS transaction,
	CASE WHEN current_setting('track_commit_timestamp') = 'on' THEN pg_xact_commit_timestamp(e.xmin) END AS accepted`

const effectsQuery = `
	SELECT e.order_key, f.event_id, f.at, f.id,` + eventOrderColumns + `
	FROM (
		SELECT event_id, created_at AS at, id FROM messages
		UNION ALL
		SELECT event_id, at, id FROM log_entries
	) AS f
	JOIN events AS e ON e.id = f.event_id
	ORDER BY f.at, f.id`

// placesQuery reads the place of each customer's message in the lane of each of the agents' chats. If a message was posted
// again, its later places are not checked.
const placesQuery = `
	SELECT format('%s, in the lane %s', e.order_key, f.lane_id) AS order_key, f.event_id, f.at, f.seq AS id,` + eventOrderColumns + `
	FROM (
		SELECT DISTINCT ON (d.lane_id, d.message_id) m.event_id, m.created_at AS at, d.lane_id, d.seq
		FROM deliveries AS d
		JOIN messages AS m ON m.id = d.message_id
		WHERE d.kind = 'said' AND m.direction = 'in'
		ORDER BY d.lane_id, d.message_id, d.seq
	) AS f
	JOIN events AS e ON e.id = f.event_id
	ORDER BY f.lane_id, f.seq`

// migratedQuery reads when the database was last migrated, which gave it the schema of this version.
const migratedQuery = `SELECT tstamp::timestamptz FROM goose_db_version ORDER BY id DESC LIMIT 1`

// readOrder compares the order in which events took effect with that of their queues.
func (a *Audit) readOrder(ctx context.Context, c *pgx.Conn) error {
	var since time.Time
	if err := c.QueryRow(ctx, migratedQuery).Scan(&since); err != nil {
		return err
	}

	effects, err := Rows(ctx, c, pgx.RowToStructByName[recordsEffect], effectsQuery)
	if err != nil {
		return err
	}

	places, err := Rows(ctx, c, pgx.RowToStructByName[recordsEffect], placesQuery)
	if err != nil {
		return err
	}

	a.Effects, a.Places = len(effects), len(places)
	a.OutOfOrder = append(findOutOfOrder(effects, since), findOutOfOrder(places, since)...)
	return nil
}
