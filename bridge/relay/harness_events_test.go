package relay_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/channels"
	"parley/channels/wire"
	"parley/store"
	"parley/store/storetest"
)

// mailAccount is the account whose facts most tests accept.
const mailAccount store.AccountID = 7

// These queries are for wantValue and waitValue.
const (
	queuedEvents        = `SELECT count(*) FROM queued` // the events that are not applied
	quarantinedEvents   = `SELECT count(*) FROM quarantine`
	effectsWrittenTwice = `SELECT count(*) - count(DISTINCT name) FROM effects`
	mostTries           = `SELECT max(tries) FROM queues` // counted tries of a queue's next event
	storingWaits        = `SELECT EXISTS (SELECT FROM pg_stat_activity
		WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%INSERT INTO events%')`
)

// fact returns a fact with an order key. Its name is its id and its payload.
func fact(key, name string) channels.Fact {
	return channels.Fact{ExternalID: name, OrderKey: key, Payload: []byte(name)}
}

// numberedFacts returns facts that are each in a queue of their own. Fact n has the order key key+n and the name
// name+n.
func numberedFacts(number int, key, name string) []channels.Fact {
	facts := make([]channels.Fact, 0, number)
	for n := range number {
		facts = append(facts, fact(fmt.Sprint(key, n), fmt.Sprint(name, n)))
	}
	return facts
}

// Accept is the relay's Accept with a deadline.
func (h *harness) Accept(ctx context.Context, account store.AccountID, facts ...channels.Fact) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return h.Relay.Accept(ctx, account, facts...)
}

// accept accepts facts of mailAccount.
func (h *harness) accept(facts ...channels.Fact) {
	h.t.Helper()
	check(h.t, h.Accept(h.t.Context(), mailAccount, facts...))
}

// journalWithoutWaking writes facts of an account into the journal without waking a relay.
func (h *harness) journalWithoutWaking(account store.AccountID, facts ...channels.Fact) {
	h.t.Helper()
	for some := range slices.Chunk(facts, 500) {
		rows := make([]store.NewEvent, 0, len(some))
		for _, f := range some {
			rows = append(rows, store.NewEvent{
				AccountID:  account,
				ExternalID: f.ExternalID,
				OrderKey:   store.OrderKey(account, f.OrderKey),
				Payload:    f.Payload,
			})
		}
		must(store.InsertEvents(h.t.Context(), h.pool, rows))(h.t)
	}
}

// startTraffic accepts events of an account, and waits until each is applied, one after the other, until stop is
// called.
func (h *harness) startTraffic(account store.AccountID) (stop func()) {
	h.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for n := 0; ctx.Err() == nil; n++ {
			name := fmt.Sprintf("traffic %d %d", account, n)
			if err := h.Accept(ctx, account, fact(fmt.Sprint("traffic", n%7), name)); err != nil {
				return
			}
			for done := false; !done && wire.For(ctx, time.Millisecond); {
				if err := h.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM effects WHERE name = $1)`, name).Scan(&done); err != nil {
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

// names reads a column of names.
func (h *harness) names(sql string, args ...any) []string {
	h.t.Helper()
	return storetest.Rows(h.t, h.pool, pgx.RowTo[string], sql, args...)
}

// appliedNames returns the names of all applied events of all accounts, in alphabetical order.
func (h *harness) appliedNames() []string {
	h.t.Helper()
	return h.names(`SELECT name FROM effects ORDER BY name`)
}

// appliedOf returns the names of the applied events of a queue of mailAccount, in the order of their effects.
func (h *harness) appliedOf(key string) []string {
	h.t.Helper()
	return h.names(`SELECT name FROM effects WHERE key = $1 ORDER BY n`, store.OrderKey(mailAccount, key))
}

// wantAppliedOf checks which events of a queue of mailAccount are applied, and their order.
func (h *harness) wantAppliedOf(key string, want ...string) {
	h.t.Helper()
	if got := h.appliedOf(key); !slices.Equal(got, want) {
		h.t.Errorf("applied of the queue %s: got %q, want %q", key, got, want)
	}
}

// waitAppliedOf waits until these events of a queue of mailAccount are applied, in this order.
func (h *harness) waitAppliedOf(key string, want ...string) {
	h.t.Helper()
	var got []string
	h.waitFor(func() string { return fmt.Sprintf("applied of the queue %s: got %q, want %q", key, got, want) }, func() bool {
		got = h.appliedOf(key)
		return slices.Equal(got, want)
	})
}

// waitAppliedNames waits until exactly these events of all accounts are applied. They are given in alphabetical order.
func (h *harness) waitAppliedNames(want ...string) {
	h.t.Helper()
	var got []string
	h.waitFor(func() string { return fmt.Sprintf("applied events: got %q, want %q", got, want) }, func() bool {
		got = h.appliedNames()
		return slices.Equal(got, want)
	})
}

// waitNumberApplied waits until this many events of all accounts are applied.
func (h *harness) waitNumberApplied(n int) {
	h.t.Helper()
	h.waitValue("applied events", n, `SELECT count(*) FROM effects`)
}

// waitAllApplied waits until no event is queued.
func (h *harness) waitAllApplied() {
	h.t.Helper()
	h.waitValue("queued events", 0, queuedEvents)
}

// wantNoticesOf checks for which events people were told that they are in quarantine. A notice counts once it is
// committed.
func (h *harness) wantNoticesOf(want ...string) {
	h.t.Helper()
	got := h.names(`SELECT e.external_id FROM quarantine_notices AS n JOIN events AS e ON e.id = n.event_id ORDER BY n.n`)
	if !slices.Equal(got, want) {
		h.t.Errorf("events in quarantine of which people were told: got %q, want %q", got, want)
	}
}

// wantReasons checks the reasons for which events are in quarantine, in the order of the events.
func (h *harness) wantReasons(want ...string) {
	h.t.Helper()
	if got := h.names(`SELECT reason FROM quarantine ORDER BY event_id`); !slices.Equal(got, want) {
		h.t.Errorf("reasons of the quarantine: got %q, want %q", got, want)
	}
}

// hasQuarantined reports whether some event is in quarantine.
func (h *harness) hasQuarantined() bool {
	h.t.Helper()
	return h.value(quarantinedEvents) != "0"
}

// makeQueuesDue ends the pauses and waits of all queues that no applier holds.
func (h *harness) makeQueuesDue() {
	h.t.Helper()
	h.exec(`UPDATE queues SET due_at = clock_timestamp() WHERE due_at > clock_timestamp() AND holder IS NULL`)
}

// makeQueuesDueUntil ends the pauses and waits of queues again and again, until done returns true.
func (h *harness) makeQueuesDueUntil(what string, done func() bool) {
	h.t.Helper()
	h.repeatUntil(what, h.makeQueuesDue, done)
}
