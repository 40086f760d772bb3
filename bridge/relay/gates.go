package relay

import (
	"context"
	"maps"
	"math/bits"
	"slices"
	"time"

	"parley/store"
	"parley/store/dispatch"
)

const (
	// sweepEvery is how often all gates are asked for lanes that other processes left. After a sweep that
	// took d, the next one begins sweepShare times d later at the soonest: sweeps take at most a tenth of the time.
	sweepEvery = time.Second
	sweepShare = 10

	// sinceMargin is how much earlier than the oldest known lane of a gate other lanes are looked for. A lane counts as due
	// from the time when its transaction began, but others see it only after the commit. If a transaction takes longer than
	// sinceMargin, only the process that made the lane knows of it, and hands it out. If that process ends before it does,
	// another one finds the lane within Options.LookBackEvery.
	sinceMargin = 2 * time.Second

	// maxIdleAsked is how many gates are asked each second, at most, though nothing waits behind them. Where much
	// was handed out lately, asking a known gate costs less than finding out whether anything waits there.
	maxIdleAsked = 500
)

// gateBook is what a dispatcher remembers of the gates. A gate is one limit of a provider, such as the messages per second
// of a phone number, with all the lanes (the queues of messages to one customer or thread) that share it. Asking a gate
// means to ask the database when the first lane behind it is due. gateBook decides which gates to ask, and from which of
// them to claim how many messages now. It is used by one goroutine.
type gateBook struct {
	perGate, places int // how many attempts may be under way: of a gate, of all

	gates      map[store.GateID]*gateMemory
	dueAt      map[store.GateID]time.Time // when a gate behind which lanes wait is worth trying
	toAsk      map[store.GateID]bool      // gates that are asked before they are tried
	underWayBy map[store.AccountID]int    // attempts under way, by account
	underWay   int                        // attempts under way
	sweepAt    time.Time                  // when all gates are asked again
}

// gateMemory is what is remembered of one gate.
type gateMemory struct {
	account    store.AccountID
	limited    bool  // the gate has a rate
	underWay   int   // attempts under way
	slotsTaken int64 // attempts that this process has begun so far
	priorities uint8 // the priorities of the lanes that wait, a bit for each
	// since is a time of Parley's clock: lanes that became due earlier are not looked for. It is zero if the gate was not
	// asked lately.
	since time.Time
}

func newGateBook(perGate, places int) *gateBook {
	return &gateBook{
		perGate:    perGate,
		places:     places,
		gates:      map[store.GateID]*gateMemory{},
		dueAt:      map[store.GateID]time.Time{},
		toAsk:      map[store.GateID]bool{},
		underWayBy: map[store.AccountID]int{},
	}
}

// memoryOf returns the memory of a gate, which may be new.
func (b *gateBook) memoryOf(id store.GateID) *gateMemory {
	g := b.gates[id]
	if g == nil {
		g = &gateMemory{}
		b.gates[id] = g
	}
	return g
}

// questionAbout returns what the database is asked about a gate: which lanes became due after since.
func (b *gateBook) questionAbout(id store.GateID) dispatch.GateSince {
	return dispatch.GateSince{ID: id, Since: b.memoryOf(id).since}
}

// noteWoken notes the gates behind which lanes became due. A gate that was not asked lately is asked before
// it is tried, and so is one with a rate, which may have no free slot yet.
func (b *gateBook) noteWoken(woken map[store.GateID]wakeup) {
	for id, w := range woken {
		g := b.memoryOf(id)
		b.setAccount(g, w.account)
		g.priorities |= w.priorities
		g.lookBackTo(w.oldest)
		next, waits := b.dueAt[id]
		if waits && !w.at.Before(next) { // it is tried early enough
			continue
		}

		if g.limited || g.since.IsZero() {
			b.toAsk[id] = true
		} else {
			b.dueAt[id] = w.at
		}
	}
}

// lookBackTo makes claims look for lanes that became due at a time, or later.
func (g *gateMemory) lookBackTo(due time.Time) {
	since := due.Add(-sinceMargin)
	if !g.since.IsZero() && since.Before(g.since) {
		g.since = since
	}
}

// forgetAll makes the next turn ask all gates, as if nothing were known of them.
func (b *gateBook) forgetAll() {
	for _, g := range b.gates {
		g.since = time.Time{}
	}
	b.sweepAt = time.Time{}
}

// forgetIdle stops asking the gates behind which nothing waits, until they are woken or a sweep finds a lane behind them.
func (b *gateBook) forgetIdle() {
	for id, g := range b.gates {
		_, waits := b.dueAt[id]
		if !waits && g.underWay == 0 {
			g.since = time.Time{}
		}
	}
}

// noteFound makes claims look for the lanes that a search has found, where they became due earlier than those that were
// known.
func (b *gateBook) noteFound(found []dispatch.GateDue) {
	for _, d := range found {
		if g := b.memoryOf(d.GateID); d.Oldest.Before(g.since) {
			g.lookBackTo(d.Oldest)
			b.toAsk[d.GateID] = true
		}
	}
}

// noteDue notes what is due behind the gates that were asked.
func (b *gateBook) noteDue(asked []dispatch.GateSince, due []dispatch.GateDue) {
	now := time.Now()
	for _, a := range asked {
		delete(b.dueAt, a.ID)
	}
	for _, d := range due {
		g := b.memoryOf(d.GateID)
		b.setAccount(g, d.AccountID)
		g.limited = d.Limited
		g.priorities = d.Waiting
		if d.Waiting != 0 {
			b.dueAt[d.GateID] = now.Add(store.Seconds(d.Wait))
		}
	}
}

// noteOldest makes claims look for lanes from the oldest on that was found behind each gate.
func (b *gateBook) noteOldest(due []dispatch.GateDue) {
	for _, d := range due {
		b.memoryOf(d.GateID).since = d.Oldest.Add(-sinceMargin)
	}
}

// askGates asks the gates in toAsk, and, once a second, all of them.
func (b *gateBook) askGates(ctx context.Context, q store.Querier) error {
	if !time.Now().Before(b.sweepAt) {
		return b.sweep(ctx, q)
	}
	if len(b.toAsk) == 0 {
		return nil
	}

	asked := b.questionsAbout(slices.Collect(maps.Keys(b.toAsk)))
	due, err := dispatch.DueGates(ctx, q, asked)
	if err != nil {
		return err
	}

	clear(b.toAsk)
	b.noteDue(asked, due)
	b.noteOldest(due)
	return nil
}

// sweep asks all gates behind which lanes may wait: those that were asked lately, and others that the database names.
func (b *gateBook) sweep(ctx context.Context, q store.Querier) error {
	began := time.Now()
	var known []store.GateID
	for id, g := range b.gates {
		if !g.since.IsZero() || b.toAsk[id] {
			known = append(known, id)
		}
	}

	slices.Sort(known)
	others, err := dispatch.OtherGates(ctx, q, known)
	if err != nil {
		return err
	}

	asked := b.questionsAbout(append(known, others...))
	due, err := dispatch.DueGates(ctx, q, asked)
	if err != nil {
		return err
	}

	clear(b.toAsk)
	clear(b.dueAt)
	b.noteDue(asked, due)
	b.noteOldest(due)
	if len(asked) > maxIdleAsked {
		b.forgetIdle()
	}

	b.sweepAt = began.Add(max(sweepEvery, sweepShare*time.Since(began)))
	return nil
}

func (b *gateBook) questionsAbout(ids []store.GateID) []dispatch.GateSince {
	list := make([]dispatch.GateSince, len(ids))
	for i, id := range ids {
		list[i] = b.questionAbout(id)
	}
	return list
}

// setAccount notes which account a gate belongs to. The gate's attempts under way count for that account from now on.
func (b *gateBook) setAccount(g *gateMemory, account store.AccountID) {
	if g.account != account {
		b.underWayBy[g.account] -= g.underWay
		b.underWayBy[account] += g.underWay
		g.account = account
	}
}

// attemptBegan counts an attempt of a gate as under way, until attemptEnded is called.
func (b *gateBook) attemptBegan(id store.GateID) {
	g := b.memoryOf(id)
	g.underWay++
	g.slotsTaken++
	b.underWayBy[g.account]++
	b.underWay++
}

func (b *gateBook) attemptEnded(id store.GateID) {
	g := b.memoryOf(id)
	g.underWay--
	b.underWayBy[g.account]--
	b.underWay--
}

// freeSlots returns how many more attempts a gate may have under way.
func (b *gateBook) freeSlots(id store.GateID) int { return b.slotsBeside(id, 0, 0) }

// slotsBeside returns how many more attempts a gate may have under way, if others are about to be claimed: offered counts
// those of all gates, toAccount those of the gate's account. The result may be negative.
func (b *gateBook) slotsBeside(id store.GateID, offered, toAccount int) int {
	g := b.memoryOf(id)
	left := b.places - b.underWay - offered
	n := min(b.perGate-g.underWay, left, b.maxOfAccount()-b.underWayBy[g.account]-toAccount)
	shared := min(n, left-b.reserved())
	if g.underWay == 0 {
		return max(shared, min(n, 1))
	}
	return shared
}

// maxOfAccount is how many attempts one account may have under way: half of all, so that a provider which doesn't answer
// can't take every place.
func (b *gateBook) maxOfAccount() int { return max(b.places/2, 1) }

// reserved is how many places are kept for gates that have nothing under way, one for each. It is a quarter of all, so that
// many accounts whose providers don't answer can't take every place from the others.
func (b *gateBook) reserved() int { return b.places / 4 }

// chooseGates returns the gates from which deliveries may be claimed now, and how many from each.
func (b *gateBook) chooseGates() []dispatch.GateClaim {
	now := time.Now()
	offered := map[store.AccountID]int{} // slots in list, by account
	total := 0                           // slots in list
	var list []dispatch.GateClaim
	for id, at := range b.dueAt {
		if at.After(now) {
			continue
		}
		g := b.memoryOf(id)
		n := b.slotsBeside(id, total, offered[g.account])
		if n <= 0 {
			continue
		}

		list = append(list, dispatch.GateClaim{
			GateSince: b.questionAbout(id),
			Slots:     n,
			Given:     g.slotsTaken,
			Mixed:     bits.OnesCount8(g.priorities) > 1, // lanes of several priorities wait
		})
		offered[g.account] += n
		total += n
	}
	return list
}
