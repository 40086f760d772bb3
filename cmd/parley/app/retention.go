package app

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"parley/channels/pause"
	"parley/store"
)

const (
	keepPayloads = 30 * 24 * time.Hour
	keepBlobs    = 24 * time.Hour      // what nothing refers to yet may be about to be referred to
	keepPassing  = 24 * time.Hour      // deliveries that only concerned the moment
	keepEnded    = 60 * 24 * time.Hour // what was needed to deliver the messages of an ended conversation
	dropAfter    = 7 * 24 * time.Hour  // so long after an upgrade the version before can take over again
	seenAhead    = 2 * time.Hour       // so much earlier than it is removed an event is remembered

	retentionEvery = time.Hour
	retentionFirst = time.Minute      // after the start
	retentionRun   = 10 * time.Minute // the longest run; what is left waits for the next
	retentionLease = time.Minute
	retentionYield = 100 * time.Millisecond // between batches: others come first
	batchTimeout   = 30 * time.Second
	retentionName  = "retention"
)

// retention removes, once an hour and in one process of all, what is not kept: old events,
// what was needed to deliver the messages of conversations that ended, and files that nothing
// refers to.
type retention struct {
	app        *App
	emptied    atomic.Int64
	moved      atomic.Int64
	events     atomic.Int64
	deliveries atomic.Int64
	blobs      atomic.Int64
	outside    atomic.Int64
	lastRun    atomic.Int64 // unix seconds of the last run that came to its end

	emptiedTotal, movedTotal, eventsTotal, deliveriesTotal, blobsTotal, outsideTotal, runAt family
}

func newRetention(a *App) *retention {
	return &retention{
		app:             a,
		emptiedTotal:    counter("parley_retention_emptied_total", "Events whose payload was removed or moved, because they are old."),
		movedTotal:      counter("parley_retention_moved_total", "Of them, originals of messages: they live on as files."),
		eventsTotal:     counter("parley_retention_events_removed_total", "Old events removed; that they were here stays known."),
		deliveriesTotal: counter("parley_retention_deliveries_removed_total", "Deliveries removed: of the moment only, or of conversations that ended long ago."),
		blobsTotal:      counter("parley_retention_blobs_removed_total", "Files removed because nothing refers to them."),
		outsideTotal:    counter("parley_retention_blobs_moved_total", "Files moved from the database to the object store."),
		runAt:           gauge("parley_retention_run_timestamp_seconds", "When this process last ended a run of retention; of several replicas one runs."),
	}
}

// Describe implements prometheus.Collector.
func (r *retention) Describe(to chan<- *prometheus.Desc) {
	describe(to, r.emptiedTotal, r.movedTotal, r.eventsTotal, r.deliveriesTotal, r.blobsTotal, r.outsideTotal, r.runAt)
}

// Collect implements prometheus.Collector.
func (r *retention) Collect(to chan<- prometheus.Metric) {
	r.emptiedTotal.send(to, float64(r.emptied.Load()))
	r.movedTotal.send(to, float64(r.moved.Load()))
	r.eventsTotal.send(to, float64(r.events.Load()))
	r.deliveriesTotal.send(to, float64(r.deliveries.Load()))
	r.blobsTotal.send(to, float64(r.blobs.Load()))
	r.outsideTotal.send(to, float64(r.outside.Load()))
	if at := r.lastRun.Load(); at > 0 {
		r.runAt.send(to, float64(at))
	}
}

// round is one thing that a run does, in batches.
type round struct {
	keep  time.Duration
	batch func(ctx context.Context, pool *pgxpool.Pool, keep time.Duration) (store.Emptied, error)
}

// rounds is what a run does, in this order: facts are remembered before their events go.
func (r *retention) rounds() []round {
	return []round{
		{keepPayloads - seenAhead, store.KeepSeen},
		{keepPayloads, store.EmptyEvents},
		{0, store.EmptyRetained},
		{0, store.DropEmptied},
		{keepPassing, store.DropPassing},
		{keepEnded, store.TidyConversations},
		{keepBlobs, func(ctx context.Context, pool *pgxpool.Pool, keep time.Duration) (store.Emptied, error) {
			return store.DropBlobs(ctx, pool, keep, r.app.objects != nil)
		}},
		{keepPayloads, store.DropReactions},
		{keepPayloads, store.DropEarly},
		{keepEnded, store.DropTold},
	}
}

// allowDropping lets events be removed some time after the last process of the version before,
// which would take what comes a second time for new.
func (r *retention) allowDropping(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	all, err := store.AllKnow(ctx, r.app.db.Pool, store.KnowsSeen)
	if err == nil && all {
		err = store.AllowDropping(ctx, r.app.db.Pool, dropAfter)
	}
	if err != nil && ctx.Err() == nil {
		r.app.log.Warn("retention can't tell whether old events may be removed", "error", err)
	}
}

// run works once an hour until ctx ends.
func (r *retention) run(ctx context.Context) error {
	for wait := retentionFirst; pause.For(ctx, wait); wait = retentionEvery {
		r.turn(ctx)
	}
	return nil
}

// turn does one run, if no other process does. The lease is left to run out: until then
// nobody begins again.
func (r *retention) turn(parent context.Context) {
	ctx, cancel := context.WithTimeout(parent, retentionRun)
	defer cancel()
	if !r.mine(ctx) {
		return
	}
	r.allowDropping(ctx)
	for _, round := range r.rounds() {
		batch := func(ctx context.Context) (store.Emptied, error) { return round.batch(ctx, r.app.db.Pool, round.keep) }
		if !r.batches(ctx, batch) {
			return
		}
	}
	if !r.objects(ctx) {
		return
	}
	r.lastRun.Store(time.Now().Unix()) //nolint:forbidigo // for people to compare with their own clock
}

// batches repeats a batch until nothing is left, and says whether to go on.
func (r *retention) batches(ctx context.Context, batch func(context.Context) (store.Emptied, error)) bool {
	for r.mine(ctx) {
		done, err := r.batch(ctx, batch)
		if err != nil {
			if ctx.Err() == nil {
				r.app.log.Warn("retention failed", "error", err)
			}
			return false
		}
		r.emptied.Add(int64(done.Events))
		r.moved.Add(int64(done.Moved))
		r.events.Add(int64(done.Removed))
		r.deliveries.Add(int64(done.Deliveries))
		r.blobs.Add(int64(done.Blobs))
		if done.Events+done.Deliveries+done.Lanes+done.Blobs+done.Reactions+done.Posts > 0 {
			r.app.log.Debug("retention", "events", done.Events, "originals", done.Moved, "removed", done.Removed,
				"deliveries", done.Deliveries, "lanes", done.Lanes, "blobs", done.Blobs, "reactions", done.Reactions, "posts", done.Posts)
		}
		if !done.More {
			return true
		}
		if !pause.For(ctx, retentionYield) {
			return false
		}
	}
	return false
}

func (r *retention) batch(ctx context.Context, batch func(context.Context) (store.Emptied, error)) (store.Emptied, error) {
	ctx, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	return batch(ctx)
}

// mine takes or renews the right to run.
func (r *retention) mine(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	got, err := store.TakeLease(ctx, r.app.db.Pool, retentionName, r.app.accounts.holder, retentionLease.Seconds())
	return err == nil && got
}
