package teams

import (
	"context"
	"errors"
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

// patience bounds every wait; only a failing test uses it up.
const patience = 2 * time.Minute

// People of the tests' organisation.
const (
	ann = "a0000000-0000-4000-8000-000000000001"
	ben = "a0000000-0000-4000-8000-000000000002"
	eve = "a0000000-0000-4000-8000-000000000003" // a guest
)

// world is an organisation with a surface to which it sends requests.
type world struct {
	t       *testing.T
	fake    *teamsfake.Server
	surface *Surface
	desk    *desk
	url     string // of the surface's endpoint
	channel string
	team    string

	// Of newTalk:
	root  string            // the first thread of the conversation
	ann   *teamsfake.Person // who can type there
	moved *atomic.Int64     // of newClockedTalk: by how much the clock of Teams and Parley was moved on, in nanoseconds
}

// newWorld makes an organisation with a team, and a surface that serves its requests. The app isn't in the team yet.
func newWorld(t *testing.T, changes ...func(*Options, *teamsfake.Options)) *world {
	t.Helper()
	o := teamsfake.Options{
		Users: []teamsfake.User{
			{ID: ann, Name: "Ann Lee", Email: "ann@acme.test"},
			{ID: ben, Name: "Ben Kim", Email: "ben@acme.test"},
			{ID: eve, Name: "Eve Fox", Email: "eve@other.test", Guest: true},
		},
		Teams:          []teamsfake.Team{{Name: "Support"}},
		RetryDelays:    []time.Duration{10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond},
		InvokeDeadline: patience, RedeliverAfter: patience, // a slow machine is no late answer
	}
	d := newDesk()
	so := Options{Desk: d, Rate: 1}
	for _, change := range changes {
		change(&so, &o)
	}
	fake := teamsfake.New(o)
	t.Cleanup(func() { must(t, fake.Close()) })
	must(t, fake.Start("127.0.0.1:0"))
	so.AppID, so.AppPassword, so.TenantID = fake.AppID(), fake.AppPassword(), fake.TenantID()
	so.LoginURL, so.OpenIDURL, so.GraphURL, so.ServiceURLs = fake.LoginURL(), fake.OpenIDURL(), fake.GraphURL(), []string{fake.URL()}
	if so.AllowUnsigned { // a trial without Azure
		so.AppPassword, so.ServiceURLs = "", nil
	}
	s, err := New(so)
	must(t, err)
	mux := http.NewServeMux()
	for pattern, h := range s.Handlers() {
		mux.Handle(pattern, h)
	}
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	team := fake.Teams()[0]
	ch := fake.Admin.AddChannel(teamsfake.Channel{Team: team.ID, Name: "Customers"})
	return &world{t: t, fake: fake, surface: s, desk: d, url: srv.URL + "/teams/messages", channel: ch.ID, team: team.ID}
}

// connect adds the app to the team.
func (w *world) connect() *world {
	w.t.Helper()
	must(w.t, w.fake.Admin.Connect(w.ctx(), w.url))
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

// newTalk makes a world in which the app is in the team, and the conversation has a thread.
func newTalk(t *testing.T, changes ...func(*Options, *teamsfake.Options)) *world {
	t.Helper()
	w := newWorld(t, changes...).connect()
	w.desk.Open(w.channel)
	w.root, w.ann = w.openThread(), w.fake.As(ann)
	return w
}

// newClockedTalk makes such a world whose clock later moves on.
func newClockedTalk(t *testing.T, changes ...func(*Options, *teamsfake.Options)) *world {
	t.Helper()
	start := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	var moved atomic.Int64
	clock := func() time.Time { return start.Add(time.Duration(moved.Load())) }
	w := newTalk(t, append(changes, func(o *Options, f *teamsfake.Options) { f.Clock, o.Now = clock, clock })...)
	w.moved = &moved
	return w
}

// later moves the clock of newClockedTalk on.
func (w *world) later(by time.Duration) { w.moved.Add(int64(by)) }

// newPost makes a post in the conversation's thread. token makes it another one than other posts of its kind.
func (w *world) newPost(kind bridge.PostKind, token string) bridge.Post {
	return bridge.Post{Kind: kind, Token: token, Attempt: 1, FirstAttemptAt: time.Now(),
		Place: bridge.Place{Channel: w.channel, Thread: w.root}, Facts: sampleFacts()}
}

// newRoot makes the first post of a thread.
func (w *world) newRoot(token, channel string) bridge.Post {
	p := w.newPost(bridge.PostRoot, token)
	p.Place = bridge.Place{Channel: channel}
	return p
}

// saidPost makes a customer's message, whose text ends with the token.
func (w *world) saidPost(root, token string) bridge.Post {
	p := w.newPost(bridge.PostSaid, token)
	p.Place.Thread, p.Said = root, &bridge.Said{MessageID: 1, From: sampleFacts().Contact, Text: "Help " + token}
	return p
}

// newWhisper makes a post that only one person sees.
func (w *world) newWhisper(to string) bridge.Post {
	p := w.newPost(bridge.PostEphemeral, "whisper")
	p.To, p.Line = to, &bridge.Line{Content: &bridge.RefusedLine{Reason: "There is a reason."}, Verb: bridge.VerbTake}
	return p
}

// mustSend sends one part of a post.
func (w *world) mustSend(p bridge.Post) bridge.Sent {
	w.t.Helper()
	sent, err := w.surface.Send(w.ctx(), p)
	must(w.t, err)
	return sent
}

// mustSendAll sends all parts of a post.
func (w *world) mustSendAll(p bridge.Post) {
	w.t.Helper()
	for more := true; more; p.Part++ {
		more = w.mustSend(p).More
	}
}

// mustFail sends a post, which fails with words for people.
func (w *world) mustFail(p bridge.Post) *channels.SendError {
	w.t.Helper()
	_, err := w.surface.Send(w.ctx(), p)
	var se *channels.SendError
	if !errors.As(err, &se) || se.Text == "" {
		w.t.Fatalf("got error %v, want one with words for people", err)
	}
	return se
}

// wantReconciled checks what is found of a post.
func (w *world) wantReconciled(p bridge.Post, want channels.Outcome) bridge.Sent {
	w.t.Helper()
	outcome, sent, err := w.surface.Reconcile(w.ctx(), p)
	must(w.t, err)
	wantEqual(w.t, "what is found of the post", outcome, want)
	return sent
}

// wantNoProblems checks that people see all as it was meant.
func (w *world) wantNoProblems() {
	w.t.Helper()
	if p := w.fake.Problems(); len(p) > 0 {
		w.t.Errorf("people see it otherwise: %+v", p)
	}
}

func must(t *testing.T, err error) {
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
	for _, w := range words {
		if !strings.Contains(shown, w) {
			t.Errorf("want %q in:\n%s", w, shown)
		}
	}
}
