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
	"parley/store"
)

// poisoned is how many accounts have an event that doesn't come to an end: as many as are applied alone at once.
const poisoned = 2

// isPoison reports whether an event doesn't come to an end, or always fails.
func isPoison(e store.Event) bool { return e.ExternalID == "poison" }

// holdContested makes a table that writeContested can't write until release is called or the test ends.
func (s *stage) holdContested() (release func()) {
	s.t.Helper()
	s.exec(`CREATE TABLE contested (n int)`)
	holder, err := s.pool.Begin(context.Background())
	check(s.t, err)
	_, err = holder.Exec(context.Background(), `LOCK TABLE contested`)
	check(s.t, err)
	release = sync.OnceFunc(func() { _ = holder.Rollback(context.Background()) })
	s.t.Cleanup(release)
	return release
}

func writeContested(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `INSERT INTO contested VALUES (1)`)
	return err
}

// endSession has the database end the session of a transaction.
func endSession(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `SELECT pg_terminate_backend(pg_backend_pid())`)
	return err
}

// others is how many events of another account are brought beside the poison.
const others = 20

func (s *stage) acceptOthers() {
	s.t.Helper()
	for n := range others {
		check(s.t, s.Accept(s.t.Context(), 10, fact(fmt.Sprint("c", n%7), fmt.Sprint("others' ", n))))
	}
}

// decodePoison has the stage call a function when it decodes the poison.
func (s *stage) decodePoison(f func() error) {
	s.decode = func(e store.Event) (any, error) {
		if isPoison(e) {
			return nil, f()
		}
		return nil, nil
	}
}

// applyPoison has the stage call a function when it applies a batch with the poison.
func (s *stage) applyPoison(f func(ctx context.Context, tx pgx.Tx, events []store.Event) error) {
	s.apply = func(ctx context.Context, tx pgx.Tx, events []store.Event) error {
		if slices.ContainsFunc(events, isPoison) {
			return f(ctx, tx, events)
		}
		return nil
	}
}

// Nobody who comes later waits for the end of an event that never comes to one, wherever it is stuck: not other accounts, and
// not the other queues of its own. No clock decides that: the event ends when the others are through.
func TestNobodyWaitsForPoison(t *testing.T) {
	t.Parallel()
	// Each case has the stage stick at the poison: it calls inside when it gets there, and waits for release.
	for name, stickAtPoison := range map[string]func(s *stage, inside func(), release <-chan struct{}){
		"while it is decoded": func(s *stage, inside func(), release <-chan struct{}) {
			s.decodePoison(func() error { inside(); <-release; return nil })
		},
		"while its batch is applied": func(s *stage, inside func(), release <-chan struct{}) {
			s.applyPoison(func(context.Context, pgx.Tx, []store.Event) error { inside(); <-release; return nil })
		},
		"while it is applied alone": func(s *stage, inside func(), release <-chan struct{}) {
			s.applyPoison(func(_ context.Context, _ pgx.Tx, events []store.Event) error {
				if len(events) > 1 {
					return errors.New("one of them fails")
				}
				inside()
				<-release
				return nil
			})
		},
		"while it waits for a lock": func(s *stage, inside func(), release <-chan struct{}) {
			giveUp := s.holdContested()
			go func() { <-release; giveUp() }()
			s.applyPoison(func(ctx context.Context, tx pgx.Tx, _ []store.Event) error { inside(); return writeContested(ctx, tx) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, func(o *relay.Options) { o.ApplyFor, o.DecodeFor, o.SlowDecode = time.Hour, time.Hour, 2*time.Second })
			entered, release := make(chan struct{}, 100), make(chan struct{})
			stickAtPoison(s, func() { entered <- struct{}{} }, release)
			s.start()
			end := sync.OnceFunc(func() { close(release) })
			t.Cleanup(end)
			for n := range store.AccountID(poisoned) {
				check(t, s.Accept(t.Context(), 7+n, fact("k", "poison"), fact("k2", "beside it")))
				<-entered
			}
			s.acceptOthers()
			s.waitText(fmt.Sprint(others), `SELECT count(*) FROM effects WHERE name LIKE 'others%'`)
			for n := range store.AccountID(poisoned) {
				check(t, s.Accept(t.Context(), 7+n, fact("k3", "of its account")))
			}
			s.waitText(fmt.Sprint(poisoned), `SELECT count(*) FROM effects WHERE name = 'of its account'`)
			end()
			s.waitText("0", queued)
		})
	}
}

// An event that fails is put off between its tries, and nobody waits for that: neither others, nor the other queues of its
// account. It is put off for an hour here, so that no clock decides.
func TestNobodyWaitsForWhatFails(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(ctx context.Context, tx pgx.Tx) error{
		"it is refused":       func(context.Context, pgx.Tx) error { return errors.New("not today") },
		"it panics":           func(context.Context, pgx.Tx) error { panic("boom") },
		"it ends its session": endSession,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.exec(`CREATE FUNCTION put_off() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.due_at := clock_timestamp() + interval '1 hour'; RETURN NEW; END $$`)
			s.exec(`CREATE TRIGGER put_off BEFORE UPDATE ON queues FOR EACH ROW WHEN (NEW.tries > 1 AND NEW.due_at > OLD.due_at) EXECUTE FUNCTION put_off()`)
			s.applyPoison(func(ctx context.Context, tx pgx.Tx, _ []store.Event) error { return fail(ctx, tx) })
			s.start()
			check(t, s.Accept(t.Context(), 7, fact("k", "poison"), fact("k", "behind it"), fact("k2", "beside it")))
			s.waitText("1", `SELECT count(*) FROM queues WHERE tries > 1 AND due_at > clock_timestamp() + interval '30 minutes'`)
			s.acceptOthers()
			check(t, s.Accept(t.Context(), 7, fact("k3", "of its account")))
			s.waitText(fmt.Sprint(others), `SELECT count(*) FROM effects WHERE name LIKE 'others%'`)
			s.waitText("beside it, of its account", `SELECT string_agg(name, ', ' ORDER BY name) FROM effects WHERE key LIKE '7/%' HAVING count(*) > 1`)
			s.wantText("2", queued) // the one that fails, and the one behind it
		})
	}
}

// countPassed brings events of an account, one after the other, and returns how many events of others were looked at while each of them
// waited, in ascending order.
func (s *stage) countPassed(account store.AccountID, events int) (counts []int) {
	s.t.Helper()
	s.mu.Lock()
	decode := s.decode
	looks, looksBefore := 0, map[string]int{} // at events of others: all, and those before an event
	s.decode = func(e store.Event) (any, error) {
		s.mu.Lock()
		if looksBefore[e.ExternalID] = looks; e.AccountID != account {
			looks++
		}
		s.mu.Unlock()
		if decode == nil {
			return nil, nil
		}
		return decode(e)
	}
	s.mu.Unlock()
	for n := range events {
		name := fmt.Sprint("counted ", n)
		check(s.t, s.Accept(s.t.Context(), account, fact(fmt.Sprint("counted", n%7), name)))
		before := locked(s, func() int { return looks })
		s.waitText("true", `SELECT EXISTS (SELECT FROM effects WHERE name = $1)`, name)
		counts = append(counts, locked(s, func() int { return looksBefore[name] - before }))
	}
	slices.Sort(counts)
	return counts
}
