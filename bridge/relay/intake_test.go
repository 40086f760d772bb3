package relay_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
	"parley/store/storetest"
)

// A queue whose first event fails once is not overtaken by its own later events, however many
// there are and whatever else is going on. Each queue is a round; the long form has 24 with 20,000 events each.
func TestWaitingQueueIsNotOvertaken(t *testing.T) {
	t.Parallel()
	sizes, queues := []int{200, 2000}, 8
	if storetest.LongForm() {
		sizes, queues = []int{2000, 20_000}, 24
	}
	for _, behind := range sizes {
		t.Run(fmt.Sprint(behind), func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.apply = failTimes(2, func(e store.Event) bool { return strings.HasSuffix(e.ExternalID, " 0") }) // in its batch, then alone
			s.start()
			stop := s.keepAccepting(7)
			for q := range queues {
				facts := make([]channels.Fact, 0, behind)
				for i := range behind {
					facts = append(facts, fact(fmt.Sprint("mailbox", q), fmt.Sprint("mailbox", q, " ", i)))
				}
				s.journalSilently(7, facts...)
			}
			s.WakeAppliers(7)
			const portions = 10 // each has all of the patience
			for n := range portions {
				s.waitText("true", `SELECT count(*) >= $1 FROM effects WHERE name LIKE 'mailbox%'`, queues*behind*(n+1)/portions)
			}
			stop()
			const overtaken = `SELECT count(*) FROM (
				SELECT n, lag(n) OVER (PARTITION BY key ORDER BY split_part(name, ' ', 2)::int) AS before FROM effects WHERE name LIKE 'mailbox%') AS x
				WHERE n < before`
			s.wantText("0", overtaken)
		})
	}
}

// failTimes returns an apply that fails the first times for each of some events.
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

// What takes too long, never ends, panics, or fails, is given up after five attempts beside events of others. That nobody
// waits for it is shown without a clock by TestNobodyWaitsForPoison and TestNobodyWaitsForWhatFails.
func TestPoison(t *testing.T) {
	t.Parallel()
	forever := make(chan struct{})
	t.Cleanup(func() { close(forever) })
	for name, poison := range map[string]struct {
		decode func() error                               // nil: it is readable
		apply  func(ctx context.Context, tx pgx.Tx) error // nil: it has its effect
	}{
		"applied too slowly":        {apply: func(context.Context, pgx.Tx) error { <-forever; return nil }},
		"decoded without end":       {decode: func() error { <-forever; return nil }},
		"panics":                    {apply: func(context.Context, pgx.Tx) error { panic("boom") }},
		"ends its session":          {apply: endSession},
		"waits for a lock too long": {apply: writeContested},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, func(o *relay.Options) {
				o.ApplyFor, o.DecodeFor, o.SlowDecode = 300*time.Millisecond, 300*time.Millisecond, 100*time.Millisecond
			})
			s.holdContested()
			if poison.decode != nil {
				s.decodePoison(poison.decode)
			}
			var tries atomic.Int32 // at applying the poison
			if poison.apply != nil {
				s.applyPoison(func(ctx context.Context, tx pgx.Tx, _ []store.Event) error {
					tries.Add(1)
					return poison.apply(ctx, tx)
				})
			}
			s.start()
			stop := s.keepAccepting(8)
			check(t, s.Accept(t.Context(), 7, fact("k", "before"), fact("k", "poison"), fact("k", "after"), fact("other", "beside")))
			s.waitText("before beside", `SELECT string_agg(name, ' ' ORDER BY name) FROM effects WHERE key LIKE '7/%'`)
			s.endWaitsUntil("the poison is given up", s.isGivenUp)
			s.waitText("before after", `SELECT string_agg(name, ' ' ORDER BY n) FROM effects WHERE key = '7/k'`)
			if n := tries.Load(); n > 5 {
				t.Errorf("it was tried to apply the poison %d times, want at most 5", n)
			}
			stop()
			s.wantTold("poison")
		})
	}
}

// fewBatches is how many events of others may be looked at while an event waits: what two batches have in hand, and what two
// more take before its own begins, and as much again, since a session may be slow to begin. On a machine with a load of thirty
// one of forty events was seen to wait for a batch more than that.
const fewBatches = 6 * 256

// Facts that must wait cost others nothing, however many they are: neither those that are looked
// at again and again, nor those of an account that isn't open.
func TestManyWait(t *testing.T) {
	t.Parallel()
	const many = 20_000
	for name, makeThemWait := range map[string]func(s *stage){
		"for something": func(s *stage) {
			s.waits = func(e store.Event) *relay.Wait {
				if e.AccountID != 7 {
					return nil
				}
				return &relay.Wait{For: "id:7:" + e.ExternalID, Most: time.Hour}
			}
		},
		"for time": func(s *stage) {
			s.waits = func(e store.Event) *relay.Wait {
				if e.AccountID != 7 {
					return nil
				}
				return &relay.Wait{Most: time.Hour}
			}
		},
		"for their account": func(s *stage) {
			s.decode = func(e store.Event) (any, error) {
				if e.AccountID != 7 {
					return nil, nil
				}
				return nil, relay.ErrNotOpen
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			makeThemWait(s)
			facts := make([]channels.Fact, 0, many)
			for i := range many {
				facts = append(facts, fact(fmt.Sprint("customer", i), fmt.Sprint("wait", i)))
			}
			s.start()
			s.journalSilently(7, facts...)
			s.WakeAppliers(7)
			stop := s.keepAccepting(8)
			counts := s.countPassed(9, 40)
			middle, secondMost, most := counts[len(counts)/2], counts[len(counts)-2], counts[len(counts)-1]
			t.Log("looked at meanwhile:", middle, secondMost, most)
			if middle > fewBatches/3 {
				t.Errorf("%d of the %d facts were looked at while the middle one of %d events of another account waited, want at most %d",
					middle, many, len(counts), fewBatches/3)
			}
			if secondMost > fewBatches {
				t.Errorf("%d of the %d facts were looked at while all but one of the events waited, want at most %d", secondMost, many, fewBatches)
			}
			if most > 2*fewBatches {
				t.Errorf("%d of the %d facts were looked at while some event waited, want at most %d", most, many, 2*fewBatches)
			}
			s.waitText("0", `SELECT count(*) FROM queues WHERE waits = 0 AND account_id = 7`)
			s.waitText("true", `SELECT count(*) >= 100 FROM effects WHERE name LIKE 'probe %'`) // others were served all the time
			stop()
			s.wantText("0", `SELECT max(tries) FROM queues`)
		})
	}
}

// What waits for something comes back as soon as that is written: in the same process, by another
// one, and also when it was written while the event was being put off.
func TestWaitsForWhatIsWritten(t *testing.T) {
	t.Parallel()
	a := newStage(t)
	b := stageOn(t, a.pool)
	var there sync.Map
	for _, s := range []*stage{a, b} {
		s.waits = func(e store.Event) *relay.Wait {
			name, receipt := strings.CutPrefix(e.ExternalID, "receipt of ")
			if _, written := there.Load(name); !receipt || written {
				return nil
			}
			if name == "late" { // its result is written by others right now, and nobody tells of it
				there.Store(name, true)
				locked(s, func() any {
					s.recheck = func() []string { return []string{"late"} }
					return nil
				})
			}
			return &relay.Wait{For: name, Most: time.Hour}
		}
		s.written = func(e store.Event) []string {
			name, result := strings.CutPrefix(e.ExternalID, "result of ")
			if !result {
				return nil
			}
			there.Store(name, true)
			return []string{name}
		}
		s.start()
	}
	check(t, a.Accept(t.Context(), 7, fact("k1", "receipt of one"), fact("k2", "receipt of two")))
	a.waitText("2", `SELECT count(*) FROM queues WHERE waits_for IS NOT NULL`)
	check(t, a.Accept(t.Context(), 1, fact("c1", "result of one")))
	check(t, b.Accept(t.Context(), 1, fact("c2", "result of two")))
	a.waitApplied(4)
	check(t, a.Accept(t.Context(), 7, fact("k3", "receipt of late")))
	a.waitApplied(5)
}

// An event that can't be applied is given up once: people are told once, and nobody applies it,
// however many replicas look at it.
func TestGivenUpOnce(t *testing.T) {
	t.Parallel()
	a := newStage(t)
	stages := []*stage{a, stageOn(t, a.pool), stageOn(t, a.pool)}
	refuseBad := func(e store.Event) error {
		if strings.HasPrefix(e.ExternalID, "bad") {
			return errors.New("gibberish")
		}
		return nil
	}
	for _, s := range stages {
		if s == a {
			s.decode = func(e store.Event) (any, error) { return nil, refuseBad(e) }
		} else {
			s.refuses = refuseBad
		}
		s.start()
	}
	const bad = 60
	for i := range bad {
		check(t, stages[i%3].Accept(t.Context(), 7, fact(fmt.Sprint("k", i), fmt.Sprint("bad", i)), fact(fmt.Sprint("k", i), fmt.Sprint("good", i))))
		for _, s := range stages {
			s.WakeAppliers(7)
		}
	}
	a.waitApplied(bad) // the good ones
	a.waitText(fmt.Sprint(bad), `SELECT count(*) FROM quarantine`)
	if told := len(strings.Fields(a.toldEvents())); told != bad {
		t.Errorf("people were told %d times of %d events, want once of each", told, bad)
	}
	const givenUpAndApplied = `SELECT count(*) FROM quarantine AS q JOIN events AS e ON e.id = q.event_id JOIN effects AS f ON f.name = e.external_id`
	a.wantText("0", givenUpAndApplied)
}

// In a rolling upgrade an older process leaves what it doesn't know to the newer one.
func TestOlderVersionLeavesNewerEvents(t *testing.T) {
	t.Parallel()
	newer := newStage(t)
	older := stageOn(t, newer.pool, func(o *relay.Options) { o.Version = store.FactVersion - 1 })
	older.refuses = func(store.Event) error { return errors.New("unknown kind") }
	older.start()
	const events = 50
	for i := range events {
		check(t, older.Accept(t.Context(), 7, fact(fmt.Sprint("k", i), fmt.Sprint("e", i))))
	}
	newer.start()
	newer.waitApplied(events)
	newer.wantText("0", `SELECT count(*) FROM quarantine`)
	// An event of the version before goes to either.
	older.exec(`CREATE FUNCTION former() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.version = 0; RETURN NEW; END $$`)
	older.exec(`CREATE TRIGGER former BEFORE INSERT ON queues FOR EACH ROW EXECUTE FUNCTION former()`)
	newer.stop()
	check(t, older.Accept(t.Context(), 7, fact("k", "of old")))
	older.waitText("1", `SELECT count(*) FROM quarantine`)
}
