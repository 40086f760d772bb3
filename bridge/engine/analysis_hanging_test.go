package engine_test

import (
	"fmt"
	"sync"
	"testing"

	"parley/bridge/analysis"
	"parley/store/storetest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which customers
// write and are answered, and a fake chat, in whose channel "support" agents work.

// isNothingHeld reports whether nobody holds a lane, a session within a transaction, or a connection of the pool, but for the
// one that listens.
func (w *world) isNothingHeld() bool {
	w.t.Helper()
	return w.count(`SELECT count(*) FROM lanes WHERE leased_until IS NOT NULL`) == 0 &&
		w.count(`SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL`) == 0 &&
		w.pool.Stat().AcquiredConns() <= 1
}

// A model's server that never answers takes all places for analyses, and nothing else: no lane, no transaction and no
// connection is held while it hangs, and what customers and agents write goes its way. Here it doesn't even end when
// its time is over, so that whatever it held it would hold for good.
func TestHangingModelHoldsNothing(t *testing.T) {
	t.Parallel()
	const (
		places    = 16 // maxAnalyses of chores*.go
		customers = places + 2
	)
	release, hangs := make(chan struct{}), make(chan struct{}, 2*places)
	w := newWorld(t, options{analyzer: &reader{find: func(analysis.Question) (analysis.Answer, error) {
		hangs <- struct{}{}
		<-release
		return analysis.Answer{Language: "en", Sentiment: analysis.Negative, By: "test"}, nil
	}}})
	answer := sync.OnceFunc(func() { close(release) })
	t.Cleanup(answer) // otherwise the engine could not stop if the test fails
	w.eachCustomerWrites(customers, "Lamp %d is broken")
	w.waitDrained()
	w.makeBurstsDue()
	for range places {
		storetest.Receive(t, hangs, "all places for analyses are taken")
	}
	w.eventually("nothing is held while the model hangs", w.isNothingHeld)

	// Customers and agents go on: in conversations whose analysis hangs, and in those that wait for a place.
	for i := range customers {
		w.reply(w.waitThread(fmt.Sprintf("Lamp %d is broken", i)), fmt.Sprintf("We look at lamp %d", i))
	}
	w.eachCustomerWrites(customers, "And lamp %d smells")
	w.makeBurstsDue() // all would be analysed now if there were places
	w.eventually("what agents wrote has left", func() bool { return len(w.sentTexts()) == customers })
	w.waitDrained()
	w.eventually("nothing is held after that", w.isNothingHeld)
	wantEqual(t, "analyses that are to be made", w.countBursts(), customers)
	wantEqual(t, "analyses that were begun without a place", len(hangs), 0)

	answer()
	w.analyseAllBursts() // also what customers wrote meanwhile
}

// eachCustomerWrites lets customers kim0, kim1 … write a text with their number, and waits until all of that is shown.
func (w *world) eachCustomerWrites(customers int, format string) {
	w.t.Helper()
	for i := range customers {
		w.customerWrites(fmt.Sprintf("kim%d", i), fmt.Sprintf(format, i))
	}
	for i := range customers {
		w.waitShown(fmt.Sprintf(format, i))
	}
}
