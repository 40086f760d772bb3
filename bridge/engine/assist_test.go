package engine_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/store/storetest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// scribe is an Analyzer that also writes texts. A test decides what it writes, and scribe keeps the requests that it got.
type scribe struct {
	reader
	write func(ctx context.Context, r analysis.Request) (analysis.Text, error)

	lock  sync.Mutex
	asked []analysis.Request
}

func (s *scribe) Write(ctx context.Context, r analysis.Request) (analysis.Text, error) {
	s.lock.Lock()
	s.asked = append(s.asked, r)
	s.lock.Unlock()
	return s.write(ctx, r)
}

// requests returns the requests that came so far.
func (s *scribe) requests() []analysis.Request {
	s.lock.Lock()
	defer s.lock.Unlock()
	return slices.Clone(s.asked)
}

// newScribe makes a scribe that finds nothing in messages, and writes what a function returns.
func newScribe(write func(r analysis.Request) (string, error)) *scribe {
	return &scribe{
		reader: reader{find: func(analysis.Question) (analysis.Answer, error) {
			return analysis.Answer{Sentiment: analysis.Neutral}, nil
		}},
		write: func(_ context.Context, r analysis.Request) (analysis.Text, error) {
			text, err := write(r)
			return analysis.Text{Text: text, By: "test"}, err
		},
	}
}

// newScribeOf makes a scribe that always writes the same text.
func newScribeOf(text string) *scribe {
	return newScribe(func(analysis.Request) (string, error) { return text, nil })
}

// waitWritten waits until each requested text is written, or given up, and posted.
func (w *world) waitWritten() {
	w.t.Helper()
	w.eventually("all texts are written", func() bool {
		return w.count(`SELECT count(*) FROM text_requests WHERE done_at IS NULL`) == 0 && w.count(`SELECT count(*) FROM queued`) == 0
	})
	w.waitDrained()
}

// A summary is made of the customer's messages and the replies that left to her, and is posted in the thread for
// colleagues. The request has no notes of colleagues, and the customer gets nothing of the summary.
func TestSummaryIsWritten(t *testing.T) {
	t.Parallel()
	s := newScribeOf("- The lamp is broken.")
	w := newWorld(t, options{analyzer: s})
	thread := w.openThread()
	w.reply(thread, "note: she is a friend of the boss")
	w.waitFate(w.reply(thread, "!reply We look into it."), "out")

	w.reply(thread, "!ai summarise")
	w.waitWhisper("ann", "[done] ai")
	summary := w.waitLine(thread, bridge.LineWritten).Plain()
	wantWords(t, "the summary", summary, "The lamp is broken.")
	wantNoWords(t, "the summary, which mentions nobody", summary, "<@")
	w.waitWritten()

	asked := s.requests()
	if len(asked) != 1 {
		t.Fatalf("got %d requests, want one: %+v", len(asked), asked)
	}
	wantEqual(t, "the task", asked[0].Task, analysis.Summarise)
	wantEqual(t, "the language", asked[0].Language, "en")
	wantList(t, "what the writer was told", textsOf(asked[0].Messages), []string{"Hello", "We look into it."})
	wantList(t, "what the customer got", w.sentTexts(), []string{"We look into it."})
	wantEqual(t, "requests that are kept when they are done", w.count(`SELECT count(*) FROM text_requests WHERE ask <> '{}'`), 0)
}

// While a Writer hangs, everything else goes on. If the process is stopped meanwhile, another one writes the text.
func TestWriterThatHangs(t *testing.T) {
	t.Parallel()
	s := newScribeOf("- All is well.")
	var requests atomic.Int32
	began := make(chan struct{})
	write := s.write
	s.write = func(ctx context.Context, r analysis.Request) (analysis.Text, error) {
		isFirst := requests.Add(1) == 1
		if !isFirst {
			return write(ctx, r)
		}
		close(began)
		<-ctx.Done()
		return analysis.Text{}, ctx.Err()
	}

	w := newWorld(t, options{analyzer: s})
	thread := w.openThread()
	w.reply(thread, "!ai")
	storetest.Receive(t, began, "the text is asked for")
	w.reply(thread, "!reply Here we are.")
	w.provider.WaitTexts(t, "Here we are.")

	w.stops[0]()
	waiting := w.count(`SELECT count(*) FROM text_requests WHERE done_at IS NULL`)
	wantEqual(t, "requests that wait when the process has ended", waiting, 1)
	w.endTextLeases()
	w.startReplica()
	w.waitLine(thread, bridge.LineWritten)
	w.waitWritten()
	wantEqual(t, "texts", w.countLines(thread, bridge.LineWritten), 1)
}

// endTextLeases ends the leases by which processes hold the texts that they have written.
func (w *world) endTextLeases() {
	w.t.Helper()
	w.exec(`UPDATE text_requests SET leased_until = clock_timestamp() - interval '1 second'`)
}

// Two replicas write a text once, also when the first one's lease has ended before its answer came.
func TestWrittenOnceByReplicas(t *testing.T) {
	t.Parallel()
	s := newScribeOf("- All is well.")
	release, asked := make(chan struct{}), make(chan struct{}, 2)
	write := s.write
	s.write = func(ctx context.Context, r analysis.Request) (analysis.Text, error) {
		asked <- struct{}{}
		<-release
		return write(ctx, r)
	}

	w := newWorld(t, options{analyzer: s, engines: 2})
	thread := w.openThread()
	w.reply(thread, "!ai")
	storetest.Receive(t, asked, "a replica asks for the text")
	w.endTextLeases()
	storetest.Receive(t, asked, "the other replica asks for it, too")
	close(release)
	w.waitLine(thread, bridge.LineWritten)
	w.waitWritten()
	wantEqual(t, "texts", w.countLines(thread, bridge.LineWritten), 1)
}
