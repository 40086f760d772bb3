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
	blobBytes  = 1 << 20 // a larger payload is a blob
	// slowStore is how long the next batch waits for the one that is being stored. One larger batch costs less than several
	// small ones at a time; but a batch that waits for a locked queue must not keep all others waiting.
	slowStore = 50 * time.Millisecond
)

// Accept stores facts of an account and returns after the commit. Facts that arrive while a commit runs share the next one,
// which begins when the running commit has ended or takes long. No timer delays facts otherwise.
// Errors: channels.ErrOverloaded when too much waits already.
func (r *Relay) Accept(ctx context.Context, account store.AccountID, facts ...channels.Fact) error {
	began := time.Now()
	arrivals := make([]*arrival, 0, len(facts))
	for _, f := range facts {
		a := &arrival{done: make(chan error, 1), event: store.NewEvent{
			AccountID: account, ExternalID: f.ExternalID, OrderKey: store.OrderKey(account, f.OrderKey),
			Payload: f.Payload, SizeBytes: int64(len(f.Payload)), Quarantine: f.Quarantine}}
		if r.opt.Erased != nil {
			a.event.Erased = r.opt.Erased(account, f.ExternalID)
		}

		if len(f.Payload) > blobBytes {
			hash, err := blob.Put(ctx, r.pool, f.Payload)
			if err != nil {
				return fmt.Errorf("relay: accept: %w", err)
			}

			a.event.Blob = hash
			a.event.Payload = nil
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

// journalWriter writes what was accepted into the journal, in batches.
type journalWriter struct{ *Relay }

// run writes accepted facts into the journal, for all callers of Accept. When ctx ends it
// refuses what still waits: the sources of these facts bring them again.
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

// storeBatch stores a batch and answers the callers of Accept.
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

// store writes facts and wakes the appliers. If another process stores the same facts, it tries again at once.
func (w journalWriter) store(ctx context.Context, events []store.NewEvent) error {
	began := time.Now()
	stored, err := w.insert(ctx, events)
	for tries := 0; tries < maxConflicts; tries++ {
		if err == nil || !isConflict(err) {
			break
		}
		stored, err = w.insert(ctx, events)
	}

	if err == nil {
		w.noteDatabaseAnswer()
	}

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
	return err
}

// insert writes facts. Those that their source put into quarantine, which no handler will apply, have a
// commit of their own that also tells people of them: so the queues of the others aren't locked meanwhile.
func (w journalWriter) insert(ctx context.Context, events []store.NewEvent) ([]store.Inserted, error) {
	var good, bad []store.NewEvent
	for _, e := range events {
		if e.Quarantine == "" {
			good = append(good, e)
		} else {
			bad = append(bad, e)
		}
	}

	var stored []store.Inserted
	var err error
	if len(good) > 0 {
		stored, err = store.InsertEvents(ctx, w.pool, good)
		if err != nil || len(bad) == 0 {
			return stored, err
		}
	}

	err = store.InTx(ctx, w.pool, func(tx pgx.Tx) error {
		refused, err := store.InsertEvents(ctx, tx, bad)
		if err != nil {
			return err
		}

		stored = append(stored, refused...)

		for _, s := range refused {
			if err := w.handler.Quarantined(ctx, tx, store.Event{ID: s.ID, AccountID: s.AccountID}, s.Quarantine, unread); err != nil {
				return err
			}
		}

		return nil
	})

	return stored, err
}

// storeSingly stores the facts of a batch one by one, so that a bad one doesn't keep the others out. If
// the database fails for one, the later ones with the same order key are refused as well, because they
// would be stored before it.
func (w journalWriter) storeSingly(ctx context.Context, batch []*arrival) {
	failed := map[string]error{}
	for _, a := range batch {
		err := failed[a.event.OrderKey]
		if err == nil {
			err = w.store(ctx, []store.NewEvent{a.event})
		}

		isDatabaseFailure := err != nil && !isRefusal(err)
		if isDatabaseFailure && failed[a.event.OrderKey] == nil {
			failed[a.event.OrderKey] = err
			for _, behind := range w.queue.withdrawBehind(a) {
				behind.done <- err
			}
		}

		a.done <- err
	}
}
