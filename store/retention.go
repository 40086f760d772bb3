package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// What one statement of retention touches at most.
const (
	retainRows      = 1000
	retainStatement = "30s"
	retainBytes     = 16 << 20 // of payloads and files; one larger file alone may be more
)

// Emptied says what one batch did.
type Emptied struct {
	Looked     int // events, deliveries, lanes or blobs that were looked at
	Events     int // events whose payload is gone now
	Moved      int // of them, those whose payload became a blob: the original of a message
	Removed    int // of them, those that were removed as a whole
	Deliveries int // deliveries that were removed
	Lanes      int // lanes that were removed
	Blobs      int // files that nothing referred to
	Reactions  int // reactions that were forgotten
	Posts      int // posts that were forgotten, or whose text was
	More       bool
}

// rounds is how far each round of retention has come.
type rounds struct {
	Seen       int64      `db:"seen_upto"`
	Events     int64      `db:"events_upto"`
	Dropped    int64      `db:"dropped_upto"`
	Deliveries int64      `db:"deliveries_upto"`
	Lanes      int64      `db:"lanes_upto"`
	Blobs      string     `db:"blobs_upto"`
	DropFrom   *time.Time `db:"drop_from"`
	MayDrop    bool       `db:"may_drop"` // that time has come
}

// One batch at a time in all replicas: whoever comes second waits, and goes on behind.
const lockRetention = `
	SELECT seen_upto, events_upto, dropped_upto, deliveries_upto, lanes_upto, blobs_upto, drop_from,
		coalesce(drop_from <= clock_timestamp(), false) AS may_drop
	FROM retention WHERE id = 1
	FOR UPDATE`

// The next events that are old enough. Ids rise with time, so the first young one ends
// the batch. Payloads are not read here.
const oldEvents = `
	WITH t AS MATERIALIZED (
		SELECT parley_now() - make_interval(secs => $2) AS before
	), page AS MATERIALIZED (
		SELECT e.id, CASE WHEN e.blob IS NULL THEN e.size_bytes ELSE 0 END AS size_bytes, e.received_at >= t.before AS young
		FROM t
		CROSS JOIN LATERAL (SELECT * FROM events WHERE events.id > $1 ORDER BY events.id LIMIT $3) AS e
	), sized AS (
		SELECT id, bool_or(young) OVER (ORDER BY id) AS young, sum(size_bytes) OVER (ORDER BY id) - size_bytes AS before
		FROM page
	)
	SELECT id FROM sized WHERE NOT young AND before < $4 ORDER BY id`

// Events that were not applied when their time came, and are now.
const freedEvents = `
	SELECT r.event_id
	FROM retained AS r
	WHERE NOT EXISTS (
			SELECT 1 FROM events AS e JOIN queues AS q ON q.key = e.order_key AND q.first_event <= e.id WHERE e.id = r.event_id)
		AND NOT EXISTS (SELECT 1 FROM quarantine AS q WHERE q.event_id = r.event_id)
	ORDER BY r.event_id
	LIMIT $1`

// What waits or is in quarantine keeps its payload: it is still to be applied. So does what came
// after the next event of its queue; most of that waits behind it.
const retainOpen = `
	INSERT INTO retained (event_id)
	SELECT e.id
	FROM unnest($1::bigint[]) AS w(id)
	JOIN events AS e ON e.id = w.id
	JOIN queues AS q ON q.key = e.order_key AND q.first_event <= e.id
	UNION
	SELECT q.event_id FROM unnest($1::bigint[]) AS w(id) JOIN quarantine AS q ON q.event_id = w.id
	ON CONFLICT DO NOTHING`

// Those that may be emptied.
const closedOf = `
	SELECT w.id
	FROM unnest($1::bigint[]) AS w(id)
	WHERE NOT EXISTS (SELECT 1 FROM retained AS r WHERE r.event_id = w.id)`

// A customer's message is shown from its original as long as it exists: its HTML, its
// files, a letter as it was written. That payload moves into a blob (it fits one chunk:
// what is larger came as a blob). All others go: with $2 the whole event, else its payload.
const emptyEvents = `
	WITH e AS MATERIALIZED (
		SELECT events.id, events.payload, events.blob,
			EXISTS (SELECT 1 FROM messages AS m
				WHERE m.event_id = events.id AND m.direction = 'in'
					AND (m.has_html OR m.files <> '[]' OR m.subject <> '')) AS original
		FROM events
		WHERE events.id = ANY($1) AND ($2 OR events.payload IS NOT NULL OR events.blob IS NOT NULL)
	), moved AS MATERIALIZED (
		SELECT id, encode(sha256(payload), 'hex') AS hash, payload
		FROM e
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
		WHERE $2 AND events.id = ANY(ARRAY(SELECT id FROM e WHERE NOT original))
		RETURNING 1
	), changed AS (
		UPDATE events
		SET payload = NULL, blob = CASE WHEN e.original THEN coalesce(e.blob, moved.hash) END
		FROM e
		LEFT JOIN moved ON moved.id = e.id
		WHERE events.id = e.id AND CASE WHEN e.original THEN e.payload IS NOT NULL ELSE NOT $2 END
		RETURNING e.original
	)
	SELECT (SELECT count(*) FROM changed) + (SELECT count(*) FROM removed), (SELECT count(*) FROM changed WHERE original), (SELECT count(*) FROM removed)`

const (
	eventsUpTo   = `UPDATE retention SET events_upto = $1 WHERE id = 1`
	dropRetained = `DELETE FROM retained WHERE event_id = ANY($1)`
)

// EmptyEvents takes the payloads of one batch of events that are older than keep (Parley's
// clock), and removes the events themselves where KeepSeen remembers them: facts stay known for
// ever, so that nothing comes back. More says that the next batch can follow.
func EmptyEvents(ctx context.Context, pool *pgxpool.Pool, keep time.Duration) (Emptied, error) {
	return oneBatch(ctx, pool, "empty events", func(tx pgx.Tx, r rounds) (Emptied, error) {
		list, err := ids(ctx, tx, "old events", oldEvents, r.Events, keep.Seconds(), retainRows, retainBytes)
		if err != nil || len(list) == 0 {
			return Emptied{}, err
		}
		if _, err := tx.Exec(ctx, retainOpen, list); err != nil {
			return Emptied{}, err
		}
		done := Emptied{Looked: len(list), More: true}
		closed, err := ids(ctx, tx, "closed events", closedOf, list)
		if err != nil {
			return done, err
		}
		last := list[len(list)-1]
		if err := tx.QueryRow(ctx, emptyEvents, closed, r.MayDrop && r.Seen >= last).Scan(&done.Events, &done.Moved, &done.Removed); err != nil {
			return done, err
		}
		_, err = tx.Exec(ctx, eventsUpTo, last)
		return done, err
	})
}

// EmptyRetained does what EmptyEvents does for events that had to be kept longer.
func EmptyRetained(ctx context.Context, pool *pgxpool.Pool, _ time.Duration) (Emptied, error) {
	return oneBatch(ctx, pool, "empty retained events", func(tx pgx.Tx, r rounds) (Emptied, error) {
		list, err := ids(ctx, tx, "freed events", freedEvents, retainRows)
		if err != nil || len(list) == 0 {
			return Emptied{}, err
		}
		done := Emptied{Looked: len(list), More: len(list) == retainRows}
		if err := tx.QueryRow(ctx, emptyEvents, list, r.MayDrop && r.Seen >= list[len(list)-1]).Scan(&done.Events, &done.Moved, &done.Removed); err != nil {
			return done, err
		}
		_, err = tx.Exec(ctx, dropRetained, list)
		return done, err
	})
}

// A file that was uploaded is held by its message, or by a signature that shows it. When no signature
// shows it any more, it stays for a month: a mail that is on its way may still carry it.
const heldUpload = `EXISTS (
					SELECT 1
					FROM uploads AS u
					WHERE u.blob = b.hash
						AND (u.used AND NOT u.picture OR u.created_at > (SELECT clock_timestamp()) - interval '30 days' OR u.picture AND (
							EXISTS (SELECT 1 FROM accounts AS a WHERE a.rich_signature->'pictures' @> jsonb_build_array(jsonb_build_object('blob', u.blob)))
							OR EXISTS (SELECT 1 FROM agents AS a WHERE a.rich_signature->'pictures' @> jsonb_build_array(jsonb_build_object('blob', u.blob))))))`

// The next blobs in the order of their names; dead are those that nothing refers to.
// Whoever lets another table refer to blobs asks for it here and in dropBlobs.
const nextBlobs = `
	WITH page AS MATERIALIZED (
		SELECT b.hash, b.size_bytes,
			b.created_at < (SELECT clock_timestamp()) - make_interval(secs => $2) AND NOT starts_with(b.hash, 'removing:')
				AND NOT EXISTS (SELECT 1 FROM events AS e WHERE e.blob = b.hash)
				AND NOT EXISTS (SELECT 1 FROM fetches AS f WHERE f.blob = b.hash)
				AND NOT ` + heldUpload + ` AS dead
		FROM (SELECT * FROM blobs WHERE hash > $1 ORDER BY hash LIMIT $3) AS b
	), sized AS (
		SELECT hash, dead, sum(CASE WHEN dead THEN size_bytes ELSE 0 END) OVER w - CASE WHEN dead THEN size_bytes ELSE 0 END AS before
		FROM page
		WINDOW w AS (ORDER BY hash)
	)
	SELECT hash, dead FROM sized WHERE before < $4 ORDER BY hash`

// Somebody may store the same bytes again meanwhile: then the row is young, and stays. With $3, and
// of a blob whose bytes are not in the database, a row stays behind that lets its object be removed.
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

// DropBlobs removes, of one batch of blobs, those that nothing refers to and that are older
// than keep: younger ones may belong to an event that is being stored. By the database's
// clock, which nobody moves. More is false when all blobs have been looked at; the next
// call begins a new round. withObjects says that there is an object store: what was removed is noted
// for RemoveObject.
func DropBlobs(ctx context.Context, pool *pgxpool.Pool, keep time.Duration, withObjects bool) (Emptied, error) {
	type row struct {
		Hash string `db:"hash"`
		Dead bool   `db:"dead"`
	}
	return oneBatch(ctx, pool, "drop blobs", func(tx pgx.Tx, r rounds) (Emptied, error) {
		page, err := collect[row](ctx, tx, "blobs", nextBlobs, r.Blobs, keep.Seconds(), retainRows, retainBytes)
		if err != nil {
			return Emptied{}, err
		}
		done, last, dead := Emptied{Looked: len(page)}, "", []string{}
		for _, b := range page {
			if last = b.Hash; b.Dead {
				dead = append(dead, b.Hash)
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

// oneBatch runs f in one transaction, behind every other batch.
func oneBatch(ctx context.Context, pool *pgxpool.Pool, what string, f func(tx pgx.Tx, r rounds) (Emptied, error)) (done Emptied, err error) {
	err = InTx(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, byIndex, retainStatement); err != nil {
			return err
		}
		state, err := collect[rounds](ctx, tx, "retention", lockRetention)
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
