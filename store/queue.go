package store

import (
	"context"
	"fmt"
	"time"

	"parley/store/internal/query"
)

// Parley stores everything that it receives as an event. Applying an event means processing it, in a transaction that
// changes conversations. Events with the same order key, such as those of one mailbox, must be applied in order, so
// they form a queue. An applier, one of several, works on a batch of queues like this:
//
//  1. TakeRuns takes the next events of several queues and makes the applier their holder. No other applier can take from
//     them until they are released. It also raises each queue's epoch.
//  2. In the transaction that applies the events, FinishRuns removes the events and releases the queues. If a queue no longer
//     has the epoch of step 1, the applier was thought dead and another one has taken the queue. Then the whole
//     transaction fails, so no event is applied twice. A release raises the epoch, too: if the answer to its commit is
//     lost, a second one fails instead of removing the next event.

// Run is the part of one queue that an applier has taken: its next events, in order.
type Run struct {
	Queue  int64     // the queue's id; an emptied queue gets another one when it is used again
	Share  AccountID // the account to which the work is charged
	Epoch  int64     // the queue's epoch
	Tries  int       // attempts to apply the first event, including this one; 0 if it never failed
	Waits  int       // how often the first event was postponed because it couldn't be applied yet
	Events []Event
	Places []int64 // the places of Events in their queue
	More   bool    // whether the queue has further events after these
}

// Taken is the result of TakeRuns or TakeSuspect.
type Taken struct {
	Runs []Run
	Now  time.Time // parley_now(): the database's clock, which tests can move
	Real time.Time // the database's clock
}

// Share is the maximum number of events of one account that an applier takes at once.
type Share struct {
	Account AccountID
	Events  int
	// From is the earliest due time to search from, by the database's clock. Index entries before it belong to deleted
	// queues. While a long transaction keeps them from being vacuumed, skipping them would cost more with each event. The
	// zero value means all.
	From time.Time
}

// Take holds the parameters of TakeRuns.
type Take struct {
	Holder  int // the applier's number: see AddHolder
	Version int // the highest FactVersion that it supports
	Shares  []Share
	PerKey  int   // maximum number of events of one queue
	Bytes   int64 // maximum size of all payloads; a single larger event is taken, too
}

// takeRuns works in these steps:
//   - due locks the queues of each account that have been due longest;
//   - waiting is the next events of these queues: the first is in the queue's row, the others are in queue_events;
//   - turns numbers the events of each account, so that the accounts take turns;
//   - sized adds up the sizes in that order, and chosen is the events that fit into $6 bytes;
//   - taken makes the holder the owner of the queues of these events.
//
// It doesn't change due_at, so it rewrites no index. Queues that another transaction has locked are skipped; that
// transaction wakes the appliers when it commits.
const takeRuns = `
	WITH clock AS MATERIALIZED (
		SELECT parley_now() AS now, clock_timestamp() AS real
	), due AS MATERIALIZED (
		SELECT share.account_id, share.events, due_of_account.*
		FROM unnest($1::bigint[], $2::int[], $3::timestamptz[]) AS share(account_id, events, since)
		CROSS JOIN LATERAL (
			SELECT id, epoch, first_event, place, last_place, due_at, waits
			FROM queues
			WHERE account_id = share.account_id AND due_at >= share.since AND due_at <= (SELECT real FROM clock)
				AND holder IS NULL AND tries = 0 AND version <= $4
			ORDER BY due_at
			LIMIT share.events
			FOR NO KEY UPDATE SKIP LOCKED) AS due_of_account
	), waiting AS MATERIALIZED (
		SELECT due.account_id, due.events, due.due_at, due.id, due.epoch, due.place, due.first_event AS event_id, due.waits, due.last_place
		FROM due
		UNION ALL
		SELECT due.account_id, due.events, due.due_at, due.id, due.epoch, behind.place, behind.event_id, due.waits, due.last_place
		FROM due
		CROSS JOIN LATERAL (
			SELECT queue_events.place, queue_events.event_id
			FROM queue_events
			WHERE queue_events.queue_id = due.id AND queue_events.place > due.place
			ORDER BY queue_events.place
			LIMIT $5 - 1) AS behind
		WHERE due.last_place > due.place
	), turns AS (
		SELECT waiting.*, row_number() OVER (PARTITION BY account_id ORDER BY due_at, id, place) AS turn
		FROM waiting
	), sized AS (
		SELECT turns.*, event.stored, sum(event.size_bytes) OVER (ORDER BY turns.turn, turns.account_id) - event.size_bytes AS before
		FROM turns
		CROSS JOIN LATERAL (SELECT events.ctid AS stored, events.size_bytes FROM events WHERE events.id = turns.event_id LIMIT 1) AS event
		WHERE turns.turn <= turns.events
	), chosen AS MATERIALIZED (
		SELECT * FROM sized WHERE before < $6
	), taken AS (
		UPDATE queues
		SET holder = $7, epoch = epoch + 1
		WHERE id = ANY(ARRAY(SELECT DISTINCT id FROM chosen))
	)
	SELECT chosen.id AS queue_id, chosen.account_id AS share, chosen.epoch + 1 AS epoch, 0 AS tries,
		chosen.waits, chosen.place, chosen.last_place, ` + takenEvent + `
	FROM chosen
	JOIN events AS event ON event.ctid = chosen.stored
	CROSS JOIN clock
	ORDER BY chosen.turn`

const takenEvent = `event.id, event.account_id, event.external_id, event.order_key, event.payload, event.blob, event.size_bytes,
		event.received_at, clock.now, clock.real`

// takenRow is one row of takeRuns and takeSuspect.
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

// unflushed makes the commit of its transaction return before it is on disk. A crash of PostgreSQL may then lose the
// transaction, so this is only for changes that are worthless after a crash.
const unflushed = `SELECT set_config('synchronous_commit', 'off', true)`

const unflushedIfUnchanged = unflushed + ` WHERE pg_current_xact_id_if_assigned() IS NULL`

// Unflushed makes the commit return before it is on disk, if the transaction has changed and locked nothing yet. It must be
// the pipeline's first statement; otherwise it has no effect.
func (p *Pipeline) Unflushed() {
	if p.batch.Len() == 0 {
		p.batch.Queue(unflushedIfUnchanged)
	}
}

// TakeRuns takes the next events of due queues. The holder owns the queues until it releases them (FinishRuns, ReleaseRuns)
// or its session ends.
func TakeRuns(ctx context.Context, q Batcher, t Take) (Taken, error) {
	accounts := query.Field(t.Shares, func(s *Share) AccountID { return s.Account })
	events := query.Field(t.Shares, func(s *Share) int { return s.Events })
	since := query.Field(t.Shares, func(s *Share) time.Time { return s.From })
	var rows []takenRow
	var p Pipeline
	p.batch.Queue(unflushed)
	read(&p, &rows, takeRuns, accounts, events, since, t.Version, t.PerKey, t.Bytes, t.Holder)
	if err := p.Run(ctx, q); err != nil {
		return Taken{}, fmt.Errorf("store: take runs: %w", err)
	}
	return groupTaken(rows), nil
}

// takeSuspect counts the attempt beforehand, so that it counts even if the event crashes the process. After too many
// attempts the applier puts the event into quarantine.
const takeSuspect = `
	WITH clock AS MATERIALIZED (
		SELECT parley_now() AS now, clock_timestamp() AS real
	), due AS MATERIALIZED (
		SELECT id
		FROM queues
		WHERE tries > 0 AND due_at <= (SELECT real FROM clock) AND holder IS NULL AND version <= $1
		ORDER BY due_at
		LIMIT 1
		FOR NO KEY UPDATE SKIP LOCKED
	), taken AS (
		UPDATE queues
		SET holder = $2, epoch = epoch + 1, tries = least(tries + 1, 32000)
		WHERE id = ANY(ARRAY(SELECT id FROM due))
		RETURNING id AS queue_id, account_id AS share, epoch, tries, waits, place, last_place, first_event
	)
	SELECT taken.queue_id, taken.share, taken.epoch, taken.tries, taken.waits, taken.place, taken.last_place, ` + takenEvent + `
	FROM taken
	CROSS JOIN LATERAL (SELECT * FROM events WHERE events.id = taken.first_event LIMIT 1) AS event
	CROSS JOIN clock`

// TakeSuspect takes one suspect, and counts the attempt. A suspect is an event that failed before, or was in a batch that
// failed. The result has no runs if no suspect is due.
func TakeSuspect(ctx context.Context, q Batcher, holder, version int) (Taken, error) {
	var rows []takenRow
	var p Pipeline
	read(&p, &rows, takeSuspect, version, holder)
	if err := p.Run(ctx, q); err != nil {
		return Taken{}, fmt.Errorf("store: take suspect: %w", err)
	}
	return groupTaken(rows), nil
}

// groupTaken groups rows by queue. The rows of a queue must be in the order of their places.
func groupTaken(rows []takenRow) Taken {
	var taken Taken
	runIndex := map[int64]int{} // into taken.Runs, by the queue's id
	for _, r := range rows {
		taken.Now, taken.Real = r.Now, r.Real
		i, known := runIndex[r.Queue]
		if !known {
			i = len(taken.Runs)
			runIndex[r.Queue] = i
			taken.Runs = append(taken.Runs, Run{Queue: r.Queue, Share: r.Share, Epoch: r.Epoch, Tries: r.Tries, Waits: r.Waits})
		}

		run := &taken.Runs[i]
		run.Events = append(run.Events, r.Event)
		run.Places = append(run.Places, r.Place)
		run.More = r.Place < r.LastPlace
	}
	return taken
}

// Release describes how a queue is released: which events of the run are done, and when the next one is due.
type Release struct {
	Queue, Epoch int64
	First        int64 // the place (Run.Places) of the run's first event
	Done         int64 // the place of the last event that is done and is removed; 0 if none is

	// After is the delay until the queue's next event is due. For is the name of something that the event waits for, from
	// AwaitedPost, AwaitedID or AwaitedOpening: WakeQueues makes the event due as soon as that happens. Waits is how often
	// the event was postponed.
	After time.Duration
	For   string
	Waits int

	// Tries is how often the next event failed. If it is above 0, the event is applied alone, and so are the events after it
	// up to the place Suspects, because one of them may have made the batch fail.
	Tries    int
	Suspects int64
}

// Release returns a Release for a run whose first n events are done. The others are due at once.
func (r Run) Release(n int) Release {
	release := Release{Queue: r.Queue, Epoch: r.Epoch, First: r.Places[0]}
	if n > 0 {
		release.Done = r.Places[n-1]
	}
	return release
}

// The tables queues and queue_events are nearly empty most of the time and full at others, so the planner misjudges their
// size. Therefore the statements below select rows by arrays (= ANY), which always uses the index. They lock rows in the
// order of their keys, as enqueue does.

// lockRuns locks those queues that the holder still owns. Transactions that append events to them wait, and the next
// statement sees all events that were appended before. (… IN …) IS TRUE makes the planner use a hash, where a join would be
// a nested loop.
const lockRuns = `
	SELECT id
	FROM queues
	WHERE id = ANY($1) AND ((id, epoch) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[]))) IS TRUE
	ORDER BY key
	FOR UPDATE`

// fenceRuns locks the queues, and makes the transaction fail unless the holder still owns all of them.
const fenceRuns = `SELECT parley_require(count(*) = $3, 'queue') FROM (` + lockRuns + `) AS held`

// releaseRuns has these parts:
//   - released is the given releases, each with its queue's row (stored) and the event after the last one that is done;
//   - passed deletes from queue_events those that are done, and the one that moves into the queue's row;
//   - ended deletes queues without events;
//   - the UPDATE releases the other queues, raises their epochs and sets their next events. A queue in which an event is done is due
//     after all others that are due now.
//
// It finds rows by ctid, which doesn't change while they are locked.
const releaseRuns = `
	WITH clock AS MATERIALIZED (
		SELECT clock_timestamp() AS now
	), released AS MATERIALIZED (
		SELECT result.*, queue.stored, queue.last_place, next.place AS next_place, next.event_id AS next_event
		FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::double precision[], $6::text[], $7::int[],
				$8::int[], $9::bigint[])
			AS result(id, epoch, first, done, after, waits_for, waits, tries, suspects)
		CROSS JOIN LATERAL (
			SELECT queues.ctid AS stored, queues.last_place
			FROM queues
			WHERE queues.id = result.id AND queues.epoch = result.epoch
			LIMIT 1) AS queue
		LEFT JOIN LATERAL (
			SELECT behind.place, behind.event_id
			FROM queue_events AS behind
			WHERE result.done > 0 AND queue.last_place > result.done AND behind.queue_id = result.id AND behind.place > result.done
			ORDER BY behind.place
			LIMIT 1) AS next ON true
	), passed AS (
		DELETE FROM queue_events
		WHERE ctid = ANY(ARRAY(
			SELECT gone.ctid
			FROM released
			CROSS JOIN LATERAL (
				SELECT behind.ctid
				FROM queue_events AS behind
				WHERE released.last_place > released.first AND behind.queue_id = released.id
					AND behind.place > released.first AND behind.place <= coalesce(released.next_place, released.done)
				ORDER BY behind.place
				LIMIT 1000000) AS gone
			WHERE released.done > 0))
	), ended AS (
		DELETE FROM queues
		WHERE ctid = ANY(ARRAY(SELECT stored FROM released WHERE last_place <= done))
	)
	UPDATE queues
	SET holder = NULL, epoch = queues.epoch + 1, waits = released.waits, suspect_upto = greatest(queues.suspect_upto, released.suspects),
		tries = greatest(released.tries,
			CASE WHEN coalesce(released.next_place, queues.place) <= greatest(queues.suspect_upto, released.suspects) THEN 1 ELSE 0 END),
		waits_for = nullif(released.waits_for, ''),
		due_at = CASE
			WHEN released.after > 0 THEN clock.now + make_interval(secs => released.after)
			WHEN released.done > 0 THEN clock.now
			ELSE queues.due_at
		END,
		first_event = coalesce(released.next_event, queues.first_event), place = coalesce(released.next_place, queues.place)
	FROM clock, released
	WHERE queues.ctid = released.stored AND released.last_place > released.done`

// FinishRuns releases queues in the transaction that applies their events. If the holder no longer owns one of them, the
// transaction fails (IsLost).
func (p *Pipeline) FinishRuns(list []Release) {
	if len(list) == 0 {
		return
	}
	queues, epochs := queueEpochs(list)
	p.batch.Queue(fenceRuns, queues, epochs, len(list))
	p.batch.Queue(releaseRuns, releaseColumns(list)...)
}

// ReleaseRuns releases queues of which no event was applied. It ignores those that the holder no longer owns.
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
	queues = query.Field(list, func(r *Release) int64 { return r.Queue })
	epochs = query.Field(list, func(r *Release) int64 { return r.Epoch })
	return queues, epochs
}

// maxTries is the maximum of the stored tries and waits, which are of the type smallint. takeSuspect repeats it in SQL.
const maxTries = 32000

// releaseColumns returns the arguments of releaseRuns.
func releaseColumns(list []Release) []any {
	queues, epochs := queueEpochs(list)
	return []any{
		queues,
		epochs,
		query.Field(list, func(r *Release) int64 { return r.First }),
		query.Field(list, func(r *Release) int64 { return r.Done }),
		query.Field(list, func(r *Release) float64 { return r.After.Seconds() }),
		query.Field(list, func(r *Release) string { return query.ShortID(r.For) }),
		query.Field(list, func(r *Release) int { return min(r.Waits, maxTries) }),
		query.Field(list, func(r *Release) int { return min(r.Tries, maxTries) }),
		query.Field(list, func(r *Release) int64 { return r.Suspects }),
	}
}

const quarantineEvent = `
	INSERT INTO quarantine (event_id, reason)
	VALUES ($1, $2)
	ON CONFLICT (event_id) DO UPDATE SET reason = EXCLUDED.reason, at = clock_timestamp()`

// Quarantine records that an event can't be applied, and why. It must be in one transaction with FinishRuns, which
// removes the event from its queue and fails if another process has taken the queue.
func (p *Pipeline) Quarantine(event EventID, reason string) {
	p.batch.Queue(quarantineEvent, event, Clean(reason))
}
