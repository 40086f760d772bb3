package relay

import (
	"context"
	"time"

	"parley/store"
)

// An event (a stored fact, such as a customer's mail) waits in a queue until an applier of some process takes it. Usually the
// process that has just stored the event wakes its own applier. A sweep queries the database for events without such a
// wake-up: those of crashed appliers, those that another process made due, and those that are due for a retry.
const (
	sweepInterval    = time.Second
	thoroughInterval = time.Minute      // between thorough sweeps, which also look for rare cases; see sweep
	thoroughRetry    = 10 * time.Second // after a thorough sweep that failed
)

// runSweep sweeps until ctx ends. Between sweeps it wakes the events of accounts that this process has opened.
func (r *Relay) runSweep(ctx context.Context) error {
	tick := time.NewTicker(sweepInterval)
	defer tick.Stop()

	var thoroughDue time.Time // the first sweep is thorough
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.opened.wake:
			r.wakeOpened(ctx)
			continue
		case <-tick.C:
		}

		thorough := !time.Now().Before(thoroughDue)
		next := thoroughInterval
		if err := r.sweep(ctx, thorough); err != nil {
			r.warn(ctx, "sweep failed", err)
			next = thoroughRetry
		}
		if thorough {
			thoroughDue = time.Now().Add(next)
		}
	}
}

// sweep queries the database once and wakes the parts of the relay that work on what it finds. A thorough sweep
// also frees queues whose applier isn't registered, looks for queues that became visible long after they were
// due, and notes the time for parley doctor.
func (r *Relay) sweep(ctx context.Context, thorough bool) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if err := r.freeDeadQueues(ctx, thorough); err != nil {
		return err
	}
	if thorough {
		if err := store.NoteClock(ctx, r.pool); err != nil {
			return err
		}
	}

	due, databaseNow, err := store.SharesDue(ctx, r.pool, r.schedule.lookFrom(), thorough)
	if err != nil {
		return err
	}
	r.schedule.noteSweep(due, databaseNow)
	if err := r.wakeWaiters(ctx); err != nil {
		return err
	}
	r.database.noteAnswer()
	sendSignal(r.timers)
	return nil
}

// freeDeadQueues frees the queues that appliers held when they died.
func (r *Relay) freeDeadQueues(ctx context.Context, thorough bool) error {
	freed, err := store.FreeDeadHolders(ctx, r.pool, maxPerKey, thorough)
	if err != nil {
		return err
	}
	if freed > 0 {
		r.log.Warn("an applier ended with events in hand; each of them is tried again alone", "queues", freed)
	}
	return nil
}

// wakeWaiters finds out which kinds of events wait. It has failed ones tried again, and makes those due that
// wait for an account that is open in this process. If some wait for a post in a chat, the dispatcher wakes
// them once the post has landed.
func (r *Relay) wakeWaiters(ctx context.Context) error {
	waiting, err := store.FindWaiting(ctx, r.pool, r.opt.Version)
	if err != nil {
		return err
	}
	if waiting.SuspectDue {
		sendSignal(r.suspects)
	}
	if waiting.ForPosts {
		r.awaitPosts()
	}
	if waiting.ToOpen {
		r.wakeOpened(ctx)
	}
	return nil
}

// wakeOpened makes the events due that wait for one of the accounts that are open in this process. Another
// process may have put them off, or this one just before it opened the account.
func (r *Relay) wakeOpened(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	r.wakeWaiting(ctx, r.opened.awaitedNames())
}
