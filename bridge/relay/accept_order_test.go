package relay_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"parley/channels"
	"parley/store/storetest"
)

// What befalls the session that stores a fact.
const (
	sessionEnds      = `PERFORM pg_terminate_backend(pg_backend_pid())`
	databaseReadOnly = `RAISE EXCEPTION 'cannot execute INSERT in a read-only transaction' USING ERRCODE = '25006'`
)

// failToStore has something befall the session that stores a fact, the first two times.
func (s *stage) failToStore(fact, befalls string) {
	s.exec(`CREATE SEQUENCE cuts`)
	s.exec(`CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			IF NEW.external_id = TG_ARGV[0] AND nextval('cuts') <= 2 THEN
				` + befalls + `;
			END IF;
			RETURN NEW;
		END $$`)
	s.exec(`CREATE TRIGGER cut BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION cut('` + fact + `')`)
}

// bringUntilAccepted brings facts again until they are accepted, as their source does. The database must refuse them at first.
func (s *stage) bringUntilAccepted(facts ...channels.Fact) {
	s.t.Helper()
	for tries := range 9 {
		if s.Accept(context.Background(), 7, facts...) != nil {
			continue
		}
		if tries == 0 {
			s.t.Error("the facts were accepted at once, want the database refuse them at first")
		}
		return
	}
}

// When the database goes away under a batch, nothing of it overtakes what could not be
// stored: its source brings both again, in order. So it is when the database may only be read for a while, as after a
// failover or when a provider's disk is full.
func TestAcceptKeepsOrderWithoutDatabase(t *testing.T) {
	t.Parallel()
	for name, befalls := range map[string]string{"gone": sessionEnds, "only read": databaseReadOnly} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.failToStore("first", befalls)
			s.start()
			s.bringUntilAccepted(fact("k", "first"), fact("k", "second"))
			s.waitApplied(2)
			s.wantApplied("k", "first second")
		})
	}
}

// More facts than one transaction takes are told at once, as a mailbox and a catch-up do. When the database goes away
// under the first of them, the others don't overtake it, nor does what somebody else tells behind them.
func TestAcceptKeepsOrderOverTwoBatches(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	const moreThanABatch = 150
	s.failToStore("f0", sessionEnds)
	s.start()
	var facts []channels.Fact
	var names []string
	for n := range moreThanABatch {
		name := fmt.Sprint("f", n)
		facts, names = append(facts, fact("k", name)), append(names, name)
	}
	s.bringUntilAccepted(facts...)
	s.waitApplied(moreThanABatch)
	s.wantApplied("k", strings.Join(names, " "))
}

// While a transaction that doesn't end holds the queue of one customer, the facts of others are stored and applied; what
// comes for the held queue stays behind what came before.
func TestAcceptPassesAHeldQueue(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	tx, err := s.pool.Begin(t.Context())
	check(t, err)
	defer func() { _ = tx.Rollback(context.Background()) }()
	_, err = tx.Exec(t.Context(), `INSERT INTO queues (key, account_id, version, first_event, place, last_place, due_at)
		VALUES ('7/held', 7, 2, 0, 0, 0, clock_timestamp())`)
	check(t, err)
	s.start()
	var waiting sync.WaitGroup
	bringAndWait := func(name string, callers int) {
		waiting.Go(func() {
			if err := s.Accept(context.Background(), 7, fact("held", name)); err != nil {
				t.Errorf("%s is refused: %v", name, err)
			}
		})
		s.waitUntil(name+" waits", func() bool { return s.Callers() == callers })
	}
	bringAndWait("first", 1)
	s.waitText("1", sessionsThatWaitForALock)
	bringAndWait("second", 2)

	const others = 3
	for n := range others {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		check(t, s.Accept(ctx, 7, fact("other", fmt.Sprint(n))))
		cancel()
	}
	s.waitApplied(others)

	check(t, tx.Rollback(t.Context()))
	waiting.Wait()
	s.waitApplied(others + 2)
	s.wantApplied("held", "first second")
}

// Replicas that store the same facts in other orders don't refuse any of them.
func TestAcceptSameFactsInOtherOrders(t *testing.T) {
	t.Parallel()
	a := newStage(t)
	b := stageOn(t, a.pool)
	a.start()
	b.start()
	var group sync.WaitGroup
	rounds := 40
	if storetest.LongForm() {
		rounds = 400
	}
	const each = 64
	factsOf := func(round int) (facts []channels.Fact) {
		for k := range each {
			facts = append(facts, fact(fmt.Sprint("k", k%7), fmt.Sprintf("r%d.%d", round, k)))
		}
		return facts
	}
	for _, s := range []*stage{a, b} {
		group.Go(func() {
			for round := range rounds {
				facts := factsOf(round)
				if s == b {
					slices.Reverse(facts)
				}
				if err := s.Accept(context.Background(), 7, facts...); err != nil {
					t.Errorf("round %d is refused: %v", round, err)
				}
			}
		})
	}
	group.Wait()
	a.waitApplied(rounds * each)
	a.wantText("0", appliedTwice)
}
