package teams

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/bridge"
	"parley/channels"
)

// The tests of this package put a Surface between two stand-ins: teamsfake plays Microsoft's servers and their users,
// and fakeDesk plays the engine. A world holds all three. The harness files have what tests need: harness_send_test.go
// for sending posts, harness_dialog_test.go for buttons and dialogs, harness_missed_test.go for reading what was
// missed, and harness_file_test.go for storing files.

// patience bounds every wait. Only a failing test uses it up.
const patience = 2 * time.Minute

// People of the tests' organisation.
const (
	ann = "a0000000-0000-4000-8000-000000000001"
	ben = "a0000000-0000-4000-8000-000000000002"
	eve = "a0000000-0000-4000-8000-000000000003" // a guest
)

// Prefixes of the ids of stored facts, by kind.
const (
	messageFacts     = "m:"
	deletionFacts    = "d:"
	reactionFacts    = "r:"
	interactionFacts = "i:" // buttons and dialogs
	uploadFacts      = "a:" // replies from the upload page
	unreadableFacts  = "q:" // put into quarantine
)

var errDown = errors.New("the database is down")

// world is an organisation with the team Support and its channel Customers, and a surface to which Teams sends requests.
type world struct {
	t       *testing.T
	fake    *teamsfake.Server
	surface *Surface
	desk    *fakeDesk
	url     string // of the surface's endpoint
	channel string // the id of Customers
	team    string // the id of Support

	root string            // the first message of the conversation's thread; newThreadWorld makes it
	ann  *teamsfake.Person // a member of the team; newThreadWorld sets her

	clockAhead *atomic.Int64 // by how much the clock of Teams and Parley was moved on, in nanoseconds; newClockedWorld sets it
}

// newWorld makes an organisation, and a surface that handles the requests of its Teams. The app isn't in the team yet.
func newWorld(t *testing.T, changes ...func(*Options, *teamsfake.Options)) *world {
	t.Helper()
	fakeOpt := teamsfake.Options{
		Users: []teamsfake.User{
			{ID: ann, Name: "Ann Lee", Email: "ann@acme.test"},
			{ID: ben, Name: "Ben Kim", Email: "ben@acme.test"},
			{ID: eve, Name: "Eve Fox", Email: "eve@other.test", Guest: true},
		},
		Teams:       []teamsfake.Team{{Name: "Support"}},
		RetryDelays: []time.Duration{10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond},
		// Teams waits for some seconds only. Here it waits longer, so that no test fails on a slow machine.
		InvokeDeadline: patience,
		RedeliverAfter: patience,
	}
	desk := newFakeDesk()
	opt := Options{Desk: desk, Rate: 1}
	for _, change := range changes {
		change(&opt, &fakeOpt)
	}

	fake := teamsfake.New(fakeOpt)
	t.Cleanup(func() { noError(t, fake.Close()) })
	noError(t, fake.Start("127.0.0.1:0"))
	opt.AppID, opt.AppPassword, opt.TenantID = fake.AppID(), fake.AppPassword(), fake.TenantID()
	opt.LoginURL, opt.OpenIDURL, opt.GraphURL, opt.ServiceURLs = fake.LoginURL(), fake.OpenIDURL(), fake.GraphURL(), []string{fake.URL()}
	if opt.AllowUnsigned { // a trial without Azure
		opt.AppPassword, opt.ServiceURLs = "", nil
	}
	s, err := New(opt)
	noError(t, err)
	s.door.invokeTimeout = patience

	mux := http.NewServeMux()
	for pattern, h := range s.Handlers() {
		mux.Handle(pattern, h)
	}
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	team := fake.Teams()[0]
	ch := fake.Admin.AddChannel(teamsfake.Channel{Team: team.ID, Name: "Customers"})
	return &world{t: t, fake: fake, surface: s, desk: desk, url: srv.URL + "/teams/messages", channel: ch.ID, team: team.ID}
}

// in returns the same world for a subtest, so that a failure there fails that subtest.
func (w *world) in(t *testing.T) *world {
	sub := *w
	sub.t = t
	return &sub
}

// connect adds the app to the team.
func (w *world) connect() *world {
	w.t.Helper()
	noError(w.t, w.fake.Admin.Connect(w.ctx(), w.url))
	return w
}

// run runs the surface until the test ends.
func (w *world) run() *world {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.surface.Run(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("Run: %v", err)
		}
	})
	return w
}

// ctx returns a context that ends with the test, or after patience.
func (w *world) ctx() context.Context {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	w.t.Cleanup(cancel)
	return ctx
}

// newThreadWorld makes a world in which the app is in the team, and the conversation has a thread in Customers. The
// surface serves requests, but doesn't run.
func newThreadWorld(t *testing.T, changes ...func(*Options, *teamsfake.Options)) *world {
	t.Helper()
	w := newWorld(t, changes...).connect()
	w.desk.Open(w.channel)
	w.root, w.ann = w.openThread(), w.fake.As(ann)
	return w
}

// newClockedWorld makes a world like newThreadWorld's, whose clock stands still unless a test advances it.
func newClockedWorld(t *testing.T, changes ...func(*Options, *teamsfake.Options)) *world {
	t.Helper()
	start := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	var ahead atomic.Int64
	clock := func() time.Time { return start.Add(time.Duration(ahead.Load())) }
	w := newThreadWorld(t, append(changes, func(o *Options, f *teamsfake.Options) { f.Clock, o.Now = clock, clock })...)
	w.clockAhead = &ahead
	return w
}

// advance moves the clock of a newClockedWorld forward.
func (w *world) advance(by time.Duration) { w.clockAhead.Add(int64(by)) }

// restartedSurface makes another surface of the same app, like that of another process or after a restart. It knows
// only what is stored.
func (w *world) restartedSurface() *Surface {
	w.t.Helper()
	s, err := New(w.surface.opt)
	noError(w.t, err)
	return s
}

// hasGap reports whether the surface knows of a gap: a time in which it may have missed something, and for which it
// hasn't looked yet.
func (w *world) hasGap() bool {
	_, open := w.surface.org.Sweep.Gap()
	return open
}

// typeAs lets somebody type in a thread, and returns the action that Parley reads from it.
func (w *world) typeAs(p *teamsfake.Person, root, text string) bridge.Action {
	w.t.Helper()
	id, err := p.Reply(w.channel, root, text)
	noError(w.t, err)
	return w.waitAction(MessageID(w.channel, id))
}

// typeAsAnn lets Ann type in the conversation's thread, and returns the action that Parley reads from it.
func (w *world) typeAsAnn(text string) bridge.Action {
	w.t.Helper()
	return w.typeAs(w.ann, w.root, text)
}

// replyAsAnn lets Ann type in the conversation's thread, without waiting until Parley has read it. It returns the
// message's id.
func (w *world) replyAsAnn(text string) (id string) {
	w.t.Helper()
	id, err := w.ann.Reply(w.channel, w.root, text)
	noError(w.t, err)
	return id
}

// decode decodes a fact that isn't in quarantine.
func (w *world) decode(f channels.Fact) []bridge.Action {
	w.t.Helper()
	if f.Quarantine != "" {
		w.t.Fatalf("%s is in quarantine: %s", f.ExternalID, f.Quarantine)
	}
	actions, err := w.surface.Decode(f.Payload)
	noError(w.t, err)
	return actions
}

// waitAction waits for the first fact whose id begins with a prefix, and decodes it.
func (w *world) waitAction(prefix string) bridge.Action {
	w.t.Helper()
	f := w.desk.First(w.t, prefix)
	actions := w.decode(f)
	if len(actions) != 1 {
		w.t.Fatalf("%s is decoded as %d actions, want one: %+v", f.ExternalID, len(actions), actions)
	}
	return actions[0]
}

// acceptedActions returns the actions of all facts that were accepted, in order.
func (w *world) acceptedActions() (all []bridge.Action) {
	w.t.Helper()
	for _, f := range w.desk.Accepted() {
		actions, err := w.surface.Decode(f.Payload)
		noError(w.t, err)
		all = append(all, actions...)
	}
	return all
}

// acceptedTexts returns the texts of all accepted actions, in order.
func (w *world) acceptedTexts() (texts []string) {
	w.t.Helper()
	for _, a := range w.acceptedActions() {
		texts = append(texts, strings.TrimSpace(a.Text))
	}
	return texts
}

// wantFacts checks how many facts are stored whose ids begin with a prefix.
func (w *world) wantFacts(prefix string, want int) {
	w.t.Helper()
	if got := w.desk.Number(prefix); got != want {
		w.t.Errorf("got %d facts %s…, want %d; all: %v", got, prefix, want, w.desk.IDs())
	}
}

// waitDelivered waits until Teams has nothing left to deliver.
func (w *world) waitDelivered() {
	w.t.Helper()
	noError(w.t, w.fake.WaitFor(w.ctx(), func() bool { return w.fake.Activities.Pending() == 0 }))
}

// waitStored waits until a message with this text is stored.
func (w *world) waitStored(text string) {
	w.t.Helper()
	w.desk.Wait(w.t, fmt.Sprintf("%q is stored", text), func() bool {
		return slices.ContainsFunc(w.desk.Accepted(), func(f channels.Fact) bool {
			return strings.HasPrefix(f.ExternalID, messageFacts) && strings.Contains(string(f.Payload), text)
		})
	})
}

// wantNoProblems checks that the fake Teams found nothing wrong with what we sent, so that people see everything as
// intended.
func (w *world) wantNoProblems() {
	w.t.Helper()
	if p := w.fake.Problems(); len(p) > 0 {
		w.t.Errorf("people see it otherwise: %+v", p)
	}
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantEqual checks one value. what is its name in the error.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %#v, want %#v", what, got, want)
	}
}

// wantList checks several values in their order.
func wantList[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
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
