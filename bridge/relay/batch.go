package relay

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"parley/store"
)

const (
	maxApplyBytes = 16 << 20               // payloads of one batch; at least one event
	firstWait     = 500 * time.Millisecond // of an event that can't be applied yet; each further wait is twice as long
	maxWait       = 30 * time.Second
	// maxWaitDoublings keeps firstWait from overflowing. By then maxWait is exceeded.
	maxWaitDoublings = 10
	// longBatchEvents is how many events of one account make a batch long. A result of a delivery whose lane a
	// short batch has locked isn't put aside: the turn that writes it waits for the batch.
	longBatchEvents = 32
)

// batch holds the runs that are applied together. A run is a piece of one queue: its next events.
type batch struct {
	runs      []*runInWork
	now, real time.Time
}

// runInWork is a run while it is dealt with: its first events are applied, and the one behind them may have
// to wait or be given up.
type runInWork struct {
	store.Run
	values  []any         // of the events that were decoded
	apply   int           // how many events are to be applied
	release store.Release // when and for what the queue waits, if it does; how many events are done is added at the end
	refused error         // why the event behind those that are applied can never be applied; nil if it can
}

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

// eventPlace is the nth event of a run, from 0; order sorts it among the events of the batch.
type eventPlace struct {
	*runInWork
	n     int
	order store.EventID
}

// inOrder returns the events that are to be applied, in the order in which they were accepted; those
// of one queue in the queue's order, whatever their numbers say.
func (b *batch) inOrder() []eventPlace {
	var list []eventPlace
	for _, r := range b.runs {
		order := store.EventID(0)
		for n, e := range r.Events[:r.apply] {
			order = max(order, e.ID)
			list = append(list, eventPlace{r, n, order})
		}
	}
	slices.SortStableFunc(list, func(a, b eventPlace) int { return cmp.Compare(a.order, b.order) })
	return list
}

// listFacts returns what is to be applied, in order.
func (b *batch) listFacts() []Fact {
	var list []Fact
	for _, p := range b.inOrder() {
		list = append(list, Fact{Event: p.Events[p.n], Waits: p.waitsOf(p.n), Value: p.values[p.n]})
	}
	return list
}

// find returns an event's run and its index in it; n < 0 if the event isn't in the batch or is left out already.
func (b *batch) find(event store.EventID) (r *runInWork, n int) {
	for _, r := range b.runs {
		if n := slices.IndexFunc(r.Events[:r.apply], func(e store.Event) bool { return e.ID == event }); n >= 0 {
			return r, n
		}
	}
	return nil, -1
}

// putOffEvent leaves an event out until it can be applied, and those behind it. It reports whether the batch has the event.
func (b *batch) putOffEvent(w Wait) bool {
	r, n := b.find(w.EventID)
	if n < 0 {
		return false
	}
	r.putOff(n, w)
	return true
}

// putOff leaves the nth event of a run out until it can be applied, and those behind it.
func (r *runInWork) putOff(n int, w Wait) {
	waits := r.waitsOf(n)
	r.apply = n
	r.refused = nil // a refused event stands behind this one, and is tried again later
	r.release.Waits = waits + 1
	r.release.For = w.For
	r.release.After = max(w.Most, time.Millisecond)
	if w.For == "" {
		r.release.After = min(r.release.After, firstWait<<min(waits, maxWaitDoublings), maxWait)
	}
}

// waitsOf returns how often the nth event of a run was put off. Only the first event of a queue can have been: r.Waits counts
// it.
func (r *runInWork) waitsOf(n int) int {
	if n > 0 {
		return 0
	}
	return r.Waits
}

// leaveOutEventOf leaves out the event that an error of Handler.Apply names. It reports whether it did, so that the others
// can be applied.
func (b *batch) leaveOutEventOf(err error) bool {
	if bad, ok := errors.AsType[*EventError](err); ok && b.refuseEvent(bad.EventID, bad.Err) {
		return true
	}
	var early *WaitError
	return errors.As(err, &early) && b.putOffEvent(early.Wait)
}

// refuseEvent leaves out an event that can never be applied, and those behind it. It reports whether the batch has the event.
func (b *batch) refuseEvent(event store.EventID, why error) bool {
	r, n := b.find(event)
	if n < 0 {
		return false
	}
	r.apply = n
	r.refused = why
	r.release = store.Release{} // an event that has to wait stands behind this one
	return true
}

// listReleases returns what is to be written of the runs. Runs whose next event will be given up are left out:
// the applier keeps them until that is done.
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

// accountsWithMore returns the accounts that have further events due, by how many were taken of each.
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
