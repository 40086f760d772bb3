package teams_test

import (
	"cmp"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/bot/teams"
	"parley/bot/teams/teamsfake"
	"parley/channels"
)

// Each failure says whether something was made, and whether the call may be repeated. An update makes nothing, so its
// failures are never ambiguous.
func TestFailures(t *testing.T) {
	t.Parallel()
	status := func(n int, code string) teamsfake.Fault {
		return teamsfake.Fault{Kind: teamsfake.FaultHTTP, Status: n, Code: code}
	}
	after := func(f teamsfake.Fault) teamsfake.Fault { f.After = true; return f }
	for _, tt := range []struct {
		name   string
		fault  teamsfake.Fault
		reply  channels.Class // wanted of a call that makes something
		update channels.Class // wanted of a call that doesn't; the same if it is ""
		landed bool           // the reply is there all the same
	}{
		{name: "400", fault: status(400, "BadSyntax"), reply: channels.BadContent},
		{name: "401 twice", fault: status(401, "BotNotRegistered"), reply: channels.AuthBroken},
		{name: "403 not in the roster", fault: status(403, teams.CodeNotInRoster), reply: channels.BadRecipient},
		{name: "403 disabled", fault: status(403, teams.CodeDisabled), reply: channels.BadRecipient},
		{name: "403 blocked", fault: status(403, teams.CodeBlocked), reply: channels.BadRecipient},
		{name: "403 writes blocked", fault: status(403, teams.CodeWritesBlocked), reply: channels.BadRecipient},
		{name: "403 wrong host", fault: status(403, teams.CodeWrongHost), reply: channels.AuthBroken},
		{name: "404 conversation", fault: status(404, "ConversationNotFound"), reply: channels.BadRecipient},
		{name: "404 activity", fault: status(404, teams.CodeNoActivity), reply: channels.BadContent},
		{name: "408", fault: status(408, "Timeout"), reply: channels.Ambiguous, update: channels.Retry},
		{name: "412", fault: status(412, "PreconditionFailed"), reply: channels.Retry},
		{name: "413", fault: status(413, "MessageSizeTooBig"), reply: channels.BadContent},
		{name: "429 with Retry-After", fault: teamsfake.Fault{Kind: teamsfake.FaultRateLimit, Retry: 7}, reply: channels.Throttled},
		{name: "429 without", fault: teamsfake.Fault{Kind: teamsfake.FaultBareLimit}, reply: channels.Throttled},
		{name: "500", fault: status(500, "ServiceError"), reply: channels.Ambiguous, update: channels.BadContent},
		{name: "501", fault: status(501, "NotImplemented"), reply: channels.BadContent},
		{name: "502 before storing", fault: status(502, ""), reply: channels.Ambiguous, update: channels.Retry},
		{name: "502 after storing", fault: after(status(502, "")), reply: channels.Ambiguous, update: channels.Retry, landed: true},
		{name: "503", fault: status(503, "ServiceUnavailable"), reply: channels.Ambiguous, update: channels.Retry},
		{name: "504 after storing", fault: after(status(504, "")), reply: channels.Ambiguous, update: channels.Retry, landed: true},
		{name: "cut", fault: teamsfake.Fault{Kind: teamsfake.FaultDrop}, reply: channels.Ambiguous, update: channels.Retry},
		{name: "cut after storing", fault: after(teamsfake.Fault{Kind: teamsfake.FaultDrop}), reply: channels.Ambiguous, update: channels.Retry, landed: true},
		{name: "reset after storing", fault: after(teamsfake.Fault{Kind: teamsfake.FaultReset}), reply: channels.Ambiguous, update: channels.Retry, landed: true},
		{name: "garbage after storing", fault: after(teamsfake.Fault{Kind: teamsfake.FaultGarbage}), reply: channels.Ambiguous, update: channels.Retry, landed: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			st := newStage(t, teamsfake.Options{})
			at := st.startThread()
			r, err := st.client.Reply(st.ctx(), at, textActivity("before"))
			noError(t, err)

			tt.fault.Method = "activities.*"
			st.srv.Inject(tt.fault)
			_, err = st.client.Reply(st.ctx(), at, textActivity("reply"))
			wantClass(t, err, tt.reply)
			checkDetails(t, asError(t, err), tt.fault)

			_, err = st.client.Update(st.ctx(), at, r.ID, textActivity("after"))
			wantClass(t, err, cmp.Or(tt.update, tt.reply))
			wantEqual(t, "the reply is there", len(st.srv.Messages(tickets)) == 3, tt.landed) // beside the root and the first reply

			// The failure leaves nothing behind.
			st.srv.ClearFaults()
			_, err = st.client.Update(st.ctx(), at, r.ID, textActivity("after"))
			noError(t, err)
		})
	}
}

// checkDetails checks that an error says what the service said, and contains no token.
func checkDetails(t *testing.T, e *teams.Error, f teamsfake.Fault) {
	t.Helper()
	if f.Kind == teamsfake.FaultHTTP {
		wantEqual(t, "status of the error", e.Status, f.Status)
		wantEqual(t, "code of the error", e.Code, f.Code)
	}
	wantEqual(t, "time to wait", e.RetryAfter, time.Duration(f.Retry)*time.Second)
	wantEqual(t, "a token is in the error", strings.Contains(e.Error(), "eyJ"), false)
}

// If a service refuses each token, Parley sends the message twice at most.
func TestRefusedTokenIsRenewedOnce(t *testing.T) {
	t.Parallel()
	const maxAttempts = 2
	st := newStage(t, teamsfake.Options{})
	at := st.startThread()
	st.srv.Inject(teamsfake.Fault{
		Method: "activities.send",
		Kind:   teamsfake.FaultHTTP,
		Status: http.StatusUnauthorized,
		Code:   "BotNotRegistered",
	})
	_, err := st.client.Reply(st.ctx(), at, textActivity("two"))
	wantClass(t, err, channels.AuthBroken)
	if got := len(st.srv.Calls("activities.send")); got > maxAttempts {
		t.Errorf("got %d attempts to send, want at most %d", got, maxAttempts)
	}
}

// A message whose deadline is over isn't sent, and the error says that it certainly wasn't.
func TestTooLate(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	at := st.startThread()
	ctx, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancel()
	_, err := st.client.Reply(ctx, at, textActivity("late"))
	wantClass(t, err, channels.Retry)
	wantEqual(t, "attempts to send", len(st.srv.Calls("activities.send")), 0)
}

// badService redirects a request, answers it with too much, slowly, never or with nothing, as the path says.
type badService struct {
	stop     chan struct{} // ends the answers that don't come
	arrived  chan struct{} // gets a value for each request whose answer doesn't come
	redirect atomic.Int32  // how often a redirect was followed
}

func (s *badService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasPrefix(r.URL.Path, "/redirect/"):
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	case strings.HasPrefix(r.URL.Path, "/long/"):
		w.WriteHeader(http.StatusCreated)
		chunk := []byte(`{"id":"` + strings.Repeat("x", 1<<20))
		for range 12 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	case strings.HasPrefix(r.URL.Path, "/slow/"):
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{"id":`))
		_ = http.NewResponseController(w).Flush()
		s.arrived <- struct{}{}
		<-s.stop
	case strings.HasPrefix(r.URL.Path, "/silent/"):
		s.arrived <- struct{}{}
		<-s.stop
	case strings.HasPrefix(r.URL.Path, "/empty/"):
		w.WriteHeader(http.StatusAccepted)
	default:
		s.redirect.Add(1)
	}
}

// If an answer doesn't say whether something was made, the failure is ambiguous. A redirect isn't followed.
func TestBadService(t *testing.T) {
	t.Parallel()
	bad := &badService{stop: make(chan struct{}), arrived: make(chan struct{}, 2)}
	server := httptest.NewServer(bad)
	defer server.Close()
	defer close(bad.stop)

	st := newStage(t, teamsfake.Options{})
	client := st.clientFor(server.URL, st.srv.AppPassword())

	for name, want := range map[string]channels.Class{
		"redirect": channels.BadContent,
		"long":     channels.Ambiguous,
		"slow":     channels.Ambiguous,
		"silent":   channels.Ambiguous,
		"empty":    channels.Ambiguous,
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(st.ctx())
			var watch sync.WaitGroup
			watch.Go(func() {
				select {
				case <-bad.arrived: // the call is cancelled once the request has arrived
					cancel()
				case <-ctx.Done():
				}
			})

			_, err := client.StartThread(ctx, server.URL+"/"+name+"/", st.srv.TenantID(), tickets, textActivity("x"))
			cancel()
			watch.Wait()
			wantClass(t, err, want)
		})
	}
	wantEqual(t, "redirects followed", bad.redirect.Load(), 0)
}

// newCounted starts a server that counts its calls.
func newCounted(t *testing.T) (url string, calls *atomic.Int32) {
	t.Helper()
	calls = &atomic.Int32{}
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	t.Cleanup(s.Close)
	return s.URL, calls
}

// A host that isn't on the list isn't called, even if an activity names it.
func TestForeignHost(t *testing.T) {
	t.Parallel()
	foreign, calls := newCounted(t)
	st := newStage(t, teamsfake.Options{})
	_, err := st.client.StartThread(st.ctx(), foreign, st.srv.TenantID(), tickets, textActivity("x"))
	wantClass(t, err, channels.BadRecipient)
	wantEqual(t, "calls", calls.Load(), 0)
	wantEqual(t, "requests for tokens", len(st.srv.Calls("token")), 0)
}
