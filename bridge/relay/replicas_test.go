package relay_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"parley/bridge/relay"
	"parley/store"
)

// An event that can't be applied is given up once: people are told once, and nobody applies it, however many replicas look at it. One
// of these replicas finds out when it decodes the event, the others when they apply it.
func TestGivenUpOnce(t *testing.T) {
	t.Parallel()
	refuseBad := func(e store.Event) error {
		if strings.HasPrefix(e.ExternalID, "bad") {
			return errors.New("gibberish")
		}
		return nil
	}
	a := newHarness(t)
	a.decode = func(e store.Event) (any, error) { return nil, refuseBad(e) }
	b, c := newHarnessOn(t, a.pool), newHarnessOn(t, a.pool)
	b.refusalOf, c.refusalOf = refuseBad, refuseBad
	replicas := []*harness{a, b, c}
	for _, h := range replicas {
		h.start()
	}

	const bad = 60 // and as many good ones
	for n := range bad {
		key := fmt.Sprint("k", n)
		replicas[n%len(replicas)].accept(fact(key, fmt.Sprint("bad", n)), fact(key, fmt.Sprint("good", n)))
		for _, h := range replicas {
			h.WakeAppliers(mailAccount)
		}
	}
	a.waitNumberApplied(bad) // the good ones
	a.waitValue("events in quarantine", bad, quarantinedEvents)
	a.wantValue("notices of events in quarantine", bad, `SELECT count(*) FROM quarantine_notices`)
	a.wantValue("events in quarantine that are applied all the same", 0,
		`SELECT count(*) FROM quarantine AS q JOIN events AS e ON e.id = q.event_id JOIN effects AS f ON f.name = e.external_id`)
}

// newOlderVersion makes a relay of the version before, which knows no event and would give each up that it looks at.
func newOlderVersion(t *testing.T, beside *harness) *harness {
	t.Helper()
	older := newHarnessOn(t, beside.pool, func(o *relay.Options) { o.Version = store.FactVersion - 1 })
	older.refusalOf = func(store.Event) error { return errors.New("unknown kind") }
	return older
}

// In a rolling upgrade a process of the version before leaves newer events to a newer process.
func TestOlderVersionLeavesNewerEvents(t *testing.T) {
	t.Parallel()
	newer := newHarness(t)
	older := newOlderVersion(t, newer).start()
	const events = 50
	for _, f := range numberedFacts(events, "k", "e") {
		older.accept(f)
	}
	newer.start()
	newer.waitNumberApplied(events)
	newer.wantValue("events in quarantine", 0, quarantinedEvents)
}

// A process of the version before does look at events of its own version.
func TestOlderVersionTakesItsOwnEvents(t *testing.T) {
	t.Parallel()
	newer := newHarness(t) // it isn't started, so that only the other one can take the event
	older := newOlderVersion(t, newer).start()
	older.exec(`CREATE FUNCTION be_older() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			NEW.version = 0;
			RETURN NEW;
		END $$`)
	older.exec(`CREATE TRIGGER be_older BEFORE INSERT ON queues FOR EACH ROW EXECUTE FUNCTION be_older()`)
	older.accept(fact("k", "of the version before"))
	older.waitValue("events in quarantine", 1, quarantinedEvents)
}
