package store

import (
	"context"
	"fmt"
	"time"
)

// Run is what an applier has in hand of one queue: its next events, in order.
type Run struct {
	Queue  int64 // its id: a queue that was empty and gets events again has another one
	Share  int64 // the account whose share of the appliers' time it uses
	Epoch  int64 // the fence: what is written of the run counts while the queue has this epoch
	Tries  int   // attempts to apply the first event so far, with one that begins now
	Waits  int   // how often the first event was put off
	Events []Event
	Places []int64 // of the events in their queue
	More   bool    // further events wait behind these
}

// Taken are the runs that an applier took together.
type Taken struct {
	Runs []Run
	Now  time.Time // Parley's clock
	Real time.Time // the database's
}

// Share is how much an applier is ready to take of one account's events.
type Share struct {
	Account int64
	Events  int
	// From is the earliest due time to look at, by the database's clock. Earlier entries of the index
	// belong to queues that are gone; while a snapshot is held they can't be cleaned away, and reading
	// over them would cost more with each event. Zero reads all.
	From time.Time
}

// Take says what an applier is ready for.
type Take struct {
	Holder  int // the applier
	Version int // the highest FactVersion that it knows
	Shares  []Share
	PerKey  int   // events of one queue, at most
	Bytes   int64 // of all payloads, at most; the first event may have more
}

// What is taken keeps its place in the index, so that taking rewrites none of them. A queue that
// somebody else locks now is passed over: whoever does so tells of it when it is done. Of each
// account the events of the queues that were due first are taken, and the accounts take turns.
const takeRuns = `
	WITH t AS MATERIALIZED (
		SELECT parley_now() AS now, clock_timestamp() AS real
	), k AS MATERIALIZED (
		SELECT a.account_id, a.events, x.*
		FROM unnest($1::bigint[], $2::int[], $3::timestamptz[]) AS a(account_id, events, since)
		CROSS JOIN LATERAL (
			SELECT q.id, q.epoch, q.first_event, q.place, q.last_place, q.due_at, q.waits
			FROM queues AS q
			WHERE q.account_id = a.account_id AND q.due_at >= a.since AND q.due_at <= (SELECT real FROM t)
				AND q.holder IS NULL AND q.tries = 0 AND q.version <= $4
			ORDER BY q.due_at
			LIMIT a.events
			FOR NO KEY UPDATE SKIP LOCKED) AS x
	), e AS MATERIALIZED (
		SELECT k.account_id, k.events, k.due_at, k.id, k.epoch, k.place, k.first_event AS event_id, k.waits, k.last_place
		FROM k
		UNION ALL
		SELECT k.account_id, k.events, k.due_at, k.id, k.epoch, x.place, x.event_id, k.waits, k.last_place
		FROM k
		CROSS JOIN LATERAL (
			SELECT r.place, r.event_id
			FROM queue_events AS r
			WHERE r.queue_id = k.id AND r.place > k.place
			ORDER BY r.place
			LIMIT $5 - 1) AS x
		WHERE k.last_place > k.place
	), turns AS (
		SELECT e.*, row_number() OVER (PARTITION BY account_id ORDER BY due_at, id, place) AS turn
		FROM e
	), sized AS (
		SELECT turns.*, v.stored, sum(v.size_bytes) OVER (ORDER BY turns.turn, turns.account_id) - v.size_bytes AS before
		FROM turns
		CROSS JOIN LATERAL (SELECT events.ctid AS stored, events.size_bytes FROM events WHERE events.id = turns.event_id LIMIT 1) AS v
		WHERE turns.turn <= turns.events
	), chosen AS MATERIALIZED (
		SELECT * FROM sized WHERE before < $6
	), taken AS (
		UPDATE queues AS q
		SET holder = $7, epoch = q.epoch + 1
		WHERE q.id = ANY(ARRAY(SELECT DISTINCT id FROM chosen))
	)
	SELECT c.id AS queue_id, c.account_id AS share, c.epoch + 1 AS epoch, 0 AS tries, c.waits, c.place, c.last_place, ` + takenEvent + `
	FROM chosen AS c
	JOIN events AS v ON v.ctid = c.stored
	CROSS JOIN t
	ORDER BY c.turn`

const takenEvent = `v.id, v.account_id, v.external_id, v.order_key, v.payload, v.blob, v.size_bytes, v.received_at, t.now, t.real`

// takenRow is one row of takeRuns.
type takenRow struct {
	Event
	Queue     int64     `db:"queue_id"`
	Share     int64     `db:"share"`
	Epoch     int64     `db:"epoch"`
	Tries     int       `db:"tries"`
	Waits     int       `db:"waits"`
	Place     int64     `db:"place"`
	LastPlace int64     `db:"last_place"`
	Now       time.Time `db:"now"`
	Real      time.Time `db:"real"`
}

// unflushed lets the transaction of a statement be lost when PostgreSQL ends: for what need not
// outlive it.
const unflushed = `SELECT set_config('synchronous_commit', 'off', true)`

// TakeRuns takes the next events of queues that are due, those first that were due first. They
// are the holder's until it writes what became of them (FinishRuns, ReleaseRuns), or ends.
func TakeRuns(ctx context.Context, q Batcher, t Take) (Taken, error) {
	accounts, events, since := make([]int64, len(t.Shares)), make([]int32, len(t.Shares)), make([]time.Time, len(t.Shares))
	for i, s := range t.Shares {
		accounts[i], events[i], since[i] = s.Account, int32(s.Events), s.From //nolint:gosec // some hundred
	}
	var rows []takenRow
	var p Pipeline
	p.batch.Queue(unflushed)
	read(&p, &rows, takeRuns, accounts, events, since, t.Version, t.PerKey, t.Bytes, t.Holder)
	if err := p.Run(ctx, q); err != nil {
		return Taken{}, fmt.Errorf("store: take runs: %w", err)
	}
	return takenOf(rows), nil
}

// What failed before is taken alone, and the attempt is counted before it begins: so it counts
// though it ends with the process. Who comes to the end of the attempts gives the event up.
const takeSuspect = `
	WITH t AS MATERIALIZED (
		SELECT parley_now() AS now, clock_timestamp() AS real
	), k AS MATERIALIZED (
		SELECT q.id
		FROM queues AS q
		WHERE q.tries > 0 AND q.due_at <= (SELECT real FROM t) AND q.holder IS NULL AND q.version <= $1
		ORDER BY q.due_at
		LIMIT 1
		FOR NO KEY UPDATE SKIP LOCKED
	), taken AS (
		UPDATE queues AS q
		SET holder = $2, epoch = q.epoch + 1, tries = least(q.tries + 1, 32000)
		WHERE q.id = ANY(ARRAY(SELECT id FROM k))
		RETURNING q.id AS queue_id, q.account_id AS share, q.epoch, q.tries, q.waits, q.place, q.last_place, q.first_event
	)
	SELECT q.queue_id, q.share, q.epoch, q.tries, q.waits, q.place, q.last_place, ` + takenEvent + `
	FROM taken AS q
	CROSS JOIN LATERAL (SELECT * FROM events WHERE events.id = q.first_event LIMIT 1) AS v
	CROSS JOIN t`

// TakeSuspect takes one event that failed before, alone, and counts the attempt that begins with
// it. It gives nothing when none is due.
func TakeSuspect(ctx context.Context, q Batcher, holder, version int) (Taken, error) {
	var rows []takenRow
	var p Pipeline
	read(&p, &rows, takeSuspect, version, holder)
	if err := p.Run(ctx, q); err != nil {
		return Taken{}, fmt.Errorf("store: take suspect: %w", err)
	}
	return takenOf(rows), nil
}

// takenOf puts the events of each queue together.
func takenOf(rows []takenRow) Taken {
	var taken Taken
	at := map[int64]int{}
	for _, r := range rows {
		taken.Now, taken.Real = r.Now, r.Real
		i, known := at[r.Queue]
		if !known {
			i = len(taken.Runs)
			at[r.Queue] = i
			taken.Runs = append(taken.Runs, Run{Queue: r.Queue, Share: r.Share, Epoch: r.Epoch, Tries: r.Tries, Waits: r.Waits})
		}
		run := &taken.Runs[i]
		run.Events, run.Places, run.More = append(run.Events, r.Event), append(run.Places, r.Place), r.Place < r.LastPlace
	}
	return taken
}

// Release says what became of a run.
type Release struct {
	Queue, Epoch int64
	// First and Done are places: of the run's first event, and of the last one that was dealt with.
	// Done is 0 when none was.
	First, Done int64
	// After is how long the queue's next event waits, at least. For names what it waits for: it comes
	// back as soon as that is written (WakeQueues). Waits is how often it was put off.
	After time.Duration
	For   string
	Waits int
	// Tries is how often the next event failed; above 0 it is applied alone. So are those behind it,
	// up to the place Suspects: one of them may have made the others fail.
	Tries    int
	Suspects int64
}

// releaseOf gives the release of a run of which n events were dealt with.
func releaseOf(r Run, n int) Release {
	done := int64(0)
	if n > 0 {
		done = r.Places[n-1]
	}
	return Release{Queue: r.Queue, Epoch: r.Epoch, First: r.Places[0], Done: done}
}

// Release gives what is to be written of a run when its first n events were dealt with, and
// nothing else is known of it.
func (r Run) Release(n int) Release { return releaseOf(r, n) }

// Both tables are nearly empty most of the time and full at others: the planner must not be left to
// guess. So their rows are named by lists (= ANY), which are looked up in the index one by one.
// They are locked in the order of their keys, as by those who store events.

// lockRuns locks the queues that are still the holder's. Who stores events for them waits; what was
// stored before is seen by the next statement. The pairs are looked up in a hash: as a join, each
// would be compared with each.
const lockRuns = `
	SELECT q.id
	FROM queues AS q
	WHERE q.id = ANY($1) AND ((q.id, q.epoch) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[]))) IS TRUE
	ORDER BY q.key
	FOR UPDATE OF q`

// fenceRuns ends the transaction when one of them is not.
const fenceRuns = `SELECT parley_require(count(*) = $3, 'queue') FROM (` + lockRuns + `) AS held`

// A queue without events goes. One with more gives way to those that are due; its next event moves
// from queue_events into its row. The rows are locked, so they stay where they are (ctid).
const releaseRuns = `
	WITH t AS MATERIALIZED (
		SELECT clock_timestamp() AS now
	), r AS MATERIALIZED (
		SELECT r.*, q.stored, q.last_place, x.place AS next_place, x.event_id AS next_event
		FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::double precision[], $6::text[], $7::int[], $8::int[], $9::bigint[])
			AS r(id, epoch, first, done, after, waits_for, waits, tries, suspects)
		CROSS JOIN LATERAL (
			SELECT queues.ctid AS stored, queues.last_place
			FROM queues
			WHERE queues.id = r.id AND queues.epoch = r.epoch
			LIMIT 1) AS q
		LEFT JOIN LATERAL (
			SELECT e.place, e.event_id
			FROM queue_events AS e
			WHERE r.done > 0 AND q.last_place > r.done AND e.queue_id = r.id AND e.place > r.done
			ORDER BY e.place
			LIMIT 1) AS x ON true
	), passed AS (
		DELETE FROM queue_events
		WHERE ctid = ANY(ARRAY(
			SELECT e.ctid
			FROM r
			CROSS JOIN LATERAL (
				SELECT x.ctid
				FROM queue_events AS x
				WHERE r.last_place > r.first AND x.queue_id = r.id AND x.place > r.first AND x.place <= coalesce(r.next_place, r.done)
				ORDER BY x.place
				LIMIT 1000000) AS e
			WHERE r.done > 0))
	), ended AS (
		DELETE FROM queues
		WHERE ctid = ANY(ARRAY(SELECT stored FROM r WHERE last_place <= done))
	)
	UPDATE queues AS q
	SET holder = NULL, waits = r.waits, suspect_upto = greatest(q.suspect_upto, r.suspects),
		tries = greatest(r.tries, CASE WHEN coalesce(r.next_place, q.place) <= greatest(q.suspect_upto, r.suspects) THEN 1 ELSE 0 END),
		waits_for = nullif(r.waits_for, ''),
		due_at = CASE WHEN r.after > 0 THEN t.now + make_interval(secs => r.after) WHEN r.done > 0 THEN t.now ELSE q.due_at END,
		first_event = coalesce(r.next_event, q.first_event), place = coalesce(r.next_place, q.place)
	FROM t, r
	WHERE q.ctid = r.stored AND r.last_place > r.done`

// FinishRuns writes what became of runs together with what their events made. The transaction
// fails (ErrLost) when one of them is no longer the holder's.
func (p *Pipeline) FinishRuns(list []Release) {
	if len(list) == 0 {
		return
	}
	queues, epochs := fences(list)
	p.batch.Queue(fenceRuns, queues, epochs, len(list))
	p.batch.Queue(releaseRuns, releaseColumns(list)...)
}

// ReleaseRuns gives back runs of which nothing was applied, those that are still the holder's.
func ReleaseRuns(ctx context.Context, q Batcher, list []Release) error {
	if len(list) == 0 {
		return nil
	}
	queues, epochs := fences(list)
	var p Pipeline
	p.batch.Queue(lockRuns, queues, epochs)
	p.batch.Queue(releaseRuns, releaseColumns(list)...)
	if err := p.Run(ctx, q); err != nil {
		return fmt.Errorf("store: release runs: %w", err)
	}
	return nil
}

func fences(list []Release) (queues, epochs []int64) {
	for _, r := range list {
		queues, epochs = append(queues, r.Queue), append(epochs, r.Epoch)
	}
	return queues, epochs
}

func releaseColumns(list []Release) []any {
	n := len(list)
	waitsFor := make([]string, n)
	queues, epochs, first, done, suspects := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	waits, tries := make([]int32, n), make([]int32, n)
	after := make([]float64, n)
	for i, r := range list {
		queues[i], epochs[i], first[i], done[i], after[i], waitsFor[i] = r.Queue, r.Epoch, r.First, r.Done, r.After.Seconds(), shortID(r.For)
		suspects[i] = r.Suspects
		waits[i], tries[i] = int32(min(r.Waits, 32000)), int32(min(r.Tries, 32000)) //nolint:gosec // bounded
	}
	return []any{queues, epochs, first, done, after, waitsFor, waits, tries, suspects}
}

const quarantineEvent = `
	INSERT INTO quarantine (event_id, reason)
	VALUES ($1, $2)
	ON CONFLICT (event_id) DO UPDATE SET reason = EXCLUDED.reason, at = clock_timestamp()`

// Quarantine keeps an event that can't be applied. It goes together with FinishRuns, which takes
// it out of its queue and makes sure that nobody else has applied it or given it up.
func (p *Pipeline) Quarantine(event int64, reason string) {
	p.batch.Queue(quarantineEvent, event, Clean(reason))
}
