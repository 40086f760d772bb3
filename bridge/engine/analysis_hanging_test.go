package engine_test

import (
	"fmt"
	"testing"

	"parley/bridge/analysis"
)

// isNothingHeld reports whether nobody holds a lane, a session within a transaction, or a connection of the pool, but for the
// one that listens.
func (w *world) isNothingHeld() bool {
	w.t.Helper()
	return w.count(`SELECT count(*) FROM lanes WHERE leased_until IS NOT NULL`) == 0 &&
		w.count(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL`) == 0 &&
		w.pool.Stat().AcquiredConns() <= 1
}

// A model's server that never answers takes all places for analyses, and nothing else: no lane, no transaction and no
// connection is held while it hangs, and what customers and agents write goes its way. Here it doesn't even end when
// its time is over, so that whatever it held it would hold for good.
func TestHangingModelHoldsNothing(t *testing.T) {
	t.Parallel()
	const places = 16 // maxAnalyses
	release, hangs := make(chan struct{}), make(chan struct{}, 2*places)
	w := newWorld(t, options{analyzer: &reader{find: func(analysis.Question) (analysis.Answer, error) {
		hangs <- struct{}{}
		<-release
		return analysis.Answer{Language: "en", Sentiment: analysis.Negative, By: "test"}, nil
	}}})
	for i := range places + 2 {
		w.customerWrites(fmt.Sprintf("kim%d", i), fmt.Sprintf("Lamp %d is broken", i))
		w.waitShown(fmt.Sprintf("Lamp %d is broken", i))
	}
	w.waitDrained()
	w.makeBurstsDue()
	for range places {
		<-hangs
	}
	w.eventually("nothing is held while the model hangs", w.isNothingHeld)
	for i := range places + 2 { // of hanging conversations, and of those which wait for a place
		w.customerWrites(fmt.Sprintf("kim%d", i), fmt.Sprintf("And lamp %d smells", i))
		w.reply(w.waitThread(fmt.Sprintf("Lamp %d is broken", i)), fmt.Sprintf("We look at lamp %d", i))
	}
	for i := range places + 2 {
		w.waitShown(fmt.Sprintf("And lamp %d smells", i))
	}
	w.makeBurstsDue() // all would be analysed now if there were places
	w.eventually("what agents wrote has left", func() bool { return len(w.sentTexts()) == places+2 })
	w.waitDrained()
	w.eventually("nothing is held after that", w.isNothingHeld)
	wantEqual(t, "analyses that are to be made", w.count(`SELECT count(*) FROM bursts`), places+2)
	wantEqual(t, "analyses that were begun without a place", len(hangs), 0)
	close(release)
	w.analyseAllBursts() // also what customers wrote meanwhile
}
