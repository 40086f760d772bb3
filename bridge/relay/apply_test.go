package relay_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
	"parley/store/storetest"
)

// failTimes returns an apply that fails the first times times for each event that isFailing selects.
func failTimes(times int, isFailing func(store.Event) bool) func(context.Context, pgx.Tx, []store.Event) error {
	var mu sync.Mutex
	tries := map[string]int{}
	return func(_ context.Context, _ pgx.Tx, events []store.Event) error {
		mu.Lock()
		defer mu.Unlock()
		for _, e := range events {
			if !isFailing(e) {
				continue
			}
			if tries[e.ExternalID]++; tries[e.ExternalID] <= times {
				return errors.New("not today")
			}
		}
		return nil
	}
}

// refuseNamed returns a refusalOf, or a decode, that fails for the event with that name.
func refuseNamed(name, reason string) func(store.Event) error {
	return func(e store.Event) error {
		if e.ExternalID == name {
			return errors.New(reason)
		}
		return nil
	}
}

// Events with the same key are applied in the order in which they were accepted, even if some fail at first.
func TestOrderOfAKey(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	isFourth := func(e store.Event) bool { return strings.HasSuffix(e.ExternalID, "3") }
	h.apply = failTimes(2, isFourth) // in its batch, and then alone
	h.start()

	keys := []string{"a", "b", "c"}
	const perKey = 6
	for n := range perKey {
		for _, key := range keys {
			h.accept(fact(key, fmt.Sprint(key, n)))
		}
	}

	h.waitNumberApplied(len(keys) * perKey)
	for _, key := range keys {
		h.wantAppliedOf(key, key+"0", key+"1", key+"2", key+"3", key+"4", key+"5")
	}
}

// newBrokenEvent makes and starts a harness that fails to apply the event "bad" until isMended is set. Queue k has that
// event, between two others.
func newBrokenEvent(t *testing.T) (h *harness, isMended *atomic.Bool) {
	t.Helper()
	h = newHarness(t)
	isMended = &atomic.Bool{}
	isBad := func(e store.Event) bool { return e.ExternalID == "bad" }
	h.apply = func(_ context.Context, _ pgx.Tx, events []store.Event) error {
		if slices.ContainsFunc(events, isBad) && !isMended.Load() {
			return errors.New("broken")
		}
		return nil
	}
	h.start()
	h.accept(fact("k", "before"), fact("k", "bad"), fact("k", "after"))
	return h, isMended
}

// An event that fails is tried again alone. Only the events behind it in its queue wait, and other queues go on.
func TestFailingEventHoldsOnlyItsQueue(t *testing.T) {
	t.Parallel()
	h, _ := newBrokenEvent(t)
	const others = 20
	h.accept(numberedFacts(others, "other", "other")...)
	h.waitNumberApplied(others + 1)
	h.wantAppliedOf("k", "before")
}

// An event that fails again and again goes into quarantine, and its queue goes on. Once the cause is mended, it can be
// replayed.
func TestFailingEventIsQuarantinedAndReplayed(t *testing.T) {
	t.Parallel()
	h, isMended := newBrokenEvent(t)
	h.makeQueuesDueUntil("an event is in quarantine", h.hasQuarantined)
	h.waitAppliedOf("k", "before", "after")
	h.wantNoticesOf("bad")

	isMended.Store(true)
	var bad store.EventID
	must(fmt.Sscan(h.value(`SELECT event_id FROM quarantine`), &bad))(t)
	replayed := must(store.Replay(t.Context(), h.pool, []store.EventID{bad}))(t)
	if want := []store.EventID{bad}; !slices.Equal(replayed, want) {
		t.Fatalf("replayed events: got %v, want %v", replayed, want)
	}
	h.waitNumberApplied(3)
}

// While the database is in trouble no event is blamed: however often a batch fails, no try is counted.
func TestTroubleOfTheDatabaseCountsNoTry(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	const failures = 6 // more than an event has tries
	var batches atomic.Int32
	h.apply = func(context.Context, pgx.Tx, []store.Event) error {
		if batches.Add(1) <= failures {
			return &pgconn.PgError{Code: "53100", Message: "No space left on device"}
		}
		return nil
	}

	h.start()
	h.accept(fact("k", "a"))
	h.repeatUntil("it is applied", func() {
		h.WakeAppliers(mailAccount) // so that the test needn't wait for a sweep
		h.wantValue("queues with counted tries", 0, `SELECT count(*) FROM queues WHERE tries > 0`)
	}, func() bool { return t.Failed() || len(h.appliedNames()) == 1 })
	h.wantNoticesOf()
}

// failHopeless makes three events fail for ever: one when it is decoded, one before Apply has changed anything, and one
// after that. Apply panics on the poison.
func (h *harness) failHopeless() {
	decodeError := refuseNamed("bad when decoded", "unreadable")
	h.decode = func(e store.Event) (any, error) { return nil, decodeError(e) }
	h.refusalOf = refuseNamed("bad before changes", "gibberish")
	h.apply = func(_ context.Context, _ pgx.Tx, events []store.Event) error {
		for _, e := range events {
			if isPoison(e) {
				panic("boom")
			}
			if e.ExternalID == "bad after changes" {
				return &relay.EventError{EventID: e.ID, Err: errors.New("begun in vain")}
			}
		}
		return nil
	}
}

// hopelessQueue returns the events that failHopeless makes fail, with others between them: a, b and d.
func hopelessQueue(key string) []channels.Fact {
	return []channels.Fact{
		fact(key, "a"),
		fact(key, "bad before changes"),
		fact(key, "b"),
		fact(key, "bad after changes"),
		fact(key, "bad when decoded"),
		fact(key, "d"),
	}
}

// An event that can never be applied goes into quarantine at once, in whichever step that becomes clear. The events
// around it are applied.
func TestHopelessEventIsQuarantinedAtOnce(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.failHopeless()
	h.start()
	h.accept(hopelessQueue("k")...)
	h.waitAppliedOf("k", "a", "b", "d")
	h.wantReasons("gibberish", "begun in vain", "unreadable")
}

// An event on which Apply panics goes into quarantine after some tries, and its queue goes on. The other hopeless
// events of its batch go into quarantine as usual.
func TestPanickingEventIsQuarantined(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.failHopeless()
	h.start()
	h.accept(append(hopelessQueue("k"), poison("p"), fact("p", "behind it"))...)
	h.waitAppliedOf("k", "a", "b", "d")
	h.makeQueuesDueUntil("what is behind the panic is applied", func() bool { return len(h.appliedOf("p")) > 0 })
	h.wantAppliedOf("p", "behind it")
	h.wantReasons("gibberish", "begun in vain", "unreadable", "relay: apply panicked: boom")
}

// An event that can't be applied yet waits, and looking at it counts as no try. The events behind it in its queue wait
// as well, and all other events go on.
func TestWaitingEventHoldsOnlyItsQueue(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	var isReady atomic.Bool
	var looks atomic.Int32
	h.waitOf = func(e store.Event) *relay.Wait {
		if e.ExternalID != "waits" {
			return nil
		}
		looks.Add(1)
		if isReady.Load() {
			return nil
		}
		return &relay.Wait{Most: time.Hour}
	}

	h.start()
	h.accept(fact("k", "before"), fact("k", "waits"), fact("k", "behind"), fact("other", "beside"))
	h.waitAppliedNames("before", "beside")
	h.makeQueuesDueUntil("it was looked at several times", func() bool { return looks.Load() >= 5 })
	h.wantValue("counted tries", 0, mostTries)

	isReady.Store(true)
	h.makeQueuesDue()
	h.waitNumberApplied(4)
	h.wantAppliedOf("k", "before", "waits", "behind")
}

// If the first event of a queue fails at first, its later events don't overtake it, however many there are and whatever
// else is going on. Each queue is a round. The long form has 24 queues with 20,000 events each.
func TestWaitingQueueIsNotOvertaken(t *testing.T) {
	t.Parallel()
	eventsPerQueue, queues := []int{200, 2000}, 8
	if storetest.LongForm() {
		eventsPerQueue, queues = []int{2000, 20_000}, 24
	}
	for _, events := range eventsPerQueue {
		t.Run(fmt.Sprint(events, " events"), func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			isFirst := func(e store.Event) bool { return strings.HasSuffix(e.ExternalID, " 0") }
			h.apply = failTimes(2, isFirst) // in its batch, and then alone
			h.start()
			stop := h.startTraffic(mailAccount)

			for q := range queues {
				facts := make([]channels.Fact, 0, events)
				for n := range events {
					facts = append(facts, fact(fmt.Sprint("mailbox", q), fmt.Sprint("mailbox", q, " ", n)))
				}
				h.journalWithoutWaking(mailAccount, facts...)
			}
			h.WakeAppliers(mailAccount)

			const portions = 10 // the test waits for each of them with its full patience
			for n := 1; n <= portions; n++ {
				h.waitValue(fmt.Sprintf("portion %d of %d is applied", n, portions), true,
					`SELECT count(*) >= $1 FROM effects WHERE name LIKE 'mailbox%'`, queues*events*n/portions)
			}
			stop()

			const overtaken = `SELECT count(*) FROM (
				SELECT n, lag(n) OVER (PARTITION BY key ORDER BY split_part(name, ' ', 2)::int) AS before
				FROM effects WHERE name LIKE 'mailbox%') AS x
				WHERE n < before`
			h.wantValue("events that a later one of their queue overtook", 0, overtaken)
		})
	}
}
