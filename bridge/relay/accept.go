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
	maxStoring = 3       // batches that are stored at the same time
	blobBytes  = 1 << 20 // a larger payload is stored as a blob, beside the journal
	// slowStore is how long the next batch waits for the one that is being stored. One larger batch costs less than several
	// small ones at a time; but a batch that waits for a locked queue must not keep all others waiting.
	slowStore = 50 * time.Millisecond
)

// Accept stores facts in the journal (the table of events) and returns after the commit. A fact is one thing that a
// channel or an agents' chat told Parley, such as a mail: bytes with a name, so that it counts once however often it
// comes. Only after Accept has returned nil may the caller tell the fact's source that it arrived.
//
// Facts that come while a commit runs share the next one, which begins when the running one has ended, or after
// slowStore. Facts with the same order key are stored in the order in which they came.
// Errors: channels.ErrOverloaded when too much waits already. After any error the source has to bring the facts again.
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
	defer r.queue.callerLeft()

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

// journalWriter stores what callers of Accept have put into the queue, in batches.
type journalWriter struct{ *Relay }

// newArrival prepares a fact for the journal. A large payload is stored at once, as a blob.
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

// run stores batches until ctx ends, up to maxStoring at the same time. Then it refuses what still waits: the sources of
// these facts bring them again.
func (w journalWriter) run(ctx context.Context) {
	var storing sync.WaitGroup
	defer storing.Wait()
	places := make(chan struct{}, maxStoring)
	for {
		places <- struct{}{}
		batch := w.queue.takeBatch()
		if len(batch) == 0 {
			<-places

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
			<-places
			w.queue.release(batch)
		})

		waitFor(stored, slowStore)
	}
}

// storeBatch stores a batch and answers the callers of Accept. If the database refuses something in the batch, its facts
// are stored one by one. If the database fails, the whole batch fails, and so do the facts that wait behind it with the
// same order keys: they must not be stored before it.
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
		batch = append(batch, w.queue.withdrawBehind(batch...)...)
	}

	for _, a := range batch {
		a.done <- err
	}
}

// store writes facts and wakes the appliers. It tries again at once if it collides with another process.
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
	w.wakeForStored(stored, began) // without an error, too: the facts without a fault may be stored already
	return err
}

// wakeForStored counts events that were stored, and wakes the appliers for those that can be applied.
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

	if time.Since(began) > lateCommit/2 { // the queues became visible so late that appliers may look behind them
		w.schedule.lookFromOldest(shares...)
	}
	w.schedule.wake(began, shares...)
}

// insert writes facts. Some are marked by their source as ones that can't be read (Quarantine). They are stored in a
// second transaction, which also tells people, so that the queues of the other facts aren't locked meanwhile. So insert
// may return stored events together with an error.
func (w journalWriter) insert(ctx context.Context, events []store.NewEvent) ([]store.Inserted, error) {
	var good, bad []store.NewEvent
	for _, e := range events {
		if e.Quarantine == "" {
			good = append(good, e)
		} else {
			bad = append(bad, e)
		}
	}

	stored, err := store.InsertEvents(ctx, w.pool, good)
	if err != nil || len(bad) == 0 {
		return stored, err
	}

	var refused []store.Inserted
	err = store.InTx(ctx, w.pool, func(tx pgx.Tx) (err error) {
		if refused, err = store.InsertEvents(ctx, tx, bad); err != nil {
			return err
		}
		for _, s := range refused {
			e := store.Event{ID: s.ID, AccountID: s.AccountID}
			const unread = true // its source says that it can't be decoded
			if err := w.handler.Quarantined(ctx, tx, e, s.Quarantine, unread); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return stored, err
	}
	return append(stored, refused...), nil
}

// storeSingly stores the facts of a batch one by one, so that one that the database refuses doesn't keep the others out.
// If the database fails at one, all later ones with the same order key fail with it: they must not be stored before it.
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
			for _, behind := range w.queue.withdrawBehind(a) {
				behind.done <- err
			}
		}
		a.done <- err
	}
}
