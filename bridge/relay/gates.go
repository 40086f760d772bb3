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
	// took d the next one begins 10 d later at the soonest, so that sweeps take a tenth of the time at most.
	sweepEvery = time.Second
	sweepShare = 10

	// sinceMargin is how much earlier than the oldest known lane of a gate other lanes are looked for. A
	// lane is due from when its transaction began, but can be seen only after the commit. If that takes
	// longer than sinceMargin, only the process that made the lane knows of it, and hands it out. Should
	// that process end before, another one finds the lane within Options.LookBackEvery.
	sinceMargin = 2 * time.Second

	// mostAsked is how many gates at most are asked each second though nothing waits behind them. Where much
	// was handed out lately, asking a known gate costs less than finding out whether anything waits there.
	mostAsked = 500
)

// gateBook is what a dispatcher remembers of the gates. It is used by one goroutine.
type gateBook struct {
	perGate, places int // how many attempts may be under way: of a gate, of all

	gates   map[store.GateID]*gateMemory
	next    map[store.GateID]time.Time // when a gate behind which lanes wait is worth trying
	ask     map[store.GateID]bool      // gates that are asked before they are tried
	busyBy  map[store.AccountID]int    // attempts under way, by account
	total   int                        // attempts under way
	sweepAt time.Time                  // when all gates are asked again
}

// gateMemory is what is remembered of one gate.
type gateMemory struct {
	account store.AccountID
	limited bool      // the gate has a rate
	busy    int       // attempts under way
	given   int64     // slots that this process has had so far
	waiting uint8     // of which priorities lanes wait: a bit each
	since   time.Time // lanes that were due earlier are not looked for, Parley's clock; zero = it was not asked lately
}

func newGateBook(perGate, places int) *gateBook {
	return &gateBook{perGate: perGate, places: places,
		gates: map[store.GateID]*gateMemory{}, next: map[store.GateID]time.Time{}, ask: map[store.GateID]bool{}, busyBy: map[store.AccountID]int{}}
}

// gate gives the memory of a gate, which may be new.
func (b *gateBook) gate(id store.GateID) *gateMemory {
	g := b.gates[id]
	if g == nil {
		g = &gateMemory{}
		b.gates[id] = g
	}
	return g
}

// asked gives the question to the database about a gate: which lanes are due, since when.
func (b *gateBook) asked(id store.GateID) dispatch.GateSince {
	return dispatch.GateSince{ID: id, Since: b.gate(id).since}
}

// expect notes the gates behind which lanes became due. A gate that was not asked lately is asked before
// it is tried, and so is one with a rate, which may have no free slot yet.
func (b *gateBook) expect(woken map[store.GateID]wakeup) {
	for id, w := range woken {
		g := b.gate(id)
		b.belongs(g, w.account)
		g.waiting |= w.waiting
		g.lookBack(w.oldest)
		next, waits := b.next[id]
		switch {
		case waits && !w.at.Before(next):
		case g.limited, g.since.IsZero():
			b.ask[id] = true
		default:
			b.next[id] = w.at
		}
	}
}

// lookBack makes claims look for lanes that became due as early as a time.
func (g *gateMemory) lookBack(due time.Time) {
	if since := due.Add(-sinceMargin); !g.since.IsZero() && since.Before(g.since) {
		g.since = since
	}
}

// forget makes the next sweep begin at once and look for everything.
func (b *gateBook) forget() {
	for _, g := range b.gates {
		g.since = time.Time{}
	}
	b.sweepAt = time.Time{}
}

// forgetIdle stops asking the gates behind which nothing waits, until they are woken or a sweep finds a
// lane behind them.
func (b *gateBook) forgetIdle() {
	for id, g := range b.gates {
		if _, waits := b.next[id]; !waits && g.busy == 0 {
			g.since = time.Time{}
		}
	}
}

// lookBack makes claims look for lanes that were found, if they became due earlier than those that were
// known.
func (b *gateBook) lookBack(found []dispatch.GateDue) {
	for _, d := range found {
		if g := b.gate(d.GateID); d.Oldest.Before(g.since) {
			g.lookBack(d.Oldest)
			b.ask[d.GateID] = true
		}
	}
}

// learn notes what is due behind the gates that were asked. oldest means that due tells the oldest lane
// of each.
func (b *gateBook) learn(asked []dispatch.GateSince, due []dispatch.GateDue, oldest bool) {
	now := time.Now()
	for _, a := range asked {
		delete(b.next, a.ID)
	}
	for _, d := range due {
		g := b.gate(d.GateID)
		b.belongs(g, d.AccountID)
		g.limited, g.waiting = d.Limited, d.Waiting
		if oldest {
			g.since = d.Oldest.Add(-sinceMargin)
		}
		if d.Waiting != 0 {
			b.next[d.GateID] = now.Add(store.Seconds(d.Wait))
		}
	}
}

// look asks the gates that were woken, and each second all of them.
func (b *gateBook) look(ctx context.Context, q store.Querier) error {
	if !time.Now().Before(b.sweepAt) {
		return b.sweep(ctx, q)
	}
	if len(b.ask) == 0 {
		return nil
	}
	asked := b.sinceOf(slices.Collect(maps.Keys(b.ask)))
	due, err := dispatch.DueGates(ctx, q, asked)
	if err != nil {
		return err
	}
	clear(b.ask)
	b.learn(asked, due, true)
	return nil
}

// sweep asks the gates that were asked lately, and finds out which others have lanes that wait.
func (b *gateBook) sweep(ctx context.Context, q store.Querier) error {
	began := time.Now()
	var known []store.GateID
	for id, g := range b.gates {
		if !g.since.IsZero() || b.ask[id] {
			known = append(known, id)
		}
	}
	slices.Sort(known)
	others, err := dispatch.OtherGates(ctx, q, known)
	if err != nil {
		return err
	}
	asked := b.sinceOf(append(known, others...))
	due, err := dispatch.DueGates(ctx, q, asked)
	if err != nil {
		return err
	}
	clear(b.ask)
	clear(b.next)
	b.learn(asked, due, true)
	if len(asked) > mostAsked {
		b.forgetIdle()
	}
	b.sweepAt = began.Add(max(sweepEvery, sweepShare*time.Since(began)))
	return nil
}

func (b *gateBook) sinceOf(ids []store.GateID) []dispatch.GateSince {
	list := make([]dispatch.GateSince, len(ids))
	for i, id := range ids {
		list[i] = b.asked(id)
	}
	return list
}

// belongs notes whose gate it is. Its attempts under way count for that account from now on.
func (b *gateBook) belongs(g *gateMemory, account store.AccountID) {
	if g.account != account {
		b.busyBy[g.account] -= g.busy
		b.busyBy[account] += g.busy
		g.account = account
	}
}

// begin counts an attempt of a gate as under way, until end is called.
func (b *gateBook) begin(id store.GateID) {
	g := b.gate(id)
	g.busy++
	g.given++
	b.busyBy[g.account]++
	b.total++
}

func (b *gateBook) end(id store.GateID) {
	g := b.gate(id)
	g.busy--
	b.busyBy[g.account]--
	b.total--
}

// free gives how many more attempts a gate may have under way. No account gets more than
// half of all: a provider that doesn't answer must not take every place.
func (b *gateBook) free(id store.GateID) int {
	g := b.gate(id)
	return min(b.perGate-g.busy, b.places-b.total, max(b.places/2, 1)-b.busyBy[g.account])
}

// choose gives the gates of which lanes may be claimed now, with how many of each.
func (b *gateBook) choose() []dispatch.GateClaim {
	now := time.Now()
	offered, total := map[store.AccountID]int{}, 0
	var list []dispatch.GateClaim
	for id, at := range b.next {
		g := b.gate(id)
		n := min(b.free(id), b.places-b.total-total, max(b.places/2, 1)-b.busyBy[g.account]-offered[g.account])
		if n > 0 && !at.After(now) {
			list = append(list, dispatch.GateClaim{GateSince: b.asked(id), Slots: n, Given: g.given, Mixed: bits.OnesCount8(g.waiting) > 1})
			offered[g.account] += n
			total += n
		}
	}
	return list
}
