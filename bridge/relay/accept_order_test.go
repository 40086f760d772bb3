package relay_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"parley/channels"
	"parley/store"
	"parley/store/storetest"
)

// Faults of the database while it stores a fact, in PL/pgSQL.
const (
	sessionEnds      = `PERFORM pg_terminate_backend(pg_backend_pid())`
	databaseReadOnly = `RAISE EXCEPTION 'cannot execute INSERT in a read-only transaction' USING ERRCODE = '25006'`
)

// failToStore makes a fault happen the first two times that the fact with this name is stored.
func (h *harness) failToStore(name, fault string) {
	h.t.Helper()
	h.exec(`CREATE SEQUENCE faults`) // nextval is not rolled back with the transaction that the fault ends
	h.exec(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			IF NEW.external_id = TG_ARGV[0] AND nextval('faults') <= 2 THEN
				` + fault + `;
			END IF;
			RETURN NEW;
		END $$`)
	h.exec(`CREATE TRIGGER fail BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION fail('` + name + `')`)
}

// acceptAfterRefusals brings facts again until they are accepted, as their source does. It checks that they are refused
// at first.
func (h *harness) acceptAfterRefusals(facts ...channels.Fact) {
	h.t.Helper()
	const mostTries = 9
	for try := 1; try <= mostTries; try++ {
		if h.Accept(context.Background(), mailAccount, facts...) != nil {
			continue
		}
		if try == 1 {
			h.t.Error("the facts were accepted at once, want the database to refuse them at first")
		}
		return
	}
	h.t.Fatalf("the facts were refused %d times", mostTries)
}

// If the database fails while a batch is stored, no fact of the batch overtakes the one that couldn't be stored. Their
// source brings them again, in order.
func TestAcceptKeepsOrderWithoutDatabase(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault string
	}{
		{name: "the session ends", fault: sessionEnds},
		{name: "read-only, as after a failover or with a full disk", fault: databaseReadOnly},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			h.failToStore("first", tt.fault)
			h.start()
			h.acceptAfterRefusals(fact("k", "first"), fact("k", "second"))
			h.waitNumberApplied(2)
			h.wantAppliedOf("k", "first", "second")
		})
	}
}

// One call may bring more facts than one transaction takes, for example when a mailbox catches up. If the database
// fails while the first of them is stored, the others don't overtake it.
func TestAcceptKeepsOrderOverTwoBatches(t *testing.T) {
	t.Parallel()
	const moreThanATransaction = 150
	h := newHarness(t)
	h.failToStore("f0", sessionEnds)
	h.start()
	var facts []channels.Fact
	var names []string
	for n := range moreThanATransaction {
		name := fmt.Sprint("f", n)
		facts = append(facts, fact("k", name))
		names = append(names, name)
	}
	h.acceptAfterRefusals(facts...)
	h.waitNumberApplied(moreThanATransaction)
	h.wantAppliedOf("k", names...)
}

// holdQueue inserts the row of a queue in a transaction that stays open until release is called. Until then nobody can
// store a fact in this queue.
func (h *harness) holdQueue(key string) (release func()) {
	h.t.Helper()
	tx := storetest.Begin(h.t, h.pool)
	must(tx.Exec(h.t.Context(), `INSERT INTO queues (key, account_id, version, first_event, place, last_place, due_at)
		VALUES ($1, $2, 2, 0, 0, 0, clock_timestamp())`, store.OrderKey(mailAccount, key), mailAccount))(h.t)
	return func() {
		h.t.Helper()
		check(h.t, tx.Rollback(h.t.Context()))
	}
}

// While a transaction holds the queue of one customer, the facts of other customers are stored and applied. The facts
// of the held queue keep their order.
func TestAcceptPassesAHeldQueue(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	release := h.holdQueue("held")
	h.start()
	var waiting sync.WaitGroup
	acceptAndWait := func(name string, callers int) {
		waiting.Go(func() {
			if err := h.Accept(context.Background(), mailAccount, fact("held", name)); err != nil {
				t.Errorf("Accept(%s): %v", name, err)
			}
		})
		h.waitUntil(name+" waits", func() bool { return h.Callers() == callers })
	}
	acceptAndWait("first", 1)
	h.waitValue("a fact waits for the queue", true, storingWaits)
	acceptAndWait("second", 2)

	const others = 3
	for n := range others {
		h.accept(fact("other", fmt.Sprint(n)))
	}
	h.waitNumberApplied(others)

	release()
	waiting.Wait()
	h.waitNumberApplied(others + 2)
	h.wantAppliedOf("held", "first", "second")
}

// Two replicas store the same facts in opposite orders. No call is refused, for example because of a deadlock, and each
// fact counts once.
func TestAcceptSameFactsInOtherOrders(t *testing.T) {
	t.Parallel()
	rounds := 40
	if storetest.LongForm() {
		rounds = 400
	}
	const factsPerRound, queues = 64, 7
	factsOf := func(round int) (facts []channels.Fact) {
		for n := range factsPerRound {
			facts = append(facts, fact(fmt.Sprint("k", n%queues), fmt.Sprintf("r%d.%d", round, n)))
		}
		return facts
	}

	forward := newHarness(t)
	backward := newHarnessOn(t, forward.pool)
	forward.start()
	backward.start()

	var group sync.WaitGroup
	group.Go(func() {
		for round := range rounds {
			if err := forward.Accept(context.Background(), mailAccount, factsOf(round)...); err != nil {
				t.Errorf("round %d, in their order: %v", round, err)
			}
		}
	})
	group.Go(func() {
		for round := range rounds {
			facts := factsOf(round)
			slices.Reverse(facts)
			if err := backward.Accept(context.Background(), mailAccount, facts...); err != nil {
				t.Errorf("round %d, in the opposite order: %v", round, err)
			}
		}
	})
	group.Wait()
	forward.waitNumberApplied(rounds * factsPerRound)
	forward.wantValue("effects written twice", 0, effectsWrittenTwice)
}
