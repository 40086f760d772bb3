package engine_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"parley/bridge"
	"parley/bridge/analysis"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// reader is an Analyzer that finds what a test tells it to, and keeps the questions that it was asked.
type reader struct {
	find func(q analysis.Question) (analysis.Answer, error)

	mu    sync.Mutex
	asked []analysis.Question
}

func (r *reader) Analyze(_ context.Context, q analysis.Question) (analysis.Answer, error) {
	r.mu.Lock()
	r.asked = append(r.asked, q)
	r.mu.Unlock()
	return r.find(q)
}

// questions returns the questions that came so far.
func (r *reader) questions() []analysis.Question {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.asked)
}

// textsOf returns the texts of messages.
func textsOf(list []analysis.Message) (all []string) {
	for _, m := range list {
		all = append(all, m.Text)
	}
	return all
}

// holdBursts makes customers' messages due for their analysis only by makeBurstsDue, and not after a time. Otherwise they
// might be analysed on a slow machine before a test has done something that must come first.
func (w *world) holdBursts() {
	w.t.Helper()
	w.exec(`CREATE FUNCTION hold_burst() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			IF NEW.due_at > parley_now() THEN NEW.due_at := parley_now() + interval '1 day'; END IF;
			RETURN NEW;
		END $$`)
	w.exec(`CREATE TRIGGER hold_burst BEFORE INSERT OR UPDATE OF due_at ON bursts FOR EACH ROW EXECUTE FUNCTION hold_burst()`)
	w.t.Cleanup(func() { // the database serves another test
		if _, err := w.pool.Exec(context.Background(), `DROP FUNCTION hold_burst CASCADE`); err != nil {
			w.t.Error(err)
		}
	})
}

// makeBurstsDue waits until there is a burst, and makes all of them due for their analysis.
func (w *world) makeBurstsDue() {
	w.t.Helper()
	w.eventually("a burst waits", func() bool { return w.countBursts() > 0 })
	w.exec(`UPDATE bursts SET due_at = parley_now()`)
}

// countBursts counts the bursts that aren't analysed yet.
func (w *world) countBursts() int {
	w.t.Helper()
	return w.count(`SELECT count(*) FROM bursts`)
}

// waitAnalysed waits until all bursts are analysed and the results are applied. waitDrained waits until these are posted,
// too. Without that wait, the next makeBurstsDue would take a burst whose question was just asked for the next one.
func (w *world) waitAnalysed() {
	w.t.Helper()
	w.eventually("it is analysed", func() bool {
		return w.countBursts() == 0 && w.count(`SELECT count(*) FROM queued`) == 0
	})
}

// analyseAllBursts makes bursts due until none is left, including those that come meanwhile or must be tried again.
func (w *world) analyseAllBursts() {
	w.t.Helper()
	w.repeatUntil("all bursts are analysed", w.makeFreeBurstsDue, func() bool { return w.countBursts() == 0 })
}

// makeFreeBurstsDue makes those bursts due that no process is analysing right now.
func (w *world) makeFreeBurstsDue() {
	w.t.Helper()
	w.exec(`UPDATE bursts SET due_at = parley_now() WHERE leased_until IS NULL`)
}

// A failing Analyzer is asked a few more times and then given up. Neither customers nor agents notice.
func TestFailedAnalysisIsSilent(t *testing.T) {
	t.Parallel()
	r := &reader{find: func(analysis.Question) (analysis.Answer, error) {
		return analysis.Answer{}, errors.New("the model sleeps")
	}}
	w := newWorld(t, options{analyzer: r})
	thread := w.openThread()
	const attempts = 5 // of chores*.go, before it gives up
	for i := range attempts {
		w.repeatUntil("the next attempt is made", w.makeFreeBurstsDue, func() bool { return len(r.questions()) > i })
	}
	w.eventually("it is given up", func() bool { return w.countBursts() == 0 })
	wantEqual(t, "attempts", len(r.questions()), attempts)

	w.reply(thread, "!reply Here we are.")
	w.provider.WaitTexts(t, "Here we are.")
	wantEqual(t, "notes", w.countLines(thread, bridge.LineAnalysis), 0)
}

// An analysis that comes after its conversation was resolved counts in the figures, although nothing is noted.
// Requirement R-190: What is wanted, counted.
func TestLateAnalysisIsCounted(t *testing.T) {
	t.Parallel()
	r := &reader{find: func(analysis.Question) (analysis.Answer, error) {
		return analysis.Answer{Language: "en", Sentiment: analysis.Neutral, Intents: []string{"order_status"}, By: "test"}, nil
	}}
	w := newWorld(t, options{analyzer: r})
	thread := w.openThread()
	w.reply(thread, "!resolve")
	w.eventually("it is resolved and counted", func() bool {
		return w.count(`SELECT count(*) FROM measure_shares WHERE resolved = 1`) == 1 && w.count(`SELECT count(*) FROM measure_due`) == 0
	})
	w.makeBurstsDue()
	w.eventually("the intent is counted", func() bool {
		return w.count(`SELECT count(*) FROM measure_labels WHERE intent = 'order_status'`) == 1
	})
}
