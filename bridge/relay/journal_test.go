package relay_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// order returns the applied events of a key in the order of their effects.
func (s *stage) order(key string) string {
	return s.text(`SELECT string_agg(name, ' ' ORDER BY n) FROM effects WHERE key = $1`, store.OrderKey(7, key))
}

// waitApplied waits until n events had their effect.
func (s *stage) waitApplied(n int) {
	s.t.Helper()
	s.eventually(fmt.Sprint(n), `SELECT count(*) FROM effects`)
}

// Accept returns after the commit: what it answered is in the journal.
func TestAcceptIsDurable(t *testing.T) {
	t.Parallel()
	s := newStage(t).effects()
	s.waits = func(store.Event) *relay.Wait { return &relay.Wait{Most: time.Hour} }
	s.start()
	check(t, s.Accept(t.Context(), 7, fact("k", "a"), fact("k", "b")))
	if got := s.text(`SELECT string_agg(external_id || ':' || convert_from(payload, 'UTF8'), ' ' ORDER BY id) FROM events`); got != "a:a b:b" {
		t.Errorf("the journal holds %q", got)
	}
	if got := s.text(queued); got != "2" {
		t.Errorf("%s pending", got)
	}
}

// A fact counts once, in one call, in two, and on two replicas at once.
func TestAcceptOnce(t *testing.T) {
	t.Parallel()
	a := newStage(t).effects()
	b := stageOn(t, a.pool)
	a.start()
	b.start()
	check(t, a.Accept(t.Context(), 7, fact("k", "same"), fact("k", "same")))
	var group sync.WaitGroup
	for _, s := range []*stage{a, b, a, b} {
		group.Go(func() {
			for i := range 20 {
				if err := s.Accept(context.Background(), 7, fact("k", "same"), fact("k", fmt.Sprintf("n%02d", i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	a.eventually("0", queued)
	if got := a.text(`SELECT count(*) || ' ' || count(DISTINCT name) FROM effects`); got != "21 21" {
		t.Errorf("effects %s", got)
	}
}

// What arrives while a commit runs is stored together, and nobody waits for a timer.
func TestAcceptTogether(t *testing.T) {
	t.Parallel()
	s := newStage(t).effects()
	s.start()
	tx, err := s.pool.Begin(t.Context())
	check(t, err)
	if _, err := tx.Exec(t.Context(), `LOCK TABLE events IN EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for i := range 40 {
		group.Go(func() {
			if err := s.Accept(context.Background(), 7, fact("k", fmt.Sprint(i))); err != nil {
				t.Error(err)
			}
		})
	}
	s.until("all of them wait", func() bool { return s.Callers() == 40 })
	s.eventually("1", `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)
	check(t, tx.Commit(t.Context()))
	group.Wait()
	// Rows of one statement share its transaction: the first fact alone, the others with as
	// many as had come by then.
	if got := s.text(`SELECT count(DISTINCT xmin::text) < 20 FROM events`); got != "true" {
		t.Errorf("40 facts took %s transactions", s.text(`SELECT count(DISTINCT xmin::text) FROM events`))
	}
}

// A bad fact in a batch is refused alone.
func TestAcceptOneBadFact(t *testing.T) {
	t.Parallel()
	s := newStage(t).effects()
	s.exec(`ALTER TABLE events ADD CHECK (external_id <> 'bad')`)
	s.start()
	good, bad := make(chan error, 1), make(chan error, 1)
	go func() { good <- s.Accept(context.Background(), 7, fact("k", "good")) }()
	go func() { bad <- s.Accept(context.Background(), 7, fact("k", "bad")) }()
	if err := <-good; err != nil {
		t.Errorf("the good fact: %v", err)
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
	s := newStage(t).effects()
	s.start()
	ids := []string{strings.Repeat("long", 3000) + "1", strings.Repeat("long", 3000) + "2", "with\x00zero", "\xff\xfe"}
	for range 2 {
		for _, id := range ids {
			check(t, s.Accept(t.Context(), 7, channels.Fact{ExternalID: id, OrderKey: id, Payload: []byte("x")}))
		}
	}
	s.waitApplied(len(ids))
	seen, err := store.SeenEvents(t.Context(), s.pool, 7, append(ids, "another"))
	if err != nil || len(seen) != len(ids) || !seen[ids[0]] || !seen[ids[2]] || seen["another"] {
		t.Errorf("seen %d, %v", len(seen), err)
	}
}

// What was split off as unreadable is stored and told once, never applied.
func TestAcceptQuarantined(t *testing.T) {
	t.Parallel()
	s := newStage(t).effects()
	s.start()
	f := fact("k", "riddle")
	f.Quarantine = "no idea"
	check(t, s.Accept(t.Context(), 7, f, fact("k", "clear")))
	s.waitApplied(1)
	check(t, s.Accept(t.Context(), 7, f))
	if got := s.text(`SELECT string_agg(reason, ',') FROM quarantine`); got != "no idea" {
		t.Errorf("quarantine %q", got)
	}
	if told := s.told(); told != "riddle" {
		t.Errorf("people were told of %q", told)
	}
}

// A large payload is a blob and comes back whole.
func TestLargePayload(t *testing.T) {
	t.Parallel()
	s := newStage(t).effects()
	payload := bytes.Repeat([]byte("0123456789abcdef"), 3<<16) // 3 MiB
	got := make(chan []byte, 1)
	s.payload = func(body []byte) { got <- body }
	s.start()
	check(t, s.Accept(t.Context(), 7, channels.Fact{ExternalID: "big", OrderKey: "k", Payload: payload}))
	s.waitApplied(1)
	if body := <-got; !bytes.Equal(body, payload) {
		t.Errorf("%d bytes came back, want %d", len(body), len(payload))
	}
	if got := s.text(`SELECT (payload IS NULL) || ' ' || size_bytes || ' ' || (SELECT count(*) FROM blob_chunks) FROM events`); got != "true 3145728 3" {
		t.Errorf("the event is %s", got)
	}
}

// Events of a key are applied in the order of acceptance, whatever fails.
func TestOrderOfAKey(t *testing.T) {
	t.Parallel()
	s := newStage(t).effects()
	tries := map[string]int{}
	s.apply = func(_ context.Context, _ pgx.Tx, events []store.Event) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, e := range events {
			if strings.HasSuffix(e.ExternalID, "3") {
				if tries[e.ExternalID]++; tries[e.ExternalID] < 3 {
					return errors.New("not today")
				}
			}
		}
		return nil
	}
	s.start()
	for i := range 6 {
		for _, key := range []string{"a", "b", "c"} {
			check(t, s.Accept(t.Context(), 7, fact(key, fmt.Sprint(key, i))))
		}
	}
	s.waitApplied(18)
	for _, key := range []string{"a", "b", "c"} {
		want := fmt.Sprintf("%[1]s0 %[1]s1 %[1]s2 %[1]s3 %[1]s4 %[1]s5", key)
		if got := s.order(key); got != want {
			t.Errorf("key %s: %s", key, got)
		}
	}
}

// An event that fails is tried again alone; others go on, those of its key wait; in the
// end it is given up, its key is free, and it can be replayed.
func TestFailingEvent(t *testing.T) {
	t.Parallel()
	s := newStage(t).effects()
	broken := true
	s.apply = func(_ context.Context, _ pgx.Tx, events []store.Event) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, e := range events {
			if e.ExternalID == "bad" && broken {
				return errors.New("broken")
			}
		}
		return nil
	}
	s.start()
	check(t, s.Accept(t.Context(), 7, fact("k", "before"), fact("k", "bad"), fact("k", "after")))
	for i := range 20 {
		check(t, s.Accept(t.Context(), 7, fact(fmt.Sprint("other", i), fmt.Sprint("other", i))))
	}
	s.waitApplied(21)
	if got := s.order("k"); got != "before" {
		t.Fatalf("the key went on past its failing event: %s", got)
	}
	for s.text(`SELECT count(*) FROM quarantine`) == "0" {
		s.dueNow() // the waits between tries
	}
	s.waitApplied(22)
	if got := s.order("k"); got != "before after" {
		t.Fatalf("after quarantine: %s", got)
	}
	if told := s.told(); told != "bad" {
		t.Errorf("people were told of %q", told)
	}
	locked(s, func() bool { broken = false; return true })
	id := s.text(`SELECT event_id FROM quarantine`)
	var event store.EventID
	_, err := fmt.Sscan(id, &event)
	check(t, err)
	back, err := store.Replay(t.Context(), s.pool, []store.EventID{event})
	if err != nil || !slices.Equal(back, []store.EventID{event}) {
		t.Fatalf("replayed %v, %v", back, err)
	}
	s.waitApplied(23)
}

// What can never be applied is given up at once, and what panics in the end.
func TestHopelessEvent(t *testing.T) {
	t.Parallel()
	s := newStage(t).effects()
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
	s.eventually("a b d", `SELECT string_agg(name, ' ' ORDER BY n) FROM effects WHERE key = '7/k'`)
	for s.order("p") != "c" {
		s.dueNow()
	}
	if got := s.text(`SELECT string_agg(reason, ' | ' ORDER BY event_id) FROM quarantine`); got != "gibberish | begun in vain | no word of it | relay: apply panicked: boom" {
		t.Errorf("quarantine: %s", got)
	}
}

// What can't be applied yet waits without being counted; what came behind it waits as well, and
// everything else goes on.
func TestNotYet(t *testing.T) {
	t.Parallel()
	s := newStage(t).effects()
	ready, looks := false, 0
	s.waits = func(e store.Event) *relay.Wait {
		if e.ExternalID != "a" || locked(s, func() bool { looks++; return ready }) {
			return nil
		}
		return &relay.Wait{Most: time.Hour}
	}
	s.start()
	check(t, s.Accept(t.Context(), 7, fact("k", "before"), fact("k", "a"), fact("k", "b"), fact("other", "c")))
	s.eventually("before c", `SELECT string_agg(name, ' ' ORDER BY name) FROM effects`)
	s.until("it was looked at several times", func() bool {
		s.dueNow()
		return locked(s, func() bool { return looks >= 5 })
	})
	if got := s.text(`SELECT tries FROM queues`); got != "0" {
		t.Errorf("%s tries were counted", got)
	}
	locked(s, func() bool { ready = true; return true })
	s.dueNow()
	s.waitApplied(4)
	if got := s.order("k"); got != "before a b" {
		t.Errorf("applied: %s", got)
	}
}

// A timer fires once, on one of two replicas, when Parley's clock says so; a cancelled
// one never does.
func TestTimers(t *testing.T) {
	t.Parallel()
	a := newStage(t).effects()
	b := stageOn(t, a.pool)
	now, err := store.Now(t.Context(), a.pool)
	check(t, err)
	var timers []store.Timer
	for i := range store.ConversationID(20) {
		timers = append(timers, store.Timer{ConversationID: i, Kind: "snooze", DueAt: now.Add(time.Hour)})
	}
	check(t, store.SetTimers(t.Context(), a.pool, timers))
	check(t, store.CancelTimers(t.Context(), a.pool, timers[:5]))
	timers[6].DueAt = now.Add(2 * time.Hour)
	check(t, store.SetTimers(t.Context(), a.pool, timers[6:7]))
	a.start()
	b.start()
	check(t, a.Accept(t.Context(), 7, fact("k", "marker")))
	a.waitApplied(1)
	check(t, store.MoveClock(t.Context(), a.pool, time.Hour))
	a.waitApplied(1 + 14)
	check(t, store.MoveClock(t.Context(), a.pool, time.Hour))
	a.waitApplied(1 + 15)
	a.eventually("0", `SELECT count(*) FROM timers`)
	if got := a.text(`SELECT count(DISTINCT name) FROM effects`); got != "16" {
		t.Errorf("%s different effects, want 16", got)
	}
}

// When too much waits, Accept says so and nothing is half stored.
func TestOverload(t *testing.T) {
	t.Parallel()
	s := newStage(t).effects()
	s.start()
	tx, err := s.pool.Begin(t.Context())
	check(t, err)
	if _, err := tx.Exec(t.Context(), `LOCK TABLE events IN EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	accepted, refused := 0, 0
	for i := range 40 {
		group.Go(func() {
			var facts []channels.Fact
			for k := range 64 {
				facts = append(facts, fact("k", fmt.Sprintf("%d.%d", i, k)))
			}
			err := s.Accept(context.Background(), 7, facts...)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				accepted++
			case errors.Is(err, channels.ErrOverloaded):
				refused++
			default:
				t.Error(err)
			}
		})
	}
	s.eventually("1", `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)
	s.until("somebody is refused", func() bool { return s.Metrics().Refused.Load() > 0 })
	check(t, tx.Commit(t.Context()))
	group.Wait()
	if refused == 0 || accepted == 0 {
		t.Errorf("%d accepted, %d refused", accepted, refused)
	}
	if got := s.text(`SELECT count(*) FROM events`); got != fmt.Sprint(accepted*64) {
		t.Errorf("%s events of %d accepted calls", got, accepted)
	}
}
