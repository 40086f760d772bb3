package relay_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"parley/bridge/relay"
	"parley/channels"
	"parley/channels/pause"
	"parley/store"
	"parley/store/dispatch"
)

// wantTold checks of which events people were told that they are given up.
func (s *stage) wantTold(want string) {
	s.t.Helper()
	if got := s.toldEvents(); got != want {
		s.t.Errorf("people were told of the events %q, want %q", got, want)
	}
}

// exec changes what is in the database.
func (s *stage) exec(sql string, args ...any) {
	s.t.Helper()
	if _, err := s.pool.Exec(s.t.Context(), sql, args...); err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
}

// text reads one value as text, "" when there is none.
func (s *stage) text(sql string, args ...any) string {
	s.t.Helper()
	var got string
	if err := s.pool.QueryRow(s.t.Context(), `SELECT coalesce((`+sql+`)::text, '')`, args...).Scan(&got); err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
	return got
}

// wantText checks that a query gives a value.
func (s *stage) wantText(want, sql string, args ...any) {
	s.t.Helper()
	if got := s.text(sql, args...); got != want {
		s.t.Errorf("%s is %q, want %q", sql, got, want)
	}
}

// waitText waits until a query gives a value.
func (s *stage) waitText(want, sql string, args ...any) {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		got := s.text(sql, args...)
		if got == want {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%s is %q, want %q; attempts %q", sql, got, want, s.attemptsMade())
		}
		timer := time.NewTimer(3 * time.Millisecond)
		<-timer.C
	}
}

// waitUntil waits until something holds that no query tells.
func (s *stage) waitUntil(what string, done func() bool) {
	s.t.Helper()
	s.repeatUntil(what, func() {}, done)
}

// repeatUntil does something again and again until something holds.
func (s *stage) repeatUntil(what string, step func(), done func() bool) {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	for !done() {
		if time.Now().After(deadline) {
			s.t.Fatalf("waited in vain: %s", what)
		}
		step()
		timer := time.NewTimer(time.Millisecond)
		<-timer.C
	}
}

// lane is a lane that is due, with so many queued deliveries. Their ids are lane·1000 + 1, 2 …
type lane struct {
	id                   store.GateID // of the lane
	priority, deliveries int
}

// addLane makes a lane with so many queued deliveries, behind gate 1.
func (s *stage) addLane(id store.GateID, deliveries int) {
	s.t.Helper()
	s.addGate(1)
	s.addLaneBehind(1, lane{id: id, priority: store.PrioritySay, deliveries: deliveries})
}

// addGate makes a gate without a rate.
func (s *stage) addGate(id store.GateID) {
	s.t.Helper()
	s.addGateWithRate(id, 0, 1)
}

func (s *stage) addGateWithRate(id store.GateID, perSecond float64, burst int) {
	s.t.Helper()
	s.exec(`INSERT INTO gates (id, account_id, key, per_second, burst) OVERRIDING SYSTEM VALUE VALUES ($1, 1, $4, $2, $3) ON CONFLICT DO NOTHING`,
		id, perSecond, burst, fmt.Sprint("g", id))
}

func (s *stage) addLaneBehind(gate store.GateID, l lane) {
	s.t.Helper()
	s.exec(`WITH l AS (INSERT INTO lanes (id, account_id, key, conversation_id, gate_id, priority, tail, due_at, lease_seconds)
			VALUES ($1::bigint, 1, $6, $1, $2, $3, $4, parley_now(), $5))
		INSERT INTO deliveries (id, lane_id, seq, kind, created_at) SELECT $1 * 1000 + n, $1, n, 'reply', parley_now() FROM generate_series(1, $4::int) AS n`,
		l.id, gate, l.priority, l.deliveries, lease.Seconds(), fmt.Sprint("c", l.id))
	s.Wake()
}

// What tests ask the database.
const (
	queued                   = `SELECT count(*) FROM queued` // the events that are not applied
	appliedTwice             = `SELECT count(*) - count(DISTINCT name) FROM effects`
	sessionsThatWaitForALock = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
)

// endWaits ends the waits of all queues that no applier has in hand.
func (s *stage) endWaits() {
	s.t.Helper()
	s.exec(`UPDATE queues SET due_at = clock_timestamp() WHERE due_at > clock_timestamp() AND holder IS NULL`)
}

// endWaitsUntil ends the waits between the tries of events, again and again, until something holds.
func (s *stage) endWaitsUntil(what string, done func() bool) {
	s.t.Helper()
	s.repeatUntil(what, s.endWaits, done)
}

// isGivenUp reports whether some event is in quarantine.
func (s *stage) isGivenUp() bool { return s.text(`SELECT count(*) FROM quarantine`) != "0" }

// longUnclear is a time after which an attempt of which nobody can tell is left alone: longer than Options.UnclearAfter.
const longUnclear = 700 * time.Second

// passTime lets time pass for everything that runs: leases, attempts and looks.
func (s *stage) passTime(d time.Duration) {
	s.t.Helper()
	s.exec(`UPDATE deliveries SET first_at = first_at - $1::interval, sent_at = sent_at - $1::interval, absent_at = absent_at - $1::interval`, d)
	s.exec(`UPDATE lanes SET due_at = due_at - $1::interval, leased_until = leased_until - $1::interval WHERE due_at IS NOT NULL`, d)
	s.Wake()
}

// waitState waits until a delivery is in a state.
func (s *stage) waitState(id int64, want string) {
	s.t.Helper()
	s.waitText(want, `SELECT state FROM deliveries WHERE id = $1`, id)
}

// failAlways fails each attempt.
func failAlways(class channels.Class) func(context.Context, dispatch.Claimed) (relay.Sent, error) {
	return func(context.Context, dispatch.Claimed) (relay.Sent, error) {
		return relay.Sent{}, &channels.SendError{Class: class, Text: "It did not work."}
	}
}

// failFirst fails the first attempt at each delivery.
func failFirst(class channels.Class) func(context.Context, dispatch.Claimed) (relay.Sent, error) {
	return failByAttempt(class)
}

// failByAttempt fails the attempts at each delivery in turn; one of the class "" succeeds, and all later ones do.
func failByAttempt(classes ...channels.Class) func(context.Context, dispatch.Claimed) (relay.Sent, error) {
	return func(ctx context.Context, c dispatch.Claimed) (relay.Sent, error) {
		if c.Attempt > len(classes) || classes[c.Attempt-1] == "" {
			return relay.Sent{}, nil
		}
		return failAlways(classes[c.Attempt-1])(ctx, c)
	}
}

// fact returns a fact in a queue, with its name as its id and payload.
func fact(key, name string) channels.Fact {
	return channels.Fact{ExternalID: name, OrderKey: key, Payload: []byte(name)}
}

// wantAttempts checks which attempts were made, as delivery:attempt.
func (s *stage) wantAttempts(want string) {
	s.t.Helper()
	if got := s.attemptsMade(); got != want {
		s.t.Errorf("the attempts were %q, want %q", got, want)
	}
}

// wantLooks checks how often it was asked what became of an attempt.
func (s *stage) wantLooks(want int) {
	s.t.Helper()
	if got := locked(s, func() int { return s.looks }); got != want {
		s.t.Errorf("attempts were looked for %d times, want %d", got, want)
	}
}

// journalSilently puts facts of an account into the journal without a word to anybody.
func (s *stage) journalSilently(account store.AccountID, facts ...channels.Fact) {
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

// keepAccepting has another account's events applied, one after the other, until it is stopped.
func (s *stage) keepAccepting(account store.AccountID) (stop func()) {
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

// appliedOf returns the applied events of a key in the order of their effects.
func (s *stage) appliedOf(key string) string {
	return s.text(`SELECT string_agg(name, ' ' ORDER BY n) FROM effects WHERE key = $1`, store.OrderKey(7, key))
}

// wantApplied checks which events of a queue of account 7 had their effect, in their order.
func (s *stage) wantApplied(key, want string) {
	s.t.Helper()
	if got := s.appliedOf(key); got != want {
		s.t.Errorf("of the queue %s %q is applied, want %q", key, got, want)
	}
}

// waitApplied waits until n events had their effect.
func (s *stage) waitApplied(n int) {
	s.t.Helper()
	s.waitText(fmt.Sprint(n), `SELECT count(*) FROM effects`)
}
