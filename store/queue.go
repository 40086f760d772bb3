package store

import (
	"context"
	"fmt"
	"time"

	"parley/store/internal/query"
)

// Run is the part of one queue that an applier has taken: its next events, in order.
type Run struct {
	Queue  int64     // the queue's id; a queue that was empty in between has another one
	Share  AccountID // the account whose share of the appliers' time it uses
	Epoch  int64     // results of the run count only while the queue has this epoch
	Tries  int       // attempts to apply the first event, including the one that begins now
	Waits  int       // how often the first event was put off
	Events []Event
	Places []int64 // of the events in their queue
	More   bool    // further events wait behind these
}

// Taken is the runs that an applier took together.
type Taken struct {
	Runs []Run
	Now  time.Time // Parley's clock
	Real time.Time // the database's clock
}

// Share is how many events of one account an applier is ready to take.
type Share struct {
	Account AccountID
	Events  int
	// From is the earliest due time to look at, by the database's clock. Earlier entries of the index
	// belong to queues that are gone. While somebody holds a snapshot they can't be cleaned away, and
	// stepping over them would cost more with each event. Zero looks at all.
	From time.Time
}

// Take is how much an applier is ready to take.
type Take struct {
	Holder  int // the applier: see AddHolder
	Version int // the highest FactVersion that it knows
	Shares  []Share
	PerKey  int   // the most events of one queue
	Bytes   int64 // the most bytes of payloads; a first event that is larger is taken all the same
}

// Taking doesn't change due_at, so it rewrites no index. A queue that another transaction locks now is
// skipped; that transaction wakes the appliers when it commits. The accounts take turns, and in each
// account the queues that were due first come first.
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
	Share     AccountID `db:"share"`
	Epoch     int64     `db:"epoch"`
	Tries     int       `db:"tries"`
	Waits     int       `db:"waits"`
	Place     int64     `db:"place"`
	LastPlace int64     `db:"last_place"`
	Now       time.Time `db:"now"`
	Real      time.Time `db:"real"`
}

// unflushed makes the commit of its transaction return before it is on disk. If PostgreSQL crashes
// then, the transaction is lost: only for changes that are worth nothing after a crash.
const unflushed = `SELECT set_config('synchronous_commit', 'off', true)`

const unflushedIfUnchanged = unflushed + ` WHERE pg_current_xact_id_if_assigned() IS NULL`

// Unflushed makes the commit return before it is on disk, if the transaction has changed and locked nothing before
// the pipeline, which is empty.
func (p *Pipeline) Unflushed() {
	if p.batch.Len() == 0 {
		p.batch.Queue(unflushedIfUnchanged)
	}
}

// TakeRuns takes the next events of due queues. They are the holder's until it writes their results
// (FinishRuns, ReleaseRuns) or its session ends.
func TakeRuns(ctx context.Context, q Batcher, t Take) (Taken, error) {
	accounts, events, since := make([]AccountID, len(t.Shares)), make([]int32, len(t.Shares)), make([]time.Time, len(t.Shares))
	for i, s := range t.Shares {
		accounts[i], events[i], since[i] = s.Account, int32(s.Events), s.From //nolint:gosec // at most some hundred
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

// An event that failed before is taken alone. The attempt is counted before it begins, so it counts
// even if the event makes the process crash. The applier quarantines an event after too many attempts.
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

// TakeSuspect takes one event that failed before, alone, and counts the attempt. The result has no
// runs when no such event is due.
func TakeSuspect(ctx context.Context, q Batcher, holder, version int) (Taken, error) {
	var rows []takenRow
	var p Pipeline
	read(&p, &rows, takeSuspect, version, holder)
	if err := p.Run(ctx, q); err != nil {
		return Taken{}, fmt.Errorf("store: take suspect: %w", err)
	}
	return takenOf(rows), nil
}

// takenOf groups rows, which are in the order in which they were taken, by their queues.
func takenOf(rows []takenRow) Taken {
	var taken Taken
	indexOf := map[int64]int{} // of a queue's run, by the queue's id
	for _, r := range rows {
		taken.Now, taken.Real = r.Now, r.Real
		i, known := indexOf[r.Queue]
		if !known {
			i = len(taken.Runs)
			indexOf[r.Queue] = i
			taken.Runs = append(taken.Runs, Run{Queue: r.Queue, Share: r.Share, Epoch: r.Epoch, Tries: r.Tries, Waits: r.Waits})
		}
		run := &taken.Runs[i]
		run.Events, run.Places, run.More = append(run.Events, r.Event), append(run.Places, r.Place), r.Place < r.LastPlace
	}
	return taken
}

// Release is the result of a run.
type Release struct {
	Queue, Epoch int64
	// First and Done are places (Run.Places): of the run's first event, and of the last event that is
	// done and leaves the queue. Done is 0 when no event is.
	First, Done int64
	// After is how long the queue's next event waits at least. For names the record that it waits for
	// (AwaitedPost, AwaitedID): WakeQueues makes it due as soon as that is written. Waits is how often
	// it was put off.
	After time.Duration
	For   string
	Waits int
	// Tries is how often the next event failed. Above 0, it is applied alone; so are the events behind
	// it up to the place Suspects, because one of them may have made the batch fail.
	Tries    int
	Suspects int64
}

// Release returns the result of a run whose first n events are done, and whose other events are due at
// once.
func (r Run) Release(n int) Release {
	done := int64(0)
	if n > 0 {
		done = r.Places[n-1]
	}
	return Release{Queue: r.Queue, Epoch: r.Epoch, First: r.Places[0], Done: done}
}

// The tables queues and queue_events are nearly empty most of the time and full at others, so the
// planner can't know their size. Therefore the statements below select rows by arrays (= ANY), which
// PostgreSQL looks up in the index one by one. Rows are locked in the order of their keys, as enqueue
// locks them.

// lockRuns locks those queues that are still the holder's. Transactions that store events for them
// wait; events that were stored before are seen by the next statement. With (… IN …) IS TRUE the
// planner looks the pairs up in a hash; in a join it would compare each with each.
const lockRuns = `
	SELECT q.id
	FROM queues AS q
	WHERE q.id = ANY($1) AND ((q.id, q.epoch) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[]))) IS TRUE
	ORDER BY q.key
	FOR UPDATE OF q`

// fenceRuns locks the queues and makes the transaction fail unless all of them are still the holder's.
const fenceRuns = `SELECT parley_require(count(*) = $3, 'queue') FROM (` + lockRuns + `) AS held`

// A queue without events is deleted. A queue with more events goes behind those that are due now, and
// its next event moves from queue_events into its row. Rows are found by ctid, which doesn't change
// while they are locked.
const releaseRuns = `
	WITH t AS MATERIALIZED (
		SELECT clock_timestamp() AS now
	), r AS MATERIALIZED (
		SELECT r.*, q.stored, q.last_place, x.place AS next_place, x.event_id AS next_event
		FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::double precision[], $6::text[], $7::int[],
				$8::int[], $9::bigint[])
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

// FinishRuns writes the results of runs, in the transaction that applies their events. The transaction
// fails (IsLost) when one of the queues is no longer the holder's.
func (p *Pipeline) FinishRuns(list []Release) {
	if len(list) == 0 {
		return
	}
	queues, epochs := queueEpochs(list)
	p.batch.Queue(fenceRuns, queues, epochs, len(list))
	p.batch.Queue(releaseRuns, releaseColumns(list)...)
}

// ReleaseRuns gives back runs of which no event was applied. It ignores queues that are no longer the
// holder's.
func ReleaseRuns(ctx context.Context, q Batcher, list []Release) error {
	if len(list) == 0 {
		return nil
	}
	queues, epochs := queueEpochs(list)
	var p Pipeline
	p.batch.Queue(lockRuns, queues, epochs)
	p.batch.Queue(releaseRuns, releaseColumns(list)...)
	if err := p.Run(ctx, q); err != nil {
		return fmt.Errorf("store: release runs: %w", err)
	}
	return nil
}

// queueEpochs returns the arguments of lockRuns.
func queueEpochs(list []Release) (queues, epochs []int64) {
	for _, r := range list {
		queues, epochs = append(queues, r.Queue), append(epochs, r.Epoch)
	}
	return queues, epochs
}

// releaseColumns returns the arguments of releaseRuns.
func releaseColumns(list []Release) []any {
	n := len(list)
	waitsFor := make([]string, n)
	queues, epochs, first, done, suspects := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	waits, tries := make([]int32, n), make([]int32, n)
	after := make([]float64, n)
	for i, r := range list {
		queues[i], epochs[i], first[i], done[i], suspects[i] = r.Queue, r.Epoch, r.First, r.Done, r.Suspects
		after[i], waitsFor[i] = r.After.Seconds(), query.ShortID(r.For)
		waits[i], tries[i] = int32(min(r.Waits, 32000)), int32(min(r.Tries, 32000)) //nolint:gosec // bounded
	}
	return []any{queues, epochs, first, done, after, waitsFor, waits, tries, suspects}
}

const quarantineEvent = `
	INSERT INTO quarantine (event_id, reason)
	VALUES ($1, $2)
	ON CONFLICT (event_id) DO UPDATE SET reason = EXCLUDED.reason, at = clock_timestamp()`

// Quarantine records that an event can't be applied, and why. It must run in one transaction with
// FinishRuns, which takes the event out of its queue and fails if another process has dealt with it.
func (p *Pipeline) Quarantine(event EventID, reason string) {
	p.batch.Queue(quarantineEvent, event, Clean(reason))
}
