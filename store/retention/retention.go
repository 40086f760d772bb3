// Package retention removes what is no longer needed: what arrived once it is applied, deliveries that
// ended, files that nothing refers to. Each function runs one batch of bounded size in a transaction of its
// own, so that it keeps nobody waiting. All processes that share a database run one batch at a time. A caller
// calls most functions alike, so that those for which age doesn't matter also take how long to keep something.
//
// What does not belong here: how long something is kept; the caller says that.
package retention

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/internal/query"
)

// Limits of one batch of retention.
const (
	batchRows        = 1000
	statementTimeout = "30s"    // in PostgreSQL's notation
	batchBytes       = 16 << 20 // of payloads and files; a single larger file may exceed it
)

// Emptied is what one batch of retention did.
type Emptied struct {
	Looked     int  // events, deliveries, lanes or blobs that were looked at
	Events     int  // events that lost their payload
	Moved      int  // how many of Events had a message's original as payload: it became a blob
	Removed    int  // how many of Events were removed as a whole
	Deliveries int  // deliveries that were removed
	Lanes      int  // lanes that were removed
	Blobs      int  // blobs that were removed, because nothing referred to them
	Reactions  int  // reactions that were removed
	Posts      int  // posts that were removed, or lost their text
	Contacts   int  // contacts that were removed, because they had no identity
	More       bool // another batch can follow at once
}

// progress is how far each kind of retention has come: the last id that it looked at. It is the only row of the table
// retention. Events are what arrived, deliveries what left or is to leave, lanes their queues, and blobs files.
type progress struct {
	Seen       store.EventID    `db:"seen_upto"`
	Events     store.EventID    `db:"events_upto"`
	Dropped    int64            `db:"dropped_upto"`
	Deliveries store.DeliveryID `db:"deliveries_upto"`
	Lanes      int64            `db:"lanes_upto"`
	Blobs      string           `db:"blobs_upto"`
	MayDrop    bool             `db:"may_drop"` // AllowDropping was called, and its time has passed
}

// lockRetention makes all processes run one batch at a time: the second waits, and then goes on where the first stopped.
const lockRetention = `
	SELECT seen_upto, events_upto, dropped_upto, deliveries_upto, lanes_upto, blobs_upto,
		coalesce(drop_from <= clock_timestamp(), false) AS may_drop
	FROM retention WHERE id = 1
	FOR UPDATE`

// oldEvents finds the next events that are old enough and fit into $4 bytes. Ids rise with time, so the first
// young event ends the batch. Payloads are not read here.
const oldEvents = `
	WITH clock AS MATERIALIZED (
		SELECT parley_now() - make_interval(secs => $2) AS before
	), page AS MATERIALIZED (
		SELECT e.id, CASE WHEN e.blob IS NULL THEN e.size_bytes ELSE 0 END AS size_bytes, e.received_at >= clock.before AS young
		FROM clock
		CROSS JOIN LATERAL (SELECT * FROM events WHERE events.id > $1 ORDER BY events.id LIMIT $3) AS e
	), sized AS (
		SELECT id, bool_or(young) OVER (ORDER BY id) AS young, sum(size_bytes) OVER (ORDER BY id) - size_bytes AS before
		FROM page
	)
	SELECT id FROM sized WHERE NOT young AND before < $4 ORDER BY id`

// freedEvents finds events that were kept longer because they were not applied, and that are applied now.
const freedEvents = `
	SELECT r.event_id
	FROM retained AS r
	WHERE NOT EXISTS (SELECT 1 FROM events AS e WHERE e.id = r.event_id AND ` + query.InQueue + `)
		AND NOT EXISTS (SELECT 1 FROM quarantine AS q WHERE q.event_id = r.event_id)
	ORDER BY r.event_id
	LIMIT $1`

// retainOpen notes (in retained) which of the events may still have to be applied, so that they keep their payloads. These
// are the events in quarantine, and all that came after the oldest event of their queue (open): most of them wait in that
// queue. The oldest event isn't always the next one, since a replayed event goes behind newer ones.
const retainOpen = `
	WITH given AS MATERIALIZED (
		SELECT events.id, events.order_key FROM unnest($1::bigint[]) AS given(id) JOIN events ON events.id = given.id
	), open AS MATERIALIZED (
		SELECT q.key, least(q.first_event, (
			SELECT min(behind.event_id) FROM queue_events AS behind WHERE q.last_place > q.place AND behind.queue_id = q.id)) AS oldest
		FROM queues AS q
		WHERE q.key = ANY(ARRAY(SELECT DISTINCT order_key FROM given))
	)
	INSERT INTO retained (event_id)
	SELECT given.id FROM given JOIN open ON open.key = given.order_key AND open.oldest <= given.id
	UNION
	SELECT q.event_id FROM unnest($1::bigint[]) AS given(id) JOIN quarantine AS q ON q.event_id = given.id
	ON CONFLICT DO NOTHING`

// closedOf finds those of the events that may be emptied.
const closedOf = `
	SELECT given.id
	FROM unnest($1::bigint[]) AS given(id)
	WHERE NOT EXISTS (SELECT 1 FROM retained AS r WHERE r.event_id = given.id)`

// emptyEvents removes the payloads of events (changed), or if $2 is true the whole events (removed). But if the event is the
// original of a message, whose files and HTML are shown from it, its payload is kept and moves into a blob (moved, blob,
// chunk). It fits into one chunk, because larger payloads were stored as blobs from the beginning.
const emptyEvents = `
	WITH given AS MATERIALIZED (
		SELECT events.id, events.payload, events.blob,
			EXISTS (SELECT 1 FROM messages AS m
				WHERE m.event_id = events.id AND ` + store.WithOriginal + `
					AND (m.has_html OR m.files <> '[]' OR m.subject <> '')) AS original
		FROM events
		WHERE events.id = ANY($1) AND ($2 OR events.payload IS NOT NULL OR events.blob IS NOT NULL)
	), moved AS MATERIALIZED (
		SELECT id, encode(sha256(payload), 'hex') AS hash, payload
		FROM given
		WHERE original AND payload IS NOT NULL
	), blob AS (
		INSERT INTO blobs (hash, size_bytes)
		SELECT DISTINCT ON (hash) hash, length(payload) FROM moved ORDER BY hash
		ON CONFLICT (hash) DO UPDATE SET created_at = clock_timestamp()
	), chunk AS (
		INSERT INTO blob_chunks (hash, n, data)
		SELECT DISTINCT ON (hash) hash, 0, payload FROM moved WHERE length(payload) > 0 ORDER BY hash
		ON CONFLICT DO NOTHING
	), removed AS (
		DELETE FROM events
		WHERE $2 AND events.id = ANY(ARRAY(SELECT id FROM given WHERE NOT original))
		RETURNING 1
	), changed AS (
		UPDATE events
		SET payload = NULL, blob = CASE WHEN given.original THEN coalesce(given.blob, moved.hash) END
		FROM given
		LEFT JOIN moved ON moved.id = given.id
		WHERE events.id = given.id AND CASE WHEN given.original THEN given.payload IS NOT NULL ELSE NOT $2 END
		RETURNING given.original
	)
	SELECT (SELECT count(*) FROM changed) + (SELECT count(*) FROM removed),
		(SELECT count(*) FROM changed WHERE original),
		(SELECT count(*) FROM removed)`

const (
	eventsUpTo   = `UPDATE retention SET events_upto = $1 WHERE id = 1`
	dropRetained = `DELETE FROM retained WHERE event_id = ANY($1)`
)

// EmptyEvents removes the payloads of one batch of events that are older than keep (Parley's clock).
// It removes the events as a whole where KeepSeen has recorded their external ids: these must stay
// known for ever, so that no fact is taken a second time.
func EmptyEvents(ctx context.Context, pool *pgxpool.Pool, keep time.Duration) (Emptied, error) {
	return oneBatch(ctx, pool, "empty events", func(tx pgx.Tx, p progress) (Emptied, error) {
		list, err := query.Column[store.EventID](ctx, tx, "old events", oldEvents, p.Events, keep.Seconds(), batchRows, batchBytes)
		if err != nil || len(list) == 0 {
			return Emptied{}, err
		}
		if _, err := tx.Exec(ctx, retainOpen, list); err != nil {
			return Emptied{}, err
		}

		done := Emptied{Looked: len(list), More: true}
		closed, err := query.Column[store.EventID](ctx, tx, "closed events", closedOf, list)
		if err != nil {
			return done, err
		}

		last := list[len(list)-1]
		if err := done.emptyEvents(ctx, tx, closed, p.mayDropUpTo(last)); err != nil {
			return done, err
		}

		_, err = tx.Exec(ctx, eventsUpTo, last)
		return done, err
	})
}

// mayDropUpTo returns whether events up to this id may be removed as a whole.
func (p progress) mayDropUpTo(event store.EventID) bool { return p.MayDrop && p.Seen >= event }

// emptyEvents removes the payloads of events, or with drop the events, and counts them.
func (e *Emptied) emptyEvents(ctx context.Context, tx pgx.Tx, events []store.EventID, drop bool) error {
	return tx.QueryRow(ctx, emptyEvents, events, drop).Scan(&e.Events, &e.Moved, &e.Removed)
}

// EmptyRetained does the same as EmptyEvents for events that had to be kept longer.
func EmptyRetained(ctx context.Context, pool *pgxpool.Pool, _ time.Duration) (Emptied, error) {
	return oneBatch(ctx, pool, "empty retained events", func(tx pgx.Tx, p progress) (Emptied, error) {
		list, err := query.Column[store.EventID](ctx, tx, "freed events", freedEvents, batchRows)
		if err != nil || len(list) == 0 {
			return Emptied{}, err
		}
		done := Emptied{Looked: len(list), More: len(list) == batchRows}
		last := list[len(list)-1]
		if err := done.emptyEvents(ctx, tx, list, p.mayDropUpTo(last)); err != nil {
			return done, err
		}
		_, err = tx.Exec(ctx, dropRetained, list)
		return done, err
	})
}

// heldUpload is the condition that the blob b is an uploaded file that is still needed: a message has it, a signature shows
// it, or it was uploaded (or last shown) within a month. For so long a mail that is on its way may need it.
const heldUpload = `EXISTS (
	SELECT 1
	FROM uploads AS u
	WHERE u.blob = b.hash
		AND (u.used AND NOT u.picture OR u.created_at > (SELECT clock_timestamp()) - interval '30 days' OR u.picture AND (
			EXISTS (
				SELECT 1 FROM accounts AS a
				WHERE a.rich_signature->'pictures' @> jsonb_build_array(jsonb_build_object('blob', u.blob)))
			OR EXISTS (
				SELECT 1 FROM agents AS a
				WHERE a.rich_signature->'pictures' @> jsonb_build_array(jsonb_build_object('blob', u.blob))))))`

// nextBlobs finds the next blobs in the order of their hashes, until those to which nothing refers (dead) have $4
// bytes together. A new table that refers to blobs must be added here and in dropBlobs.
const nextBlobs = `
	WITH page AS MATERIALIZED (
		SELECT b.hash, b.size_bytes,
			b.created_at < (SELECT clock_timestamp()) - make_interval(secs => $2) AND NOT starts_with(b.hash, 'removing:')
				AND NOT EXISTS (SELECT 1 FROM events AS e WHERE e.blob = b.hash)
				AND NOT EXISTS (SELECT 1 FROM fetches AS f WHERE f.blob = b.hash)
				AND NOT ` + heldUpload + ` AS dead
		FROM (SELECT * FROM blobs WHERE hash > $1 ORDER BY hash LIMIT $3) AS b
	), sized AS (
		SELECT hash, dead, sum(CASE WHEN dead THEN size_bytes ELSE 0 END) OVER up_to_here - CASE WHEN dead THEN size_bytes ELSE 0 END AS before
		FROM page
		WINDOW up_to_here AS (ORDER BY hash)
	)
	SELECT hash, dead FROM sized WHERE before < $4 ORDER BY hash`

// dropBlobs removes blobs, except those whose bytes were stored again meanwhile: their rows are young. If a blob may
// have an object (with $3, or because its bytes are not in the database), a row removing:HASH takes its place, for
// RemoveObject (noted).
const dropBlobs = `
	WITH gone AS (
		DELETE FROM blobs AS b
		WHERE b.hash = ANY($1) AND b.created_at < (SELECT clock_timestamp()) - make_interval(secs => $2)
			AND NOT EXISTS (SELECT 1 FROM events AS e WHERE e.blob = b.hash)
			AND NOT EXISTS (SELECT 1 FROM fetches AS f WHERE f.blob = b.hash)
			AND NOT ` + heldUpload + `
		RETURNING b.hash, b.size_bytes
	), noted AS (
		INSERT INTO blobs (hash, size_bytes)
		SELECT 'removing:' || gone.hash, 0
		FROM gone
		WHERE gone.size_bytes > 0 AND position(':' IN gone.hash) = 0
			AND ($3 OR NOT EXISTS (SELECT 1 FROM blob_chunks AS c WHERE c.hash = gone.hash))
		ON CONFLICT DO NOTHING
	), chunks AS (
		DELETE FROM blob_chunks USING gone WHERE blob_chunks.hash = gone.hash
	), uploaded AS (
		DELETE FROM uploads USING gone WHERE uploads.blob = gone.hash
	)
	SELECT count(*) FROM gone`

const blobsUpTo = `UPDATE retention SET blobs_upto = $1 WHERE id = 1`

// DropBlobs looks at one batch of blobs and removes those to which nothing refers and that are older
// than keep (database's clock). Younger blobs may belong to an event that is being stored. More is
// false when all blobs have been looked at; the next call begins a new round. withObjects is true if
// there is an object store: then removed blobs are recorded for RemoveObject.
func DropBlobs(ctx context.Context, pool *pgxpool.Pool, keep time.Duration, withObjects bool) (Emptied, error) {
	type row struct {
		Hash string `db:"hash"`
		Dead bool   `db:"dead"`
	}

	return oneBatch(ctx, pool, "drop blobs", func(tx pgx.Tx, p progress) (Emptied, error) {
		page, err := query.Collect[row](ctx, tx, "blobs", nextBlobs, p.Blobs, keep.Seconds(), batchRows, batchBytes)
		if err != nil {
			return Emptied{}, err
		}

		done := Emptied{Looked: len(page)}
		last := "" // an empty page ends the round: the next one begins with the first blob
		var dead []string
		for _, blob := range page {
			last = blob.Hash
			if blob.Dead {
				dead = append(dead, blob.Hash)
			}
		}

		if len(dead) > 0 {
			if err := tx.QueryRow(ctx, dropBlobs, dead, keep.Seconds(), withObjects).Scan(&done.Blobs); err != nil {
				return done, err
			}
		}

		done.More = len(page) > 0
		_, err = tx.Exec(ctx, blobsUpTo, last)
		return done, err
	})
}

// oneBatch runs f in one transaction, after all batches that began earlier have ended.
func oneBatch(
	ctx context.Context, pool *pgxpool.Pool, what string, f func(tx pgx.Tx, p progress) (Emptied, error),
) (done Emptied, err error) {
	err = store.InTx(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, query.ByIndex, statementTimeout); err != nil {
			return err
		}

		state, err := query.Collect[progress](ctx, tx, "retention", lockRetention)
		if err != nil {
			return err
		}

		done, err = f(tx, state[0])
		return err
	})
	if err != nil {
		return Emptied{}, fmt.Errorf("store: %s: %w", what, err)
	}

	return done, nil
}

// isDue returns whether nobody has noted within a day (database's clock) that a daily work was done.
func isDue(ctx context.Context, tx pgx.Tx, daily string) (bool, error) {
	const due = `SELECT NOT EXISTS (SELECT FROM leases WHERE name = $1 AND until > (SELECT clock_timestamp()))`
	return query.Value[bool](ctx, tx, "daily work", due, daily)
}

// doneUpTo returns the last id at which a daily work that is under way has looked; 0 means that none is under way.
func doneUpTo(ctx context.Context, tx pgx.Tx, daily string) (int64, error) {
	const upTo = `SELECT coalesce((SELECT holder::bigint FROM leases WHERE name = $1 AND holder ~ '^[0-9]+$'), 0)`
	return query.Value[int64](ctx, tx, "daily work", upTo, daily)
}

const noteDaily = `
	INSERT INTO leases (name, holder, until) VALUES ($1, $2, clock_timestamp() + $3::interval)
	ON CONFLICT (name) DO UPDATE SET holder = EXCLUDED.holder, until = EXCLUDED.until`

// noteUpTo notes the last id at which a daily work has looked. The work goes on behind that id at once, or in the next run.
func noteUpTo(ctx context.Context, tx pgx.Tx, daily string, last int64) error {
	return query.Exec(ctx, tx, "daily work", noteDaily, daily, strconv.FormatInt(last, 10), time.Duration(0))
}

// noteDone notes that a daily work is done until tomorrow.
func noteDone(ctx context.Context, tx pgx.Tx, daily string) error {
	return query.Exec(ctx, tx, "daily work", noteDaily, daily, "retention", 24*time.Hour)
}
