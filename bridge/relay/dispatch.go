package relay

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"parley/channels/pause"
	"parley/store"
	"parley/store/dispatch"
)

// emptyTurnWait keeps a turn that claimed nothing from being repeated at once.
const emptyTurnWait = 20 * time.Millisecond

// dispatcher decides which messages leave next. All messages of a conversation to one place, such as the replies to a
// customer, are rows (deliveries) in one queue, a lane. Only the first of a lane may be sent. Behind a gate stand the lanes
// that share one limit of a provider, for example all those of a phone number.
//
// The dispatcher works in turns. Each is one transaction: it writes the results of attempts that have ended, and claims
// the first deliveries of lanes that are due, as many as their gates allow. Attempts at these then run in goroutines of
// their own, and send back their results. A dispatcher is used by one goroutine.
type dispatcher struct {
	*Relay
	*gateBook
	attempts  attempts
	inRow     map[store.LaneID]int // how many deliveries a lane has handed out in a row
	results   chan result          // what attempts send back; has room for all of them
	unwritten []result             // results that the next turn writes
	aside     []result             // results that wait because a long batch has their lanes locked; see putAside
	turnBegan time.Time            // when the last turn that asked the database began

	searches     sync.WaitGroup          // looks for lanes that became due long ago, one at a time
	searching    bool                    // a search goes on, or what it found isn't noted yet
	searchedAt   time.Time               // when the last search began
	searchResult chan []dispatch.GateDue // what the search found
}

// runDispatch makes turns until ctx ends. Then it waits for the attempts under way and writes their results, for at most
// grace.
func (r *Relay) runDispatch(ctx context.Context, grace time.Duration) error {
	d := &dispatcher{
		Relay:        r,
		gateBook:     newGateBook(r.opt.PerGate, r.opt.Total),
		attempts:     attempts{r.handler, r.metrics, r.log, r.opt},
		inRow:        map[store.LaneID]int{},
		results:      make(chan result, r.opt.Total),
		searchResult: make(chan []dispatch.GateDue, 1),
		searchedAt:   time.Now(),
	}
	defer d.searches.Wait()
	work, cancel := withGrace(ctx, grace)
	defer cancel()

	for ctx.Err() == nil {
		d.search(ctx)
		if err := d.runTurn(work); err != nil {
			r.warn(ctx, "dispatch failed", err)
			pause.For(ctx, backoffOnError)
			continue
		}

		d.waitForWork(ctx)
	}

	d.finishUnderWay(work)
	return nil
}

// finishUnderWay waits for the attempts under way and writes their results, until ctx ends. It claims nothing.
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
			if ctx.Err() != nil || !pause.For(ctx, backoffOnError) {
				return
			}
		}

		if len(d.aside) > 0 {
			pause.For(ctx, asideInterval)
		}
	}
}

// hasResults reports whether there are results that are not written yet.
func (d *dispatcher) hasResults() bool { return len(d.unwritten)+len(d.aside) > 0 }

// A turn that writes one result costs almost as much as one that writes many. So while many attempts are
// under way, the next turn waits for more results.
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

// untilDue returns the time until a known lane is due, or results that were put aside are looked at again. It is at most
// a second.
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

// gather takes results until there are manyResults, or maxWait is over.
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

// collect takes a result, and all others that have come already.
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

// runTurn makes a turn: it writes results, claims deliveries that are due, and begins the attempts at them.
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

// commitTurn writes results and claims from gates in one commit. Then it begins the attempts.
func (d *dispatcher) commitTurn(ctx context.Context, gates []dispatch.GateClaim) error {
	d.putAside()
	if len(gates) == 0 && len(d.unwritten) == 0 {
		return nil
	}

	d.keepPlaces()
	began := time.Now()
	d.turnBegan = began
	defer func() { d.load.dispatcher.add(time.Now(), time.Since(began)) }()
	ask := d.gatesOfTurn(gates)
	take := dispatch.Claim{Gates: gates, Join: d.runsAllowed.Load()}
	claimed, due, err := d.commit(ctx, finishesOf(d.unwritten), take, ask)
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
	go d.attempts.beginAll(context.WithoutCancel(ctx), claimed, began, func(c dispatch.Claimed, f dispatch.Finish) {
		d.results <- result{Finish: f, claim: c}
	})
	return nil
}

// search looks for all due lanes, however long ago they became due, once in Options.LookBackEvery. (Turns look only for
// lanes that became due lately.) It runs beside the turns, because it is slow while some transaction holds an old
// snapshot: then it has to skip the old rows of everything that was handed out since.
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
func allDue(ctx context.Context, q store.Querier) ([]dispatch.GateDue, error) {
	ids, err := dispatch.OtherGates(ctx, q, nil)
	if err != nil {
		return nil, err
	}
	gates := make([]dispatch.GateSince, len(ids))
	for i, id := range ids {
		gates[i].ID = id
	}
	return dispatch.DueGates(ctx, q, gates)
}

// gatesOfTurn returns the gates that a turn changes, as questions about what is due behind them afterwards.
func (d *dispatcher) gatesOfTurn(claims []dispatch.GateClaim) []dispatch.GateSince {
	ids := map[store.GateID]bool{}
	for _, c := range claims {
		ids[c.ID] = true
	}
	for _, r := range d.unwritten {
		ids[r.Gate] = true
	}
	return d.questionsAbout(slices.Collect(maps.Keys(ids)))
}

// How many deliveries a lane may hand out in a row before the lanes that wait behind it have a turn.
const (
	maxInRow     = 8
	maxRowCounts = 4096 // lanes whose counts are remembered
)

// keepPlaces lets a lane whose delivery has ended hand out its next one before other lanes, up to maxInRow times, because
// that costs less than a change of lanes. Behind a gate with a rate, lanes take turns after each delivery.
func (d *dispatcher) keepPlaces() {
	if len(d.inRow) > maxRowCounts {
		clear(d.inRow)
	}
	for i := range d.unwritten {
		f := &d.unwritten[i].Finish
		mayKeep := f.Advance > 0 && d.inRow[f.LaneID] < maxInRow-1
		if !mayKeep || d.memoryOf(f.Gate).limited {
			delete(d.inRow, f.LaneID)
			continue
		}
		f.Keep = true
		d.inRow[f.LaneID]++
	}
}

// afterTurn forgets the results that were written, and notes what is due behind the gates that the turn asked about.
func (d *dispatcher) afterTurn(ctx context.Context, asked []dispatch.GateSince, due []dispatch.GateDue, claimed bool) {
	d.wakeForResults(ctx, d.unwritten)
	d.unwritten = nil
	if !claimed { // what is due is locked by another replica, or leased in spite of a clock that jumped
		for i := range due {
			due[i].Wait = max(due[i].Wait, emptyTurnWait.Seconds())
		}
	}
	d.noteDue(asked, due)
}

// wakeForResults wakes the appliers for the facts that were written with results, and for events that wait until a post
// that has landed is recorded.
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

// postsMayWait is for how long, after an event began to wait for a post, every post that lands wakes what waits for it.
const postsMayWait = time.Minute

// awaitPosts notes that an event waits for a post to be recorded.
func (r *Relay) awaitPosts() { r.postsAwaitedUntil.Store(int64(time.Since(r.began) + postsMayWait)) }

// arePostsAwaited reports whether an event may wait for a post to be recorded.
func (r *Relay) arePostsAwaited() bool {
	return int64(time.Since(r.began)) < r.postsAwaitedUntil.Load()
}
