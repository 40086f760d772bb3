package app

import (
	"context"

	"parley/channels"
	"parley/channels/pause"
	"parley/store"
)

// fetchRun is one channel that fetches in this process.
type fetchRun struct {
	worker *worker
	cancel context.CancelFunc
	done   chan struct{} // closed when the channel has ended
	ending bool          // it was asked to end
}

// startChannels starts the channels whose leases this process has, if they don't run already.
func (f *fetchers) startChannels(ctx context.Context, wanted map[store.AccountID]*worker) {
	for id := range f.heldSince {
		w := wanted[id]
		if w == nil || f.running[id] != nil || !f.shouldFetch(id) {
			continue
		}
		work, cancel := context.WithCancel(ctx)
		r := &fetchRun{worker: w, cancel: cancel, done: make(chan struct{})}
		f.running[id] = r
		go func() {
			defer f.noteEnd(r)
			f.fetch(work, id, w.channel.(channels.Runner)) // all of wanted are Runners
		}()
	}
}

// noteEnd tells runRound that a channel has ended, and has it called soon.
func (f *fetchers) noteEnd(r *fetchRun) {
	close(r.done)
	select {
	case f.wake <- struct{}{}:
	default: // a signal is waiting already
	}
}

// fetch runs a channel until ctx ends, and starts it again when it stops by itself.
func (f *fetchers) fetch(ctx context.Context, id store.AccountID, runner channels.Runner) {
	for ctx.Err() == nil {
		err := runner.Run(ctx)
		if err != nil && ctx.Err() == nil {
			f.log.Warn("fetching stopped", "account_id", id, "error", err)
		}
		pause.For(ctx, restartPause)
	}
}

// end asks a channel to end.
func (r *fetchRun) end() {
	r.ending = true
	r.cancel()
}

// isEnding reports whether an account's channel was asked to end and has not ended yet.
func (f *fetchers) isEnding(id store.AccountID) bool {
	r := f.running[id]
	return r != nil && r.ending
}
