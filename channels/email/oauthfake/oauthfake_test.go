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

// hand is a clock that only moves by hand.
type hand struct {
	mu sync.Mutex
	at time.Time
}

func (h *hand) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

func (h *hand) move(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(d)
}

func start(t *testing.T, o oauthfake.Options) (*oauthfake.Server, *hand) {
	t.Helper()
	h := &hand{at: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	o.ClientID, o.ClientSecret, o.Clock = "id", "secret", h.now
	s := oauthfake.New(o)
	if err := s.Start(""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, h
}

// scopes are what a program asks for that wants to read mail for ever.
func scopes(p oauthfake.Provider) string {
	if p == oauthfake.Google {
		return "openid email https://mail.google.com/"
	}
	return "openid email profile offline_access https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send"
}

// link is a program's, with values changed; "" takes one out.
func link(s *oauthfake.Server, p oauthfake.Provider, change ...string) string {
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

// ask asks for tokens, with values changed.
func ask(t *testing.T, s *oauthfake.Server, form url.Values, change ...string) (int, map[string]any) {
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
		return 0, nil
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var body map[string]any
	_ = json.Unmarshal(raw, &body) // a page has none
	return resp.StatusCode, body
}

// code has a person consent and gives the form that exchanges her code.
func code(t *testing.T, s *oauthfake.Server, at string) url.Values {
	t.Helper()
	to, err := s.SignIn(t.Context(), at, ann)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(to)
	if err != nil || u.Query().Get("state") != "state-1" || u.Query().Get("code") == "" {
		t.Fatalf("%s, %v", to, err)
	}
	return url.Values{"grant_type": {"authorization_code"}, "code": {u.Query().Get("code")}, "redirect_uri": {back}, "code_verifier": {"verifier"}}
}

func TestConsentAndRefresh(t *testing.T) {
	t.Parallel()
	for _, p := range []oauthfake.Provider{oauthfake.Google, oauthfake.Microsoft} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			s, clock := start(t, oauthfake.Options{Provider: p})
			form := code(t, s, link(s, p))
			status, got := ask(t, s, form)
			access, _ := got["access_token"].(string)
			refresh, _ := got["refresh_token"].(string)
			if status != http.StatusOK || refresh == "" || !s.Accepts("Ann@acme.test", access) || s.Accepts("ben@acme.test", access) || got["id_token"] == nil {
				t.Fatalf("%d %v", status, got)
			}
			if status, got := ask(t, s, form); status != http.StatusBadRequest || got["error"] != "invalid_grant" {
				t.Errorf("a code twice: %d %v", status, got)
			}
			clock.move(2 * time.Hour)
			if s.Accepts(ann, access) {
				t.Error("an access token lives for ever")
			}
			again := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}
			if status, got = ask(t, s, again); status != http.StatusOK || (got["refresh_token"] != nil) != (p == oauthfake.Microsoft) {
				t.Errorf("%d %v", status, got)
			}
			access, _ = got["access_token"].(string)
			s.Revoke(ann)
			if status, got = ask(t, s, again); status != http.StatusBadRequest || got["error"] != "invalid_grant" || s.Accepts(ann, access) {
				t.Errorf("after it was taken back: %d %v", status, got)
			}
		})
	}
}

// What a provider refuses is refused, to the person or to the program.
func TestRefusals(t *testing.T) {
	t.Parallel()
	s, clock := start(t, oauthfake.Options{Provider: oauthfake.Microsoft})
	for name, c := range map[string]struct{ at, want string }{
		"strange program":  {link(s, oauthfake.Microsoft, "client_id", "other"), "AADSTS700016"},
		"strange address":  {link(s, oauthfake.Microsoft, "redirect_uri", "https://evil.test/"), "AADSTS50011"},
		"no way back":      {link(s, oauthfake.Microsoft, "redirect_uri", ""), "AADSTS50011"},
		"implicit":         {link(s, oauthfake.Microsoft, "response_type", "token"), "error=unsupported_response_type"},
		"strange scope":    {link(s, oauthfake.Microsoft, "scope", "openid Mail.ReadWrite.All"), "error=invalid_scope"},
		"no scope":         {link(s, oauthfake.Microsoft, "scope", ""), "error=invalid_scope"},
		"strange method":   {link(s, oauthfake.Microsoft, "code_challenge_method", "S512"), "error=invalid_request"},
		"state comes back": {link(s, oauthfake.Microsoft, "scope", ""), "state=state-1"},
	} {
		to, err := s.SignIn(t.Context(), c.at, ann)
		if err != nil {
			to = err.Error()
		}
		if !strings.Contains(to, c.want) || strings.Contains(to, "code=") {
			t.Errorf("%s: %s", name, to)
		}
	}
	if to, err := s.Cancel(t.Context(), link(s, oauthfake.Microsoft)); err != nil || !strings.Contains(to, "error=access_denied") {
		t.Errorf("cancelled: %s, %v", to, err)
	}
	for name, change := range map[string][]string{
		"other verifier": {"code_verifier", "other"}, "no verifier": {"code_verifier", ""}, "other address": {"redirect_uri", back + "x"},
		"made-up code": {"code", "made-up"}, "strange grant": {"grant_type", "password"},
	} {
		if status, got := ask(t, s, code(t, s, link(s, oauthfake.Microsoft)), change...); status != http.StatusBadRequest || got["error"] == nil || got["access_token"] != nil {
			t.Errorf("%s: %d %v", name, status, got)
		}
	}
	if status, got := ask(t, s, code(t, s, link(s, oauthfake.Microsoft)), "client_secret", "other"); status != http.StatusUnauthorized || got["error"] != "invalid_client" {
		t.Errorf("wrong secret: %d %v", status, got)
	}
	old := code(t, s, link(s, oauthfake.Microsoft))
	clock.move(11 * time.Minute)
	if status, got := ask(t, s, old); status != http.StatusBadRequest || got["error"] != "invalid_grant" {
		t.Errorf("old code: %d %v", status, got)
	}
	if _, got := ask(t, s, code(t, s, link(s, oauthfake.Microsoft, "scope", "openid https://outlook.office.com/SMTP.Send"))); got["refresh_token"] != nil ||
		s.Accepts(ann, got["access_token"].(string)) {
		t.Errorf("less was asked for: %v", got)
	}
}

// Microsoft takes no secret from a program that is registered as one on a desktop.
func TestNativeProgram(t *testing.T) {
	t.Parallel()
	s, _ := start(t, oauthfake.Options{Provider: oauthfake.Microsoft, Native: true})
	status, got := ask(t, s, code(t, s, link(s, oauthfake.Microsoft)))
	if said, _ := got["error_description"].(string); status != http.StatusUnauthorized || !strings.Contains(said, "AADSTS700025") {
		t.Errorf("%d %v", status, got)
	}
}

// Where a refresh token works once, the old one lives until its successor is used, and its use afterwards ends all.
func TestSingleUse(t *testing.T) {
	t.Parallel()
	s, _ := start(t, oauthfake.Options{Provider: oauthfake.Microsoft, SingleUse: true})
	_, got := ask(t, s, code(t, s, link(s, oauthfake.Microsoft)))
	refresh := func(token any, want int) map[string]any {
		t.Helper()
		status, got := ask(t, s, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token.(string)}})
		if status != want {
			t.Fatalf("%d %v, want %d", status, got, want)
		}
		return got
	}
	first := got["refresh_token"]
	refresh(first, http.StatusOK) // the answer is lost
	second := refresh(first, http.StatusOK)["refresh_token"]
	third := refresh(second, http.StatusOK)["refresh_token"]
	refresh(first, http.StatusBadRequest)
	refresh(third, http.StatusBadRequest)
}

func TestFaults(t *testing.T) {
	t.Parallel()
	s, _ := start(t, oauthfake.Options{Provider: oauthfake.Google})
	form := code(t, s, link(s, oauthfake.Google))
	s.AddFault(oauthfake.Fault{Kind: oauthfake.FaultRefuse, Status: http.StatusServiceUnavailable})
	if status, got := ask(t, s, form); status != http.StatusServiceUnavailable || got != nil {
		t.Errorf("%d %v", status, got)
	}
	hang := s.AddFault(oauthfake.Fault{Kind: oauthfake.FaultHang})
	ended := make(chan int, 1)
	go func() {
		status, _ := ask(t, s, form)
		ended <- status
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.WaitFault(ctx, hang, 1); err != nil {
		t.Fatal(err)
	}
	s.ClearFaults()
	if status := <-ended; status != 0 {
		t.Errorf("answered %d", status)
	}
	s.AddFault(oauthfake.Fault{Kind: oauthfake.FaultDropAfter})
	if status, _ := ask(t, s, form); status != 0 {
		t.Errorf("answered %d", status)
	}
	if status, got := ask(t, s, form); status != http.StatusBadRequest {
		t.Errorf("the lost answer had no effect: %d %v", status, got)
	}
}
