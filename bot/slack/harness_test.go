package slack

import (
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/bot/slack/slackfake"
	"parley/bot/view/viewtest"
	"parley/bridge"
	"parley/channels"
)

// The tests of this package put a Surface between two stand-ins: slackfake plays Slack's servers and the people
// who use them, fakeDesk plays the engine. A world holds all three. What a test needs to send posts is in
// harness_send_test.go, to press buttons and to fill in forms in harness_window_test.go.

// patience is how long a test waits for something that must happen.
const patience = 2 * time.Minute

// Prefixes of the ids of stored facts. They say what kind of thing happened.
const (
	allFacts         = ""
	messageFacts     = "m:"
	editFacts        = "e:"
	reactionFacts    = "r:"
	interactionFacts = "i:" // commands, clicks, forms and shortcuts
	unreadableFacts  = "q:" // put into quarantine
)

func when() time.Time { return viewtest.When() }

// samples are the values that tests of surfaces show, with Slack's ids.
func samples() viewtest.Samples { return viewtest.InSlack() }

// sampleFacts are the facts of the conversation #12.
func sampleFacts() bridge.Facts { return samples().Facts() }

// world is a Slack workspace in which our app is installed. It has one channel, #support, whose members are the
// app and Ann.
type world struct {
	t       *testing.T
	fake    *slackfake.Server
	desk    *fakeDesk
	surface *Surface
	ann     string // her id
	channel string // its id
	stop    func() // ends the surface and waits for that, if it is connected
}

// newConnectedWorld starts a workspace, connects the surface and waits until it is caught up.
func newConnectedWorld(t *testing.T, change ...func(*Options, *slackfake.Options)) *world {
	t.Helper()
	w := newWorld(t, change...)
	w.connect()
	return w
}

// newWorld starts a workspace. The surface can call Slack, but receives nothing from it until it is connected.
func newWorld(t *testing.T, change ...func(*Options, *slackfake.Options)) *world {
	t.Helper()
	desk := newFakeDesk()
	opt := Options{Rate: 1, Desk: desk, Connections: 1, ShareWait: 6 * time.Second}
	// Slack waits for three seconds only. Here it waits longer, so that no test fails on a slow machine.
	fakeOpt := slackfake.Options{TriggerLife: time.Minute, AckTimeout: time.Minute}
	for _, c := range change {
		c(&opt, &fakeOpt)
	}

	fake := slackfake.New(fakeOpt)
	noError(t, fake.Start("127.0.0.1:0"))
	t.Cleanup(func() { _ = fake.Close() })

	ann := fake.Admin.AddUser(slackfake.User{ID: "U0ANN", Name: "ann", RealName: "Ann Lee", Email: "ann@acme.test"})
	ch := fake.Admin.AddChannel(slackfake.Channel{ID: "C0SUPPORT", Name: "support", Members: []string{ann.ID, fake.BotUserID()}})
	desk.Open(ch.ID)

	opt.BotToken, opt.APIURL = fake.BotToken(), fake.APIURL()
	if opt.SigningSecret == "" {
		opt.AppToken = fake.AppToken()
	}
	s, err := New(opt)
	noError(t, err)

	s.directory.colleagues.timeout, s.directory.askTimeout = patience, patience
	s.intake.acceptTimeout, s.intake.afterTimeout = patience, patience
	return &world{t: t, fake: fake, desk: desk, surface: s, ann: ann.ID, channel: ch.ID, stop: func() {}}
}

// in returns the same world for a subtest, so that a failure there fails the subtest.
func (w *world) in(t *testing.T) *world {
	sub := *w
	sub.t = t
	return &sub
}

// connect connects the surface and waits until it is caught up.
func (w *world) connect() {
	w.t.Helper()
	before := w.desk.Fills()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.surface.Run(ctx) }()

	var once sync.Once
	w.stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				w.t.Errorf("Run: %v", err)
			}
		})
	}
	w.t.Cleanup(w.stop)
	w.desk.Connected(w.t, before+1)
}

func (w *world) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	w.t.Cleanup(cancel)
	return ctx
}

// self asks Slack who we are.
func (w *world) self() *Self {
	w.t.Helper()
	self, err := w.surface.identify(w.ctx())
	noError(w.t, err)
	return self
}

// hasGap reports whether the surface knows that it may have missed something, and has not looked for it yet.
func (w *world) hasGap() bool {
	_, open := w.surface.sweeper.Gap()
	return open
}

// postAsAnn posts a text in a thread, or outside of all threads if thread is "". It returns the message's stamp.
func (w *world) postAsAnn(thread, text string) (ts string) {
	w.t.Helper()
	ts, err := w.fake.As(w.ann).Post(slackfake.Post{Channel: w.channel, Thread: thread, Text: text})
	noError(w.t, err)
	return ts
}

// storeAsAnn posts a text as Ann does and waits until its fact is stored. It returns the message's stamp.
func (w *world) storeAsAnn(thread, text string) (ts string) {
	w.t.Helper()
	ts = w.postAsAnn(thread, text)
	w.desk.First(w.t, w.messageID(ts))
	return ts
}

// messageID returns the id of the fact of a message in #support.
func (w *world) messageID(ts string) string { return MessageID(w.channel, ts) }

// mustDecode decodes a fact that is one action.
func (w *world) mustDecode(f channels.Fact) bridge.Action {
	w.t.Helper()
	as, err := w.surface.Decode(f.Payload)
	if err != nil {
		w.t.Fatalf("decode %s: %v", f.ExternalID, err)
	}
	if len(as) != 1 {
		w.t.Fatalf("%s is decoded as %d actions, want one: %+v", f.ExternalID, len(as), as)
	}
	return as[0]
}

// waitAction waits for the first fact whose id begins with a prefix, and decodes it.
func (w *world) waitAction(prefix string) bridge.Action {
	w.t.Helper()
	return w.mustDecode(w.desk.First(w.t, prefix))
}

// lastAction decodes the fact that was stored last.
func (w *world) lastAction() bridge.Action {
	w.t.Helper()
	facts := w.desk.Accepted()
	if len(facts) == 0 {
		w.t.Fatal("nothing is stored")
	}
	return w.mustDecode(facts[len(facts)-1])
}

// waitAcknowledged waits until Slack knows that everything has arrived. Otherwise Slack would bring it again, which
// opens a gap.
func (w *world) waitAcknowledged() {
	w.t.Helper()
	noError(w.t, w.fake.WaitFor(w.ctx(), func() bool { return w.fake.Events.Pending() == 0 }))
}

// wantFacts checks how many facts are stored whose ids begin with a prefix.
func (w *world) wantFacts(prefix string, want int) {
	w.t.Helper()
	if got := w.desk.Number(prefix); got != want {
		w.t.Errorf("got %d facts %s…, want %d; all: %v", got, prefix, want, w.desk.IDs())
	}
}

// wantMessage checks that a message is in a thread and has so many files, and returns it.
func (w *world) wantMessage(ts, thread string, files int) *slackfake.Message {
	w.t.Helper()
	m := w.fake.Message(w.channel, ts)
	if m == nil {
		w.t.Fatalf("there is no message %q", ts)
	}
	wantEqual(w.t, "thread of the message", m.ThreadTS, thread)
	wantEqual(w.t, "files of the message", len(m.Files), files)
	return m
}

// textFile is a file in a customer's message.
func textFile(name, content string) channels.File {
	return channels.File{
		Name: name, ContentType: "text/plain", SizeBytes: int64(len(content)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil },
	}
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantEqual checks one value. what says whose it is.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %#v, want %#v", what, got, want)
	}
}

// wantPrefix checks how a text begins. what says whose it is.
func wantPrefix(t *testing.T, what, got, prefix string) {
	t.Helper()
	if !strings.HasPrefix(got, prefix) {
		t.Errorf("%s: got %q, want it to begin with %q", what, got, prefix)
	}
}

// wantWords checks that what is shown contains each of these words.
func wantWords(t *testing.T, shown string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(shown, word) {
			t.Errorf("want %q in:\n%s", word, shown)
		}
	}
}

// wantNoWords checks that what is shown contains none of these words.
func wantNoWords(t *testing.T, shown string, words ...string) {
	t.Helper()
	for _, word := range words {
		if strings.Contains(shown, word) {
			t.Errorf("want no %q in:\n%s", word, shown)
		}
	}
}

// wantErrorWith checks that an error has a class, and that its text contains these words.
func wantErrorWith(t *testing.T, err error, class channels.Class, words string) {
	t.Helper()
	if err == nil {
		t.Fatalf("got no error, want one of class %s with %q", class, words)
	}
	wantEqual(t, "class of the error", channels.ClassOf(err), class)
	wantWords(t, err.Error(), words)
}
