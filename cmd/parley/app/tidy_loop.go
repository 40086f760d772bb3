package app

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"parley/channels/wire"
	"parley/store"
	"parley/store/blob"
)

const (
	seenAhead = 2 * time.Hour // how long before an event is removed its id is recorded

	runEvery     = time.Hour
	firstRun     = time.Minute // after the process starts
	maxRun       = 10 * time.Minute
	leaseName    = "retention"
	tidyLeaseFor = time.Minute
	batchTimeout = 30 * time.Second       // shorter than the lease, so that two runs never overlap
	batchPause   = 100 * time.Millisecond // between two batches, so that other work isn't slowed down

	// maxPassing limits the batches of retention.DropPassing in one run, to about three minutes. Once a day that round scans
	// all deliveries, and the rounds after it would otherwise be delayed by hours.
	maxPassing = 1500
)

// TidyOptions of a Loop. Pool, Log and Holder are required.
type TidyOptions struct {
	Pool    *pgxpool.Pool
	Log     *slog.Logger
	Objects blob.Objects // the object store for old files; nil if all files are in the database
	Holder  string       // identifies this process as the owner of leases
}

// Loop removes old records from the database once an hour. If several processes share the database, a lease ensures that
// only one of them does so. It removes
//   - events: what providers and chats reported, as it was received; the original of a message becomes a file;
//   - deliveries, the outgoing messages of conversations that have ended, and their lanes, the queues they were in;
//   - blobs: files that nothing refers to any more.
//
// A run consists of rounds, one for each kind of record, and a round of small batches, each in a short transaction.
type Loop struct {
	TidyOptions

	emptied, moved, events, deliveries, blobs, outside counter

	lastRun atomic.Int64 // when the last complete run ended, in Unix seconds
	runAt   Family
}

// counter is a Prometheus counter.
type counter struct {
	atomic.Int64
	Family
}

// NewTidy makes a Loop. Call Run to start it.
func NewTidy(o TidyOptions) *Loop {
	r := &Loop{TidyOptions: o}
	r.emptied.Family = Counter("parley_retention_emptied_total", "Old events whose payload was removed or moved.")
	r.moved.Family = Counter("parley_retention_moved_total", "Of them, originals of messages that became files.")
	r.events.Family = Counter("parley_retention_events_removed_total", "Old events removed.")
	r.deliveries.Family = Counter("parley_retention_deliveries_removed_total",
		"Deliveries removed: of the moment only, of conversations that ended long ago, or told to colleagues long ago.")
	r.blobs.Family = Counter("parley_retention_blobs_removed_total", "Files removed because nothing refers to them.")
	r.outside.Family = Counter("parley_retention_blobs_moved_total", "Files moved from the database to the object store.")
	r.runAt = Gauge("parley_retention_run_timestamp_seconds",
		"When this process last ended a run of retention; of several replicas one runs.")
	return r
}

// counters returns all counters.
func (r *Loop) counters() []*counter {
	return []*counter{&r.emptied, &r.moved, &r.events, &r.deliveries, &r.blobs, &r.outside}
}

// Describe implements prometheus.Collector.
func (r *Loop) Describe(to chan<- *prometheus.Desc) {
	Describe(to, r.runAt)
	for _, c := range r.counters() {
		Describe(to, c.Family)
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

// round is one step of a run. It calls batch until nothing is left to remove.
type round struct {
	keep  time.Duration // how long rows are kept; 0 if their age doesn't matter
	batch func(ctx context.Context, pool *pgxpool.Pool, keep time.Duration) (store.Emptied, error)
	max   int // limits the batches of one run; 0 means no limit
}

// listRounds returns the rounds of a run in order.
//
// A provider may send an event again after it has been removed. It must not count twice, so KeepSeen records its id first.
// KeepSeen comes after DropEmptied, so that a run removes only events whose ids an earlier run recorded. Otherwise a
// concurrent statement that stores the event again could check for the id before it is recorded, and for the event after
// it is removed, and find neither. No statement lasts from one run to the next.
func (r *Loop) listRounds(kept store.RetentionPeriods) []round {
	return []round{
		{keep: kept.Payloads, batch: store.EmptyEvents},
		{batch: store.EmptyRetained},
		{batch: store.DropEmptied},
		{keep: kept.Payloads - seenAhead, batch: store.KeepSeen},
		{keep: kept.Passing, batch: store.DropPassing, max: maxPassing},
		{keep: kept.Ended, batch: store.TidyConversations},
		{keep: kept.Ended, batch: store.DropDirect},
		{keep: kept.Blobs, batch: func(ctx context.Context, pool *pgxpool.Pool, keep time.Duration) (store.Emptied, error) {
			return store.DropBlobs(ctx, pool, keep, r.Objects != nil)
		}},
		{keep: kept.Payloads, batch: store.DropReactions},
		{keep: kept.Payloads, batch: store.DropEarly},
		{keep: kept.Ended, batch: store.DropTold},
		{batch: store.DropFormerContacts},
	}
}

// Run calls Turn once an hour until ctx ends.
func (r *Loop) Run(ctx context.Context) error {
	for wait := firstRun; wire.For(ctx, wait); wait = runEvery {
		r.Turn(ctx)
	}
	return nil
}

// Turn does one run, unless another process has the lease. It doesn't release the lease at the end, but lets it expire, so that
// no other process starts another run immediately.
func (r *Loop) Turn(parent context.Context) {
	ctx, cancel := context.WithTimeout(parent, maxRun)
	defer cancel()
	if !r.takeLease(ctx) {
		return
	}

	kept, ok := r.readKept(ctx)
	if !ok {
		return
	}
	for _, round := range r.listRounds(kept) {
		batch := func(ctx context.Context) (store.Emptied, error) {
			return round.batch(ctx, r.Pool, round.keep)
		}
		if !r.runBatches(ctx, round.max, batch) {
			return
		}
	}
	if !r.tidyObjects(ctx, kept.Blobs) {
		return
	}

	r.lastRun.Store(time.Now().Unix()) //nolint:forbidigo // compared with real time by people and alerts
}

// readKept reads how long records are kept. If isKnown is false, this couldn't be read, and nothing may be removed.
func (r *Loop) readKept(ctx context.Context) (kept store.RetentionPeriods, isKnown bool) {
	ctx, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	days, err := store.ReadRetentionDays(ctx, r.Pool)
	if err != nil && ctx.Err() == nil {
		r.Log.Warn("retention failed", "error", err)
	}
	return days.Periods(), err == nil
}

// runBatches repeats a batch until nothing is left, or limit times (0 means no limit). It returns false if the run must end: after
// an error, if the lease is lost, or when ctx has ended.
func (r *Loop) runBatches(ctx context.Context, limit int, batch func(context.Context) (store.Emptied, error)) (shouldContinue bool) {
	for n := 1; r.takeLease(ctx); n++ {
		done, err := r.runBatch(ctx, batch)
		if err != nil {
			if ctx.Err() == nil {
				r.Log.Warn("retention failed", "error", err)
			}
			return false
		}

		r.countBatch(done)
		if !done.More || n == limit {
			return true
		}
		if !wire.For(ctx, batchPause) {
			return false
		}
	}
	return false
}

// countBatch adds what a batch did to the metrics, and logs it if it did something.
func (r *Loop) countBatch(done store.Emptied) {
	r.emptied.Add(int64(done.Events))
	r.moved.Add(int64(done.Moved))
	r.events.Add(int64(done.Removed))
	r.deliveries.Add(int64(done.Deliveries))
	r.blobs.Add(int64(done.Blobs))

	if done.Events+done.Deliveries+done.Lanes+done.Blobs+done.Reactions+done.Posts+done.Contacts > 0 {
		r.Log.Debug("retention", "events", done.Events, "originals", done.Moved, "removed", done.Removed, "deliveries", done.Deliveries,
			"lanes", done.Lanes, "blobs", done.Blobs, "reactions", done.Reactions, "posts", done.Posts, "contacts", done.Contacts)
	}
}

// runBatch runs one batch within batchTimeout.
func (r *Loop) runBatch(ctx context.Context, batch func(context.Context) (store.Emptied, error)) (store.Emptied, error) {
	ctx, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	return batch(ctx)
}

// takeLease takes or renews the lease of the run, and reports whether this process has it.
func (r *Loop) takeLease(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	isMine, err := store.TakeLease(ctx, r.Pool, leaseName, r.Holder, tidyLeaseFor.Seconds())
	return err == nil && isMine
}
