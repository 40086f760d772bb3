package teams_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/bot/teams"
	"parley/bot/teams/teamsfake"
	"parley/channels/wire"
)

// A tokenSource is the source of tokens under test, beside an emulated Entra that grants them. Both have the same
// clock, which stands still until advance is called. newTokenSource makes one.
type tokenSource struct {
	*teams.Tokens
	entra *teamsfake.Server
	mu    sync.Mutex
	at    time.Time
}

// These tests assume this of tokens. Those of Entra are valid for an hour.
const (
	tokenLifetime = time.Hour
	renewedBefore = 5 * time.Minute // how long before its end a token is renewed
	retryPause    = 5 * time.Second // how long after a failure Entra is asked again
)

func (s *tokenSource) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at
}

// advance moves the clock on.
func (s *tokenSource) advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = s.at.Add(d)
}

// newTokenSource starts Entra, and a source of tokens that has good credentials there. change changes its options,
// and may be nil.
func newTokenSource(t *testing.T, change func(*teams.TokenOptions)) *tokenSource {
	t.Helper()
	s := &tokenSource{at: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}
	s.entra = teamsfake.New(teamsfake.Options{Clock: s.now})
	if err := s.entra.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	client := wire.NewClient(wire.Options{Answer: time.Minute})
	t.Cleanup(func() {
		client.CloseIdleConnections()
		if err := s.entra.Close(); err != nil {
			t.Error(err)
		}
	})
	o := teams.TokenOptions{
		LoginURL: s.entra.LoginURL() + "/",
		TenantID: s.entra.TenantID(),
		AppID:    s.entra.AppID(),
		Password: s.entra.AppPassword(),
		Scope:    "https://api.botframework.com/.default",
		Client:   client,
		Now:      s.now,
	}
	if change != nil {
		change(&o)
	}
	s.Tokens = teams.NewTokens(o)
	return s
}

// stopEntra makes Entra drop each request for a token, until entra.ClearFaults is called.
func (s *tokenSource) stopEntra() {
	s.entra.Inject(teamsfake.Fault{Method: "token", Kind: teamsfake.FaultDrop})
}

func (s *tokenSource) mustToken(t *testing.T) string {
	t.Helper()
	token, err := s.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if token == "" {
		t.Fatal("got an empty token and no error")
	}
	return token
}

// wantRequests checks how often Entra was asked for a token so far.
func (s *tokenSource) wantRequests(t *testing.T, want int) {
	t.Helper()
	if got := len(s.entra.Calls("token")); got != want {
		t.Errorf("Entra was asked %d times, want %d", got, want)
	}
}

// getConcurrently calls get 50 times at once. All calls must return the same token, which it returns.
func getConcurrently(t *testing.T, get func(context.Context) (string, error)) string {
	t.Helper()
	const calls = 50
	tokens := make([]string, calls)
	var wait sync.WaitGroup
	for i := range calls {
		wait.Go(func() {
			var err error
			if tokens[i], err = get(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	slices.Sort(tokens)
	if distinct := slices.Compact(tokens); len(distinct) != 1 {
		t.Fatalf("got %d different tokens, want one for all", len(distinct))
	}
	return tokens[0]
}

// Callers that need a token at the same moment share one request, and the token is kept for later ones.
func TestTokenIsShared(t *testing.T) {
	t.Parallel()
	s := newTokenSource(t, nil)
	first := getConcurrently(t, s.Token)
	s.wantRequests(t, 1)
	if again := s.mustToken(t); again != first {
		t.Error("a later caller gets another token, want the same")
	}
	s.wantRequests(t, 1)
}

func TestTokenIsUsedUntilShortlyBeforeItsEnd(t *testing.T) {
	t.Parallel()
	s := newTokenSource(t, nil)
	first := s.mustToken(t)
	s.advance(tokenLifetime - renewedBefore - time.Minute)
	if s.mustToken(t) != first {
		t.Error("got another token, want the first one")
	}
	s.wantRequests(t, 1)
}

// While Entra can't be reached, the old token is used to its end, and Entra is asked again only after a pause.
func TestOldTokenIsUsedWhileEntraIsDown(t *testing.T) {
	t.Parallel()
	s := newTokenSource(t, nil)
	first := s.mustToken(t)
	s.advance(tokenLifetime - renewedBefore + time.Minute)
	s.stopEntra()
	for range 3 {
		if s.mustToken(t) != first {
			t.Error("got another token, want the old one")
		}
	}
	s.wantRequests(t, 2)

	s.advance(retryPause)
	if s.mustToken(t) != first {
		t.Error("after the pause: got another token, want the old one")
	}
	s.wantRequests(t, 3)

	// Once a service has refused the old token, there is none.
	if token, err := s.Renew(t.Context(), first); !errors.Is(err, teams.ErrToken) {
		t.Errorf("renewed: got the token %q and error %v, want ErrToken", token, err)
	}
}

// wantTokenError gets a token, which must fail with an error that says why, whether our credentials are wrong, and
// nothing of our secret.
func (s *tokenSource) wantTokenError(t *testing.T, why string, areCredentialsWrong bool) {
	t.Helper()
	_, err := s.Token(t.Context())
	if !errors.Is(err, teams.ErrToken) {
		t.Fatalf("got error %v, want ErrToken", err)
	}
	if got := errors.Is(err, teams.ErrCredentials); got != areCredentialsWrong {
		t.Errorf("got error %v; it is ErrCredentials: %v, want %v", err, got, areCredentialsWrong)
	}
	if !strings.Contains(err.Error(), why) {
		t.Errorf("got error %v, want %q in it", err, why)
	}
	if strings.Contains(err.Error(), s.entra.AppPassword()) {
		t.Errorf("our secret is in the error %v", err)
	}
}

// If our credentials are wrong, the error has Entra's code for what is wrong with them.
func TestWrongCredentials(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*teams.TokenOptions)
		want   string
	}{
		{name: "secret", change: func(o *teams.TokenOptions) { o.Password = "wrong" }, want: "AADSTS7000215"},
		{name: "app", change: func(o *teams.TokenOptions) { o.AppID = "wrong" }, want: "AADSTS700016"},
		{name: "tenant", change: func(o *teams.TokenOptions) { o.TenantID = "../wrong" }, want: "AADSTS90002"},
		{name: "tenant of the Bot Framework", change: func(o *teams.TokenOptions) { o.TenantID = "botframework.com" }, want: "Bot Framework"},
		{name: "scope", change: func(o *teams.TokenOptions) { o.Scope = "https://wrong/.default" }, want: "AADSTS70011"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			newTokenSource(t, tt.change).wantTokenError(t, tt.want, true)
		})
	}
}

// A redirect isn't followed: it would carry the secret away.
func TestTokenRedirect(t *testing.T) {
	t.Parallel()
	s := newTokenSource(t, nil)
	s.entra.Inject(teamsfake.Fault{Method: "token", Kind: teamsfake.FaultHTTP, Status: http.StatusTemporaryRedirect, Code: "moved"})
	if _, err := s.Token(t.Context()); !errors.Is(err, teams.ErrToken) {
		t.Errorf("got error %v, want ErrToken", err)
	}
}
