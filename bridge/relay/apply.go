package relay

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/channels/wire"
	"parley/store"
)

const (
	maxTries         = 5                      // attempts to apply an event
	largeBytes       = 4 << 20                // a batch with more payload bytes counts as large
	maxLargeTogether = 48 << 20               // payload bytes of all large batches in memory at once
	maxSlotHeld      = 250 * time.Millisecond // how long a batch keeps its slot; see takeBatchSlot
	stalledAfter     = 3 * time.Second        // if the database hasn't answered for this long, no event is blamed for a failure
	rollbackTimeout  = 5 * time.Second

	// How appliers pause while many callers wait in Accept.
	maxYield      = 250 * time.Millisecond // the longest pause
	yieldInterval = 5 * time.Millisecond   // how often they check whether callers still wait
	yieldShare    = 3                      // after a pause of d, an applier works for at least 3 d before the next
)

// runApplier is the loop of one applier. An event is a stored fact, such as a customer's mail, and it waits in
// the queue of its account and order key. In each round, the applier takes a batch of due events from several
// accounts, lets the handler decode and apply them, and commits the handler's changes together with the note
// that the events are done. So each event takes effect exactly once.
//
// The relay runs several appliers. The schedule decides which accounts are next. runApplier returns when ctx
// ends.
func (r *Relay) runApplier(ctx context.Context) error {
	a := &applier{Relay: r}
	defer a.returnSession(ctx)
	var notBefore time.Time
	for r.schedule.waitUntilDue(ctx) {
		r.waitWhileHeld(ctx)
		// Choose the accounts only after the wait for a slot, so that one batch has everything that became due.
		done := r.takeBatchSlot(ctx)
		var shares []store.Share
		if !r.isHeldBack() {
			shares = r.schedule.pick()
		}
		if len(shares) == 0 {
			done()
			continue
		}
		if r.schedule.hasBacklog(shares) {
			notBefore = r.yieldToAccepting(ctx, notBefore)
		}

		more, err := a.applyBatch(ctx, shares)
		done()
		r.schedule.batchEnded(shares, more)

		if err != nil {
			r.warn(ctx, "apply failed", err)
			wire.For(ctx, backoffOnError)
		}
	}
	return nil
}

// waitWhileHeld waits while Options.Held stops appliers, or until ctx ends.
func (r *Relay) waitWhileHeld(ctx context.Context) {
	for r.isHeldBack() && wire.For(ctx, yieldInterval) {
	}
}

func (r *Relay) isHeldBack() bool { return r.opt.Held != nil && r.opt.Held() }

// takeBatchSlot waits until fewer batches run than there are slots, or ctx ends. Call done after the batch. A
// batch gives up its slot after maxSlotHeld: it may be waiting for a lock of a stopped process, and must not
// hold up other accounts.
func (r *Relay) takeBatchSlot(ctx context.Context) (done func()) {
	select {
	case r.batchSlots <- struct{}{}:
	case <-ctx.Done():
		return func() {}
	}
	freeSlot := sync.OnceFunc(func() { <-r.batchSlots })
	timer := time.AfterFunc(maxSlotHeld, freeSlot)
	return func() {
		timer.Stop()
		freeSlot()
	}
}

// yieldToAccepting pauses while many callers wait in Accept, so that new facts become durable first. It is
// meant for accounts with a backlog; pausing the others would only delay them. It doesn't pause before
// notBefore, and returns the next notBefore. Otherwise a steady load would starve the appliers.
func (r *Relay) yieldToAccepting(ctx context.Context, notBefore time.Time) (next time.Time) {
	began := time.Now()
	if began.Before(notBefore) {
		return notBefore
	}
	for time.Since(began) < maxYield && r.queue.isCrowded() {
		if !wire.For(ctx, yieldInterval) {
			break
		}
	}
	return time.Now().Add(yieldShare * time.Since(began))
}

// applyBatch takes events of the accounts, decodes them and applies them. It returns the accounts that may have
// more.
func (a *applier) applyBatch(parent context.Context, shares []store.Share) (more map[store.AccountID]bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(parent), storeTimeout)
	defer cancel()

	if err := a.ensureSession(ctx); err != nil {
		return accountsOf(shares), err
	}

	began := time.Now()
	taken, err := store.TakeRuns(ctx, a.conn, store.Take{
		Holder:  a.holder,
		Version: a.opt.Version,
		Shares:  shares,
		PerKey:  maxPerKey,
		Bytes:   maxApplyBytes,
	})
	if err != nil {
		return accountsOf(shares), err
	}

	a.database.noteAnswer()
	b := newBatch(taken)
	if len(b.runs) == 0 {
		return nil, nil
	}

	a.decodeBatch(ctx, b)
	err = a.apply(ctx, b, began)
	counts := b.takenByAccount()
	a.schedule.adaptShares(shares, counts, time.Since(began))
	a.load.appliers.add(time.Now(), time.Since(began))
	return b.accountsWithMore(shares, counts), err
}

func accountsOf(shares []store.Share) map[store.AccountID]bool {
	accounts := map[store.AccountID]bool{}
	for _, s := range shares {
		accounts[s.Account] = true
	}
	return accounts
}

// apply applies the decoded events of a batch and returns its runs to their queues. If the handler names an event
// that can't be applied, it starts again without that event. If the batch fails for another reason, nothing of it
// is applied.
func (a *applier) apply(ctx context.Context, b *batch, began time.Time) error {
	for tries := 0; ; tries++ {
		err := a.applyInTime(ctx, b, began)
		if err == nil {
			return a.giveUpRefused(ctx, b)
		}
		if b.leaveOutEventOf(err) {
			tries = 0
			continue
		}
		if !isConflict(err) || tries >= maxConflicts {
			return a.releaseFailed(ctx, b, err)
		}
	}
}

// afterCommit counts the applied events of a batch and wakes everything that waited for one of its effects.
func (a *applier) afterCommit(ctx context.Context, b *batch, facts []Fact, made Outcome, began time.Time) {
	a.database.noteAnswer()
	a.metrics.countApplied(b.appliedOf(facts), began)
	a.wakeFor(made)
	if made.Committed != nil {
		made.Committed()
	}

	a.wakeWaiting(ctx, made.Written)
	if made.Recheck != nil {
		a.awaitPosts()
		written, err := made.Recheck(ctx)
		if err != nil {
			a.warn(ctx, "awaited facts not looked up", err) // their events come back by themselves, only later
		}
		a.wakeWaiting(ctx, written)
	}

	for _, r := range b.runs {
		if r.release.After > 0 {
			a.schedule.wake(time.Now().Add(r.release.After), r.Share)
		}
	}
}

// wakeWaiting makes the events due that wait for one of these names (Wait.For), because it is recorded now.
func (r *Relay) wakeWaiting(ctx context.Context, written []string) {
	accounts, err := store.WakeQueues(ctx, r.pool, written)
	if err != nil {
		r.warn(ctx, "waiting events not woken", err) // they come back by themselves, only later
	}
	r.schedule.wake(time.Now(), accounts...)
}

// reserveMemory waits until large payloads fit into memory. Small ones need no reservation. Call release after
// the batch.
func (r *Relay) reserveMemory(ctx context.Context, facts []Fact) (release func(), err error) {
	var size int64
	for _, f := range facts {
		size += f.Event.SizeBytes
	}
	if size <= largeBytes {
		return func() {}, nil
	}
	size = min(size, maxLargeTogether)
	if err := r.largePayloads.Acquire(ctx, size); err != nil {
		return nil, fmt.Errorf("relay: apply: %w", err)
	}
	return sync.OnceFunc(func() { r.largePayloads.Release(size) }), nil
}

// errTookLong is the error of an attempt that did not end within Options.ApplyFor.
var errTookLong = errors.New("relay: it took too long to apply")

// applyInTime runs the handler and commits, within Options.ApplyFor. After that it returns errTookLong and
// closes the session, so that the abandoned attempt, which still runs in the background, can't commit.
func (a *applier) applyInTime(ctx context.Context, b *batch, began time.Time) error {
	facts := b.listFacts()
	if len(facts) == 0 {
		return store.ReleaseRuns(ctx, a.conn, b.listReleases())
	}
	release, err := a.reserveMemory(ctx, facts)
	if err != nil {
		return err
	}
	defer release()

	type result struct {
		made Outcome
		err  error
	}
	done := make(chan result, 1)
	conn := a.conn.Conn()
	outcome := b.clone() // an abandoned attempt may still change it
	limited, cancel := context.WithTimeout(ctx, a.opt.ApplyFor)
	defer cancel()
	a.background.Go(func() {
		made, err := a.applyInTransaction(limited, conn, outcome, facts)
		done <- result{made, err}
	})

	timer := time.NewTimer(a.opt.ApplyFor + time.Second) // a handler that respects its context returns earlier
	defer timer.Stop()
	select {
	case r := <-done:
		if r.err != nil {
			return r.err
		}
		b.runs = outcome.runs
		release()
		a.afterCommit(ctx, b, facts, r.made, began)
		return nil
	case <-timer.C:
		a.dropSession()
		return errTookLong
	}
}

// applyInTransaction runs the handler and commits its changes. It records in b which events the handler left
// out. A panic becomes an error.
func (a *applier) applyInTransaction(ctx context.Context, conn *pgx.Conn, b *batch, facts []Fact) (made Outcome, err error) {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return Outcome{}, fmt.Errorf("relay: apply: %w", err)
	}

	defer func() {
		if p := recover(); p != nil {
			a.log.Error("apply panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fmt.Errorf("relay: apply panicked: %v", p)
		}
		if err != nil {
			rollback(ctx, tx)
		}
	}()

	var locked []store.ConversationID
	defer func() { a.lockedConversations.remove(locked) }()
	locks := func(conversations []store.ConversationID) {
		if b.isLong() {
			a.lockedConversations.add(conversations)
			locked = append(locked, conversations...)
		}
	}
	if made, err = a.handler.Apply(ctx, tx, Batch{Facts: facts, Now: b.now, Real: b.real, Locks: locks}); err != nil {
		return Outcome{}, err
	}
	for _, w := range made.Waits {
		b.putOffEvent(w)
	}
	for _, e := range made.Refused {
		b.refuseEvent(e.EventID, e.Err)
	}

	write := made.Write
	if write == nil {
		write = &store.Pipeline{}
	}
	write.Unflushed() // events without an effect, such as colleagues' chatter, may be applied again after a crash
	write.FinishRuns(b.listReleases())
	return made, store.CommitWith(ctx, tx, write)
}

// rollback ends a failed transaction, even if ctx has ended.
func rollback(ctx context.Context, tx pgx.Tx) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	_ = tx.Rollback(ctx) // if this fails, the session is closed
}

// releaseFailed returns the runs of a failed batch to their queues. If an event may be the cause, all events of
// the batch become suspects, which are tried one by one (runSuspects), and releaseFailed returns nil. Otherwise
// it returns cause, and the queues are due again.
func (a *applier) releaseFailed(ctx context.Context, b *batch, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	isEventSuspect := a.mayBlameEvent(cause)
	var list []store.Release
	for _, r := range b.runs {
		one := r.Release(0)
		if isEventSuspect {
			one.Tries = max(r.Tries, 1)
			one.Suspects = r.Places[len(r.Places)-1] // any event of the run may be the cause
		}

		list = append(list, one)
	}

	if err := store.ReleaseRuns(ctx, a.pool, list); err != nil {
		a.dropAnySession() // this frees them too; the session might otherwise live on, on a full disk for example
		return errors.Join(cause, err)
	}
	if !isEventSuspect {
		return cause
	}

	a.log.Warn("a batch failed; its events are tried one by one", "events", len(b.listFacts()), "error", cause)
	sendSignal(a.suspects)
	return nil
}

// mayBlameEvent reports whether an event may have caused an error. Otherwise the database did.
func (r *Relay) mayBlameEvent(cause error) bool {
	if errors.Is(cause, errTookLong) || errors.Is(cause, context.DeadlineExceeded) {
		return !r.database.isStalled()
	}
	return !isTransient(cause)
}
