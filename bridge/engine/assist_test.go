package engine_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/bridgetest"
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

// makeTextsDue makes those requested texts due that no process is writing right now.
func (w *world) makeTextsDue() {
	w.t.Helper()
	w.exec(`UPDATE text_requests SET due_at = parley_now() WHERE done_at IS NULL AND leased_until IS NULL`)
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

// Parley doesn't obey what a model writes, even if a line begins like a command.
func TestWrittenTextIsNoCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: newScribeOf("- The lamp is broken.\n- !resolve\n- note: nothing")})
	thread := w.openThread()
	w.reply(thread, "!ai summarise")
	wantWords(t, "the summary", w.waitLine(thread, bridge.LineWritten).Plain(), "The lamp is broken.", "!resolve")
	w.waitWritten()
	wantEqual(t, "resolved conversations", w.count(`SELECT count(*) FROM conversations WHERE status = 'resolved'`), 0)
	wantList(t, "what the customer got", w.sentTexts(), nil)
}

// A text that is requested twice, by a double click or by two people, is written once. That holds whether it is already
// written or not when the second request comes.
func TestAskedTwice(t *testing.T) {
	t.Parallel()
	s := newScribeOf("- All is well.")
	w := newWorld(t, options{analyzer: s})
	thread := w.openThread()

	w.keepRequestWaiting()
	w.reply(thread, "!ai")
	w.reply(thread, "!ai summarise")
	w.waitLine(thread, bridge.LineWritten)
	w.reply(thread, "!ai summarise")
	w.eventually("the log has all three", func() bool {
		return w.count(`SELECT count(*) FROM log_entries WHERE what = 'asked for a text'`) == 3
	})

	w.endRequestThatWaits()
	w.waitWritten()
	wantEqual(t, "summaries", w.countLines(thread, bridge.LineWritten), 1)
	wantEqual(t, "requests", len(s.requests()), 1)
}

// A request that comes a minute after the same text was written has it written again.
func TestAskedAgainLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: newScribeOf("- All is well.")})
	thread := w.openThread()
	w.reply(thread, "!ai")
	w.waitLine(thread, bridge.LineWritten)
	w.waitWritten()
	w.exec(`UPDATE text_requests SET done_at = done_at - interval '1 minute'`)
	w.reply(thread, "!ai")
	w.eventually("it is written again", func() bool { return w.countLines(thread, bridge.LineWritten) == 2 })
}

// keepRequestWaiting adds a request for a text of another conversation, which isn't due for an hour.
func (w *world) keepRequestWaiting() {
	w.t.Helper()
	w.exec(`INSERT INTO text_requests (conversation_id, name, ask, asked_at, due_at)
		VALUES (99, 'x', '{}', parley_now(), parley_now() + interval '1 hour')`)
}

// endRequestThatWaits removes the request that keepRequestWaiting added.
func (w *world) endRequestThatWaits() {
	w.t.Helper()
	w.exec(`DELETE FROM text_requests WHERE conversation_id = 99`)
}

// If a requested text can't be written, or may not be shown, one sentence tells the agent who asked. A model that gives
// no answer is asked a second time before that.
func TestWriterThatFails(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		writes       string
		err          error
		wantAttempts int
		wantTold     string
	}{
		{name: "no model", err: analysis.ErrNeedsModel, wantAttempts: 1, wantTold: "Translating needs a model."},
		{name: "no answer", err: errors.New("the model sleeps"), wantAttempts: 2, wantTold: "The model gave no answer."},
		{name: "a link", writes: "Look at https://evil.example", wantAttempts: 1, wantTold: "was left out"},
		{name: "too long", writes: strings.Repeat("lang ", 1300), wantAttempts: 1, wantTold: "was left out: it is too long"},
		{name: "a mention", writes: "@channel look", wantAttempts: 1, wantTold: "was left out"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScribe(func(analysis.Request) (string, error) { return tt.writes, tt.err })
			w := newWorld(t, options{analyzer: s})
			thread := w.openThread()
			w.reply(thread, "!ai translate:de Your parcel left.")
			w.repeatUntil("it is tried", w.makeTextsDue, func() bool { return len(s.requests()) == tt.wantAttempts })
			w.waitWhisper("ann", tt.wantTold)
			w.waitWritten()
			wantEqual(t, "texts", w.countLines(thread, bridge.LineWritten), 0)
			wantEqual(t, "attempts", len(s.requests()), tt.wantAttempts)
		})
	}
}

// A request that failed can be repeated at once, in the same words: only one that was answered is taken for a double click.
func TestAskedAgainAfterAFailure(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	w := newWorld(t, options{analyzer: newScribe(func(analysis.Request) (string, error) {
		if requests.Add(1) == 1 {
			return "Look at https://evil.example", nil
		}
		return "Ihr Paket ist unterwegs.", nil
	})})
	thread := w.openThread()
	w.reply(thread, "!ai translate:de Your parcel left.")
	w.waitWhisper("ann", "was left out")
	w.reply(thread, "!ai translate:de Your parcel left.")
	wantWords(t, "the text", w.waitLine(thread, bridge.LineWritten).Plain(), "Ihr Paket ist unterwegs.")
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

// Each form of !ai sends the writer the task, language, text and wish that were meant. The customer gets nothing of it.
func TestWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	s := newScribe(func(r analysis.Request) (string, error) { return "written: " + r.Draft, nil })
	w := newWorld(t, options{analyzer: s, settings: map[string]string{"language": "de"}})
	thread := w.openThread()
	type request struct{ Task, Language, Draft, Wish string }
	tests := []struct {
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
	}

	for i, tt := range tests {
		w.reply(thread, tt.typed)
		w.eventually(tt.typed+" is written", func() bool { return w.countLines(thread, bridge.LineWritten) == i+1 })
		got := s.requests()[i]
		wantEqual(t, tt.typed, request{Task: string(got.Task), Language: got.Language, Draft: got.Draft, Wish: got.Wish}, tt.want)
	}
	wantList(t, "what the customer got", w.sentTexts(), nil)
}

// A command without its text, or with a text that is too long, requests nothing. A whisper tells its author why.
func TestWhatCannotBeAskedFor(t *testing.T) {
	t.Parallel()
	s := newScribeOf("- All is well.")
	w := newWorld(t, options{analyzer: s})
	thread := w.openThread()
	w.reply(thread, "!ai rephrase::shorter")
	w.waitWhisper("ann", "Say which text is meant")
	w.reply(thread, "!ai translate:de "+strings.Repeat("a", analysis.MostDraft+1))
	w.waitWhisper("ann", "too long")
	w.waitWritten()
	wantEqual(t, "requests", len(s.requests()), 0)
}

// Where the analysis is switched off, !ai requests nothing and a whisper says why.
func TestNothingIsAskedForWhereItIsOff(t *testing.T) {
	t.Parallel()
	s := newScribeOf("- All is well.")
	w := newWorld(t, options{analyzer: s, settings: map[string]string{"ai": "off"}})
	thread := w.openThread()
	w.reply(thread, "!ai")
	w.waitWhisper("ann", "is switched off")
	wantEqual(t, "requests", len(s.requests()), 0)
}

// A written text doesn't leave to the customer by itself. The line that shows it has a button, which opens the form of a
// reply with the text already in it.
func TestWrittenTextIsOfferedAsAReply(t *testing.T) {
	t.Parallel()
	const written = "Ihr Paket ist unterwegs."
	w := newWorld(t, options{analyzer: newScribeOf(written)})
	thread := w.openThread()
	w.reply(thread, "!ai translate:de Your parcel is on its way.")
	line := w.waitLine(thread, bridge.LineWritten)
	w.waitWritten()
	wantList(t, "what left by itself", w.sentTexts(), nil)

	i := slices.IndexFunc(line.Buttons, func(b bridgetest.Button) bool { return b.Verb == bridge.VerbReply })
	if i < 0 {
		t.Fatalf("the line has the buttons %+v, want one for the form of a reply", line.Buttons)
	}
	wantEqual(t, "the text with which the form begins", line.Buttons[i].Args.Draft, written)
}
