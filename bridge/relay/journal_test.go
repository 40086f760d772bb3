package relay_test

import (
	"bytes"
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

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// Accept returns after the commit: what it answered is in the journal.
func TestAcceptIsDurable(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.waits = func(store.Event) *relay.Wait { return &relay.Wait{Most: time.Hour} }
	s.start()
	check(t, s.Accept(t.Context(), 7, fact("k", "a"), fact("k", "b")))
	s.wantText("a:a b:b", `SELECT string_agg(external_id || ':' || convert_from(payload, 'UTF8'), ' ' ORDER BY id) FROM events`)
	s.wantText("2", queued)
}

// A fact counts once, in one call, in two, and on two replicas at once.
func TestAcceptOnce(t *testing.T) {
	t.Parallel()
	a := newStage(t)
	b := stageOn(t, a.pool)
	a.start()
	b.start()
	check(t, a.Accept(t.Context(), 7, fact("k", "same"), fact("k", "same")))
	const rounds = 20
	var group sync.WaitGroup
	for _, s := range []*stage{a, b, a, b} {
		group.Go(func() {
			for i := range rounds {
				if err := s.Accept(context.Background(), 7, fact("k", "same"), fact("k", fmt.Sprintf("n%02d", i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	a.waitText("0", queued)
	a.wantText(fmt.Sprint(1+rounds), `SELECT count(*) FROM effects`)
	a.wantText("0", appliedTwice)
}

// What arrives while a commit runs is stored together, and nobody waits for a timer.
func TestAcceptTogether(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.start()
	const callers = 40
	release := s.holdJournal()
	var group sync.WaitGroup
	for i := range callers {
		group.Go(func() {
			if err := s.Accept(context.Background(), 7, fact("k", fmt.Sprint(i))); err != nil {
				t.Error(err)
			}
		})
	}
	s.waitUntil("all of them wait", func() bool { return s.Callers() == callers })
	s.waitText("1", sessionsThatWaitForALock)
	release()
	group.Wait()
	// Rows of one statement share its transaction: the first fact alone, the others with as
	// many as had come by then.
	const transactions = `SELECT count(DISTINCT xmin::text) FROM events`
	if got := s.text(transactions+` HAVING count(DISTINCT xmin::text) >= $1`, callers/2); got != "" {
		t.Errorf("%d facts took %s transactions, want fewer than %d", callers, got, callers/2)
	}
}

// holdJournal keeps everybody from storing facts until release is called.
func (s *stage) holdJournal() (release func()) {
	s.t.Helper()
	tx, err := s.pool.Begin(s.t.Context())
	check(s.t, err)
	_, err = tx.Exec(s.t.Context(), `LOCK TABLE events IN EXCLUSIVE MODE`)
	check(s.t, err)
	return func() {
		s.t.Helper()
		check(s.t, tx.Commit(s.t.Context()))
	}
}

// A bad fact in a batch is refused alone.
func TestAcceptOneBadFact(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.exec(`ALTER TABLE events ADD CHECK (external_id <> 'bad')`)
	s.start()
	good, bad := make(chan error, 1), make(chan error, 1)
	go func() { good <- s.Accept(context.Background(), 7, fact("k", "good")) }()
	go func() { bad <- s.Accept(context.Background(), 7, fact("k", "bad")) }()
	if err := <-good; err != nil {
		t.Errorf("the good fact is refused: %v", err)
	}
	if err := <-bad; err == nil {
		t.Error("a fact that can't be stored was accepted")
	}
	s.waitApplied(1)
}

// An id of any length, or that is no text, is known by a hash: nothing is kept out, and it
// is known again.
func TestAcceptAnyID(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.start()
	long := strings.Repeat("long", 3000)
	ids := []string{long + "1", long + "2", "with\x00zero", "\xff\xfe"}
	for range 2 {
		for _, id := range ids {
			check(t, s.Accept(t.Context(), 7, channels.Fact{ExternalID: id, OrderKey: id, Payload: []byte("x")}))
		}
	}
	s.waitApplied(len(ids))
	seen, err := store.SeenEvents(t.Context(), s.pool, 7, append(ids, "another"))
	check(t, err)
	for _, id := range ids {
		if !seen[id] {
			t.Errorf("the event with an id of %d bytes, %.10q, is not known again", len(id), id)
		}
	}
	if len(seen) != len(ids) {
		t.Errorf("%d events are known, want %d", len(seen), len(ids))
	}
}

// What was split off as unreadable is stored and told once, never applied.
func TestAcceptQuarantined(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.start()
	f := fact("k", "riddle")
	f.Quarantine = "no idea"
	check(t, s.Accept(t.Context(), 7, f, fact("k", "clear")))
	s.waitApplied(1)
	check(t, s.Accept(t.Context(), 7, f))
	s.wantText("no idea", `SELECT string_agg(reason, ',') FROM quarantine`)
	s.wantTold("riddle")
}

// A large payload is a blob and comes back whole.
func TestLargePayload(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	payload := bytes.Repeat([]byte("0123456789abcdef"), 3<<20/16) // 3 MiB
	got := make(chan []byte, 1)
	s.payload = func(body []byte) { got <- body }
	s.start()
	check(t, s.Accept(t.Context(), 7, channels.Fact{ExternalID: "big", OrderKey: "k", Payload: payload}))
	s.waitApplied(1)
	if body := <-got; !bytes.Equal(body, payload) {
		t.Errorf("%d bytes came back, want the %d that were stored", len(body), len(payload))
	}
	s.wantText("true", `SELECT payload IS NULL FROM events`)
	s.wantText(fmt.Sprint(len(payload)), `SELECT size_bytes FROM events`)
	s.wantText("3", `SELECT count(*) FROM blob_chunks`) // of a MiB each
}

// Events of a key are applied in the order of acceptance, whatever fails.
func TestOrderOfAKey(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.apply = failTimes(2, func(e store.Event) bool { return strings.HasSuffix(e.ExternalID, "3") })
	s.start()
	keys := []string{"a", "b", "c"}
	const each = 6
	for i := range each {
		for _, key := range keys {
			check(t, s.Accept(t.Context(), 7, fact(key, fmt.Sprint(key, i))))
		}
	}
	s.waitApplied(len(keys) * each)
	for _, key := range keys {
		s.wantApplied(key, fmt.Sprintf("%[1]s0 %[1]s1 %[1]s2 %[1]s3 %[1]s4 %[1]s5", key))
	}
}

// An event that fails is tried again alone; others go on, those of its key wait; in the
// end it is given up, its key is free, and it can be replayed.
func TestFailingEvent(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	var isMended atomic.Bool
	s.apply = func(_ context.Context, _ pgx.Tx, events []store.Event) error {
		isBad := func(e store.Event) bool { return e.ExternalID == "bad" }
		if slices.ContainsFunc(events, isBad) && !isMended.Load() {
			return errors.New("broken")
		}
		return nil
	}
	s.start()
	const others = 20
	check(t, s.Accept(t.Context(), 7, fact("k", "before"), fact("k", "bad"), fact("k", "after")))
	for i := range others {
		check(t, s.Accept(t.Context(), 7, fact(fmt.Sprint("other", i), fmt.Sprint("other", i))))
	}
	// The others go on, and its key waits for it.
	s.waitApplied(others + 1)
	s.wantApplied("k", "before")
	// It is given up: its key goes on.
	s.endWaitsUntil("it is given up", s.isGivenUp)
	s.waitApplied(others + 2)
	s.wantApplied("k", "before after")
	s.wantTold("bad")
	// What failed is mended: it is replayed.
	isMended.Store(true)
	var event store.EventID
	_, err := fmt.Sscan(s.text(`SELECT event_id FROM quarantine`), &event)
	check(t, err)
	back, err := store.Replay(t.Context(), s.pool, []store.EventID{event})
	if err != nil || !slices.Equal(back, []store.EventID{event}) {
		t.Fatalf("replayed are %v (%v), want event %d", back, err, event)
	}
	s.waitApplied(others + 3)
}

// What can never be applied is given up at once, and what panics in the end.
func TestHopelessEvent(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.apply = func(_ context.Context, _ pgx.Tx, events []store.Event) error {
		for _, e := range events {
			switch e.ExternalID {
			case "begun":
				return &relay.EventError{EventID: e.ID, Err: errors.New("begun in vain")}
			case "panic":
				panic("boom")
			}
		}
		return nil
	}
	s.refuses = func(e store.Event) error {
		if e.ExternalID == "hopeless" {
			return errors.New("gibberish")
		}
		return nil
	}
	s.decode = func(e store.Event) (any, error) {
		if e.ExternalID == "unreadable" {
			return nil, errors.New("no word of it")
		}
		return nil, nil
	}
	s.start()
	check(t, s.Accept(t.Context(), 7, fact("k", "a"), fact("k", "hopeless"), fact("k", "b"), fact("k", "begun"), fact("k", "unreadable"), fact("k", "d"),
		fact("p", "panic"), fact("p", "c")))
	s.waitText("a b d", `SELECT string_agg(name, ' ' ORDER BY n) FROM effects WHERE key = '7/k'`)
	s.endWaitsUntil("what is behind the panic is applied", func() bool { return s.appliedOf("p") == "c" })
	s.wantText("gibberish | begun in vain | no word of it | relay: apply panicked: boom",
		`SELECT string_agg(reason, ' | ' ORDER BY event_id) FROM quarantine`)
}

// What can't be applied yet waits without being counted; what came behind it waits as well, and
// everything else goes on.
func TestNotYet(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	var isReady atomic.Bool
	var looks atomic.Int32
	s.waits = func(e store.Event) *relay.Wait {
		if e.ExternalID != "a" {
			return nil
		}
		looks.Add(1)
		if isReady.Load() {
			return nil
		}
		return &relay.Wait{Most: time.Hour}
	}
	s.start()
	check(t, s.Accept(t.Context(), 7, fact("k", "before"), fact("k", "a"), fact("k", "b"), fact("other", "c")))
	s.waitText("before c", `SELECT string_agg(name, ' ' ORDER BY name) FROM effects`)
	s.endWaitsUntil("it was looked at several times", func() bool { return looks.Load() >= 5 })
	s.wantText("0", `SELECT tries FROM queues`)
	isReady.Store(true)
	s.endWaits()
	s.waitApplied(4)
	s.wantApplied("k", "before a b")
}

// A timer fires once, on one of two replicas, when Parley's clock says so; a cancelled
// one never does.
func TestTimers(t *testing.T) {
	t.Parallel()
	a := newStage(t)
	b := stageOn(t, a.pool)
	now, err := store.Now(t.Context(), a.pool)
	check(t, err)
	const all, cancelled, marker = 20, 5, 1
	var timers []store.Timer
	for i := range store.ConversationID(all) {
		timers = append(timers, store.Timer{ConversationID: i, Kind: "snooze", DueAt: now.Add(time.Hour)})
	}
	check(t, store.SetTimers(t.Context(), a.pool, timers))
	check(t, store.CancelTimers(t.Context(), a.pool, timers[:cancelled]))
	later := &timers[cancelled+1]
	later.DueAt = now.Add(2 * time.Hour)
	check(t, store.SetTimers(t.Context(), a.pool, []store.Timer{*later}))
	a.start()
	b.start()
	check(t, a.Accept(t.Context(), 7, fact("k", "marker")))
	a.waitApplied(marker)
	check(t, store.MoveClock(t.Context(), a.pool, time.Hour))
	a.waitApplied(marker + all - cancelled - 1)
	check(t, store.MoveClock(t.Context(), a.pool, time.Hour))
	a.waitApplied(marker + all - cancelled)
	a.waitText("0", `SELECT count(*) FROM timers`)
	a.wantText("0", appliedTwice)
}

// When too much waits, Accept says so and nothing is half stored.
func TestOverload(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.start()
	release := s.holdJournal()
	const calls, each = 40, 64
	var group sync.WaitGroup
	var accepted, refused atomic.Int64
	for i := range calls {
		group.Go(func() {
			var facts []channels.Fact
			for k := range each {
				facts = append(facts, fact("k", fmt.Sprintf("%d.%d", i, k)))
			}
			err := s.Accept(context.Background(), 7, facts...)
			switch {
			case err == nil:
				accepted.Add(1)
			case errors.Is(err, channels.ErrOverloaded):
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	s.waitText("1", sessionsThatWaitForALock)
	s.waitUntil("somebody is refused", func() bool { return s.Metrics().Refused.Load() > 0 })
	release()
	group.Wait()
	if refused.Load() == 0 || accepted.Load() == 0 {
		t.Errorf("%d calls were accepted, %d refused, want some of both", accepted.Load(), refused.Load())
	}
	s.wantText(fmt.Sprint(accepted.Load()*each), `SELECT count(*) FROM events`)
}
