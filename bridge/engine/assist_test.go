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
	"parley/bridge/bridgetest"
)

// scribe is an Analyzer that also writes texts, as a test has it, and keeps what it was asked for.
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

// requests returns what was asked for so far.
func (s *scribe) requests() []analysis.Request {
	s.lock.Lock()
	defer s.lock.Unlock()
	return slices.Clone(s.asked)
}

// newScribe makes a scribe that finds nothing, and writes what a function gives.
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

// newScribeOf makes a scribe that always writes the same.
func newScribeOf(text string) *scribe {
	return newScribe(func(analysis.Request) (string, error) { return text, nil })
}

// makeTextsDue makes the texts due that somebody asked for and nobody writes right now.
func (w *world) makeTextsDue() {
	w.t.Helper()
	w.exec(`UPDATE text_requests SET due_at = parley_now() WHERE done_at IS NULL AND leased_until IS NULL`)
}

// waitWritten waits until each text that was asked for is written, or given up, and posted.
func (w *world) waitWritten() {
	w.t.Helper()
	w.eventually("all texts are written", func() bool {
		return w.count(`SELECT count(*) FROM text_requests WHERE done_at IS NULL`) == 0 && w.count(`SELECT count(*) FROM queued`) == 0
	})
	w.waitDrained()
}

// A summary is written of what customers wrote and what left to them, and stands in the thread for colleagues. What
// they said among themselves is not in the request, and the customer gets nothing.
func TestSummaryIsWritten(t *testing.T) {
	t.Parallel()
	s := newScribeOf("- The lamp is broken.\n- !resolve\n- note: nothing")
	w := newWorld(t, options{analyzer: s})
	thread := w.openThread()
	w.reply(thread, "note: she is a friend of the boss")
	m := w.reply(thread, "!reply We look into it.")
	w.waitFate(m, "out")
	w.reply(thread, "!ai summarise")
	w.waitWhisper("ann", "[done] ai")
	line := w.waitLine(thread, bridge.LineWritten)
	wantWords(t, "the summary", line.Plain(), "The lamp is broken.")
	wantNoWords(t, "the summary", line.Plain(), "<@")
	w.waitWritten()
	asked := s.requests()
	if len(asked) != 1 {
		t.Fatalf("got %d requests, want one: %+v", len(asked), asked)
	}
	wantEqual(t, "the task", asked[0].Task, analysis.Summarise)
	wantEqual(t, "the language", asked[0].Language, "en")
	if got, want := textsOf(asked[0].Messages), []string{"Hello", "We look into it."}; !slices.Equal(got, want) {
		t.Errorf("the writer was told %q, want %q", got, want)
	}
	if got, want := w.sentTexts(), []string{"We look into it."}; !slices.Equal(got, want) {
		t.Errorf("the customer got %q, want %q", got, want)
	}
	if n := w.count(`SELECT count(*) FROM conversations WHERE status = 'resolved'`); n != 0 {
		t.Error("what was written was taken for a command")
	}
	if n := w.count(`SELECT count(*) FROM text_requests WHERE ask <> '{}'`); n != 0 {
		t.Error("what was asked for is kept")
	}
}

// What is asked for twice, by a double click or by two people, is written once. After a while it is written again.
func TestAskedTwice(t *testing.T) {
	t.Parallel()
	s := newScribeOf("- All is well.")
	w := newWorld(t, options{analyzer: s})
	thread := w.openThread()
	w.exec(`INSERT INTO text_requests (conversation_id, name, ask, asked_at, due_at) VALUES (99, 'x', '{}', parley_now(), parley_now() + interval '1 hour')`)
	w.reply(thread, "!ai")
	w.reply(thread, "!ai summarise")
	w.waitLine(thread, bridge.LineWritten)
	w.reply(thread, "!ai summarise")
	w.eventually("the last one is refused or done", func() bool { return w.count(`SELECT count(*) FROM log_entries WHERE what = 'asked for a text'`) == 3 })
	w.exec(`DELETE FROM text_requests WHERE conversation_id = 99`)
	w.waitWritten()
	wantEqual(t, "summaries", w.countLines(thread, bridge.LineWritten), 1)
	wantEqual(t, "requests", len(s.requests()), 1)
	w.exec(`UPDATE text_requests SET done_at = done_at - interval '1 minute'`)
	w.reply(thread, "!ai")
	w.eventually("it is written again", func() bool { return w.countLines(thread, bridge.LineWritten) == 2 })
}

// An answer that never comes holds up nobody: replies leave, and whoever asked is told in one sentence.
func TestWriterThatFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err      error
		writes   string
		attempts int
		told     string
	}{
		"no model":  {err: analysis.ErrNeedsModel, attempts: 1, told: "Translating needs a model."},
		"no answer": {err: errors.New("the model sleeps"), attempts: 2, told: "The model gave no answer."},
		"a link":    {writes: "Look at https://evil.example", attempts: 1, told: "was left out"},
		"a mention": {writes: "@channel look", attempts: 1, told: "was left out"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScribe(func(analysis.Request) (string, error) { return c.writes, c.err })
			w := newWorld(t, options{analyzer: s})
			thread := w.openThread()
			w.reply(thread, "!ai translate:de Your parcel left.")
			w.repeatUntil("it is tried", w.makeTextsDue, func() bool { return len(s.requests()) == c.attempts })
			w.waitWhisper("ann", c.told)
			w.waitWritten()
			wantEqual(t, "texts", w.countLines(thread, bridge.LineWritten), 0)
			wantEqual(t, "attempts", len(s.requests()), c.attempts)
		})
	}
}

// While a Writer hangs, everything else goes on, and a process that is stopped meanwhile loses nothing.
func TestWriterThatHangs(t *testing.T) {
	t.Parallel()
	s := newScribeOf("- All is well.")
	var hung sync.Once
	began := make(chan struct{})
	answer := s.write
	s.write = func(ctx context.Context, r analysis.Request) (analysis.Text, error) {
		first := false
		hung.Do(func() { first = true })
		if first {
			close(began)
			<-ctx.Done()
			return analysis.Text{}, ctx.Err()
		}
		return answer(ctx, r)
	}
	w := newWorld(t, options{analyzer: s})
	thread := w.openThread()
	w.reply(thread, "!ai")
	<-began
	w.reply(thread, "!reply Here we are.")
	w.eventually("the reply arrives", func() bool { return len(w.sentTexts()) == 1 })
	w.stops[0]()
	if n := w.count(`SELECT count(*) FROM text_requests WHERE done_at IS NULL`); n != 1 {
		t.Fatalf("%d requests wait, want 1", n)
	}
	w.exec(`UPDATE text_requests SET leased_until = clock_timestamp() - interval '1 second'`) // its lease ends
	w.startReplica()
	w.waitLine(thread, bridge.LineWritten)
	w.waitWritten()
	if n := w.countLines(thread, bridge.LineWritten); n != 1 {
		t.Errorf("%d texts, want 1", n)
	}
}

// Two replicas write a text once, also when the first one's lease has ended before its answer came.
func TestWrittenOnceByReplicas(t *testing.T) {
	t.Parallel()
	s := newScribeOf("- All is well.")
	release, first := make(chan struct{}), make(chan struct{}, 2)
	answer := s.write
	s.write = func(ctx context.Context, r analysis.Request) (analysis.Text, error) {
		first <- struct{}{}
		<-release
		return answer(ctx, r)
	}
	w := newWorld(t, options{analyzer: s, engines: 2})
	thread := w.openThread()
	w.reply(thread, "!ai")
	<-first
	w.exec(`UPDATE text_requests SET leased_until = clock_timestamp() - interval '1 second'`)
	<-first // the other one has it, too
	close(release)
	w.waitLine(thread, bridge.LineWritten)
	w.waitWritten()
	if n := w.countLines(thread, bridge.LineWritten); n != 1 {
		t.Errorf("%d texts, want 1", n)
	}
}

// What is asked for a text reaches the writer as it was meant.
func TestWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	s := newScribe(func(r analysis.Request) (string, error) { return "written: " + r.Draft, nil })
	w := newWorld(t, options{analyzer: s, settings: map[string]string{"language": "de"}})
	thread := w.openThread()
	type request struct{ Task, Language, Draft, Wish string }
	for i, c := range []struct {
		typed string
		want  request
	}{
		{typed: "!ai", want: request{Task: "summarise", Language: "de"}},
		{typed: "!ai summarise:fr", want: request{Task: "summarise", Language: "fr"}},
		{typed: "!ai translate", want: request{Task: "translate", Language: "de", Draft: "Hello"}},
		{typed: "!ai translate:pl", want: request{Task: "translate", Language: "pl", Draft: "Hello"}},
		{typed: "!ai translate:fr Your order: 4711", want: request{Task: "translate", Language: "fr", Draft: "Your order: 4711"}},
		{typed: "!ai translate We are sorry", want: request{Task: "translate", Draft: "We are sorry"}},
		{typed: "!ai rephrase::shorter We are very sorry.", want: request{Task: "rephrase", Wish: "shorter", Draft: "We are very sorry."}},
		{typed: "!ai explain what did she order?", want: request{Task: "explain", Language: "de", Wish: "what did she order?"}},
	} {
		w.reply(thread, c.typed)
		w.eventually(c.typed, func() bool { return w.countLines(thread, bridge.LineWritten) == i+1 })
		got := s.requests()[i]
		wantEqual(t, c.typed, request{string(got.Task), got.Language, got.Draft, got.Wish}, c.want)
	}
	if got := w.sentTexts(); len(got) != 0 {
		t.Errorf("the customer got %q, want none", got)
	}
	w.reply(thread, "!ai rephrase::shorter")
	w.waitWhisper("ann", "Say which text is meant")
	w.reply(thread, "!ai translate:de "+strings.Repeat("a", analysis.MostDraft+1))
	w.waitWhisper("ann", "too long")
}

// Where the analysis is switched off, or nobody writes, nothing is asked for.
func TestNothingIsAskedForWhereItIsOff(t *testing.T) {
	t.Parallel()
	s := newScribeOf("- All is well.")
	w := newWorld(t, options{analyzer: s, settings: map[string]string{"ai": "off"}})
	thread := w.openThread()
	w.reply(thread, "!ai")
	w.waitWhisper("ann", "is switched off")
	if len(s.requests()) != 0 {
		t.Error("it was asked")
	}
}

// A text for the customer leaves only by the form of a reply, which begins with it.
func TestUseReply(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: newScribeOf("Ihr Paket ist unterwegs.")})
	thread := w.openThread()
	w.reply(thread, "!ai translate:de Your parcel is on its way.")
	line := w.waitLine(thread, bridge.LineWritten)
	w.waitWritten()
	if got := w.sentTexts(); len(got) != 0 {
		t.Fatalf("it left by itself: %q, want none", got)
	}
	i := slices.IndexFunc(line.Buttons, func(b bridgetest.Button) bool { return b.Verb == bridge.VerbReply })
	if i < 0 || line.Buttons[i].Args.Draft != "Ihr Paket ist unterwegs." {
		t.Fatalf("the buttons are %+v", line.Buttons)
	}
}
