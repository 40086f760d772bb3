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

// stuckStages are the places in which an event may never come to an end.
func stuckStages(s *stage, stuck func(events ...store.Event)) map[string]func() {
	return map[string]func(){
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
	for _, name := range []string{"while it is decoded", "while its batch is applied", "while it is applied alone"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, func(o *relay.Options) { o.ApplyFor, o.DecodeFor, o.SlowDecode = time.Hour, time.Hour, time.Millisecond }).effects()
			inside, release := make(chan struct{}, 100), make(chan struct{})
			stuckStages(s, func(events ...store.Event) {
				for _, e := range events {
					if isPoison(e) {
						inside <- struct{}{}
						<-release
					}
				}
			})[name]()
			s.start()
			end := sync.OnceFunc(func() { close(release) })
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

// passed is how many events of others were looked at while an event of the probe waited: the most of all of its events.
func (s *stage) passed(account store.AccountID, probes int) (most int) {
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
		most = max(most, locked(s, func() int { return at[name] - from }))
	}
	return most
}
