package relay

import (
	"context"
	"maps"
	"math/bits"
	"slices"
	"time"

	"parley/store"
)

const (
	// sweepEvery is how often all gates are asked, to find lanes that other processes made due. After a sweep
	// that took d, the next one begins at least sweepShare times d later, so sweeps take at most a tenth of the
	// time.
	sweepEvery = time.Second
	sweepShare = 10

	// sinceMargin extends the search for due lanes to before the oldest known lane of a gate. A lane is due
	// from the time when its transaction began, but others see it only after the commit. If a transaction takes
	// longer than sinceMargin, only the process that made the lane due knows about it and claims it. If that
	// process ends first, another one finds the lane within Options.LookBackEvery.
	sinceMargin = 2 * time.Second

	// maxIdleAsked limits how many gates a sweep asks before it forgets the idle ones. After many recent
	// deliveries, asking a known gate costs less than finding out whether anything waits behind it.
	maxIdleAsked = 500
)

// gateBook is what a dispatcher remembers about gates. A lane is the queue of messages from one conversation to
// one destination. A gate is one rate limit of a provider, such as the messages per second of a phone number,
// with all lanes that share it.
//
// To ask a gate means to ask the database when the first lane behind it is due. gateBook decides which gates to
// ask, and how many messages to claim from each of them now. For example, a gate with 3 attempts in progress
// and perGate 16 may give 13 more, if its account and the process as a whole have that much left. A gateBook is
// used by one goroutine.
type gateBook struct {
	perGate, total int // the most attempts that may be in progress: of one gate, and of all

	gates      map[store.GateID]*gateMemory
	dueAt      map[store.GateID]time.Time // when to claim from a gate behind which lanes wait
	toAsk      map[store.GateID]bool      // gates to ask before claiming from them
	underWayBy map[store.AccountID]int    // attempts in progress, by account
	underWay   int                        // all attempts in progress
	sweepAt    time.Time                  // when to ask all gates again
}

// gateMemory is what is remembered about one gate.
type gateMemory struct {
	account    store.AccountID
	limited    bool  // the gate has a rate limit
	underWay   int   // attempts in progress
	slotsTaken int64 // attempts that this process has started so far
	priorities uint8 // a bit for each priority of the waiting lanes
	// since is a time by Parley's clock. Lanes that became due earlier are not looked for. It is zero if the
	// gate was not asked recently.
	since time.Time
}

func newGateBook(perGate, total int) *gateBook {
	return &gateBook{
		perGate:    perGate,
		total:      total,
		gates:      map[store.GateID]*gateMemory{},
		dueAt:      map[store.GateID]time.Time{},
		toAsk:      map[store.GateID]bool{},
		underWayBy: map[store.AccountID]int{},
	}
}

// memoryOf returns the memory of a gate, and makes an empty one for a new gate.
func (b *gateBook) memoryOf(id store.GateID) *gateMemory {
	g := b.gates[id]
	if g == nil {
		g = &gateMemory{}
		b.gates[id] = g
	}
	return g
}

// questionAbout returns the question to ask the database about a gate: which lanes became due after since.
func (b *gateBook) questionAbout(id store.GateID) store.GateSince {
	return store.GateSince{ID: id, Since: b.memoryOf(id).since}
}

// noteWoken records the gates behind which lanes became due. It has a gate asked first if it was not asked
// recently, or if it has a rate limit and so perhaps no free slot.
func (b *gateBook) noteWoken(woken map[store.GateID]wakeup) {
	for id, w := range woken {
		g := b.memoryOf(id)
		b.setAccount(g, w.account)
		g.priorities |= w.priorities
		g.lookBackTo(w.oldest)
		next, waits := b.dueAt[id]
		if waits && !w.at.Before(next) { // already scheduled early enough
			continue
		}

		if g.limited || g.since.IsZero() {
			b.toAsk[id] = true
		} else {
			b.dueAt[id] = w.at
		}
	}
}

// lookBackTo extends the search of claims to lanes that became due at this time or later.
func (g *gateMemory) lookBackTo(due time.Time) {
	since := due.Add(-sinceMargin)
	if !g.since.IsZero() && since.Before(g.since) {
		g.since = since
	}
}

// forgetAll makes the next turn ask all gates.
func (b *gateBook) forgetAll() {
	for _, g := range b.gates {
		g.since = time.Time{}
	}
	b.sweepAt = time.Time{}
}

// forgetIdle stops asking gates behind which nothing waits, until they are woken or a sweep finds a lane behind
// them.
func (b *gateBook) forgetIdle() {
	for id, g := range b.gates {
		_, waits := b.dueAt[id]
		if !waits && g.underWay == 0 {
			g.since = time.Time{}
		}
	}
}

// noteFound extends the search of claims to the lanes that dispatcher.search has found, if they became due
// earlier than those that were known.
func (b *gateBook) noteFound(found []store.GateDue) {
	for _, d := range found {
		if g := b.memoryOf(d.GateID); d.Oldest.Before(g.since) {
			g.lookBackTo(d.Oldest)
			b.toAsk[d.GateID] = true
		}
	}
}

// noteDue records what is due behind the gates that were asked.
func (b *gateBook) noteDue(asked []store.GateSince, due []store.GateDue) {
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

// noteOldest restricts the search of claims to the oldest lane that was found behind each gate, and later ones.
func (b *gateBook) noteOldest(due []store.GateDue) {
	for _, d := range due {
		b.memoryOf(d.GateID).since = d.Oldest.Add(-sinceMargin)
	}
}

// askGates asks the gates in toAsk and, once per sweepEvery, all of them.
func (b *gateBook) askGates(ctx context.Context, q store.Querier) error {
	if !time.Now().Before(b.sweepAt) {
		return b.sweep(ctx, q)
	}
	if len(b.toAsk) == 0 {
		return nil
	}

	asked := b.questionsAbout(slices.Collect(maps.Keys(b.toAsk)))
	due, err := store.DueGates(ctx, q, asked)
	if err != nil {
		return err
	}

	clear(b.toAsk)
	b.noteDue(asked, due)
	b.noteOldest(due)
	return nil
}

// sweep asks all gates behind which lanes may wait: those that were asked recently, and others that the
// database lists.
func (b *gateBook) sweep(ctx context.Context, q store.Querier) error {
	began := time.Now()
	var known []store.GateID
	for id, g := range b.gates {
		if !g.since.IsZero() || b.toAsk[id] {
			known = append(known, id)
		}
	}

	slices.Sort(known)
	others, err := store.OtherGates(ctx, q, known)
	if err != nil {
		return err
	}

	asked := b.questionsAbout(append(known, others...))
	due, err := store.DueGates(ctx, q, asked)
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

func (b *gateBook) questionsAbout(ids []store.GateID) []store.GateSince {
	list := make([]store.GateSince, len(ids))
	for i, id := range ids {
		list[i] = b.questionAbout(id)
	}
	return list
}

// setAccount records the account of a gate, and counts the gate's attempts in progress for that account from
// now on.
func (b *gateBook) setAccount(g *gateMemory, account store.AccountID) {
	if g.account != account {
		b.underWayBy[g.account] -= g.underWay
		b.underWayBy[account] += g.underWay
		g.account = account
	}
}

// attemptBegan counts an attempt of a gate as in progress until attemptEnded is called.
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

// freeSlots returns how many more attempts a gate may start.
func (b *gateBook) freeSlots(id store.GateID) int { return b.slotsAfter(id, 0, 0) }

// slotsAfter returns how many more attempts a gate may start after others that are about to be claimed: offered
// counts those of all gates, toAccount those of the gate's account. The result may be negative.
func (b *gateBook) slotsAfter(id store.GateID, offered, toAccount int) int {
	g := b.memoryOf(id)
	ofTotal := b.total - b.underWay - offered
	ofGate := b.perGate - g.underWay
	ofAccount := b.maxOfAccount() - b.underWayBy[g.account] - toAccount

	allowed := min(ofGate, ofTotal, ofAccount)
	unreserved := min(allowed, ofTotal-b.reserved())
	if g.underWay == 0 {
		return max(unreserved, min(allowed, 1)) // an idle gate may use one reserved slot
	}
	return unreserved
}

// maxOfAccount is the most attempts of one account: half of all, so that a provider that doesn't answer can't
// take every slot.
func (b *gateBook) maxOfAccount() int { return max(b.total/2, 1) }

// reserved is how many slots are kept for gates without any attempt in progress, one for each. It is a quarter
// of all, so that many accounts whose providers don't answer can't take every slot from the others.
func (b *gateBook) reserved() int { return b.total / 4 }

// chooseGates returns the gates to claim deliveries from now, and how many from each.
func (b *gateBook) chooseGates() []store.GateClaim {
	now := time.Now()
	offered := map[store.AccountID]int{} // slots in claims, by account
	total := 0                           // slots in claims
	var claims []store.GateClaim
	for id, at := range b.dueAt {
		if at.After(now) {
			continue
		}
		g := b.memoryOf(id)
		n := b.slotsAfter(id, total, offered[g.account])
		if n <= 0 {
			continue
		}

		claims = append(claims, store.GateClaim{
			GateSince: b.questionAbout(id),
			Slots:     n,
			Given:     g.slotsTaken,
			Mixed:     bits.OnesCount8(g.priorities) > 1, // lanes of several priorities wait
		})
		offered[g.account] += n
		total += n
	}
	return claims
}
