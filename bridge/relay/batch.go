package relay

import (
	"cmp"
	"slices"
	"time"

	"parley/store"
)

const (
	maxApplyBytes = 16 << 20               // payloads of one batch; at least one event
	firstWait     = 500 * time.Millisecond // of an event that can't be applied yet; each further one is twice as long
	longestWait   = 30 * time.Second
	// muchOfOne is how many events of one account make a batch long. A result of a delivery whose lane a
	// short batch has locked isn't put aside: the turn that writes it waits for the batch.
	muchOfOne = 32
)

// batch holds the runs that are applied together. A run is a piece of one queue: its next events.
type batch struct {
	runs      []*work
	now, real time.Time
}

// work is a run while it is dealt with: its first events are applied, and the one behind them may have
// to wait or be given up.
type work struct {
	store.Run
	values  []any         // of the events that were decoded
	apply   int           // how many events are to be applied
	release store.Release // what becomes of the queue, besides how many of its events were done
	refused error         // why the event behind those that are applied can never be applied
}

func newBatch(taken store.Taken) *batch {
	b := &batch{now: taken.Now, real: taken.Real}
	for _, r := range taken.Runs {
		b.runs = append(b.runs, &work{Run: r, apply: len(r.Events)})
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

// place is the nth event of a run, from 0; order sorts it among the events of the batch.
type place struct {
	*work
	n     int
	order store.EventID
}

// inOrder gives the events that are to be applied, in the order in which they were accepted; those
// of one queue in the queue's order, whatever their numbers say.
func (b *batch) inOrder() []place {
	var list []place
	for _, r := range b.runs {
		order := store.EventID(0)
		for n, e := range r.Events[:r.apply] {
			order = max(order, e.ID)
			list = append(list, place{r, n, order})
		}
	}
	slices.SortStableFunc(list, func(a, b place) int { return cmp.Compare(a.order, b.order) })
	return list
}

// facts gives what is to be applied, in order.
func (b *batch) facts() []Fact {
	var list []Fact
	for _, p := range b.inOrder() {
		list = append(list, Fact{Event: p.Events[p.n], Value: p.values[p.n]})
	}
	return list
}

// find gives an event's run and its index in it; n < 0 if the event isn't in the batch or is left out
// already.
func (b *batch) find(event store.EventID) (r *work, n int) {
	for _, r := range b.runs {
		if n := slices.IndexFunc(r.Events[:r.apply], func(e store.Event) bool { return e.ID == event }); n >= 0 {
			return r, n
		}
	}
	return nil, -1
}

// wait leaves an event out until it can be applied, and those behind it. It says whether it did.
func (b *batch) wait(w Wait) bool {
	r, n := b.find(w.EventID)
	if n < 0 {
		return false
	}
	r.putOff(n, w)
	return true
}

// putOff leaves the nth event of a run out until it can be applied, and those behind it.
func (r *work) putOff(n int, w Wait) {
	waits := r.waitsOf(n)
	r.apply, r.refused = n, nil // an event that was refused is behind it, and is tried again later
	r.release.Waits, r.release.For, r.release.After = waits+1, w.For, max(w.Most, time.Millisecond)
	if w.For == "" {
		r.release.After = min(r.release.After, firstWait<<min(waits, 10), longestWait)
	}
}

// waitsOf is how often the nth event of a run was put off. Waits is of the first one: those behind it never were.
func (r *work) waitsOf(n int) int {
	if n > 0 {
		return 0
	}
	return r.Waits
}

// refuse leaves out an event that can never be applied, and those behind it. It says whether it did.
func (b *batch) refuse(event store.EventID, why error) bool {
	r, n := b.find(event)
	if n < 0 {
		return false
	}
	r.apply, r.refused, r.release = n, why, store.Release{} // an event that has to wait is behind it
	return true
}

// releases gives what is to be written of the runs. Runs whose next event will be given up are left out:
// the applier keeps them until that is done.
func (b *batch) releases() []store.Release {
	var list []store.Release
	for _, r := range b.runs {
		if r.refused != nil && r.apply == 0 {
			continue
		}
		done := r.Release(r.apply)
		done.After, done.For, done.Waits, done.Tries = r.release.After, r.release.For, r.release.Waits, r.release.Tries
		list = append(list, done)
	}
	return list
}

// counts gives how many events of each account were taken.
func (b *batch) counts() map[store.AccountID]int {
	n := map[store.AccountID]int{}
	for _, r := range b.runs {
		n[r.Share] += len(r.Events)
	}
	return n
}

// much says whether one account has so many events in the batch that it will hold locks for long.
func (b *batch) much() bool {
	for _, n := range b.counts() {
		if n >= muchOfOne {
			return true
		}
	}
	return false
}

// more gives the accounts that have further events due, by how many were taken of each.
func (b *batch) more(shares []store.Share, taken map[store.AccountID]int) map[store.AccountID]bool {
	more := map[store.AccountID]bool{}
	var size int64
	for _, r := range b.runs {
		for _, e := range r.Events {
			size += e.SizeBytes
		}
		if r.release.After == 0 && (r.More || r.apply < len(r.Events)) {
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
