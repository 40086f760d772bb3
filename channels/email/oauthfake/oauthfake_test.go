package oauthfake_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/channels/email/oauthfake"
)

const (
	ann  = "ann@acme.test"
	back = "http://localhost:4711/"
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

func start(t *testing.T, o oauthfake.Options) (*oauthfake.Server, *clock) {
	t.Helper()
	c := &clock{at: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	o.ClientID, o.ClientSecret, o.Clock = "id", "secret", c.now
	s := oauthfake.New(o)
	if err := s.Start(""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, c
}

// scopes are what a program asks for that wants to read mail for ever.
func scopes(p oauthfake.Provider) string {
	if p == oauthfake.Google {
		return "openid email https://mail.google.com/"
	}
	return "openid email profile offline_access https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send"
}

// consentLink is where a program sends a person, with values changed: names and values in turn, "" takes one out.
func consentLink(s *oauthfake.Server, p oauthfake.Provider, change ...string) string {
	sum := sha256.Sum256([]byte("verifier"))
	q := url.Values{"client_id": {"id"}, "redirect_uri": {back}, "response_type": {"code"}, "scope": {scopes(p)}, "state": {"state-1"},
		"nonce": {"nonce-1"}, "access_type": {"offline"}, "code_challenge_method": {"S256"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}}
	for i := 0; i < len(change); i += 2 {
		q.Set(change[i], change[i+1])
		if change[i+1] == "" {
			q.Del(change[i])
		}
	}
	return s.AuthURL() + "?" + q.Encode()
}

// tokenAnswer is an answer to a request for tokens; its status is 0 if none came.
type tokenAnswer struct {
	status int
	body   map[string]any
}

// text returns a field of the answer, "" if it has none.
func (a tokenAnswer) text(name string) string {
	text, _ := a.body[name].(string)
	return text
}

// wantRefused checks that tokens were refused.
func wantRefused(t *testing.T, request string, a tokenAnswer, status int, fault string) {
	t.Helper()
	if a.status != status || a.text("error") != fault {
		t.Errorf("%s: got %d %v, want %d with the error %s", request, a.status, a.body, status, fault)
	}
}

// askTokens asks for tokens, with values changed: names and values in turn.
func askTokens(t *testing.T, s *oauthfake.Server, form url.Values, change ...string) tokenAnswer {
	t.Helper()
	q := url.Values{"client_id": {"id"}, "client_secret": {"secret"}}
	for name, values := range form {
		q[name] = values
	}
	for i := 0; i < len(change); i += 2 {
		q.Set(change[i], change[i+1])
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.TokenURL(), strings.NewReader(q.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return tokenAnswer{}
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var body map[string]any
	_ = json.Unmarshal(raw, &body) // a page has none
	return tokenAnswer{status: resp.StatusCode, body: body}
}

// consent has a person consent and returns the form that exchanges her code.
func consent(t *testing.T, s *oauthfake.Server, at string) url.Values {
	t.Helper()
	to, err := s.SignIn(t.Context(), at, ann)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(to)
	if err != nil || u.Query().Get("state") != "state-1" || u.Query().Get("code") == "" {
		t.Fatalf("she was sent back to %s, %v; want the state and a code", to, err)
	}
	return url.Values{"grant_type": {"authorization_code"}, "code": {u.Query().Get("code")}, "redirect_uri": {back}, "code_verifier": {"verifier"}}
}

// A code gives tokens once; the access token works for a while, and the refresh token until the consent is taken back.
func TestConsentAndRefresh(t *testing.T) {
	t.Parallel()
	for _, p := range []oauthfake.Provider{oauthfake.Google, oauthfake.Microsoft} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			s, clock := start(t, oauthfake.Options{Provider: p})
			wantAccepted := func(user, token string, want bool) {
				t.Helper()
				if got := s.Accepts(user, token); got != want {
					t.Errorf("the access token of %s is accepted: got %v, want %v", user, got, want)
				}
			}
			form := consent(t, s, consentLink(s, p))
			first := askTokens(t, s, form)
			access, refresh := first.text("access_token"), first.text("refresh_token")
			if first.status != http.StatusOK || refresh == "" || first.text("id_token") == "" {
				t.Fatalf("got %d %v, want all three tokens", first.status, first.body)
			}
			wantAccepted("Ann@acme.test", access, true)
			wantAccepted("ben@acme.test", access, false)
			wantRefused(t, "the code once more", askTokens(t, s, form), http.StatusBadRequest, "invalid_grant")

			clock.move(2 * time.Hour)
			wantAccepted(ann, access, false)
			again := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}
			second := askTokens(t, s, again)
			if isReplaced := second.text("refresh_token") != ""; second.status != http.StatusOK || isReplaced != (p == oauthfake.Microsoft) {
				t.Errorf("got %d %v, want another refresh token of Microsoft alone", second.status, second.body)
			}

			s.Revoke(ann)
			wantRefused(t, "after the consent was taken back", askTokens(t, s, again), http.StatusBadRequest, "invalid_grant")
			wantAccepted(ann, second.text("access_token"), false)
		})
	}
}

// What a provider refuses of a person's sign-in is told to the program, or to the person if she can't be sent back.
func TestSignInRefusals(t *testing.T) {
	t.Parallel()
	s, _ := start(t, oauthfake.Options{Provider: oauthfake.Microsoft})
	for name, c := range map[string]struct{ at, want string }{
		"strange program":  {at: consentLink(s, oauthfake.Microsoft, "client_id", "other"), want: "AADSTS700016"},
		"strange address":  {at: consentLink(s, oauthfake.Microsoft, "redirect_uri", "https://evil.test/"), want: "AADSTS50011"},
		"no way back":      {at: consentLink(s, oauthfake.Microsoft, "redirect_uri", ""), want: "AADSTS50011"},
		"implicit":         {at: consentLink(s, oauthfake.Microsoft, "response_type", "token"), want: "error=unsupported_response_type"},
		"strange scope":    {at: consentLink(s, oauthfake.Microsoft, "scope", "openid Mail.ReadWrite.All"), want: "error=invalid_scope"},
		"no scope":         {at: consentLink(s, oauthfake.Microsoft, "scope", ""), want: "error=invalid_scope"},
		"strange method":   {at: consentLink(s, oauthfake.Microsoft, "code_challenge_method", "S512"), want: "error=invalid_request"},
		"state comes back": {at: consentLink(s, oauthfake.Microsoft, "scope", ""), want: "state=state-1"},
	} {
		to, err := s.SignIn(t.Context(), c.at, ann)
		if err != nil {
			to = err.Error()
		}
		if !strings.Contains(to, c.want) || strings.Contains(to, "code=") {
			t.Errorf("%s: got %s, want %s and no code", name, to, c.want)
		}
	}
	if to, err := s.Cancel(t.Context(), consentLink(s, oauthfake.Microsoft)); err != nil || !strings.Contains(to, "error=access_denied") {
		t.Errorf("who cancels is sent to %s, %v; want access_denied", to, err)
	}
}

// A code gives tokens only to the program that asked for it, in time.
func TestTokenRefusals(t *testing.T) {
	t.Parallel()
	s, clock := start(t, oauthfake.Options{Provider: oauthfake.Microsoft})
	newCode := func() url.Values { return consent(t, s, consentLink(s, oauthfake.Microsoft)) }
	for name, change := range map[string][]string{
		"other verifier": {"code_verifier", "other"},
		"no verifier":    {"code_verifier", ""},
		"other address":  {"redirect_uri", back + "x"},
		"made-up code":   {"code", "made-up"},
		"strange grant":  {"grant_type", "password"},
	} {
		got := askTokens(t, s, newCode(), change...)
		if got.status != http.StatusBadRequest || got.text("error") == "" || got.text("access_token") != "" {
			t.Errorf("%s: got %d %v, want an error and no token", name, got.status, got.body)
		}
	}
	wantRefused(t, "a wrong secret", askTokens(t, s, newCode(), "client_secret", "other"), http.StatusUnauthorized, "invalid_client")
	old := newCode()
	clock.move(11 * time.Minute)
	wantRefused(t, "an old code", askTokens(t, s, old), http.StatusBadRequest, "invalid_grant")
}

// Tokens allow what was asked for, and nothing more.
func TestFewScopes(t *testing.T) {
	t.Parallel()
	s, _ := start(t, oauthfake.Options{Provider: oauthfake.Microsoft})
	got := askTokens(t, s, consent(t, s, consentLink(s, oauthfake.Microsoft, "scope", "openid https://outlook.office.com/SMTP.Send")))
	if got.text("refresh_token") != "" {
		t.Errorf("got the refresh token %q, want none without offline_access", got.text("refresh_token"))
	}
	if s.Accepts(ann, got.text("access_token")) {
		t.Error("the access token opens the mailbox, want it to lack the scope")
	}
}

// Microsoft takes no secret from a program that is registered as one on a desktop.
func TestNativeProgram(t *testing.T) {
	t.Parallel()
	s, _ := start(t, oauthfake.Options{Provider: oauthfake.Microsoft, Native: true})
	got := askTokens(t, s, consent(t, s, consentLink(s, oauthfake.Microsoft)))
	if got.status != http.StatusUnauthorized || !strings.Contains(got.text("error_description"), "AADSTS700025") {
		t.Errorf("got %d %v, want it refused with AADSTS700025", got.status, got.body)
	}
}

// Where a refresh token works once, the old one lives until its successor is used, and its use afterwards ends all.
func TestSingleUse(t *testing.T) {
	t.Parallel()
	s, _ := start(t, oauthfake.Options{Provider: oauthfake.Microsoft, SingleUse: true})
	refresh := func(token string, want int) (next string) {
		t.Helper()
		got := askTokens(t, s, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
		if got.status != want {
			t.Fatalf("got %d %v, want %d", got.status, got.body, want)
		}
		return got.text("refresh_token")
	}
	first := askTokens(t, s, consent(t, s, consentLink(s, oauthfake.Microsoft))).text("refresh_token")
	refresh(first, http.StatusOK) // the answer is lost
	second := refresh(first, http.StatusOK)
	third := refresh(second, http.StatusOK)
	refresh(first, http.StatusBadRequest)
	refresh(third, http.StatusBadRequest)
}

// A request for tokens can be refused, hang, or lose its answer after it had its effect.
func TestFaults(t *testing.T) {
	t.Parallel()
	s, _ := start(t, oauthfake.Options{Provider: oauthfake.Google})
	form := consent(t, s, consentLink(s, oauthfake.Google))
	s.AddFault(oauthfake.Fault{Kind: oauthfake.FaultRefuse, Status: http.StatusServiceUnavailable})
	if got := askTokens(t, s, form); got.status != http.StatusServiceUnavailable || got.body != nil {
		t.Errorf("refused: got %d %v, want %d with a page", got.status, got.body, http.StatusServiceUnavailable)
	}

	hang := s.AddFault(oauthfake.Fault{Kind: oauthfake.FaultHang})
	ended := make(chan tokenAnswer, 1)
	go func() { ended <- askTokens(t, s, form) }()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.WaitFault(ctx, hang, 1); err != nil {
		t.Fatal(err)
	}
	s.ClearFaults()
	if got := <-ended; got.status != 0 {
		t.Errorf("hanging: got %d %v, want no answer", got.status, got.body)
	}

	s.AddFault(oauthfake.Fault{Kind: oauthfake.FaultDropAfter})
	if got := askTokens(t, s, form); got.status != 0 {
		t.Errorf("a lost answer: got %d %v, want none", got.status, got.body)
	}
	wantRefused(t, "the code whose answer was lost", askTokens(t, s, form), http.StatusBadRequest, "invalid_grant")
}
