package relay

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/channels"
	"parley/store"
	"parley/store/blob"
)

const (
	maxStoring = 3       // batches stored at the same time
	blobBytes  = 1 << 20 // a larger payload is stored as a blob, outside the journal
	// slowStore is how long the next batch waits for the running one. One larger batch costs less than several
	// small ones at once, but a batch that waits for a locked queue must not hold up all others.
	slowStore = 50 * time.Millisecond
)

// Accept stores facts in the journal, the table of events, and returns after the commit. A fact is one thing
// that a channel or an agents' chat reported, such as a mail: bytes with a unique name (ExternalID), so that a
// fact that is reported twice counts once. The caller must not acknowledge a fact to its source before Accept
// has returned nil.
//
// Facts that arrive during a commit share the next one. It begins when the running commit has ended, or after
// slowStore. Facts with the same order key are stored in order of arrival. Accept may be called concurrently.
// Errors: channels.ErrOverloaded if too many facts wait already. After any error the source has to report the
// facts again.
func (r *Relay) Accept(ctx context.Context, account store.AccountID, facts ...channels.Fact) error {
	began := time.Now()
	arrivals := make([]*arrival, 0, len(facts))
	for _, f := range facts {
		a, err := journalWriter{r}.newArrival(ctx, account, f)
		if err != nil {
			return err
		}
		arrivals = append(arrivals, a)
	}

	if !r.queue.add(arrivals) {
		r.metrics.countRefused(account)
		return channels.ErrOverloaded
	}
	defer r.queue.callerDone()

	for _, a := range arrivals {
		select {
		case err := <-a.done:
			if err != nil {
				return fmt.Errorf("relay: accept: %w", err)
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}

	r.metrics.countAccepted(account, len(facts), began)
	return nil
}

// journalWriter stores in batches what callers of Accept have queued.
type journalWriter struct{ *Relay }

// newArrival prepares a fact for the journal. A large payload is stored right away, as a blob.
func (w journalWriter) newArrival(ctx context.Context, account store.AccountID, f channels.Fact) (*arrival, error) {
	a := &arrival{done: make(chan error, 1), event: store.NewEvent{
		AccountID:  account,
		ExternalID: f.ExternalID,
		OrderKey:   store.OrderKey(account, f.OrderKey),
		Payload:    f.Payload,
		SizeBytes:  int64(len(f.Payload)),
		Quarantine: f.Quarantine,
	}}
	if w.opt.Erased != nil {
		a.event.Erased = w.opt.Erased(account, f.ExternalID)
	}
	if len(f.Payload) <= blobBytes {
		return a, nil
	}

	hash, err := blob.Put(ctx, w.pool, f.Payload)
	if err != nil {
		return nil, fmt.Errorf("relay: accept: %w", err)
	}
	a.event.Blob = hash
	a.event.Payload = nil
	return a, nil
}

// run stores batches until ctx ends, up to maxStoring of them at the same time. Then it refuses all facts that
// still wait; their sources report them again.
func (w journalWriter) run(ctx context.Context) {
	var storing sync.WaitGroup
	defer storing.Wait()
	slots := make(chan struct{}, maxStoring)
	for {
		slots <- struct{}{}
		batch := w.queue.takeBatch()
		if len(batch) == 0 {
			<-slots

			select {
			case <-w.queue.wake:
				continue
			case <-ctx.Done():
				for _, a := range w.queue.close() {
					a.done <- channels.ErrOverloaded
				}
				return
			}
		}

		stored := make(chan struct{})
		storing.Go(func() {
			defer close(stored)
			w.storeBatch(ctx, batch)
			<-slots
			w.queue.release(batch)
		})

		waitFor(stored, slowStore)
	}
}

// storeBatch stores a batch and answers the callers of Accept. If the database refuses a value in the batch,
// the facts are stored one by one. If the database fails, the whole batch fails, and so do the queued facts
// with the same order keys, because they must not be stored ahead of it.
func (w journalWriter) storeBatch(ctx context.Context, batch []*arrival) {
	events := make([]store.NewEvent, len(batch))
	for i, a := range batch {
		events[i] = a.event
	}

	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	err := w.store(ctx, events)
	if len(batch) > 1 && isRefusal(err) {
		w.storeSingly(ctx, batch)
		return
	}
	if err != nil && !isRefusal(err) {
		batch = append(batch, w.queue.withdrawFollowing(batch...)...)
	}

	for _, a := range batch {
		a.done <- err
	}
}

// store writes facts and wakes the appliers. It retries at once after a conflict with another process.
func (w journalWriter) store(ctx context.Context, events []store.NewEvent) error {
	began := time.Now()
	stored, err := w.insert(ctx, events)
	for tries := 0; tries < maxConflicts && isConflict(err); tries++ {
		var more []store.Inserted
		more, err = w.insert(ctx, events)
		stored = append(stored, more...)
	}

	if err == nil {
		w.database.noteAnswer()
	}
	w.wakeForStored(stored, began) // even after an error: insert may have stored some of the facts
	return err
}

// wakeForStored counts the stored events and wakes the appliers for those that can be applied.
func (w journalWriter) wakeForStored(stored []store.Inserted, began time.Time) {
	w.metrics.Accepted.Add(int64(len(stored)))
	shares := make([]store.AccountID, 0, len(stored))
	for _, s := range stored {
		if s.Quarantine != "" {
			w.metrics.Account(s.AccountID).Quarantined.Add(1)
			w.logQuarantine(s.ID, errors.New(s.Quarantine))
			continue
		}
		shares = append(shares, s.Share)
	}

	if time.Since(began) > lateCommit/2 { // so late that appliers may have looked past these queues
		w.schedule.lookFromOldest(shares...)
	}
	w.schedule.wake(began, shares...)
}

// insert writes facts. Those that their source has marked as unreadable (Quarantine) are written in a second
// transaction, which also notifies people, so that this doesn't keep the queues of the other facts locked.
// Insert may therefore return stored events together with an error.
func (w journalWriter) insert(ctx context.Context, events []store.NewEvent) ([]store.Inserted, error) {
	var readable, unreadable []store.NewEvent
	for _, e := range events {
		if e.Quarantine == "" {
			readable = append(readable, e)
		} else {
			unreadable = append(unreadable, e)
		}
	}

	stored, err := store.InsertEvents(ctx, w.pool, readable)
	if err != nil || len(unreadable) == 0 {
		return stored, err
	}
	quarantined, err := w.insertUnreadable(ctx, unreadable)
	if err != nil {
		return stored, err
	}
	return append(stored, quarantined...), nil
}

// insertUnreadable writes facts that go straight into quarantine, and notifies people, in one transaction.
func (w journalWriter) insertUnreadable(ctx context.Context, events []store.NewEvent) ([]store.Inserted, error) {
	const unread = true // the handler must not decode them
	var stored []store.Inserted
	err := store.InTx(ctx, w.pool, func(tx pgx.Tx) (err error) {
		stored, err = store.InsertEvents(ctx, tx, events)
		if err != nil {
			return err
		}
		for _, s := range stored {
			e := store.Event{ID: s.ID, AccountID: s.AccountID}
			if err := w.handler.Quarantined(ctx, tx, e, s.Quarantine, unread); err != nil {
				return err
			}
		}
		return nil
	})
	return stored, err
}

// storeSingly stores the facts of a batch one by one, so that one refused fact doesn't block the others. If the
// database fails at a fact, all later facts with the same order key fail too: they must not be stored ahead of
// it.
func (w journalWriter) storeSingly(ctx context.Context, batch []*arrival) {
	failed := map[string]error{} // by order key
	for _, a := range batch {
		key := a.event.OrderKey
		if err := failed[key]; err != nil {
			a.done <- err
			continue
		}

		err := w.store(ctx, []store.NewEvent{a.event})
		if err != nil && !isRefusal(err) {
			failed[key] = err
			for _, later := range w.queue.withdrawFollowing(a) {
				later.done <- err
			}
		}
		a.done <- err
	}
}
