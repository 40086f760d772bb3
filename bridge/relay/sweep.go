package relay

import (
	"context"
	"time"

	"parley/store"
	"parley/store/clockback"
)

// thoroughEvery is how many sweeps, and so seconds, pass between two thorough ones.
const thoroughEvery = 60

// runSweep looks each second for work that no other code of this process announces: queues of appliers
// that died, queues that another process made due, and events that are to be tried again.
func (r *Relay) runSweep(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()

	turn := 0
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.opened.wake:
			r.wakeOpened(ctx)
			continue // this was no sweep
		case <-tick.C:
		}

		if err := r.sweep(ctx, turn%thoroughEvery == 0); err != nil {
			r.warn(ctx, "sweep failed", err)
		}

		if turn%holderInterval == 0 {
			if err := r.holders.keep(ctx, r.pool); err != nil {
				r.warn(ctx, "appliers not kept", err)
			}
		}

		turn++
	}
}

// sweep makes one such look. A thorough one also finds what became visible long after it was due.
func (r *Relay) sweep(ctx context.Context, thorough bool) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	freed, err := store.FreeHeld(ctx, r.pool, maxPerKey, thorough)
	if err != nil {
		return err
	}
	if freed > 0 {
		r.log.Warn("an applier ended with events in hand; each of them is tried again alone", "queues", freed)
	}

	if thorough {
		late, back, err := clockback.Mend(ctx, r.pool)
		if err != nil {
			return err
		}

		r.schedule.lookFromOldest(late...)

		if back > 0 {
			r.log.Warn("the database's clock was ahead; what waited for it goes on now", "ahead", back.Round(time.Second).String())
			r.Wake()
		}
	}

	due, real, err := store.SharesDue(ctx, r.pool, r.schedule.lookFrom(), thorough)
	if err != nil {
		return err
	}

	r.schedule.noteSweep(due, real)
	suspects, posts, openings, err := store.Suspects(ctx, r.pool, r.opt.Version)
	if err != nil {
		return err
	}
	if suspects {
		sendSignal(r.suspects)
	}
	if posts {
		r.awaitPosts()
	}
	if openings {
		r.wakeOpened(ctx)
	}

	r.noteDatabaseAnswer()
	sendSignal(r.timers)
	return nil
}

// wakeOpened makes the events due that wait for accounts which are open here: another process may have put them off, or
// this one just before it opened the account.
func (r *Relay) wakeOpened(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	r.wakeWaiting(ctx, r.opened.awaitedNames())
}
