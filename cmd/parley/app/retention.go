package app

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"parley/store"
)

const (
	keepPayloads = 30 * 24 * time.Hour
	keepBlobs    = 24 * time.Hour // what nothing refers to yet may be about to be referred to

	retentionEvery = time.Hour
	retentionFirst = time.Minute      // after the start
	retentionRun   = 10 * time.Minute // the longest run; what is left waits for the next
	retentionLease = time.Minute
	retentionYield = 100 * time.Millisecond // between batches: others come first
	batchTimeout   = 30 * time.Second
	retentionName  = "retention"
)

// retention removes, once an hour and in one process of all, what is not kept: payloads of
// old events, and files that nothing refers to.
type retention struct {
	app     *App
	emptied atomic.Int64
	moved   atomic.Int64
	removed atomic.Int64
	lastRun atomic.Int64 // unix seconds of the last run that came to its end

	emptiedTotal, movedTotal, removedTotal, runAt family
}

func newRetention(a *App) *retention {
	return &retention{
		app:          a,
		emptiedTotal: counter("parley_retention_emptied_total", "Events whose payload was removed or moved, because they are old."),
		movedTotal:   counter("parley_retention_moved_total", "Of them, originals of messages: they live on as files."),
		removedTotal: counter("parley_retention_blobs_removed_total", "Files removed because nothing refers to them."),
		runAt:        gauge("parley_retention_run_timestamp_seconds", "When this process last ended a run of retention; of several replicas one runs."),
	}
}

// Describe implements prometheus.Collector.
func (r *retention) Describe(to chan<- *prometheus.Desc) {
	describe(to, r.emptiedTotal, r.movedTotal, r.removedTotal, r.runAt)
}

// Collect implements prometheus.Collector.
func (r *retention) Collect(to chan<- prometheus.Metric) {
	r.emptiedTotal.send(to, float64(r.emptied.Load()))
	r.movedTotal.send(to, float64(r.moved.Load()))
	r.removedTotal.send(to, float64(r.removed.Load()))
	if at := r.lastRun.Load(); at > 0 {
		r.runAt.send(to, float64(at))
	}
}

// run works once an hour until ctx ends.
func (r *retention) run(ctx context.Context) error {
	for wait := retentionFirst; sleep(ctx, wait); wait = retentionEvery {
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
	pool := r.app.db.Pool
	for _, batch := range []func(context.Context) (store.Emptied, error){
		func(ctx context.Context) (store.Emptied, error) { return store.EmptyEvents(ctx, pool, keepPayloads) },
		func(ctx context.Context) (store.Emptied, error) { return store.EmptyRetained(ctx, pool) },
		func(ctx context.Context) (store.Emptied, error) { return store.DropBlobs(ctx, pool, keepBlobs) },
		func(ctx context.Context) (store.Emptied, error) { return store.DropReactions(ctx, pool, keepPayloads) },
	} {
		if !r.batches(ctx, batch) {
			return
		}
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
		r.removed.Add(int64(done.Blobs))
		if done.Events+done.Blobs+done.Reactions > 0 {
			r.app.log.Debug("retention", "events", done.Events, "originals", done.Moved, "blobs", done.Blobs, "reactions", done.Reactions)
		}
		if !done.More {
			return true
		}
		if !sleep(ctx, retentionYield) {
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
