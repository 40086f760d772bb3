package engine_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/store/storetest"
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

// orderReader is an Analyzer. It finds that a customer is content who says hello, and frustrated who asks for order 4711
// "at once".
func orderReader() *reader {
	return &reader{find: func(q analysis.Question) (analysis.Answer, error) {
		a := analysis.Answer{Language: "en", Sentiment: analysis.Neutral, By: "test"}
		if q.Burst[0].Text == "Hello" {
			a.Sentiment, a.Intents = analysis.Positive, []string{"thanks"}
		}
		if last := q.Burst[len(q.Burst)-1].Text; strings.Contains(last, "at once") {
			a.Sentiment, a.Urgency = analysis.Frustrated, analysis.Urgency{Urgent: true, Because: "at once"}
			a.Intents, a.Tags = []string{"order_status"}, []string{"Complaint", "No such tag"}
			a.References = []analysis.Reference{{Kind: "order", Value: "4711"}}
		}
		return a, nil
	}}
}

// takeAndAskForOrder lets kim begin a conversation, about which nothing is noted since she is content. Ann writes a note
// and takes the conversation. Kim asks for her order in two messages, whose analysis is then due. It returns the thread.
func (w *world) takeAndAskForOrder() string {
	w.t.Helper()
	thread := w.openThread()
	w.makeBurstsDue()
	w.waitAnalysed()
	w.reply(thread, "note: she is a friend of the boss")
	w.reply(thread, "!take")
	w.waitCard(thread, "Ann")
	w.customerWrites("kim", "Where is order 4711?")
	w.customerWrites("kim", "I need it at once!!!")
	w.waitShown("at once")
	w.makeBurstsDue()
	return thread
}

// countOrderTraits counts the conversations for which order 4711 and the intent order_status are stored.
func (w *world) countOrderTraits() int {
	w.t.Helper()
	return w.count(`SELECT count(*) FROM conversations WHERE traits->>'references' = 'order 4711' AND traits->>'intent' = 'order_status'`)
}

// New findings in a customer's messages make one note, and are stored with the conversation.
// Requirement R-178: Each message is looked at.
// Requirement R-180: Urgency.
// Requirement R-187: Mood over time.
// Requirement R-188: What the customer wants.
func TestAnalysisIsNoted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: orderReader()})
	thread := w.takeAndAskForOrder()
	note := w.waitLine(thread, bridge.LineAnalysis)
	wantWords(t, "the note", strings.ToLower(note.Plain()), "<@ann>", "at once", "frustrated")
	wantEqual(t, "conversations that keep what was found", w.countOrderTraits(), 1)
	wantEqual(t, "what is kept of the urgency", w.text(`SELECT traits->>'urgent' FROM conversations`), "again")

	w.customerWrites("kim", "Please, at once, order 4711.")
	w.waitShown("Please, at once")
	w.makeBurstsDue()
	w.waitAnalysed()
	wantEqual(t, "notes after a burst that says the same", w.countLines(thread, bridge.LineAnalysis), 1)
}

// Messages that a customer writes in one go are analysed together. The question has no notes of colleagues.
// Requirement R-178: Each message is looked at.
func TestBurstIsAnalysedTogether(t *testing.T) {
	t.Parallel()
	r := orderReader()
	w := newWorld(t, options{analyzer: r})
	thread := w.takeAndAskForOrder()
	w.waitLine(thread, bridge.LineAnalysis)
	questions := r.questions()
	last := questions[len(questions)-1]
	wantList(t, "what was analysed last", textsOf(last.Burst), []string{"Where is order 4711?", "I need it at once!!!"})
	wantNoWords(t, "what was said before, in the question", strings.Join(textsOf(last.Before), "\n"), "boss", "take")
}

// A failing Analyzer is asked a few more times and then given up. Neither customers nor agents notice.
func TestFailedAnalysisIsSilent(t *testing.T) {
	t.Parallel()
	r := &reader{find: func(analysis.Question) (analysis.Answer, error) {
		return analysis.Answer{}, errors.New("the model sleeps")
	}}
	w := newWorld(t, options{analyzer: r})
	thread := w.openThread()
	const attempts = 5 // of package chores, before it gives up
	for i := range attempts {
		w.repeatUntil("the next attempt is made", w.makeFreeBurstsDue, func() bool { return len(r.questions()) > i })
	}
	w.eventually("it is given up", func() bool { return w.countBursts() == 0 })
	wantEqual(t, "attempts", len(r.questions()), attempts)

	w.reply(thread, "!reply Here we are.")
	w.provider.WaitTexts(t, "Here we are.")
	wantEqual(t, "notes", w.countLines(thread, bridge.LineAnalysis), 0)
}

// A finding that a note has named isn't noted again.
func TestNoteIsNotRepeated(t *testing.T) {
	t.Parallel()
	r := &reader{find: func(analysis.Question) (analysis.Answer, error) {
		return analysis.Answer{
			Sentiment:  analysis.Neutral,
			Intents:    []string{"order_status"},
			References: []analysis.Reference{{Kind: "order", Value: "4711"}},
		}, nil
	}}
	w := newWorld(t, options{analyzer: r})
	w.writeAndAnalyse("Order 4711, please")
	thread := w.waitThread("Order 4711, please")
	wantEqual(t, "notes after the first burst", w.countLines(thread, bridge.LineAnalysis), 1)
	w.writeAndAnalyse("Order 4711 again")
	wantEqual(t, "notes after the second burst", w.countLines(thread, bridge.LineAnalysis), 1)
	w.writeAndAnalyse("And 4711 once more")
	wantEqual(t, "notes after the third burst", w.countLines(thread, bridge.LineAnalysis), 1)
	wantEqual(t, "conversations that keep what was found", w.countOrderTraits(), 1)
}

// While the analysis of one burst hangs, other bursts are analysed and noted.
func TestHangingAnalysisHoldsNoOther(t *testing.T) {
	t.Parallel()
	release, hangs := make(chan struct{}), make(chan struct{}, 1)
	r := &reader{find: func(q analysis.Question) (analysis.Answer, error) {
		if q.Burst[0].Text == "hang" {
			hangs <- struct{}{}
			<-release
		}
		return analysis.Answer{Sentiment: analysis.Negative, References: []analysis.Reference{{Kind: "order", Value: "4711"}}}, nil
	}}
	w := newWorld(t, options{analyzer: r})
	w.customerWrites("kim", "hang")
	kims := w.waitThread("hang")
	w.makeBurstsDue()
	storetest.Receive(t, hangs, "the analysis hangs")

	for _, who := range []string{"lou", "max"} { // the second one when another was analysed meanwhile
		w.customerWrites(who, "order 4711 of "+who)
		thread := w.waitThread("order 4711 of " + who)
		w.makeFreeBurstsDue()
		w.waitLine(thread, bridge.LineAnalysis)
	}
	wantEqual(t, "notes of what is not analysed yet", w.countLines(kims, bridge.LineAnalysis), 0)
	close(release)
	w.waitAnalysed()
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
