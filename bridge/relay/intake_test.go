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

	"parley/bridge/relay"
	"parley/channels"
	"parley/channels/pause"
	"parley/store"
	"parley/store/storetest"
)

// journal puts facts of an account into the journal without a word to anybody.
func (s *stage) journal(account store.AccountID, facts ...channels.Fact) {
	s.t.Helper()
	for some := range slices.Chunk(facts, 500) {
		rows := make([]store.NewEvent, 0, len(some))
		for _, f := range some {
			rows = append(rows, store.NewEvent{AccountID: account, ExternalID: f.ExternalID, OrderKey: store.OrderKey(account, f.OrderKey), Payload: f.Payload})
		}
		if _, err := store.InsertEvents(s.t.Context(), s.pool, rows); err != nil {
			s.t.Fatal(err)
		}
	}
}

// probe has another account's events applied, one after the other, until it is stopped.
func (s *stage) probe(account store.AccountID) (stop func()) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for i := 0; ctx.Err() == nil; i++ {
			name := fmt.Sprintf("probe %d %d", account, i)
			if err := s.Accept(ctx, account, fact(fmt.Sprint("probe", i%7), name)); err != nil {
				return
			}
			for done := false; !done && pause.For(ctx, time.Millisecond); {
				if err := s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM effects WHERE name = $1)`, name).Scan(&done); err != nil {
					return
				}
			}
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}

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
			s := newStage(t).effects()
			failed := map[string]int{}
			s.apply = func(_ context.Context, _ pgx.Tx, events []store.Event) error {
				for _, e := range events {
					if first := strings.HasSuffix(e.ExternalID, " 0"); first && locked(s, func() int { failed[e.ExternalID]++; return failed[e.ExternalID] }) <= 2 {
						return errors.New("not today") // in its batch, then alone
					}
				}
				return nil
			}
			s.start()
			stop := s.probe(7)
			for q := range queues {
				facts := make([]channels.Fact, 0, behind)
				for i := range behind {
					facts = append(facts, fact(fmt.Sprint("mailbox", q), fmt.Sprint("mailbox", q, " ", i)))
				}
				s.journal(7, facts...)
			}
			s.WakeAppliers(7)
			for _, hundredths := range []int{10, 20, 30, 40, 50, 60, 70, 80, 90, 100} { // each has all of the patience
				s.eventually("true", `SELECT count(*) >= $1 FROM effects WHERE name LIKE 'mailbox%'`, queues*behind*hundredths/100)
			}
			stop()
			wrong := s.text(`SELECT count(*) FROM (
				SELECT n, lag(n) OVER (PARTITION BY key ORDER BY split_part(name, ' ', 2)::int) AS before FROM effects WHERE name LIKE 'mailbox%') AS x
				WHERE n < before`)
			if wrong != "0" {
				t.Errorf("%s events were overtaken", wrong)
			}
		})
	}
}

// What takes too long, never ends, panics, or fails, is given up after five attempts beside events of others. That nobody
// waits for it is shown without a clock by TestNobodyWaitsForPoison and TestNobodyWaitsForWhatFails.
func TestPoison(t *testing.T) {
	t.Parallel()
	forever := make(chan struct{})
	t.Cleanup(func() { close(forever) })
	for name, poison := range map[string]func(s *stage, tries *atomic.Int32){
		"applied too slowly": func(s *stage, tries *atomic.Int32) {
			s.apply = func(_ context.Context, _ pgx.Tx, events []store.Event) error {
				for _, e := range events {
					if e.ExternalID == "poison" {
						tries.Add(1)
						<-forever
					}
				}
				return nil
			}
		},
		"decoded without end": func(s *stage, tries *atomic.Int32) {
			tries.Add(5)
			s.decode = func(e store.Event) (any, error) {
				if e.ExternalID == "poison" {
					<-forever
				}
				return nil, nil
			}
		},
		"panics": func(s *stage, tries *atomic.Int32) {
			s.apply = func(_ context.Context, _ pgx.Tx, events []store.Event) error {
				for _, e := range events {
					if e.ExternalID == "poison" {
						tries.Add(1)
						panic("boom")
					}
				}
				return nil
			}
		},
		"ends its session": func(s *stage, tries *atomic.Int32) {
			s.apply = func(ctx context.Context, tx pgx.Tx, events []store.Event) error {
				for _, e := range events {
					if e.ExternalID == "poison" {
						tries.Add(1)
						_, err := tx.Exec(ctx, `SELECT pg_terminate_backend(pg_backend_pid())`)
						return err
					}
				}
				return nil
			}
		},
		"waits for a lock too long": func(s *stage, tries *atomic.Int32) {
			s.exec(`CREATE TABLE contested (n int)`)
			tx, err := s.pool.Begin(context.Background())
			check(s.t, err)
			_, err = tx.Exec(context.Background(), `LOCK TABLE contested`)
			check(s.t, err)
			s.t.Cleanup(func() { _ = tx.Rollback(context.Background()) })
			s.apply = func(ctx context.Context, tx pgx.Tx, events []store.Event) error {
				for _, e := range events {
					if e.ExternalID == "poison" {
						tries.Add(1)
						_, err := tx.Exec(ctx, `INSERT INTO contested VALUES (1)`)
						return err
					}
				}
				return nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, func(o *relay.Options) {
				o.ApplyFor, o.DecodeFor, o.SlowDecode = 300*time.Millisecond, 300*time.Millisecond, 100*time.Millisecond
			}).effects()
			var tries atomic.Int32
			poison(s, &tries)
			s.start()
			stop := s.probe(8)
			check(t, s.Accept(t.Context(), 7, fact("k", "before"), fact("k", "poison"), fact("k", "after"), fact("other", "beside")))
			s.eventually("before beside", `SELECT string_agg(name, ' ' ORDER BY name) FROM effects WHERE key LIKE '7/%'`)
			for s.text(`SELECT count(*) FROM quarantine`) == "0" {
				s.exec(`UPDATE queues SET due_at = clock_timestamp() WHERE due_at > clock_timestamp() AND holder IS NULL`) // the waits between tries
			}
			s.eventually("before after", `SELECT string_agg(name, ' ' ORDER BY n) FROM effects WHERE key = '7/k'`)
			if n := tries.Load(); n > 5 {
				t.Errorf("%d attempts", n)
			}
			stop()
			if told := s.told(); told != "poison" {
				t.Errorf("people were told of %q", told)
			}
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
	for name, wait := range map[string]func(s *stage){
		"for something": func(s *stage) {
			s.waits = func(e store.Event) *relay.Wait {
				if strings.HasPrefix(e.ExternalID, "wait") {
					return &relay.Wait{For: "id:7:" + e.ExternalID, Most: time.Hour}
				}
				return nil
			}
		},
		"for time": func(s *stage) {
			s.waits = func(e store.Event) *relay.Wait {
				if strings.HasPrefix(e.ExternalID, "wait") {
					return &relay.Wait{Most: time.Hour}
				}
				return nil
			}
		},
		"for their account": func(s *stage) {
			s.decode = func(e store.Event) (any, error) {
				if e.AccountID == 7 {
					return nil, relay.ErrNotOpen
				}
				return nil, nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t).effects()
			wait(s)
			facts := make([]channels.Fact, 0, many)
			for i := range many {
				facts = append(facts, fact(fmt.Sprint("customer", i), fmt.Sprint("wait", i)))
			}
			s.start()
			s.journal(7, facts...)
			s.WakeAppliers(7)
			stop := s.probe(8)
			counts := s.passed(9, 40)
			middle, second, most := counts[len(counts)/2], counts[len(counts)-2], counts[len(counts)-1]
			t.Log("looked at meanwhile:", middle, second, most)
			if middle > fewBatches/3 || second > fewBatches || most > 2*fewBatches {
				t.Errorf("of the %d facts, %d were looked at while an event of another account waited (the middle of 40), %d and %d while the last two did",
					many, middle, second, most)
			}
			s.eventually("0", `SELECT count(*) FROM queues WHERE waits = 0 AND account_id = 7`)
			s.until("others were served all the time", func() bool {
				return s.text(`SELECT count(*) >= 100 FROM effects WHERE name LIKE 'probe %'`) == "true"
			})
			stop()
			if got := s.text(`SELECT max(tries) FROM queues`); got != "0" {
				t.Errorf("%s tries were counted", got)
			}
		})
	}
}

// What waits for something comes back as soon as that is written: in the same process, by another
// one, and also when it was written while the event was being put off.
func TestWaitsForWhatIsWritten(t *testing.T) {
	t.Parallel()
	a := newStage(t).effects()
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
				s.mu.Lock()
				s.recheck = func() []string { return []string{"late"} }
				s.mu.Unlock()
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
	a.eventually("2", `SELECT count(*) FROM queues WHERE waits_for IS NOT NULL`)
	check(t, a.Accept(t.Context(), 1, fact("c1", "result of one")))
	check(t, b.Accept(t.Context(), 1, fact("c2", "result of two")))
	a.eventually("4", `SELECT count(*) FROM effects`)
	check(t, a.Accept(t.Context(), 7, fact("k3", "receipt of late")))
	a.eventually("5", `SELECT count(*) FROM effects`)
}

// An event that can't be applied is given up once: people are told once, and nobody applies it,
// however many replicas look at it.
func TestGivenUpOnce(t *testing.T) {
	t.Parallel()
	a := newStage(t).effects()
	stages := []*stage{a, stageOn(t, a.pool), stageOn(t, a.pool)}
	for i, s := range stages {
		refuse := func(e store.Event) error {
			if strings.HasPrefix(e.ExternalID, "bad") {
				return errors.New("gibberish")
			}
			return nil
		}
		if i == 0 {
			s.decode = func(e store.Event) (any, error) { return nil, refuse(e) }
		} else {
			s.refuses = refuse
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
	a.eventually(fmt.Sprint(bad), `SELECT count(*) FROM effects`)
	a.eventually(fmt.Sprint(bad), `SELECT count(*) FROM quarantine`)
	if told := len(strings.Fields(a.told())); told != bad {
		t.Errorf("people were told %d times of %d events", told, bad)
	}
	if both := a.text(`SELECT count(*) FROM quarantine AS q JOIN events AS e ON e.id = q.event_id JOIN effects AS f ON f.name = e.external_id`); both != "0" {
		t.Errorf("%s events were given up and applied", both)
	}
}

// In a rolling upgrade an older process leaves what it doesn't know to the newer one.
func TestOlderVersionLeavesNewerEvents(t *testing.T) {
	t.Parallel()
	newer := newStage(t).effects()
	older := stageOn(t, newer.pool, func(o *relay.Options) { o.Version = store.FactVersion - 1 })
	older.refuses = func(store.Event) error { return errors.New("unknown kind") }
	older.start()
	for i := range 50 {
		check(t, older.Accept(t.Context(), 7, fact(fmt.Sprint("k", i), fmt.Sprint("e", i))))
	}
	newer.start()
	newer.eventually("50", `SELECT count(*) FROM effects`)
	if n := newer.text(`SELECT count(*) FROM quarantine`); n != "0" {
		t.Errorf("%s events were given up", n)
	}
	// An event of the version before goes to either.
	older.exec(`CREATE FUNCTION former() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.version = 0; RETURN NEW; END $$`)
	older.exec(`CREATE TRIGGER former BEFORE INSERT ON queues FOR EACH ROW EXECUTE FUNCTION former()`)
	newer.stop()
	check(t, older.Accept(t.Context(), 7, fact("k", "of old")))
	older.eventually("1", `SELECT count(*) FROM quarantine`)
}
