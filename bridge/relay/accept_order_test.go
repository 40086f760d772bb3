package relay_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"parley/channels"
	"parley/store/storetest"
)

// What befalls the session that stores a fact.
const (
	ends          = `PERFORM pg_terminate_backend(pg_backend_pid())`
	mayOnlyBeRead = `RAISE EXCEPTION 'cannot execute INSERT in a read-only transaction' USING ERRCODE = '25006'`
)

// cutOffAt has something befall the session that stores a fact, the first two times.
func (s *stage) cutOffAt(fact, befalls string) {
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

// When the database goes away under a batch, nothing of it overtakes what could not be
// stored: its source brings both again, in order. So it is when the database may only be read for a while, as after a
// failover or when a provider's disk is full.
func TestAcceptKeepsOrderWithoutDatabase(t *testing.T) {
	t.Parallel()
	for name, befalls := range map[string]string{"gone": ends, "only read": mayOnlyBeRead} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keepsOrderWhile(t, befalls)
		})
	}
}

func keepsOrderWhile(t *testing.T, befalls string) {
	t.Helper()
	s := newStage(t).effects()
	s.cutOffAt("first", befalls)
	s.start()
	tries := 0
	for ; tries < 9; tries++ {
		if s.Accept(context.Background(), 7, fact("k", "first"), fact("k", "second")) == nil {
			break
		}
	}
	if tries == 0 {
		t.Error("the database never went away")
	}
	s.waitApplied(2)
	if got := s.order("k"); got != "first second" {
		t.Errorf("applied: %s", got)
	}
}

// More facts than one transaction takes are told at once, as a mailbox and a catch-up do. When the database goes away
// under the first of them, the others don't overtake it, nor does what somebody else tells behind them.
func TestAcceptKeepsOrderOverTwoBatches(t *testing.T) {
	t.Parallel()
	s := newStage(t).effects()
	s.cutOffAt("f0", ends)
	s.start()
	var facts []channels.Fact
	var want []string
	for n := range 150 {
		name := fmt.Sprint("f", n)
		facts, want = append(facts, fact("k", name)), append(want, name)
	}
	tries := 0
	for ; tries < 9; tries++ {
		if s.Accept(context.Background(), 7, facts...) == nil {
			break
		}
	}
	if tries == 0 {
		t.Error("the database never went away")
	}
	s.waitApplied(150)
	if got := s.order("k"); got != strings.Join(want, " ") {
		t.Errorf("applied: %s", got)
	}
}

// While a transaction that doesn't end holds the queue of one customer, the facts of others are stored and applied; what
// comes for the held queue stays behind what came before.
func TestAcceptPassesAHeldQueue(t *testing.T) {
	t.Parallel()
	s := newStage(t).effects()
	tx, err := s.pool.Begin(t.Context())
	check(t, err)
	defer func() { _ = tx.Rollback(context.Background()) }()
	_, err = tx.Exec(t.Context(), `INSERT INTO queues (key, account_id, version, first_event, place, last_place, due_at)
		VALUES ('7/held', 7, 2, 0, 0, 0, clock_timestamp())`)
	check(t, err)
	s.start()
	var waiting sync.WaitGroup
	tell := func(name string, callers int) {
		waiting.Go(func() {
			if err := s.Accept(context.Background(), 7, fact("held", name)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
		s.until(name+" waits", func() bool { return s.Callers() == callers })
	}
	tell("first", 1)
	s.eventually("1", `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)
	tell("second", 2)
	for n := range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		check(t, s.Accept(ctx, 7, fact("other", fmt.Sprint(n))))
		cancel()
	}
	s.eventually("3", `SELECT count(*) FROM effects`)
	check(t, tx.Rollback(t.Context()))
	waiting.Wait()
	s.waitApplied(5)
	if got := s.order("held"); got != "first second" {
		t.Errorf("applied: %s", got)
	}
}

// Replicas that store the same facts in other orders don't refuse any of them.
func TestAcceptSameFactsInOtherOrders(t *testing.T) {
	t.Parallel()
	a := newStage(t).effects()
	b := stageOn(t, a.pool)
	a.start()
	b.start()
	var group sync.WaitGroup
	rounds := 40
	if storetest.LongForm() {
		rounds = 400
	}
	for n, s := range []*stage{a, b} {
		group.Go(func() {
			for round := range rounds {
				facts := make([]channels.Fact, 0, 64)
				for i := range 64 {
					k := i
					if n == 1 {
						k = 63 - i
					}
					facts = append(facts, fact(fmt.Sprint("k", k%7), fmt.Sprintf("r%d.%d", round, k)))
				}
				if err := s.Accept(context.Background(), 7, facts...); err != nil {
					t.Errorf("round %d: %v", round, err)
				}
			}
		})
	}
	group.Wait()
	a.eventually(fmt.Sprint(rounds*64), `SELECT count(*) FROM effects`)
	if n := a.text(`SELECT count(*) - count(DISTINCT name) FROM effects`); n != "0" {
		t.Errorf("%s events were applied twice", n)
	}
}
