package rest_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/bot/teams/rest"
	"parley/bot/teams/teamsfake"
	"parley/channels/fence"
)

// stage is a source of tokens with an emulated Entra. Both have the same clock.
type stage struct {
	*rest.Tokens
	srv *teamsfake.Server
	mu  sync.Mutex
	at  time.Time
}

func (st *stage) now() time.Time {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.at
}

// advance moves the clock on.
func (st *stage) advance(d time.Duration) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.at = st.at.Add(d)
}

// newStage starts Entra. change may be nil.
func newStage(t *testing.T, change func(*rest.TokenOptions)) *stage {
	t.Helper()
	st := &stage{at: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}
	st.srv = teamsfake.New(teamsfake.Options{Clock: st.now})
	if err := st.srv.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	client := fence.NewClient(fence.Options{Answer: time.Minute})
	t.Cleanup(func() {
		client.CloseIdleConnections()
		if err := st.srv.Close(); err != nil {
			t.Error(err)
		}
	})
	o := rest.TokenOptions{
		LoginURL: st.srv.LoginURL() + "/", TenantID: st.srv.TenantID(), AppID: st.srv.AppID(), Password: st.srv.AppPassword(),
		Scope: "https://api.botframework.com/.default", Client: client, Now: st.now,
	}
	if change != nil {
		change(&o)
	}
	st.Tokens = rest.NewTokens(o)
	return st
}

func (st *stage) mustToken(t *testing.T) string {
	t.Helper()
	v, err := st.Token(t.Context())
	if err != nil || v == "" {
		t.Fatalf("got the token %q, %v, want one", v, err)
	}
	return v
}

// wantRequests checks how often Entra was asked for a token so far.
func (st *stage) wantRequests(t *testing.T, want int) {
	t.Helper()
	if got := len(st.srv.Calls("token")); got != want {
		t.Errorf("Entra was asked %d times, want %d", got, want)
	}
}

// Without a secret, Entra isn't asked.
func TestNoSecret(t *testing.T) {
	t.Parallel()
	st := newStage(t, func(o *rest.TokenOptions) { o.Password = "" })
	v, err := st.Token(t.Context())
	if v != "" {
		t.Errorf("got the token %q, want none", v)
	}
	if !errors.Is(err, rest.ErrToken) || !errors.Is(err, rest.ErrNoSecret) {
		t.Errorf("got error %v, want ErrToken because of ErrNoSecret", err)
	}
	st.wantRequests(t, 0)
}

// getTogether asks for a token 50 times at once, and returns the one that all get.
func getTogether(t *testing.T, get func(context.Context) (string, error)) (token string) {
	t.Helper()
	var mu sync.Mutex
	got := map[string]bool{}
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			v, err := get(t.Context())
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			got[v] = true
		})
	}
	wait.Wait()
	if len(got) != 1 {
		t.Errorf("got %d tokens, want one for all", len(got))
	}
	for v := range got {
		token = v
	}
	return token
}

// All share one token, and ask for it once, also when it was refused to all of them.
func TestTokenIsShared(t *testing.T) {
	t.Parallel()
	st := newStage(t, nil)
	first := getTogether(t, st.Token)
	st.wantRequests(t, 1)
	second := getTogether(t, func(ctx context.Context) (string, error) { return st.Renew(ctx, first) })
	st.wantRequests(t, 2)
	if first == second {
		t.Error("the token that was refused is returned as a new one")
	}
	if third := getTogether(t, st.Token); third != second {
		t.Error("after it was renewed another token is returned")
	}
	st.wantRequests(t, 2)
}

// A token that is refused at once, too, is renewed only five seconds later.
func TestRenewTwice(t *testing.T) {
	t.Parallel()
	st := newStage(t, nil)
	second, err := st.Renew(t.Context(), st.mustToken(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.Renew(t.Context(), second); !errors.Is(err, rest.ErrToken) {
		t.Errorf("renewed at once: got error %v, want ErrToken", err)
	}
	st.wantRequests(t, 2)
	st.advance(5 * time.Second)
	if v, err := st.Renew(t.Context(), second); err != nil || v == second {
		t.Errorf("renewed later: got the same token: %v, %v, want another", v == second, err)
	}
	st.wantRequests(t, 3)
}

// A token, which lives for an hour, is renewed before it ends. While Entra can't be reached, the old one is used to its end, and Entra
// is asked every five seconds at most.
func TestRenewedEarly(t *testing.T) {
	t.Parallel()
	st := newStage(t, nil)
	first := st.mustToken(t)
	st.advance(54 * time.Minute)
	if st.mustToken(t) != first {
		t.Error("six minutes before its end it is renewed, want it to be used")
	}

	// Four minutes before its end Entra is asked, and doesn't answer.
	st.advance(2 * time.Minute)
	st.srv.Inject(teamsfake.Fault{Method: "token", Kind: teamsfake.FaultDrop})
	for range 3 {
		if st.mustToken(t) != first {
			t.Error("while Entra is down another token is returned")
		}
	}
	st.wantRequests(t, 2)
	st.advance(5 * time.Second)
	st.mustToken(t)
	st.wantRequests(t, 3)

	// At its end there is none, which says nothing about our secret.
	st.advance(4 * time.Minute)
	_, err := st.Token(t.Context())
	if !errors.Is(err, rest.ErrToken) || errors.Is(err, rest.ErrCredentials) {
		t.Errorf("at its end: got error %v, want ErrToken that isn't ErrCredentials", err)
	} else if !strings.Contains(err.Error(), "can't be reached") {
		t.Errorf("at its end: got error %v, want it to say that Entra can't be reached", err)
	}
	if _, err := st.Renew(t.Context(), first); !errors.Is(err, rest.ErrToken) {
		t.Errorf("renewed at its end: got error %v, want ErrToken", err)
	}
	st.wantRequests(t, 4)

	// Entra is back.
	st.srv.ClearFaults()
	st.advance(5 * time.Second)
	if st.mustToken(t) == first {
		t.Error("once Entra is back the old token is still used")
	}
	st.wantRequests(t, 5)
}

// An error says what Entra says, without what was sent to it, and whether our credentials are wrong or another try may help.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*rest.TokenOptions)
		fault  teamsfake.Fault
		says   string
		final  bool // our credentials are wrong
	}{
		"a wrong secret":         {change: func(o *rest.TokenOptions) { o.Password = "wrong" }, final: true, says: "AADSTS7000215"},
		"an unknown app":         {change: func(o *rest.TokenOptions) { o.AppID = "wrong" }, final: true, says: "AADSTS700016"},
		"an unknown tenant":      {change: func(o *rest.TokenOptions) { o.TenantID = "../wrong" }, final: true, says: "AADSTS90002"},
		"the Bot Framework's":    {change: func(o *rest.TokenOptions) { o.TenantID = "botframework.com" }, final: true, says: "Bot Framework"},
		"a wrong scope":          {change: func(o *rest.TokenOptions) { o.Scope = "https://wrong/.default" }, final: true, says: "AADSTS70011"},
		"nobody there":           {change: func(o *rest.TokenOptions) { o.LoginURL = "http://127.0.0.1:1" }, says: "can't be reached"},
		"a fault of Entra's":     {fault: teamsfake.Fault{Kind: teamsfake.FaultHTTP, Status: 503}, says: "status 503"},
		"too many requests":      {fault: teamsfake.Fault{Kind: teamsfake.FaultRateLimit}, says: "status 429"},
		"an unreadable answer":   {fault: teamsfake.Fault{Kind: teamsfake.FaultGarbage}, says: "Entra"},
		"a cut connection":       {fault: teamsfake.Fault{Kind: teamsfake.FaultReset}, says: "can't be reached"},
		"an answer that is lost": {fault: teamsfake.Fault{Kind: teamsfake.FaultDrop, After: true}, says: "can't be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := newStage(t, tt.change)
			if tt.fault.Kind != "" {
				tt.fault.Method = "token"
				st.srv.Inject(tt.fault)
			}
			_, err := st.Token(t.Context())
			if !errors.Is(err, rest.ErrToken) {
				t.Fatalf("got error %v, want ErrToken", err)
			}
			if got := errors.Is(err, rest.ErrCredentials); got != tt.final {
				t.Errorf("got error %v; it is ErrCredentials: %v, want %v", err, got, tt.final)
			}
			if !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got error %v, want %q in it", err, tt.says)
			}
			if strings.Contains(err.Error(), st.srv.AppPassword()) {
				t.Errorf("our secret is in the error %v", err)
			}
		})
	}
}

// Who gives up doesn't keep others from getting a token.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	st := newStage(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := st.Token(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
	st.mustToken(t)
}

// A redirect isn't followed: it would carry the secret away.
func TestTokenRedirect(t *testing.T) {
	t.Parallel()
	st := newStage(t, nil)
	st.srv.Inject(teamsfake.Fault{Method: "token", Kind: teamsfake.FaultHTTP, Status: http.StatusTemporaryRedirect, Code: "moved"})
	if _, err := st.Token(t.Context()); !errors.Is(err, rest.ErrToken) {
		t.Errorf("got error %v, want ErrToken", err)
	}
}
