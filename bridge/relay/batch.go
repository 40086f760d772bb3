package relay

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"parley/store"
)

const (
	maxApplyBytes = 16 << 20 // payloads of one batch; at least one event

	// An event that can't be applied yet waits for firstWait, and each further time twice as long, up to maxWait.
	firstWait        = 500 * time.Millisecond
	maxWait          = 30 * time.Second
	maxWaitDoublings = 10 // keeps firstWait from overflowing; by then maxWait is exceeded

	// longBatchEvents is how many events of one account make a batch long. While a long batch has conversations locked,
	// results of their deliveries wait for it beside the others (lockedConversations).
	longBatchEvents = 32
)

// batch is what one transaction of an applier applies: the next events of several queues, as runs. Events of one queue
// are applied in order. So an event that has to wait, or that can never be applied, ends its run: the events before it
// are applied, and it stays in its queue with all that are behind it.
type batch struct {
	runs []*runInWork
	now  time.Time // Parley's clock
	real time.Time // the database's
}

// runInWork is the part of one queue that is in a batch: Events[:apply] are applied. If apply < len(Events), the event at
// apply either has to wait, and release says for how long; or it can never be applied, and refused says why; or it is
// just left for the next batch.
type runInWork struct {
	store.Run
	values  []any // what Handler.Decode made of the events, as far as they were decoded
	apply   int
	release store.Release // only After, For, Waits and Tries are set
	refused error
}

// newBatch makes a batch of which all events are to be applied.
func newBatch(taken store.Taken) *batch {
	b := &batch{now: taken.Now, real: taken.Real}
	for _, r := range taken.Runs {
		b.runs = append(b.runs, &runInWork{Run: r, apply: len(r.Events)})
	}
	return b
}

// clone copies a batch, so that an attempt can change the copy.
func (b *batch) clone() *batch {
	c := *b
	c.runs = nil
	for _, r := range b.runs {
		one := *r
		c.runs = append(c.runs, &one)
	}
	return &c
}

// eventPlace is where an event stands in a batch: it is Events[n] of a run.
type eventPlace struct {
	*runInWork
	n     int
	order store.EventID // sorts the events of the batch
}

// inOrder returns the events that are to be applied, in the order of their ids, which is that of their arrival. Events of
// one queue keep the queue's order even if their ids don't: an event that was replayed stands behind newer ones.
func (b *batch) inOrder() []eventPlace {
	var list []eventPlace
	for _, r := range b.runs {
		order := store.EventID(0) // the highest id so far in this run
		for n, e := range r.Events[:r.apply] {
			order = max(order, e.ID)
			list = append(list, eventPlace{r, n, order})
		}
	}
	slices.SortStableFunc(list, func(a, b eventPlace) int { return cmp.Compare(a.order, b.order) })
	return list
}

// listFacts returns what the handler is to apply, in order.
func (b *batch) listFacts() []Fact {
	var list []Fact
	for _, p := range b.inOrder() {
		list = append(list, Fact{Event: p.Events[p.n], Waits: p.waitsOf(p.n), Value: p.values[p.n]})
	}
	return list
}

// find returns an event's run and its index in it. n is -1 if the event isn't in the batch or is left out already.
func (b *batch) find(event store.EventID) (r *runInWork, n int) {
	for _, r := range b.runs {
		if n := slices.IndexFunc(r.Events[:r.apply], func(e store.Event) bool { return e.ID == event }); n >= 0 {
			return r, n
		}
	}
	return nil, -1
}

// putOffEvent makes an event, and those behind it in its queue, wait. found is false if the batch doesn't have the event.
func (b *batch) putOffEvent(w Wait) (found bool) {
	r, n := b.find(w.EventID)
	if n < 0 {
		return false
	}
	r.putOff(n, w)
	return true
}

// putOff makes Events[n], and those behind it, wait. If w names what the event waits for, it waits until that is there,
// but at most for w.Most; else it is looked at again and again, after ever longer pauses.
func (r *runInWork) putOff(n int, w Wait) {
	waits := r.waitsOf(n)
	r.apply = n
	r.refused = nil // a refused event would be behind this one, and is tried again later
	r.release.Waits = waits + 1
	r.release.For = w.For
	r.release.After = max(w.Most, time.Millisecond)
	if w.For == "" {
		r.release.After = min(r.release.After, firstWait<<min(waits, maxWaitDoublings), maxWait)
	}
}

// waitsOf returns how often Events[n] was put off. Only the first event of a queue can have been, since all others wait
// behind it.
func (r *runInWork) waitsOf(n int) int {
	if n > 0 {
		return 0
	}
	return r.Waits
}

// leaveOutEventOf leaves out the event that an error of Handler.Apply names, and those behind it, so that the rest of the
// batch can be tried again. found is false if the error names no event of the batch.
func (b *batch) leaveOutEventOf(err error) (found bool) {
	if bad, ok := errors.AsType[*EventError](err); ok && b.refuseEvent(bad.EventID, bad.Err) {
		return true
	}
	early, ok := errors.AsType[*WaitError](err)
	return ok && b.putOffEvent(early.Wait)
}

// refuseEvent leaves out an event that can never be applied, and those behind it. found is false if the batch doesn't
// have the event.
func (b *batch) refuseEvent(event store.EventID, why error) (found bool) {
	r, n := b.find(event)
	if n < 0 {
		return false
	}
	r.apply = n
	r.refused = why
	r.release = store.Release{} // an event that has to wait would be behind this one
	return true
}

// listReleases returns how the runs are given back to their queues. It leaves out runs whose first event can never be
// applied: the applier keeps these until it has put the event into quarantine (giveUpRefused).
func (b *batch) listReleases() []store.Release {
	var list []store.Release
	for _, r := range b.runs {
		if r.refused != nil && r.apply == 0 {
			continue
		}
		done := r.Release(r.apply)
		done.After = r.release.After
		done.For = r.release.For
		done.Waits = r.release.Waits
		done.Tries = r.release.Tries
		list = append(list, done)
	}
	return list
}

// appliedOf returns the events of facts without those that were left out of the batch meanwhile.
func (b *batch) appliedOf(facts []Fact) []store.Event {
	left := map[store.EventID]bool{}
	for _, r := range b.runs {
		for _, e := range r.Events[r.apply:] {
			left[e.ID] = true
		}
	}

	events := make([]store.Event, 0, len(facts))
	for _, f := range facts {
		if !left[f.Event.ID] {
			events = append(events, f.Event)
		}
	}
	return events
}

// takenByAccount returns how many events of each account were taken.
func (b *batch) takenByAccount() map[store.AccountID]int {
	n := map[store.AccountID]int{}
	for _, r := range b.runs {
		n[r.Share] += len(r.Events)
	}
	return n
}

// isLong reports whether one account has so many events in the batch that it will hold locks for long.
func (b *batch) isLong() bool {
	for _, n := range b.takenByAccount() {
		if n >= longBatchEvents {
			return true
		}
	}
	return false
}

// accountsWithMore returns the accounts that have further events due, or may have: those that filled their share of the
// batch, and all if the batch was full. taken is takenByAccount.
func (b *batch) accountsWithMore(shares []store.Share, taken map[store.AccountID]int) map[store.AccountID]bool {
	more := map[store.AccountID]bool{}
	var size int64
	for _, r := range b.runs {
		for _, e := range r.Events {
			size += e.SizeBytes
		}

		hasMore := r.More || r.apply < len(r.Events)
		if hasMore && r.release.After == 0 {
			more[r.Share] = true
		}
	}

	for _, s := range shares {
		if taken[s.Account] >= s.Events || size >= maxApplyBytes/2 {
			more[s.Account] = true
		}
	}
	return more
}
