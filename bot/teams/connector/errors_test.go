package connector_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/bot/teams/connector"
	"parley/bot/teams/rest"
	"parley/bot/teams/teamsfake"
	"parley/channels"
)

// TestTable checks what each failure means for what is made, and for what can be repeated.
func TestTable(t *testing.T) {
	t.Parallel()
	status := func(n int, code string) teamsfake.Fault {
		return teamsfake.Fault{Kind: teamsfake.FaultHTTP, Status: n, Code: code}
	}
	after := func(f teamsfake.Fault) teamsfake.Fault { f.After = true; return f }
	for _, c := range []struct {
		name           string
		fault          teamsfake.Fault
		creates, other channels.Class
		landed         bool
	}{
		{"400", status(400, "BadSyntax"), channels.BadContent, channels.BadContent, false},
		{"401 twice", status(401, "BotNotRegistered"), channels.AuthBroken, channels.AuthBroken, false},
		{"403 not in the roster", status(403, connector.CodeNotInRoster), channels.BadRecipient, channels.BadRecipient, false},
		{"403 disabled", status(403, connector.CodeDisabled), channels.BadRecipient, channels.BadRecipient, false},
		{"403 blocked", status(403, connector.CodeBlocked), channels.BadRecipient, channels.BadRecipient, false},
		{"403 writes blocked", status(403, connector.CodeWritesBlocked), channels.BadRecipient, channels.BadRecipient, false},
		{"403 wrong host", status(403, connector.CodeWrongHost), channels.AuthBroken, channels.AuthBroken, false},
		{"404 conversation", status(404, "ConversationNotFound"), channels.BadRecipient, channels.BadRecipient, false},
		{"404 activity", status(404, connector.CodeNoActivity), channels.BadContent, channels.BadContent, false},
		{"408", status(408, "Timeout"), channels.Ambiguous, channels.Retry, false},
		{"412", status(412, "PreconditionFailed"), channels.Retry, channels.Retry, false},
		{"413", status(413, "MessageSizeTooBig"), channels.BadContent, channels.BadContent, false},
		{"429 with Retry-After", teamsfake.Fault{Kind: teamsfake.FaultRateLimit, Retry: 7}, channels.Throttled, channels.Throttled, false},
		{"429 without", teamsfake.Fault{Kind: teamsfake.FaultBareLimit}, channels.Throttled, channels.Throttled, false},
		{"500", status(500, "ServiceError"), channels.Ambiguous, channels.BadContent, false},
		{"501", status(501, "NotImplemented"), channels.BadContent, channels.BadContent, false},
		{"502 before storing", status(502, ""), channels.Ambiguous, channels.Retry, false},
		{"502 after storing", after(status(502, "")), channels.Ambiguous, channels.Retry, true},
		{"503", status(503, "ServiceUnavailable"), channels.Ambiguous, channels.Retry, false},
		{"504 after storing", after(status(504, "")), channels.Ambiguous, channels.Retry, true},
		{"cut", teamsfake.Fault{Kind: teamsfake.FaultDrop}, channels.Ambiguous, channels.Retry, false},
		{"cut after storing", teamsfake.Fault{Kind: teamsfake.FaultDrop, After: true}, channels.Ambiguous, channels.Retry, true},
		{"reset after storing", teamsfake.Fault{Kind: teamsfake.FaultReset, After: true}, channels.Ambiguous, channels.Retry, true},
		{"garbage after storing", teamsfake.Fault{Kind: teamsfake.FaultGarbage, After: true}, channels.Ambiguous, channels.Retry, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			st := newStage(t, teamsfake.Options{})
			at := st.root()
			r, err := st.client.Reply(st.ctx(), at, text("before"))
			must(t, err)
			c.fault.Method = "activities.*"
			st.srv.Inject(c.fault)
			_, err = st.client.Reply(st.ctx(), at, text("reply"))
			failed(t, err, c.creates)
			checkWords(t, details(t, err), c.fault)
			_, err = st.client.Update(st.ctx(), at, r.ID, text("after"))
			failed(t, err, c.other)
			if got := len(st.srv.Messages(tickets)) == 3; got != c.landed {
				t.Errorf("landed: %v, want %v", got, c.landed)
			}
			st.srv.ClearFaults()
			_, err = st.client.Update(st.ctx(), at, r.ID, text("after"))
			must(t, err)
		})
	}
}

// checkWords wants what the service said in the error.
func checkWords(t *testing.T, e *connector.Error, f teamsfake.Fault) {
	t.Helper()
	if f.Kind == teamsfake.FaultHTTP && (e.Status != f.Status || e.Code != f.Code) {
		t.Errorf("status %d, code %q: %v", e.Status, e.Code, e)
	}
	if want := time.Duration(f.Retry) * time.Second; e.RetryAfter != want {
		t.Errorf("wait %v, want %v", e.RetryAfter, want)
	}
	if strings.Contains(e.Error(), "eyJ") {
		t.Errorf("a token is in the error: %v", e)
	}
}

// Who handles failures of all calls to Teams alike finds those of the connector by errors.As, and their cause by errors.Is.
func TestErrorIsAFailure(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	at := st.root()
	st.srv.Inject(teamsfake.Fault{Method: "activities.send", Kind: teamsfake.FaultHTTP, Status: 503, Code: "ServiceUnavailable"})
	_, err := st.client.Reply(st.ctx(), at, text("reply"))
	var f *rest.Failure
	if !errors.As(err, &f) || f.Status != 503 || f.Code != "ServiceUnavailable" {
		t.Errorf("no failure is in %v", err)
	}
	cause := errors.New("the wire is cut")
	if err := error(&connector.Error{Failure: rest.Failure{Cause: cause}}); !errors.Is(err, cause) {
		t.Errorf("the cause isn't in %v", err)
	}
}

// A refused token is renewed once, and what was to be made is made once.
func TestRenewOnce(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	at := st.root()
	st.srv.Entra.RevokeTokens()
	_, err := st.client.Reply(st.ctx(), at, text("one"))
	must(t, err)
	if n, sent := len(st.srv.Calls("token")), len(st.srv.Calls("activities.send")); n != 2 || sent != 2 {
		t.Errorf("%d tokens, %d requests", n, sent)
	}
	st.srv.Inject(teamsfake.Fault{Method: "activities.send", Kind: teamsfake.FaultHTTP, Status: 401, Code: "BotNotRegistered"})
	_, err = st.client.Reply(st.ctx(), at, text("two"))
	failed(t, err, channels.AuthBroken)
	if sent := len(st.srv.Calls("activities.send")); sent > 4 {
		t.Errorf("%d requests", sent)
	}
}

// A refused token doesn't mean us where no other can be had just now.
func TestNotRenewed(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	at := st.root()
	st.srv.Entra.RevokeTokens()
	st.srv.Inject(teamsfake.Fault{Method: "token", Kind: teamsfake.FaultHTTP, Status: 503})
	_, err := st.client.Reply(st.ctx(), at, text("one"))
	failed(t, err, channels.Retry)
}

// Without a token nothing is sent, and the error says why.
func TestNoToken(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	wrong := st.clientFor(st.srv.ServiceURL(), "wrong")
	_, err := wrong.StartThread(st.ctx(), st.srv.ServiceURL(), st.srv.TenantID(), tickets, text("x"))
	failed(t, err, channels.AuthBroken)
	if !strings.Contains(err.Error(), "AADSTS7000215") || strings.Contains(err.Error(), "wrong") {
		t.Errorf("it says %v", err)
	}
	st.srv.Inject(teamsfake.Fault{Method: "token", Kind: teamsfake.FaultHTTP, Status: 503})
	_, err = st.client.StartThread(st.ctx(), st.srv.ServiceURL(), st.srv.TenantID(), tickets, text("x"))
	failed(t, err, channels.Retry)
	if n := len(st.srv.Calls("conversations.create")); n != 0 {
		t.Errorf("%d requests without a token", n)
	}
}

// What is too late isn't sent, and that is certain.
func TestTooLate(t *testing.T) {
	t.Parallel()
	st := newStage(t, teamsfake.Options{})
	at := st.root()
	ctx, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancel()
	_, err := st.client.Reply(ctx, at, text("late"))
	failed(t, err, channels.Retry)
	if n := len(st.srv.Calls("activities.send")); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// A service that answers late, long, slowly or with a way elsewhere.
func TestBadService(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int32
	stop, arrived := make(chan struct{}), make(chan struct{}, 2)
	bad := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
			arrived <- struct{}{}
			<-stop
		case strings.HasPrefix(r.URL.Path, "/silent/"):
			arrived <- struct{}{}
			<-stop
		case strings.HasPrefix(r.URL.Path, "/empty/"):
			w.WriteHeader(http.StatusAccepted)
		default:
			elsewhere.Add(1)
		}
	}))
	defer bad.Close()
	defer close(stop)
	st := newStage(t, teamsfake.Options{})
	client := st.clientFor(bad.URL, st.srv.AppPassword())
	for name, want := range map[string]channels.Class{
		"redirect": channels.BadContent, "long": channels.Ambiguous, "slow": channels.Ambiguous, "silent": channels.Ambiguous, "empty": channels.Ambiguous,
	} {
		ctx, cancel := context.WithCancel(st.ctx())
		var watch sync.WaitGroup
		watch.Go(func() {
			select {
			case <-arrived: // it is given up when it is sure that the request arrived
				cancel()
			case <-ctx.Done():
			}
		})
		_, err := client.StartThread(ctx, bad.URL+"/"+name+"/", st.srv.TenantID(), tickets, text("x"))
		cancel()
		watch.Wait()
		failed(t, err, want)
	}
	if elsewhere.Load() != 0 {
		t.Error("the redirect was followed")
	}
}

// The token goes to no host that isn't on the list, whatever an activity says.
func TestForeignHost(t *testing.T) {
	t.Parallel()
	var called atomic.Int32
	foreign := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called.Add(1) }))
	defer foreign.Close()
	st := newStage(t, teamsfake.Options{})
	_, err := st.client.StartThread(st.ctx(), foreign.URL, st.srv.TenantID(), tickets, text("x"))
	failed(t, err, channels.BadRecipient)
	if called.Load() != 0 || len(st.srv.Calls("token")) != 0 {
		t.Error("it was called")
	}
	hosts, err := rest.NewHosts(nil, true)
	must(t, err)
	local := connector.New(connector.Options{AppID: "app", Hosts: hosts, HTTP: st.http, Now: time.Now})
	must(t, local.DeleteTargeted(st.ctx(), connector.Conversation{Service: foreign.URL, ID: "c"}, "1"))
	if called.Load() != 1 {
		t.Error("what is on this machine isn't called without a token")
	}
}
