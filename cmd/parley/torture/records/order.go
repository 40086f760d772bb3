package records

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store"
)

// The journal is the table events: all that Parley was told. Events with the same order key must take effect in the
// order in which they were committed there. This file reads when each event took effect, and finds those that were
// overtaken.

// effect is what an event caused: a message, an entry of the log, or a place in a lane.
type effect struct {
	Key         string        `db:"order_key"`
	Event       store.EventID `db:"event_id"`
	Transaction string        `db:"transaction"` // that put the event into the journal
	AcceptedAt  *time.Time    `db:"accepted"`    // when that was committed; nil means nobody knows
	AppliedAt   time.Time     `db:"at"`          // when it was applied, by Parley's clock
	ID          int64         `db:"id"`          // rises within what one transaction made
}

// visibleWithin is how long after its commit a transaction is surely seen by others.
const visibleWithin = 500 * time.Millisecond

// isBefore reports whether e stands before other in their queue. Whoever puts events into a queue locks
// it until the commit, so a queue has the order of the commits, and within one transaction that of
// the ids. Events accepted before since are of a version without queues: of two that replicas
// accepted at the same moment either may have been applied first, so neither is before the other.
func (e *effect) isBefore(other *effect, since time.Time) bool {
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
func findOutOfOrder(list []effect, since time.Time) []string {
	var found []string
	newest := map[string]*effect{}
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

// What customers said has one place in a lane for each surface. A post that was made once more has
// a later one, and is not checked.
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

// migratedQuery gives when the schema became that of this version.
const migratedQuery = `SELECT tstamp::timestamptz FROM goose_db_version ORDER BY id DESC LIMIT 1`

// readOrder compares the order in which events took effect with that of their queues.
func (a *Audit) readOrder(ctx context.Context, c *pgx.Conn) error {
	var since time.Time
	if err := c.QueryRow(ctx, migratedQuery).Scan(&since); err != nil {
		return err
	}

	effects, err := Rows(ctx, c, pgx.RowToStructByName[effect], effectsQuery)
	if err != nil {
		return err
	}

	places, err := Rows(ctx, c, pgx.RowToStructByName[effect], placesQuery)
	if err != nil {
		return err
	}

	a.Effects, a.Places = len(effects), len(places)
	a.OutOfOrder = append(findOutOfOrder(effects, since), findOutOfOrder(places, since)...)
	return nil
}
