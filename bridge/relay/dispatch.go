package relay

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"parley/channels/wire"
	"parley/store"
)

// emptyTurnWait is the minimum pause after a turn that claimed nothing.
const emptyTurnWait = 20 * time.Millisecond

// dispatcher decides which messages are sent next. Messages wait as rows, called deliveries, in lanes. A lane
// is the queue of one conversation to one destination, such as the replies to one customer, and only its first
// delivery may be sent. Lanes that share a rate limit of a provider, such as all lanes of one phone number, are
// behind the same gate.
//
// The dispatcher works in turns. A turn is one transaction: it writes the results of finished attempts, and
// claims the first deliveries of due lanes, as many as their gates allow. Each claimed delivery is then sent in
// a goroutine of its own, which passes its result back for the next turn. A dispatcher is used by one
// goroutine.
type dispatcher struct {
	*Relay
	*gateBook
	attempts  attempts
	inRow     map[store.LaneID]int // consecutive deliveries of a lane; see keepTurns
	results   chan result          // from the attempts; buffers one for each
	unwritten []result             // results for the next turn
	aside     []result             // results whose lanes a long batch has locked; see putAside
	turnBegan time.Time            // start of the last turn that used the database

	searches     sync.WaitGroup       // the running search; see search
	searching    bool                 // a search is running, or its result isn't recorded yet
	searchedAt   time.Time            // when the last search began
	searchResult chan []store.GateDue // what the search found
}

// runDispatch makes turns until ctx ends. Then it waits for the attempts in progress and writes their results,
// for at most grace.
func (r *Relay) runDispatch(ctx context.Context, grace time.Duration) error {
	d := &dispatcher{
		Relay:        r,
		gateBook:     newGateBook(r.opt.PerGate, r.opt.Total),
		attempts:     attempts{r.handler, r.metrics, r.log, r.opt},
		inRow:        map[store.LaneID]int{},
		results:      make(chan result, r.opt.Total),
		searchResult: make(chan []store.GateDue, 1),
		searchedAt:   time.Now(),
	}
	defer d.searches.Wait()
	work, cancel := withGrace(ctx, grace)
	defer cancel()

	for ctx.Err() == nil {
		d.search(ctx)
		if err := d.runTurn(work); err != nil {
			r.warn(ctx, "dispatch failed", err)
			wire.For(ctx, backoffOnError)
			continue
		}

		d.waitForWork(ctx)
	}

	d.finishUnderWay(work)
	return nil
}

// finishUnderWay waits for the attempts in progress and writes their results, until ctx ends. It claims
// nothing.
func (d *dispatcher) finishUnderWay(ctx context.Context) {
	for d.underWay > 0 || d.hasResults() {
		if !d.hasResults() {
			select {
			case r := <-d.results:
				d.collect(r)
			case <-ctx.Done():
				return
			}
		}

		if err := d.writeResults(ctx); err != nil {
			d.log.Warn("dispatch failed while stopping", "error", err)
			if ctx.Err() != nil || !wire.For(ctx, backoffOnError) {
				return
			}
		}

		if len(d.aside) > 0 {
			wire.For(ctx, asideInterval)
		}
	}
}

// hasResults reports whether there are unwritten results.
func (d *dispatcher) hasResults() bool { return len(d.unwritten)+len(d.aside) > 0 }

// Writing one result costs almost as much as writing many. So while many attempts are in progress, a turn first waits
// for more results: for up to manyResults, or until turnEvery after the previous turn began.
const (
	manyUnderWay = 32
	manyResults  = 16
	turnEvery    = 4 * time.Millisecond
)

// waitForWork waits until the next turn may have something to do.
func (d *dispatcher) waitForWork(ctx context.Context) {
	if d.underWay >= manyUnderWay {
		if rest := turnEvery - time.Since(d.turnBegan); rest > 0 {
			d.gather(ctx, rest)
		}
	}
	if len(d.unwritten) > 0 {
		return
	}
	wait := d.untilDue()
	if wait <= 0 {
		return
	}

	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-d.lanes:
		d.forgetAll()
	case <-d.woken.added:
		d.noteWoken(d.woken.takeAll())
	case r := <-d.results:
		d.collect(r)
	}
}

// untilDue returns the time until a known lane is due or set-aside results have to be checked again, at most a
// second.
func (d *dispatcher) untilDue() time.Duration {
	wait := time.Second
	now := time.Now()
	for gate, at := range d.dueAt {
		if d.freeSlots(gate) > 0 {
			wait = min(wait, at.Sub(now))
		}
	}
	if len(d.aside) > 0 {
		wait = min(wait, asideInterval)
	}
	return wait
}

// gather receives results until there are manyResults, or maxWait has passed.
func (d *dispatcher) gather(ctx context.Context, maxWait time.Duration) {
	timer := time.NewTimer(maxWait)
	defer timer.Stop()
	for len(d.unwritten) < manyResults {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			return
		case r := <-d.results:
			d.collect(r)
		}
	}
}

// collect adds a result, and all others that are available, to the unwritten ones.
func (d *dispatcher) collect(r result) {
	for more := true; more; {
		d.unwritten = append(d.unwritten, r)
		d.attemptEnded(r.Gate)
		select {
		case r = <-d.results:
		default:
			more = false
		}
	}
}

// runTurn makes a turn: it writes results, claims due deliveries, and starts their attempts.
func (d *dispatcher) runTurn(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if err := d.askGates(ctx, d.sessions); err != nil {
		return err
	}
	return d.commitTurn(ctx, d.chooseGates())
}

// writeResults makes a turn that claims nothing.
func (d *dispatcher) writeResults(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return d.commitTurn(ctx, nil)
}

// commitTurn writes results and claims from gates in one commit. Then it starts the attempts.
func (d *dispatcher) commitTurn(ctx context.Context, gates []store.GateClaim) error {
	d.putAside()
	if len(gates) == 0 && len(d.unwritten) == 0 {
		return nil
	}

	d.keepTurns()
	began := time.Now()
	d.turnBegan = began
	defer func() { d.load.dispatcher.add(time.Now(), time.Since(began)) }()
	ask := d.gatesOfTurn(gates)
	claimed, due, err := d.commit(ctx, finishesOf(d.unwritten), gates, ask)
	if err != nil {
		if len(d.unwritten) > 0 && isRefusal(err) {
			return d.writeSingly(ctx)
		}
		return err
	}

	d.afterTurn(ctx, ask, due, len(claimed) > 0)
	if len(claimed) == 0 {
		return nil
	}
	for _, c := range claimed {
		d.attemptBegan(c.GateID)
	}
	go d.attempts.beginAll(context.WithoutCancel(ctx), claimed, began, func(c store.ClaimedDelivery, f store.FinishedDelivery) {
		d.results <- result{FinishedDelivery: f, claim: c}
	})
	return nil
}

// search looks for all due lanes, however long ago they became due, once per Options.LookBackEvery. (Turns only
// look for lanes that became due recently.) It runs concurrently with turns, because it is slow while some
// transaction holds an old snapshot: it then has to skip the dead rows of everything that was sent since.
func (d *dispatcher) search(ctx context.Context) {
	select {
	case due := <-d.searchResult:
		d.noteFound(due)
		d.searching = false
	default:
	}

	if d.searching || time.Since(d.searchedAt) < d.opt.LookBackEvery {
		return
	}

	d.searching, d.searchedAt = true, time.Now()
	d.searches.Go(func() {
		limited, cancel := context.WithTimeout(ctx, storeTimeout)
		defer cancel()
		due, err := allDue(limited, d.sessions)
		if err != nil {
			d.warn(ctx, "search for lanes that became due long ago failed", err)
		}
		d.searchResult <- due
	})
}

// allDue returns what is due behind all gates, however long ago it became due.
func allDue(ctx context.Context, q store.Querier) ([]store.GateDue, error) {
	ids, err := store.OtherGates(ctx, q, nil)
	if err != nil {
		return nil, err
	}
	gates := make([]store.GateSince, len(ids))
	for i, id := range ids {
		gates[i].ID = id
	}
	return store.DueGates(ctx, q, gates)
}

// gatesOfTurn returns the gates that a turn changes, so that it can ask what is due behind them afterwards.
func (d *dispatcher) gatesOfTurn(claims []store.GateClaim) []store.GateSince {
	ids := map[store.GateID]bool{}
	for _, c := range claims {
		ids[c.ID] = true
	}
	for _, r := range d.unwritten {
		ids[r.Gate] = true
	}
	return d.questionsAbout(slices.Collect(maps.Keys(ids)))
}

const (
	maxInRow     = 8    // consecutive deliveries of a lane while others wait
	maxRowCounts = 4096 // lanes whose counts are remembered
)

// keepTurns lets a lane whose delivery has ended send its next one ahead of other lanes, up to maxInRow times,
// because that costs less than switching lanes. Behind a gate with a rate limit, lanes take turns after each
// delivery.
func (d *dispatcher) keepTurns() {
	if len(d.inRow) > maxRowCounts {
		clear(d.inRow)
	}
	for i := range d.unwritten {
		f := &d.unwritten[i].FinishedDelivery
		mayKeep := f.Advance > 0 && d.inRow[f.LaneID] < maxInRow-1
		if !mayKeep || d.memoryOf(f.Gate).limited {
			delete(d.inRow, f.LaneID)
			continue
		}
		f.Keep = true
		d.inRow[f.LaneID]++
	}
}

// afterTurn forgets the written results and records what is due behind the gates that the turn asked about.
func (d *dispatcher) afterTurn(ctx context.Context, asked []store.GateSince, due []store.GateDue, claimed bool) {
	d.wakeForResults(ctx, d.unwritten)
	d.unwritten = nil
	if !claimed { // another replica has locked what is due, or has a lease on it although a clock jumped
		for i := range due {
			due[i].Wait = max(due[i].Wait, emptyTurnWait.Seconds())
		}
	}
	d.noteDue(asked, due)
}

// wakeForResults wakes the appliers for the facts that were written with results, and for events that wait
// until one of the landed posts is recorded.
func (d *dispatcher) wakeForResults(ctx context.Context, written []result) {
	var shares []store.AccountID
	var posts []string
	for _, f := range written {
		for _, e := range f.Facts {
			shares = append(shares, cmp.Or(e.Share, e.AccountID))
		}
		for _, l := range f.Landed {
			posts = append(posts, store.AwaitedPost(l.Post.AccountID, l.Post.Channel, l.Post.Message))
		}
	}

	d.WakeAppliers(shares...)
	if len(posts) > 0 && d.arePostsAwaited() {
		d.background.Go(func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
			defer cancel()
			d.wakeWaiting(ctx, posts)
		})
	}
}

// postsMayWait is how long after awaitPosts every landed post wakes the events that wait for it.
const postsMayWait = time.Minute

// awaitPosts records that an event waits until a post is recorded.
func (r *Relay) awaitPosts() { r.postsAwaitedUntil.Store(int64(time.Since(r.began) + postsMayWait)) }

// arePostsAwaited reports whether an event may be waiting for a post.
func (r *Relay) arePostsAwaited() bool {
	return int64(time.Since(r.began)) < r.postsAwaitedUntil.Load()
}
