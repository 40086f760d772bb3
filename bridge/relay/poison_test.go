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
)

// poisoned is how many accounts have an event that doesn't come to an end: as many as are applied alone at once.
const poisoned = 2

// isPoison says that an event doesn't come to an end.
func isPoison(e store.Event) bool { return e.ExternalID == "poison" }

// stuckStages are the places in which an event may never come to an end. locked writes what somebody else has locked.
func stuckStages(s *stage, stuck func(events ...store.Event), locked func(ctx context.Context, tx pgx.Tx) error) map[string]func() {
	return map[string]func(){
		"while it waits for a lock": func() {
			s.apply = func(ctx context.Context, tx pgx.Tx, events []store.Event) error {
				if slices.ContainsFunc(events, isPoison) {
					return locked(ctx, tx)
				}
				return nil
			}
		},
		"while it is decoded": func() {
			s.decode = func(e store.Event) (any, error) { stuck(e); return nil, nil }
		},
		"while its batch is applied": func() {
			s.apply = func(_ context.Context, _ pgx.Tx, events []store.Event) error { stuck(events...); return nil }
		},
		"while it is applied alone": func() {
			s.apply = func(_ context.Context, _ pgx.Tx, events []store.Event) error {
				if len(events) > 1 && slices.ContainsFunc(events, isPoison) {
					return errors.New("one of them fails")
				}
				stuck(events...)
				return nil
			}
		},
	}
}

// Nobody who comes later waits for the end of an event that never comes to one, wherever it is stuck: not other accounts, and
// not the other queues of its own. No clock decides that: the event ends when the others are through.
func TestNobodyWaitsForPoison(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"while it is decoded", "while its batch is applied", "while it is applied alone", "while it waits for a lock"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, func(o *relay.Options) { o.ApplyFor, o.DecodeFor, o.SlowDecode = time.Hour, time.Hour, 2*time.Second }).effects()
			s.exec(`CREATE TABLE contested (n int)`)
			holder, err := s.pool.Begin(t.Context())
			check(t, err)
			_, err = holder.Exec(t.Context(), `LOCK TABLE contested`)
			check(t, err)
			inside, release := make(chan struct{}, 100), make(chan struct{})
			stuckStages(s, func(events ...store.Event) {
				for _, e := range events {
					if isPoison(e) {
						inside <- struct{}{}
						<-release
					}
				}
			}, func(ctx context.Context, tx pgx.Tx) error {
				inside <- struct{}{}
				_, err := tx.Exec(ctx, `INSERT INTO contested VALUES (1)`)
				return err
			})[name]()
			s.start()
			end := sync.OnceFunc(func() {
				close(release)
				_ = holder.Rollback(context.Background())
			})
			t.Cleanup(end)
			for n := range store.AccountID(poisoned) {
				check(t, s.Accept(t.Context(), 7+n, fact("k", "poison"), fact("k2", "beside it")))
				<-inside
			}
			for n := range 20 {
				check(t, s.Accept(t.Context(), 10, fact(fmt.Sprint("c", n%7), fmt.Sprint("others' ", n))))
			}
			s.eventually("20", `SELECT count(*) FROM effects WHERE name LIKE 'others%'`)
			for n := range store.AccountID(poisoned) {
				check(t, s.Accept(t.Context(), 7+n, fact("k3", "of its account")))
			}
			s.eventually(fmt.Sprint(poisoned), `SELECT count(*) FROM effects WHERE name = 'of its account'`)
			end()
			s.eventually("0", queued)
		})
	}
}

// An event that fails is put off between its tries, and nobody waits for that: neither others, nor the other queues of its
// account. It is put off for an hour here, so that no clock decides.
func TestNobodyWaitsForWhatFails(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(ctx context.Context, tx pgx.Tx) error{
		"it is refused": func(context.Context, pgx.Tx) error { return errors.New("not today") },
		"it panics":     func(context.Context, pgx.Tx) error { panic("boom") },
		"it ends its session": func(ctx context.Context, tx pgx.Tx) error {
			_, err := tx.Exec(ctx, `SELECT pg_terminate_backend(pg_backend_pid())`)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t).effects()
			s.exec(`CREATE FUNCTION put_off() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.due_at := clock_timestamp() + interval '1 hour'; RETURN NEW; END $$`)
			s.exec(`CREATE TRIGGER put_off BEFORE UPDATE ON queues FOR EACH ROW WHEN (NEW.tries > 1 AND NEW.due_at > OLD.due_at) EXECUTE FUNCTION put_off()`)
			s.apply = func(ctx context.Context, tx pgx.Tx, events []store.Event) error {
				if slices.ContainsFunc(events, isPoison) {
					return fail(ctx, tx)
				}
				return nil
			}
			s.start()
			check(t, s.Accept(t.Context(), 7, fact("k", "poison"), fact("k", "behind it"), fact("k2", "beside it")))
			s.eventually("1", `SELECT count(*) FROM queues WHERE tries > 1 AND due_at > clock_timestamp() + interval '30 minutes'`)
			for n := range 20 {
				check(t, s.Accept(t.Context(), 10, fact(fmt.Sprint("c", n%7), fmt.Sprint("others' ", n))))
			}
			check(t, s.Accept(t.Context(), 7, fact("k3", "of its account")))
			s.eventually("20", `SELECT count(*) FROM effects WHERE name LIKE 'others%'`)
			s.eventually("beside it, of its account", `SELECT string_agg(name, ', ' ORDER BY name) FROM effects WHERE key LIKE '7/%' HAVING count(*) > 1`)
			if got := s.text(queued); got != "2" {
				t.Errorf("%s events wait, want the one that fails and the one behind it", got)
			}
		})
	}
}

// passed is how many events of others were looked at while each event of the probe waited, in ascending order.
func (s *stage) passed(account store.AccountID, probes int) (counts []int) {
	s.t.Helper()
	s.mu.Lock()
	inner := s.decode
	others, at := 0, map[string]int{}
	s.decode = func(e store.Event) (any, error) {
		s.mu.Lock()
		if at[e.ExternalID] = others; e.AccountID != account {
			others++
		}
		s.mu.Unlock()
		if inner == nil {
			return nil, nil
		}
		return inner(e)
	}
	s.mu.Unlock()
	for n := range probes {
		name := fmt.Sprint("counted ", n)
		check(s.t, s.Accept(s.t.Context(), account, channels.Fact{ExternalID: name, OrderKey: fmt.Sprint("counted", n%7), Payload: []byte(name)}))
		from := locked(s, func() int { return others })
		s.eventually("true", `SELECT EXISTS (SELECT FROM effects WHERE name = $1)`, name)
		counts = append(counts, locked(s, func() int { return at[name] - from }))
	}
	slices.Sort(counts)
	return counts
}
