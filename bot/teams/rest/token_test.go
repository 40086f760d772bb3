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

// stage is a source of tokens beside an emulated Entra, and the clock of both.
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

func (st *stage) pass(d time.Duration) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.at = st.at.Add(d)
}

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

func (st *stage) token(t *testing.T) string {
	t.Helper()
	v, err := st.Token(t.Context())
	if err != nil || v == "" {
		t.Fatalf("token %q: %v", v, err)
	}
	return v
}

func (st *stage) asked(t *testing.T, want int) {
	t.Helper()
	if n := len(st.srv.Calls("token")); n != want {
		t.Errorf("asked %d times, want %d", n, want)
	}
}

func (st *stage) down() { st.srv.Inject(teamsfake.Fault{Method: "token", Kind: teamsfake.FaultDrop}) }

// Without a secret, Entra isn't asked.
func TestNoSecret(t *testing.T) {
	t.Parallel()
	st := newStage(t, func(o *rest.TokenOptions) { o.Password = "" })
	if v, err := st.Token(t.Context()); v != "" || !errors.Is(err, rest.ErrToken) || !errors.Is(err, rest.ErrNoSecret) {
		t.Errorf("%q, %v", v, err)
	}
	st.asked(t, 0)
}

// All share one token, and ask for it once, also when it was refused to all of them.
func TestShared(t *testing.T) {
	t.Parallel()
	st := newStage(t, nil)
	together := func(f func(context.Context) (string, error)) string {
		var mu sync.Mutex
		got := map[string]bool{}
		var wait sync.WaitGroup
		for range 50 {
			wait.Go(func() {
				v, err := f(t.Context())
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
			t.Errorf("%d tokens", len(got))
		}
		for v := range got {
			return v
		}
		return ""
	}
	first := together(st.Token)
	st.asked(t, 1)
	second := together(func(ctx context.Context) (string, error) { return st.Renew(ctx, first) })
	st.asked(t, 2)
	if third := together(st.Token); first == second || second != third {
		t.Error("the refused token is still used")
	}
	st.asked(t, 2)
	if _, err := st.Renew(t.Context(), second); !errors.Is(err, rest.ErrToken) {
		t.Error("every token that is refused is renewed at once:", err)
	}
	st.asked(t, 2)
	st.pass(5 * time.Second)
	if v, err := st.Renew(t.Context(), second); err != nil || v == second {
		t.Error("not renewed later:", err)
	}
	st.asked(t, 3)
}

// It is renewed before it ends; while Entra can't be reached the old one is used to its
// end, and Entra is asked every five seconds at most.
func TestRenewedEarly(t *testing.T) {
	t.Parallel()
	st := newStage(t, nil)
	first := st.token(t)
	st.pass(54 * time.Minute)
	if st.token(t) != first {
		t.Error("renewed too early")
	}
	st.pass(2 * time.Minute)
	st.down()
	for range 3 {
		if st.token(t) != first {
			t.Error("another token from nowhere")
		}
	}
	st.asked(t, 2)
	st.pass(5 * time.Second)
	st.token(t)
	st.asked(t, 3)
	st.pass(4 * time.Minute)
	if _, err := st.Token(t.Context()); !errors.Is(err, rest.ErrToken) || errors.Is(err, rest.ErrCredentials) || !strings.Contains(err.Error(), "can't be reached") {
		t.Errorf("a token that ended is used: %v", err)
	}
	if _, err := st.Renew(t.Context(), first); !errors.Is(err, rest.ErrToken) {
		t.Errorf("the refused one: %v", err)
	}
	st.asked(t, 4)
	st.srv.ClearFaults()
	st.pass(5 * time.Second)
	if st.token(t) == first {
		t.Error("not renewed")
	}
	st.asked(t, 5)
}

// What Entra says is told, without what was sent to it; what passes is told from what stays.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*rest.TokenOptions)
		fault  teamsfake.Fault
		final  bool
		says   string
	}{
		"secret":       {change: func(o *rest.TokenOptions) { o.Password = "wrong" }, final: true, says: "AADSTS7000215"},
		"app":          {change: func(o *rest.TokenOptions) { o.AppID = "wrong" }, final: true, says: "AADSTS700016"},
		"tenant":       {change: func(o *rest.TokenOptions) { o.TenantID = "../wrong" }, final: true, says: "AADSTS90002"},
		"bot tenant":   {change: func(o *rest.TokenOptions) { o.TenantID = "botframework.com" }, final: true, says: "Bot Framework"},
		"scope":        {change: func(o *rest.TokenOptions) { o.Scope = "https://wrong/.default" }, final: true, says: "AADSTS70011"},
		"not there":    {change: func(o *rest.TokenOptions) { o.LoginURL = "http://127.0.0.1:1" }, says: "can't be reached"},
		"stumbles":     {fault: teamsfake.Fault{Kind: teamsfake.FaultHTTP, Status: 503}, says: "status 503"},
		"slow down":    {fault: teamsfake.Fault{Kind: teamsfake.FaultRateLimit}, says: "status 429"},
		"garbage":      {fault: teamsfake.Fault{Kind: teamsfake.FaultGarbage}, says: "Entra"},
		"cut":          {fault: teamsfake.Fault{Kind: teamsfake.FaultReset}, says: "can't be reached"},
		"answer's end": {fault: teamsfake.Fault{Kind: teamsfake.FaultDrop, After: true}, says: "can't be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := newStage(t, c.change)
			if c.fault.Kind != "" {
				c.fault.Method = "token"
				st.srv.Inject(c.fault)
			}
			_, err := st.Token(t.Context())
			if !errors.Is(err, rest.ErrToken) || errors.Is(err, rest.ErrCredentials) != c.final || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), st.srv.AppPassword()) {
				t.Errorf("it says %v", err)
			}
		})
	}
}

// Who gives up doesn't spoil it for others.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	st := newStage(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := st.Token(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	st.token(t)
}

// A redirect would carry the secret away.
func TestTokenRedirect(t *testing.T) {
	t.Parallel()
	st := newStage(t, nil)
	st.srv.Inject(teamsfake.Fault{Method: "token", Kind: teamsfake.FaultHTTP, Status: http.StatusTemporaryRedirect, Code: "moved"})
	if _, err := st.Token(t.Context()); !errors.Is(err, rest.ErrToken) {
		t.Error(err)
	}
}
