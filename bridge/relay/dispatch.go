package relay

import (
	"cmp"
	"context"
	"time"

	"parley/store"
)

// emptyTurnWait keeps a turn that claimed nothing from being repeated at once.
const emptyTurnWait = 20 * time.Millisecond

// dispatcher hands out the heads of due lanes. It is used by one goroutine.
type dispatcher struct {
	*Relay
	next    map[int64]time.Time // when a gate is worth trying
	busy    map[int64]int       // attempts under way, by gate
	account map[int64]int64     // whose a gate is
	busyBy  map[int64]int       // attempts under way, by account
	limited map[int64]bool      // gates with a rate
	inRow   map[int64]int       // how many of a lane went one behind the other
	total   int
	results chan store.Finish
	done    []store.Finish // not written yet
	swept   time.Time
	turned  time.Time // when the last turn began
}

// runDispatch turns until ctx ends, then waits for the attempts under way.
func (r *Relay) runDispatch(ctx context.Context, grace time.Duration) error {
	d := &dispatcher{Relay: r, next: map[int64]time.Time{}, busy: map[int64]int{}, account: map[int64]int64{}, busyBy: map[int64]int{},
		limited: map[int64]bool{}, inRow: map[int64]int{},
		results: make(chan store.Finish, r.opt.Total)}
	work, cancel := withGrace(ctx, grace)
	defer cancel()
	for ctx.Err() == nil {
		if err := d.turn(work, true); err != nil {
			r.warn(ctx, "dispatch failed", err)
			pause(ctx, backoffOnError)
			continue
		}
		d.wait(ctx)
	}
	for d.total > 0 || len(d.done) > 0 {
		if d.total > 0 && len(d.done) == 0 {
			select {
			case f := <-d.results:
				d.collect(f)
			case <-work.Done():
				return nil
			}
		}
		if err := d.turn(work, false); err != nil {
			r.log.Warn("dispatch failed while stopping", "error", err)
			if work.Err() != nil || !pause(work, backoffOnError) {
				return nil
			}
		}
	}
	return nil
}

// A turn for one result costs almost as much as one for many: while much is under way,
// the next waits for more of them.
const (
	manyUnderWay = 32
	manyResults  = 16
	turnEvery    = 4 * time.Millisecond
)

// wait returns when there may be something to do.
func (d *dispatcher) wait(ctx context.Context) {
	if rest := turnEvery - time.Since(d.turned); d.total >= manyUnderWay && rest > 0 {
		d.gather(ctx, rest)
	}
	if len(d.done) > 0 {
		return
	}
	soon := time.Second
	now := time.Now()
	for gate, at := range d.next {
		if d.free(gate) > 0 {
			soon = min(soon, at.Sub(now))
		}
	}
	if soon <= 0 {
		return
	}
	timer := time.NewTimer(soon)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-d.lanes:
		d.swept = time.Time{}
	case due := <-d.gates:
		d.expect(due)
	case f := <-d.results:
		d.collect(f)
	}
}

// expect learns of lanes that became due. A gate that is not known, and one with a rate,
// for which it may have to wait, is looked at first.
func (d *dispatcher) expect(due []store.GateDue) {
	now := time.Now()
	for more := true; more; {
		for _, g := range due {
			at := now.Add(store.Seconds(g.Wait))
			next, waits := d.next[g.GateID]
			limited, known := d.limited[g.GateID]
			switch {
			case waits && !at.Before(next):
			case !known, limited:
				d.swept = time.Time{}
			default:
				d.next[g.GateID], d.account[g.GateID] = at, g.AccountID
			}
		}
		select {
		case due = <-d.gates:
		default:
			more = false
		}
	}
}

// gather takes results until there are many, or for a while.
func (d *dispatcher) gather(ctx context.Context, most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	for len(d.done) < manyResults {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			return
		case f := <-d.results:
			d.collect(f)
		}
	}
}

// collect takes a result, and those that are there besides.
func (d *dispatcher) collect(f store.Finish) {
	for more := true; more; {
		d.done = append(d.done, f)
		d.busy[f.Gate]--
		d.busyBy[d.account[f.Gate]]--
		d.total--
		if d.busy[f.Gate] <= 0 {
			delete(d.busy, f.Gate)
		}
		select {
		case f = <-d.results:
		default:
			more = false
		}
	}
}

// free gives how many more attempts a gate may have under way. No account gets more than
// half of all: a provider that doesn't answer must not take every place.
func (d *dispatcher) free(gate int64) int {
	return min(d.opt.PerGate-d.busy[gate], d.opt.Total-d.total, max(d.opt.Total/2, 1)-d.busyBy[d.account[gate]])
}

// turn writes results and claims in one commit.
func (d *dispatcher) turn(ctx context.Context, claim bool) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if claim {
		if err := d.look(ctx); err != nil {
			return err
		}
	}
	gates, slots := d.choose(claim)
	if len(gates) == 0 && len(d.done) == 0 {
		return nil
	}
	d.keepPlaces()
	began := time.Now()
	d.turned = began
	claimed, due, err := store.Turn(ctx, d.hot, d.done, store.Claim{Gates: gates, Slots: slots, Join: d.runs.Load()})
	if err != nil {
		return err
	}
	d.afterTurn(gates, due, len(claimed) > 0)
	for _, c := range claimed {
		d.busy[c.GateID]++
		d.busyBy[d.account[c.GateID]]++
		d.total++
	}
	if len(claimed) > 0 {
		go d.attempts(context.WithoutCancel(ctx), claimed, began)
	}
	return nil
}

// A lane may hand out so many, one behind the other, before those that wait behind it.
const (
	mostInRow  = 8
	mostCounts = 4096 // lanes whose counts are remembered
)

// keepPlaces lets lanes that have more keep their places for a while: that is cheaper.
// Where a rate limits what leaves, they take turns.
func (d *dispatcher) keepPlaces() {
	if len(d.inRow) > mostCounts {
		clear(d.inRow)
	}
	for i := range d.done {
		f := &d.done[i]
		if f.Advance == 0 || d.limited[f.Gate] || d.inRow[f.LaneID] >= mostInRow-1 {
			delete(d.inRow, f.LaneID)
			continue
		}
		f.Keep = true
		d.inRow[f.LaneID]++
	}
}

// look learns of gates with due work: all of them after a wake-up and each second.
func (d *dispatcher) look(ctx context.Context) error {
	if time.Since(d.swept) < time.Second {
		return nil
	}
	due, err := store.DueGates(ctx, d.hot, nil)
	if err != nil {
		return err
	}
	d.swept = time.Now()
	clear(d.next)
	for _, g := range due {
		d.next[g.GateID] = d.swept.Add(store.Seconds(g.Wait))
		d.account[g.GateID], d.limited[g.GateID] = g.AccountID, g.Limited
	}
	return nil
}

func (d *dispatcher) choose(claim bool) (gates []int64, slots []int32) {
	if !claim {
		return nil, nil
	}
	now := time.Now()
	offered, total := map[int64]int{}, 0
	for gate, at := range d.next {
		who := d.account[gate]
		n := min(d.free(gate), d.opt.Total-d.total-total, max(d.opt.Total/2, 1)-d.busyBy[who]-offered[who])
		if n > 0 && !at.After(now) {
			gates, slots = append(gates, gate), append(slots, int32(n))
			offered[who] += n
			total += n
		}
	}
	return gates, slots
}

// afterTurn forgets what was written and learns when the touched gates are due.
func (d *dispatcher) afterTurn(gates []int64, due []store.GateDue, claimed bool) {
	d.wakeAppliers()
	for _, f := range d.done {
		delete(d.next, f.Gate)
	}
	d.done = nil
	for _, g := range gates {
		delete(d.next, g)
	}
	now := time.Now()
	for _, g := range due {
		wait := store.Seconds(g.Wait)
		if !claimed {
			wait = max(wait, emptyTurnWait) // locked by another replica, or leased in spite of a clock that jumped
		}
		d.next[g.GateID] = now.Add(wait)
	}
}

// wakeAppliers tells of the facts that were written with results, and of the posts that events may
// wait for.
func (d *dispatcher) wakeAppliers() {
	var shares []int64
	var posts []string
	for _, f := range d.done {
		for _, e := range f.Facts {
			shares = append(shares, cmp.Or(e.Share, e.AccountID))
		}
		for _, l := range f.Landed {
			posts = append(posts, store.AwaitedPost(l.Post.AccountID, l.Post.Channel, l.Post.Message))
		}
	}
	d.WakeAppliers(shares...)
	if len(posts) > 0 && d.postsAwaited() {
		d.left.Add(1)
		go func() {
			defer d.left.Done()
			ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
			defer cancel()
			d.wakeWaiting(ctx, posts)
		}()
	}
}

// postsMayWait is how long posts are told of after an event began to wait for one.
const postsMayWait = time.Minute

// awaitPosts notes that events wait for the records of posts.
func (r *Relay) awaitPosts() { r.awaited.Store(int64(time.Since(r.began) + postsMayWait)) }

func (r *Relay) postsAwaited() bool { return int64(time.Since(r.began)) < r.awaited.Load() }
