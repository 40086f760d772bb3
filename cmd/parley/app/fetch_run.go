package app

import (
	"context"

	"parley/channels"
	"parley/channels/wire"
	"parley/store"
)

// If several processes run, only one of them fetches for an account, such as a mailbox. fetchers decides which, by leases in
// the database. This file starts, restarts and ends the channels of the accounts that this process fetches for. A channel
// is the code that talks to the account's provider, over IMAP for example. It may take a while to end, and fetchers gives
// the account's lease away only after that.

// fetchRun is a channel that fetches in this process.
type fetchRun struct {
	worker *worker
	cancel context.CancelFunc
	done   chan struct{} // closed when the channel has ended
	ending bool          // the channel was asked to end
}

// startChannels starts the channels of accounts whose leases this process holds, unless they are running.
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

// noteEnd records that a channel has ended, and wakes the goroutine that calls runRound.
func (f *fetchers) noteEnd(r *fetchRun) {
	close(r.done)
	select {
	case f.wake <- struct{}{}:
	default: // a signal is pending already
	}
}

// fetch runs a channel until ctx ends. It restarts the channel if it stops by itself.
func (f *fetchers) fetch(ctx context.Context, id store.AccountID, runner channels.Runner) {
	for ctx.Err() == nil {
		err := runner.Run(ctx)
		if err != nil && ctx.Err() == nil {
			f.log.Warn("fetching stopped", "account_id", id, "error", err)
		}
		wire.For(ctx, restartPause)
	}
}

// end asks a channel to end.
func (r *fetchRun) end() {
	r.ending = true
	r.cancel()
}

// isEnding reports whether an account's channel was asked to end, and runRound hasn't seen yet that it did.
func (f *fetchers) isEnding(id store.AccountID) bool {
	r := f.running[id]
	return r != nil && r.ending
}
