package teams_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/bot/teams"
	"parley/bot/teams/teamsfake"
)

// postThreads posts seven threads, the first of which has no reply, and each further one ten more than the one before. It returns the
// root of each message, "" for roots.
func (w *world) postThreads() map[string]string {
	w.t.Helper()
	rootOf := map[string]string{}
	for i := range 7 {
		root := w.postAsAnn("", fmt.Sprint("root ", i))
		rootOf[root] = ""
		for range i * 10 {
			rootOf[w.postAsAnn(root, "reply")] = root
		}
	}
	return rootOf
}

// Every message is found once, however many pages they are on.
func TestMessagesOnSeveralPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teamsfake.Options{GraphPage: 3})
	want := w.postThreads()
	if got := w.readAll(); !maps.Equal(got, want) {
		t.Errorf("got %d messages, want %d:\n got %v\nwant %v", len(got), len(want), got, want)
	}
}

// The replies of a thread come in pages of 50.
func TestReplies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teamsfake.Options{})
	root := w.postAsAnn("", "hello")
	for i := range 60 {
		w.postAsAnn(root, fmt.Sprint("reply ", i))
	}
	first, err := w.client.Replies(w.ctx(), thread(root), "")
	noError(t, err)
	wantEqual(t, "replies on the first page", len(first.Value), 50)
	second, err := w.client.Replies(w.ctx(), thread(root), first.Next)
	noError(t, err)
	wantEqual(t, "replies on the second page", len(second.Value), 10)
	wantEqual(t, "page behind the second one", second.Next, "")
}

// mustRead reads a message of a thread.
func (w *world) mustRead(root, id string) teams.Message {
	w.t.Helper()
	m, err := w.client.Message(w.ctx(), thread(root), id)
	noError(w.t, err)
	return m
}

// A message says who wrote it, and has its formatting.
func TestMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teamsfake.Options{})
	root := w.postAsAnn("", "hello **there**")
	m := w.mustRead(root, root)
	wantEqual(t, "id", m.ID, root)
	wantEqual(t, "root", m.ReplyToID, "")
	wantEqual(t, "type", m.Type, "message")
	wantEqual(t, "author", m.From.User.ID, graphAnn)
	if m.CreatedAt.IsZero() {
		t.Error("it has no time")
	}
	if want := "<strong>there</strong>"; !strings.Contains(m.Body.Content, want) {
		t.Errorf("got the content %q, want %q in it", m.Body.Content, want)
	}
}

// A message says when it was deleted.
func TestDeletedMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teamsfake.Options{})
	root := w.postAsAnn("", "hello")
	id := w.postAsAnn(root, "second")
	noError(t, w.ann.Delete(graphTickets, id))
	if m := w.mustRead(root, id); m.DeletedAt.IsZero() {
		t.Errorf("got %+v, want it deleted", m)
	}
}

// failMessages reads the messages of the channel while a fault strikes Graph, and returns the error, which has to be one of Graph's.
func failMessages(t *testing.T, fault teamsfake.Fault) error {
	t.Helper()
	w := newWorld(t, teamsfake.Options{})
	fault.Method = "graph.*"
	w.srv.Inject(fault)
	_, err := w.client.Messages(w.ctx(), graphGroup, graphTickets, 50, "")
	if _, ok := errors.AsType[*teams.GraphError](err); !ok {
		t.Fatalf("got error %v, want a *graph.Error", err)
	}
	if strings.Contains(err.Error(), "eyJ") { // the beginning of every token
		t.Errorf("a token is in the error %v", err)
	}
	return err
}

// wantKind checks that an error is of one kind of ours and of no other, or of none if want is nil.
func wantKind(t *testing.T, err, want error) {
	t.Helper()
	for _, kind := range []error{teams.ErrNotGranted, teams.ErrNotFound, teams.ErrAddress} {
		wantEqual(t, "it is "+kind.Error(), errors.Is(err, kind), errors.Is(want, kind))
	}
}

// A refusal tells what isn't granted from what isn't there. It isn't tried again.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		status int
		code   string
		kind   error // nil if it is none of ours
	}{
		{name: "forbidden", status: http.StatusForbidden, code: "Forbidden", kind: teams.ErrNotGranted},
		{name: "not there", status: http.StatusNotFound, code: "NotFound", kind: teams.ErrNotFound},
		{name: "wrong", status: http.StatusBadRequest, code: "BadRequest"},
		{name: "refused with two tokens", status: http.StatusUnauthorized, code: "InvalidAuthenticationToken"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := failMessages(t, teamsfake.Fault{Kind: teamsfake.FaultHTTP, Status: tt.status, Code: tt.code})
			wantKind(t, err, tt.kind)
			after, again := teams.Wait(err)
			wantEqual(t, "it may be tried again", again, false)
			wantEqual(t, "after", after, 0)
		})
	}
}

// A failure that passes may be tried again, after the time that Graph asks for.
func TestFailuresThatPass(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault teamsfake.Fault
		after time.Duration
	}{
		// Graph asks to wait.
		{name: "too many calls", fault: teamsfake.Fault{Kind: teamsfake.FaultRateLimit, Retry: 17}, after: 17 * time.Second},
		{name: "too many calls, without a time", fault: teamsfake.Fault{Kind: teamsfake.FaultBareLimit}, after: 10 * time.Second},
		{
			name: "busy",
			fault: teamsfake.Fault{
				Kind: teamsfake.FaultHTTP, Status: http.StatusServiceUnavailable, Code: "serviceNotAvailable", Retry: 9,
			},
			after: 9 * time.Second,
		},

		// There is no answer, or none that can be read.
		{name: "a fault of Graph's", fault: teamsfake.Fault{Kind: teamsfake.FaultHTTP, Status: http.StatusBadGateway}},
		{name: "cut", fault: teamsfake.Fault{Kind: teamsfake.FaultDrop}},
		{name: "reset", fault: teamsfake.Fault{Kind: teamsfake.FaultReset}},
		{name: "unreadable", fault: teamsfake.Fault{Kind: teamsfake.FaultGarbage}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := failMessages(t, tt.fault)
			wantKind(t, err, nil)
			after, again := teams.Wait(err)
			wantEqual(t, "it may be tried again", again, true)
			wantEqual(t, "after", after, tt.after)
		})
	}
}
