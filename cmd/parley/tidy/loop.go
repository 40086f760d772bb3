package tidy

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"parley/channels/pause"
	"parley/cmd/parley/metrics"
	"parley/store"
	"parley/store/blob"
	"parley/store/retention"
)

const (
	dropAfter = 7 * 24 * time.Hour // how long after an upgrade the previous version can take over again
	seenAhead = 2 * time.Hour      // the id of an event is recorded so long before the event is removed

	runEvery     = time.Hour
	firstRun     = time.Minute      // after the start
	maxRun       = 10 * time.Minute // the next run does what is left
	leaseName    = "retention"
	leaseFor     = time.Minute
	batchTimeout = 30 * time.Second       // shorter than the lease, so that two runs never overlap
	batchPause   = 100 * time.Millisecond // between two batches, for other work

	// maxPassing is how many batches of retention.DropPassing one run does, which takes three minutes. Once a day that round looks at
	// all deliveries. Without a limit, the rounds after it would wait for hours.
	maxPassing = 1500
)

// Options are what a Loop works with.
type Options struct {
	Pool    *pgxpool.Pool
	Log     *slog.Logger
	Objects blob.Objects // the object store with old files; nil means that the database has all of them
	Holder  string       // the name under which this process holds leases
}

// Loop removes old records, once an hour and in one of all processes: events, which are what providers and chats told Parley,
// deliveries of conversations that ended with the queues in which they stood, and files to which nothing refers.
type Loop struct {
	Options

	emptied, moved, events, deliveries, blobs, outside counter
	lastRun                                            atomic.Int64 // when the last complete run ended, in unix seconds
	runAt                                              metrics.Family
}

// counter counts one kind of what was done, for Prometheus.
type counter struct {
	atomic.Int64
	metrics.Family
}

// New makes a Loop, which does nothing until it runs.
func New(o Options) *Loop {
	r := &Loop{Options: o}
	r.emptied.Family = metrics.Counter("parley_retention_emptied_total", "Events whose payload was removed or moved, because they are old.")
	r.moved.Family = metrics.Counter("parley_retention_moved_total", "Of them, originals of messages: they live on as files.")
	r.events.Family = metrics.Counter("parley_retention_events_removed_total", "Old events removed; that they were here stays known.")
	r.deliveries.Family = metrics.Counter("parley_retention_deliveries_removed_total",
		"Deliveries removed: of the moment only, of conversations that ended long ago, or told to colleagues long ago.")
	r.blobs.Family = metrics.Counter("parley_retention_blobs_removed_total", "Files removed because nothing refers to them.")
	r.outside.Family = metrics.Counter("parley_retention_blobs_moved_total", "Files moved from the database to the object store.")
	r.runAt = metrics.Gauge("parley_retention_run_timestamp_seconds",
		"When this process last ended a run of retention; of several replicas one runs.")
	return r
}

// counters returns all counters.
func (r *Loop) counters() []*counter {
	return []*counter{&r.emptied, &r.moved, &r.events, &r.deliveries, &r.blobs, &r.outside}
}

// Describe implements prometheus.Collector.
func (r *Loop) Describe(to chan<- *prometheus.Desc) {
	metrics.Describe(to, r.runAt)
	for _, c := range r.counters() {
		metrics.Describe(to, c.Family)
	}
}

// Collect implements prometheus.Collector.
func (r *Loop) Collect(to chan<- prometheus.Metric) {
	for _, c := range r.counters() {
		c.Send(to, float64(c.Load()))
	}
	if at := r.lastRun.Load(); at > 0 {
		r.runAt.Send(to, float64(at))
	}
}

// round is one kind of work of a run, done in batches, each in a transaction of its own.
type round struct {
	keep  time.Duration // how old rows must be; 0 means that age doesn't matter
	batch func(ctx context.Context, pool *pgxpool.Pool, keep time.Duration) (retention.Emptied, error)
	max   int // the most batches of one run; the next run does the rest. 0 means any number
}

// listRounds returns the work of a run in order.
//
// An event that comes again must be known, though it has been removed. KeepSeen records its id for that. It comes after DropEmptied,
// so that a run removes only events whose ids an earlier run recorded. Otherwise a statement that stores the event again could look
// for the id before it is recorded, and for the event when it is gone. No statement lasts from one run to the next.
func (r *Loop) listRounds(kept retention.Periods) []round {
	return []round{
		{keep: kept.Payloads, batch: retention.EmptyEvents},
		{batch: retention.EmptyRetained},
		{batch: retention.DropEmptied},
		{keep: kept.Payloads - seenAhead, batch: retention.KeepSeen},
		{keep: kept.Passing, batch: retention.DropPassing, max: maxPassing},
		{keep: kept.Ended, batch: retention.TidyConversations},
		{keep: kept.Ended, batch: retention.DropDirect},
		{keep: kept.Blobs, batch: func(ctx context.Context, pool *pgxpool.Pool, keep time.Duration) (retention.Emptied, error) {
			return retention.DropBlobs(ctx, pool, keep, r.Objects != nil)
		}},
		{keep: kept.Payloads, batch: retention.DropReactions},
		{keep: kept.Payloads, batch: retention.DropEarly},
		{keep: kept.Ended, batch: retention.DropTold},
		{batch: retention.DropFormerContacts},
	}
}

// allowDropping allows events to be removed once the last process of the previous version has been gone for dropAfter. That version
// doesn't read the recorded ids, and would take an event that comes again for a new one.
func (r *Loop) allowDropping(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	all, err := store.AllKnow(ctx, r.Pool, store.KnowsSeen)
	if err == nil && all {
		err = retention.AllowDropping(ctx, r.Pool, dropAfter)
	}
	if err != nil && ctx.Err() == nil {
		r.Log.Warn("retention can't tell whether old events may be removed", "error", err)
	}
}

// Run makes a turn once an hour until ctx ends.
func (r *Loop) Run(ctx context.Context) error {
	for wait := firstRun; pause.For(ctx, wait); wait = runEvery {
		r.Turn(ctx)
	}
	return nil
}

// Turn does one run, unless another process does. It keeps its lease until that runs out, so that no process begins another run
// at once.
func (r *Loop) Turn(parent context.Context) {
	ctx, cancel := context.WithTimeout(parent, maxRun)
	defer cancel()
	if !r.takeLease(ctx) {
		return
	}

	r.allowDropping(ctx)
	kept, ok := r.readKept(ctx)
	if !ok {
		return
	}
	for _, round := range r.listRounds(kept) {
		batch := func(ctx context.Context) (retention.Emptied, error) {
			return round.batch(ctx, r.Pool, round.keep)
		}
		if !r.runBatches(ctx, round.max, batch) {
			return
		}
	}
	if !r.tidyObjects(ctx, kept.Blobs) {
		return
	}

	r.lastRun.Store(time.Now().Unix()) //nolint:forbidigo // for people to compare with their own clock
}

// readKept reads for how long records are kept. isKnown is false if they can't be read; then nothing may be removed.
func (r *Loop) readKept(ctx context.Context) (kept retention.Periods, isKnown bool) {
	ctx, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	days, err := retention.ReadDays(ctx, r.Pool)
	if err != nil && ctx.Err() == nil {
		r.Log.Warn("retention failed", "error", err)
	}
	return days.Periods(), err == nil
}

// runBatches repeats a batch until nothing is left, or until it has done limit of them, unless limit is 0. It returns false if the run
// must end: after an error, without the lease, or when ctx has ended.
func (r *Loop) runBatches(ctx context.Context, limit int, batch func(context.Context) (retention.Emptied, error)) (goesOn bool) {
	for n := 1; r.takeLease(ctx); n++ {
		done, err := r.runBatch(ctx, batch)
		if err != nil {
			if ctx.Err() == nil {
				r.Log.Warn("retention failed", "error", err)
			}
			return false
		}

		r.emptied.Add(int64(done.Events))
		r.moved.Add(int64(done.Moved))
		r.events.Add(int64(done.Removed))
		r.deliveries.Add(int64(done.Deliveries))
		r.blobs.Add(int64(done.Blobs))

		if done.Events+done.Deliveries+done.Lanes+done.Blobs+done.Reactions+done.Posts+done.Contacts > 0 {
			r.Log.Debug("retention", "events", done.Events, "originals", done.Moved, "removed", done.Removed, "deliveries", done.Deliveries,
				"lanes", done.Lanes, "blobs", done.Blobs, "reactions", done.Reactions, "posts", done.Posts, "contacts", done.Contacts)
		}
		if !done.More || n == limit {
			return true
		}
		if !pause.For(ctx, batchPause) {
			return false
		}
	}
	return false
}

// runBatch runs one batch within batchTimeout.
func (r *Loop) runBatch(ctx context.Context, batch func(context.Context) (retention.Emptied, error)) (retention.Emptied, error) {
	ctx, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	return batch(ctx)
}

// takeLease takes or renews the lease of the run, and reports whether this process has it.
func (r *Loop) takeLease(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	isMine, err := store.TakeLease(ctx, r.Pool, leaseName, r.Holder, leaseFor.Seconds())
	return err == nil && isMine
}
