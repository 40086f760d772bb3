package relay

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"parley/store"
)

const (
	maxApplyBytes = 16 << 20 // payload bytes of one batch; a larger single event is a batch of its own

	// An event that can't be applied yet waits for firstWait; each further wait is twice as long, up to maxWait.
	firstWait        = 500 * time.Millisecond
	maxWait          = 30 * time.Second
	maxWaitDoublings = 10 // prevents an overflow; maxWait is reached long before

	// A batch with this many events of one account is long. While a long batch has conversations locked, the
	// results of their deliveries wait, so that they don't delay other results (lockedConversations).
	longBatchEvents = 32
)

// batch is the work of one transaction of an applier: the next events of several queues. The events of one
// queue in it are a run, and they are applied in order. So an event that has to wait, or that can never be
// applied, ends its run: the events ahead of it are applied, and it stays in its queue together with all later
// ones.
type batch struct {
	runs []*runInWork
	now  time.Time // Parley's clock
	real time.Time // the database's
}

// runInWork is a run that is being applied: its events up to apply, Events[:apply]. If apply < len(Events),
// there are three cases for the event at apply: it has to wait, for as long as release says; it can never be
// applied, and refused has the reason; or it is left for the next batch.
type runInWork struct {
	store.Run
	values  []any // results of Handler.Decode, for the events decoded so far
	apply   int
	release store.Release // only After, For, Waits and Tries are set
	refused error
}

// newBatch makes a batch that is going to apply all of its events.
func newBatch(taken store.Taken) *batch {
	b := &batch{now: taken.Now, real: taken.Real}
	for _, r := range taken.Runs {
		b.runs = append(b.runs, &runInWork{Run: r, apply: len(r.Events)})
	}
	return b
}

// clone copies a batch so that an attempt can change the copy.
func (b *batch) clone() *batch {
	c := *b
	c.runs = nil
	for _, r := range b.runs {
		one := *r
		c.runs = append(c.runs, &one)
	}
	return &c
}

// eventPlace is the position of an event in a batch: Events[n] of a run.
type eventPlace struct {
	*runInWork
	n     int
	order store.EventID // sorts the events of the batch
}

// inOrder returns the events to be applied in the order of their ids, which is the order of arrival. Events of
// one queue keep the queue's order even if their ids don't: a replayed event comes after newer ones.
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

// listFacts returns the events for Handler.Apply, in order.
func (b *batch) listFacts() []Fact {
	var list []Fact
	for _, p := range b.inOrder() {
		list = append(list, Fact{Event: p.Events[p.n], Waits: p.waitsOf(p.n), Value: p.values[p.n]})
	}
	return list
}

// find returns the run of an event and the event's index in it. n is -1 if the batch doesn't apply the event.
func (b *batch) find(event store.EventID) (r *runInWork, n int) {
	for _, r := range b.runs {
		if n := slices.IndexFunc(r.Events[:r.apply], func(e store.Event) bool { return e.ID == event }); n >= 0 {
			return r, n
		}
	}
	return nil, -1
}

// putOffEvent makes an event, and the later ones in its queue, wait. found is false if the batch doesn't apply
// the event.
func (b *batch) putOffEvent(w Wait) (found bool) {
	r, n := b.find(w.EventID)
	if n < 0 {
		return false
	}
	r.putOff(n, w)
	return true
}

// putOff makes Events[n], and the later ones, wait. If w names what the event waits for, the event comes back
// when that is recorded, but at the latest after w.Most. Otherwise it comes back after a pause that grows each
// time.
func (r *runInWork) putOff(n int, w Wait) {
	waits := r.waitsOf(n)
	r.apply = n
	r.refused = nil // a refused event would be later in the run, and is tried again with it
	r.release.Waits = waits + 1
	r.release.For = w.For
	r.release.After = max(w.Most, time.Millisecond)
	if w.For == "" {
		r.release.After = min(r.release.After, firstWait<<min(waits, maxWaitDoublings), maxWait)
	}
}

// waitsOf returns how often Events[n] was put off so far. It is 0 for all but the first event, because the
// later ones were never tried.
func (r *runInWork) waitsOf(n int) int {
	if n > 0 {
		return 0
	}
	return r.Waits
}

// leaveOutEventOf leaves out the event that an error of Handler.Apply names, and the later ones in its queue,
// so that the rest of the batch can be tried again. found is false if the error names no event of the batch.
func (b *batch) leaveOutEventOf(err error) (found bool) {
	if refused, ok := errors.AsType[*EventError](err); ok && b.refuseEvent(refused.EventID, refused.Err) {
		return true
	}
	early, ok := errors.AsType[*WaitError](err)
	return ok && b.putOffEvent(early.Wait)
}

// refuseEvent leaves out an event that can never be applied, and the later ones in its queue. found is false if
// the batch doesn't apply the event.
func (b *batch) refuseEvent(event store.EventID, why error) (found bool) {
	r, n := b.find(event)
	if n < 0 {
		return false
	}
	r.apply = n
	r.refused = why
	r.release = store.Release{} // an event that has to wait would be later in the run
	return true
}

// listReleases returns how the runs go back to their queues. It omits runs whose first event can never be
// applied: the applier keeps those until the event is in quarantine (giveUpRefused).
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

// appliedOf returns the events of facts, except those that the batch has left out since.
func (b *batch) appliedOf(facts []Fact) []store.Event {
	leftOut := map[store.EventID]bool{}
	for _, r := range b.runs {
		for _, e := range r.Events[r.apply:] {
			leftOut[e.ID] = true
		}
	}

	events := make([]store.Event, 0, len(facts))
	for _, f := range facts {
		if !leftOut[f.Event.ID] {
			events = append(events, f.Event)
		}
	}
	return events
}

// takenByAccount returns how many events of each account the batch has taken.
func (b *batch) takenByAccount() map[store.AccountID]int {
	taken := map[store.AccountID]int{}
	for _, r := range b.runs {
		taken[r.Share] += len(r.Events)
	}
	return taken
}

// isLong reports whether the batch has so many events of one account that it will hold locks for long.
func (b *batch) isLong() bool {
	for _, n := range b.takenByAccount() {
		if n >= longBatchEvents {
			return true
		}
	}
	return false
}

// accountsWithMore returns the accounts that may have more due events: those that filled their share of the
// batch, and all of them if the batch was full. taken is the result of takenByAccount.
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
