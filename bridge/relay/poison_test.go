package relay_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
	"parley/store/storetest"
)

// The poison is an event that is never done, or that always fails, as the test says. These tests show that it goes into
// quarantine, and that other events don't wait for it meanwhile.

// poison returns the poison, in the queue of an order key.
func poison(key string) channels.Fact { return fact(key, "poison") }

// isPoison reports whether an event is the poison.
func isPoison(e store.Event) bool { return e.ExternalID == "poison" }

// decodePoison sets what is called when the poison is decoded. All other events are readable.
func (h *harness) decodePoison(f func() error) {
	h.decode = func(e store.Event) (any, error) {
		if isPoison(e) {
			return nil, f()
		}
		return nil, nil
	}
}

// applyPoison sets what is called when a batch with the poison is applied, and counts these calls in poisonTries.
func (h *harness) applyPoison(f func(ctx context.Context, tx pgx.Tx, events []store.Event) error) {
	h.apply = func(ctx context.Context, tx pgx.Tx, events []store.Event) error {
		if !slices.ContainsFunc(events, isPoison) {
			return nil
		}
		h.mu.Lock()
		h.poisonTries++
		h.mu.Unlock()
		return f(ctx, tx, events)
	}
}

// lockTable makes a table that writeLockedTable can't write until release is called or the test ends.
func (h *harness) lockTable() (release func()) {
	h.t.Helper()
	h.exec(`CREATE TABLE locked_table (n int)`)
	holder := must(h.pool.Begin(context.Background()))(h.t)
	must(holder.Exec(context.Background(), `LOCK TABLE locked_table`))(h.t)
	release = sync.OnceFunc(func() { _ = holder.Rollback(context.Background()) })
	h.t.Cleanup(release)
	return release
}

// writeLockedTable waits for the lock of lockTable.
func writeLockedTable(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `INSERT INTO locked_table VALUES (1)`)
	return err
}

// endSession has the database end the session of a transaction.
func endSession(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `SELECT pg_terminate_backend(pg_backend_pid())`)
	return err
}

// An event that takes too long, panics or fails is given up after five tries, while other accounts have traffic.
// TestNobodyWaitsForPoison shows without a clock that nothing else waits for it.
func TestPoison(t *testing.T) {
	t.Parallel()
	forever := make(chan struct{})
	t.Cleanup(func() { close(forever) })
	short := relay.ApplyTimes{DecodeFor: time.Second, ApplyFor: time.Second}
	tests := []struct {
		name  string
		times relay.ApplyTimes
		fail  func(h *harness) // sets what happens to the poison
	}{
		{
			name:  "applied without end",
			times: short,
			fail: func(h *harness) {
				h.applyPoison(func(context.Context, pgx.Tx, []store.Event) error { <-forever; return nil })
			},
		},
		{
			name:  "decoded without end",
			times: short,
			fail:  func(h *harness) { h.decodePoison(func() error { <-forever; return nil }) },
		},
		{
			name: "panics",
			fail: func(h *harness) {
				h.applyPoison(func(context.Context, pgx.Tx, []store.Event) error { panic("boom") })
			},
		},
		{
			name: "ends its session",
			fail: func(h *harness) {
				h.applyPoison(func(ctx context.Context, tx pgx.Tx, _ []store.Event) error { return endSession(ctx, tx) })
			},
		},
		{
			name:  "waits for a lock too long",
			times: short,
			fail: func(h *harness) {
				h.lockTable()
				h.applyPoison(func(ctx context.Context, tx pgx.Tx, _ []store.Event) error { return writeLockedTable(ctx, tx) })
			},
		},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, func(o *relay.Options) { o.ApplyTimes = tt.times })
			tt.fail(h)
			h.start()
			h.wantPoisonGivenUp()
		})
	}
}

// wantPoisonGivenUp brings the poison between other events of its queue, while other queues have traffic. It checks
// that the poison is given up after at most five tries.
func (h *harness) wantPoisonGivenUp() {
	h.t.Helper()
	stop := h.startTraffic(8)
	h.accept(fact("k", "before"), poison("k"), fact("k", "after"), fact("other", "beside"))
	h.waitAppliedOf("k", "before")
	h.waitAppliedOf("other", "beside")

	h.makeQueuesDueUntil("the poison is in quarantine", h.hasQuarantined)
	h.waitAppliedOf("k", "before", "after")
	const most = 5
	if got := locked(h, func() int { return h.poisonTries }); got > most {
		h.t.Errorf("tries to apply the poison: got %d, want at most %d", got, most)
	}
	stop()
	h.wantNoticesOf("poison")
}

// The events of othersAccount must not wait for the poison.
const (
	othersAccount store.AccountID = 10
	othersEvents                  = 20
	othersApplied                 = `SELECT count(*) FROM effects WHERE name LIKE 'of others %'`
	ofItsAccount                  = "of its account" // an event that arrives after the poison, in another queue of its account
)

// acceptOthers brings the events of othersAccount.
func (h *harness) acceptOthers() {
	h.t.Helper()
	for n := range othersEvents {
		check(h.t, h.Accept(h.t.Context(), othersAccount, fact(fmt.Sprint("c", n%7), fmt.Sprint("of others ", n))))
	}
}

// stickAtPoison makes the handling of the poison stick somewhere: it calls entered when it has got there, and stays
// until release is closed.
type stickAtPoison func(h *harness, entered func(), release <-chan struct{})

func stickWhileDecoded(h *harness, entered func(), release <-chan struct{}) {
	h.decodePoison(func() error {
		entered()
		<-release
		return nil
	})
}

func stickWhileBatchIsApplied(h *harness, entered func(), release <-chan struct{}) {
	h.applyPoison(func(context.Context, pgx.Tx, []store.Event) error {
		entered()
		<-release
		return nil
	})
}

func stickWhileAppliedAlone(h *harness, entered func(), release <-chan struct{}) {
	h.applyPoison(func(_ context.Context, _ pgx.Tx, events []store.Event) error {
		if inBatch := len(events) > 1; inBatch {
			return errors.New("one of them fails")
		}
		entered()
		<-release
		return nil
	})
}

func stickAtLock(h *harness, entered func(), release <-chan struct{}) {
	unlock := h.lockTable()
	go func() {
		<-release
		unlock()
	}()
	h.applyPoison(func(ctx context.Context, tx pgx.Tx, _ []store.Event) error {
		entered()
		return writeLockedTable(ctx, tx)
	})
}

// If the handling of an event sticks, later events of other accounts, and of other queues of its account, don't wait
// for it. No clock decides that: the test lets the event go only when the others are applied.
func TestNobodyWaitsForPoison(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		stick stickAtPoison
	}{
		{name: "while it is decoded", stick: stickWhileDecoded},
		{name: "while its batch is applied", stick: stickWhileBatchIsApplied},
		{name: "while it is applied alone", stick: stickWhileAppliedAlone},
		{name: "while it waits for a lock", stick: stickAtLock},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			poisoned := []store.AccountID{7, 8} // as many as events are applied alone at once (suspectAppliers)
			h := newHarness(t, func(o *relay.Options) {
				o.ApplyFor = time.Hour
				o.DecodeFor = time.Hour
				o.SlowDecode = 2 * time.Second
			})
			entered, release := make(chan struct{}, 100), make(chan struct{})
			tt.stick(h, func() { entered <- struct{}{} }, release)
			h.start()

			end := sync.OnceFunc(func() { close(release) })
			t.Cleanup(end)
			for _, account := range poisoned {
				check(t, h.Accept(t.Context(), account, poison("k"), fact("k2", "beside it")))
				storetest.Receive(t, entered, "the poison sticks")
			}

			h.acceptOthers()
			h.waitValue("applied events of others", othersEvents, othersApplied)
			for _, account := range poisoned {
				check(t, h.Accept(t.Context(), account, fact("k3", ofItsAccount)))
			}
			h.waitValue("applied events of the poisoned accounts", len(poisoned),
				`SELECT count(*) FROM effects WHERE name = $1`, ofItsAccount)
			end()
			h.waitAllApplied()
		})
	}
}
