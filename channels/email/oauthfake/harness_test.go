package oauthfake_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/channels/email/oauthfake"
	"parley/channels/emulator"
)

// The tests of this package act like Parley: they send a person to a provider, and exchange the code with which she returns
// for tokens.

const (
	ann          = "ann@acme.test"
	clientID     = "id"
	clientSecret = "secret"
	redirectURI  = "http://localhost:4711/"
	state        = "state-1"
	verifier     = "verifier" // of the code challenge
)

// clock is a clock that only tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// start starts a provider that knows one program. Its clock stands still until a test moves it.
func start(t *testing.T, o oauthfake.Options) (*oauthfake.Server, *clock) {
	t.Helper()
	c := &clock{at: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	o.ClientID = clientID
	o.ClientSecret = clientSecret
	o.Clock = c.now
	s := oauthfake.New(o)
	noError(t, s.Start(""))
	t.Cleanup(func() { _ = s.Close() })
	return s, c
}

func startMicrosoft(t *testing.T) (*oauthfake.Server, *clock) {
	t.Helper()
	return start(t, oauthfake.Options{Provider: oauthfake.Microsoft})
}

// googleScopes and microsoftScopes are the scopes for a program that reads and sends mail until the consent is revoked.
const (
	googleScopes    = "openid email https://mail.google.com/"
	microsoftScopes = "openid email profile offline_access " +
		"https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send"
)

// consentLink returns the link by which a program sends a person to a provider. Values of change are set, and those with an
// empty value are removed.
func consentLink(s *oauthfake.Server, scopes string, change url.Values) string {
	challenge := sha256.Sum256([]byte(verifier))
	q := url.Values{
		"client_id":             {clientID},
		"redirect_uri":          {redirectURI},
		"response_type":         {"code"},
		"scope":                 {scopes},
		"state":                 {state},
		"nonce":                 {"nonce-1"},
		"access_type":           {"offline"},
		"code_challenge_method": {"S256"},
		"code_challenge":        {base64.RawURLEncoding.EncodeToString(challenge[:])},
	}
	maps.Copy(q, change)
	maps.DeleteFunc(q, func(_ string, values []string) bool { return values[0] == "" })
	return s.AuthURL() + "?" + q.Encode()
}

// consent lets a person consent by a link, and returns the form that exchanges her code.
func consent(t *testing.T, s *oauthfake.Server, link string) url.Values {
	t.Helper()
	to, err := s.SignIn(t.Context(), link, ann)
	noError(t, err)
	u, err := url.Parse(to)
	noError(t, err)
	if got := u.Query().Get("state"); got != state {
		t.Fatalf("she was sent back to %s: got the state %q, want %q", to, got, state)
	}
	code := u.Query().Get("code")
	if code == "" {
		t.Fatalf("she was sent back to %s, want a code in it", to)
	}
	return url.Values{
		"grant_type":    {"authorization_code"},
		"code":          {code},
		"redirect_uri":  {redirectURI},
		"code_verifier": {verifier},
	}
}

// consentAtMicrosoft lets a person consent to all scopes at Microsoft.
func consentAtMicrosoft(t *testing.T, s *oauthfake.Server) url.Values {
	t.Helper()
	return consent(t, s, consentLink(s, microsoftScopes, nil))
}

// tokenAnswer is an answer to a request for tokens. Its status is 0 if none came, and its body is nil if it was a page.
type tokenAnswer struct {
	status int
	body   map[string]any
}

// text returns a field of the answer, "" if it has none.
func (a tokenAnswer) text(name string) string {
	text, _ := a.body[name].(string)
	return text
}

// wantRefused checks that tokens were refused. request is the name of the request in messages.
func wantRefused(t *testing.T, request string, got tokenAnswer, status int, fault string) {
	t.Helper()
	if got.status != status {
		t.Errorf("%s: got status %d, want %d", request, got.status, status)
	}
	if got.text("error") != fault {
		t.Errorf("%s: got the error %q, want %q", request, got.text("error"), fault)
	}
}

// askTokens requests tokens with a form. A test may call it in a goroutine.
func askTokens(t *testing.T, s *oauthfake.Server, form url.Values) tokenAnswer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	q := url.Values{"client_id": {clientID}, "client_secret": {clientSecret}}
	maps.Copy(q, form)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.TokenURL(), strings.NewReader(q.Encode()))
	if err != nil {
		t.Error(err)
		return tokenAnswer{}
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")

	resp, err := emulator.NewClient().Do(r)
	if err != nil { // no answer came
		if ctx.Err() != nil {
			t.Error("a request for tokens has no end")
		}
		return tokenAnswer{}
	}
	defer func() { _ = resp.Body.Close() }()

	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	var body map[string]any
	_ = json.Unmarshal(raw, &body) // fails for a page
	return tokenAnswer{status: resp.StatusCode, body: body}
}

// refreshForm returns the form that requests new tokens with a refresh token.
func refreshForm(token string) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
}

// with returns a form with one value changed.
func with(form url.Values, name, value string) url.Values {
	changed := maps.Clone(form)
	changed.Set(name, value)
	return changed
}

// mustGetTokens exchanges a code, and checks that all three tokens come.
func mustGetTokens(t *testing.T, s *oauthfake.Server, form url.Values) (access, refresh string) {
	t.Helper()
	got := askTokens(t, s, form)
	if got.status != http.StatusOK {
		t.Fatalf("got %d %v, want tokens", got.status, got.body)
	}
	for _, name := range []string{"access_token", "refresh_token", "id_token"} {
		if got.text(name) == "" {
			t.Fatalf("got %v, want an %s in it", got.body, name)
		}
	}
	return got.text("access_token"), got.text("refresh_token")
}

// wantAccepted checks whether an access token opens a mailbox.
func wantAccepted(t *testing.T, s *oauthfake.Server, user, token string, want bool) {
	t.Helper()
	if got := s.Accepts(user, token); got != want {
		t.Errorf("Accepts(%s) = %t, want %t", user, got, want)
	}
}

// noError ends the test if something failed.
func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
