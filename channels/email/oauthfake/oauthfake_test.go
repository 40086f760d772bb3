package oauthfake_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"parley/channels/email/oauthfake"
	"parley/channels/emulator"
)

// A code can be exchanged for tokens once. The access token opens the mailbox of the person who consented, and no other.
func TestCodeGivesTokensOnce(t *testing.T) {
	t.Parallel()
	s, _ := startMicrosoft(t)
	form := consentAtMicrosoft(t, s)
	access, _ := mustGetTokens(t, s, form)
	wantAccepted(t, s, "Ann@acme.test", access, true) // addresses don't depend on case
	wantAccepted(t, s, "ben@acme.test", access, false)
	wantRefused(t, "the code once more", askTokens(t, s, form), http.StatusBadRequest, "invalid_grant")
}

// newConsent starts a provider and lets a person consent there. It returns the tokens as well.
func newConsent(t *testing.T, p oauthfake.Provider, scopes string) (s *oauthfake.Server, c *clock, access, refresh string) {
	t.Helper()
	s, c = start(t, oauthfake.Options{Provider: p})
	access, refresh = mustGetTokens(t, s, consent(t, s, consentLink(s, scopes, nil)))
	return s, c, access, refresh
}

func TestGoogleKeepsTheRefreshToken(t *testing.T) {
	t.Parallel()
	s, _, _, refresh := newConsent(t, oauthfake.Google, googleScopes)
	got := askTokens(t, s, refreshForm(refresh))
	if got.status != http.StatusOK {
		t.Fatalf("got %d %v, want tokens", got.status, got.body)
	}
	if got.text("refresh_token") != "" {
		t.Errorf("got %v, want no other refresh token", got.body)
	}
}

func TestMicrosoftReplacesTheRefreshToken(t *testing.T) {
	t.Parallel()
	s, _, _, refresh := newConsent(t, oauthfake.Microsoft, microsoftScopes)
	got := askTokens(t, s, refreshForm(refresh))
	if got.status != http.StatusOK {
		t.Fatalf("got %d %v, want tokens", got.status, got.body)
	}
	if got.text("refresh_token") == "" {
		t.Errorf("got %v, want another refresh token", got.body)
	}
}

// An access token works for a limited time, and a refresh token until the consent is revoked.
func TestConsentAndRefresh(t *testing.T) {
	t.Parallel()
	tests := []struct {
		provider oauthfake.Provider
		scopes   string
	}{
		{provider: oauthfake.Google, scopes: googleScopes},
		{provider: oauthfake.Microsoft, scopes: microsoftScopes},
	}
	for _, tt := range tests {
		t.Run(string(tt.provider), func(t *testing.T) {
			t.Parallel()
			s, clock, access, refresh := newConsent(t, tt.provider, tt.scopes)
			wantAccepted(t, s, ann, access, true)
			clock.move(2 * time.Hour)
			wantAccepted(t, s, ann, access, false)

			access = askTokens(t, s, refreshForm(refresh)).text("access_token")
			wantAccepted(t, s, ann, access, true)

			s.Revoke(ann)
			wantAccepted(t, s, ann, access, false)
			got := askTokens(t, s, refreshForm(refresh))
			wantRefused(t, "after the consent was taken back", got, http.StatusBadRequest, "invalid_grant")
		})
	}
}

// If a provider refuses a sign-in, it sends the person back to the program with an error and the program's state. If it
// can't send the person back, it shows the error to the person.
func TestSignInRefusals(t *testing.T) {
	t.Parallel()
	s, _ := startMicrosoft(t)
	tests := []struct {
		name   string
		change url.Values
		want   []string // where she is sent, or the error that she sees
	}{
		{name: "unknown program", change: url.Values{"client_id": {"other"}}, want: []string{"AADSTS700016"}},
		{name: "unknown address", change: url.Values{"redirect_uri": {"https://evil.test/"}}, want: []string{"AADSTS50011"}},
		{name: "no way back", change: url.Values{"redirect_uri": {""}}, want: []string{"AADSTS50011"}},
		{name: "implicit flow", change: url.Values{"response_type": {"token"}}, want: []string{"error=unsupported_response_type"}},
		{name: "unknown scope", change: url.Values{"scope": {"openid Mail.ReadWrite.All"}}, want: []string{"error=invalid_scope"}},
		{name: "no scope", change: url.Values{"scope": {""}}, want: []string{"error=invalid_scope", "state=" + state}},
		{name: "unknown method", change: url.Values{"code_challenge_method": {"S512"}}, want: []string{"error=invalid_request"}},
	}
	for _, tt := range tests {
		got, err := s.SignIn(t.Context(), consentLink(s, microsoftScopes, tt.change), ann)
		if err != nil {
			got = err.Error()
		}
		for _, want := range tt.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: got %s, want %s in it", tt.name, got, want)
			}
		}
		if strings.Contains(got, "code=") {
			t.Errorf("%s: got %s, want no code", tt.name, got)
		}
	}
}

// A person who cancels the sign-in is sent back with an error.
func TestSignInIsCancelled(t *testing.T) {
	t.Parallel()
	s, _ := startMicrosoft(t)
	to, err := s.Cancel(t.Context(), consentLink(s, microsoftScopes, nil))
	noError(t, err)
	if want := "error=access_denied"; !strings.Contains(to, want) {
		t.Errorf("she is sent to %s, want %s in it", to, want)
	}
}

// A code is refused if the request differs from the one that asked for it, for example in its verifier.
func TestTokenRefusals(t *testing.T) {
	t.Parallel()
	s, _ := startMicrosoft(t)
	tests := []struct{ name, field, value string }{
		{name: "other verifier", field: "code_verifier", value: "other"},
		{name: "no verifier", field: "code_verifier", value: ""},
		{name: "other address", field: "redirect_uri", value: redirectURI + "x"},
		{name: "made-up code", field: "code", value: "made-up"},
		{name: "unknown grant", field: "grant_type", value: "password"},
	}
	for _, tt := range tests {
		got := askTokens(t, s, with(consentAtMicrosoft(t, s), tt.field, tt.value))
		if got.status != http.StatusBadRequest {
			t.Errorf("%s: got status %d, want %d", tt.name, got.status, http.StatusBadRequest)
		}
		if got.text("error") == "" {
			t.Errorf("%s: got %v, want an error", tt.name, got.body)
		}
		if got.text("access_token") != "" {
			t.Errorf("%s: got %v, want no token", tt.name, got.body)
		}
	}
}

func TestWrongSecretIsRefused(t *testing.T) {
	t.Parallel()
	s, _ := startMicrosoft(t)
	form := with(consentAtMicrosoft(t, s), "client_secret", "other")
	wantRefused(t, "a wrong secret", askTokens(t, s, form), http.StatusUnauthorized, "invalid_client")
}

// A program may name itself by HTTP Basic authentication. Programs escape what stands there, some of them more letters than
// they must, as openid-client of npm does.
// Source: RFC 6749 section 2.3.1.
func TestSecretByBasicAuthentication(t *testing.T) {
	t.Parallel()
	s, _ := startMicrosoft(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.TokenURL(), strings.NewReader(consentAtMicrosoft(t, s).Encode()))
	noError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("%69d", "%73ecret")
	resp, err := emulator.NewClient().Do(r)
	noError(t, err)
	noError(t, resp.Body.Close())
	if resp.StatusCode != http.StatusOK {
		t.Errorf("got status %d, want tokens", resp.StatusCode)
	}
}

// A code is refused after ten minutes.
func TestOldCodeIsRefused(t *testing.T) {
	t.Parallel()
	s, clock := startMicrosoft(t)
	form := consentAtMicrosoft(t, s)
	clock.move(11 * time.Minute)
	wantRefused(t, "an old code", askTokens(t, s, form), http.StatusBadRequest, "invalid_grant")
}

// Tokens allow only what was asked for. Without offline_access there is no refresh token, and without a scope for IMAP the
// mailbox can't be read.
func TestFewScopes(t *testing.T) {
	t.Parallel()
	s, _ := startMicrosoft(t)
	got := askTokens(t, s, consent(t, s, consentLink(s, "openid https://outlook.office.com/SMTP.Send", nil)))
	if got.text("refresh_token") != "" {
		t.Errorf("got the refresh token %q, want none without offline_access", got.text("refresh_token"))
	}
	wantAccepted(t, s, ann, got.text("access_token"), false)
}

// Microsoft refuses the secret of a program that is registered as a native one.
func TestNativeProgram(t *testing.T) {
	t.Parallel()
	s, _ := start(t, oauthfake.Options{Provider: oauthfake.Microsoft, Native: true})
	got := askTokens(t, s, consentAtMicrosoft(t, s))
	if got.status != http.StatusUnauthorized {
		t.Errorf("got status %d, want %d", got.status, http.StatusUnauthorized)
	}
	if want := "AADSTS700025"; !strings.Contains(got.text("error_description"), want) {
		t.Errorf("got %v, want %s in its description", got.body, want)
	}
}

// With SingleUse, a refresh token works until its successor has been used. Its use after that makes all tokens invalid.
func TestSingleUse(t *testing.T) {
	t.Parallel()
	s, _ := start(t, oauthfake.Options{Provider: oauthfake.Microsoft, SingleUse: true})
	mustRefresh := func(token string) (next string) {
		t.Helper()
		got := askTokens(t, s, refreshForm(token))
		if got.status != http.StatusOK {
			t.Fatalf("got %d %v, want tokens", got.status, got.body)
		}
		return got.text("refresh_token")
	}

	_, first := mustGetTokens(t, s, consentAtMicrosoft(t, s))
	mustRefresh(first) // the answer is lost
	second := mustRefresh(first)
	third := mustRefresh(second)

	again := askTokens(t, s, refreshForm(first))
	wantRefused(t, "the first token, after its successor was used", again, http.StatusBadRequest, "invalid_grant")
	latest := askTokens(t, s, refreshForm(third))
	wantRefused(t, "the third token, after that", latest, http.StatusBadRequest, "invalid_grant")
}

// newGoogleCode starts a provider, and returns it with the form that exchanges a code.
func newGoogleCode(t *testing.T) (*oauthfake.Server, url.Values) {
	t.Helper()
	s, _ := start(t, oauthfake.Options{Provider: oauthfake.Google})
	return s, consent(t, s, consentLink(s, googleScopes, nil))
}

// wantNoAnswer checks that no answer came to a request for tokens.
func wantNoAnswer(t *testing.T, got tokenAnswer) {
	t.Helper()
	if got.status != 0 {
		t.Errorf("got %d %v, want no answer", got.status, got.body)
	}
}

// FaultRefuse answers a request for tokens with a page instead of JSON.
func TestRefusingFault(t *testing.T) {
	t.Parallel()
	s, form := newGoogleCode(t)
	s.AddFault(oauthfake.Fault{Kind: oauthfake.FaultRefuse, Status: http.StatusServiceUnavailable})
	got := askTokens(t, s, form)
	if got.status != http.StatusServiceUnavailable {
		t.Errorf("got status %d, want %d", got.status, http.StatusServiceUnavailable)
	}
	if got.body != nil {
		t.Errorf("got %v, want a page", got.body)
	}
	mustGetTokens(t, s, form) // the code still works
}

// FaultHang lets a request for tokens hang until the faults are cleared.
func TestHangingFault(t *testing.T) {
	t.Parallel()
	s, form := newGoogleCode(t)
	hang := s.AddFault(oauthfake.Fault{Kind: oauthfake.FaultHang})
	answer := make(chan tokenAnswer, 1)
	go func() { answer <- askTokens(t, s, form) }()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	noError(t, s.WaitFault(ctx, hang, 1))
	s.ClearFaults()
	if got := <-answer; got.status != http.StatusOK {
		t.Errorf("once the faults are cleared: got status %d, want %d", got.status, http.StatusOK)
	}
}

// FaultDropAfter loses the answer to a request for tokens after the request had its effect.
func TestFaultThatLosesTheAnswer(t *testing.T) {
	t.Parallel()
	s, form := newGoogleCode(t)
	s.AddFault(oauthfake.Fault{Kind: oauthfake.FaultDropAfter})
	wantNoAnswer(t, askTokens(t, s, form))
	wantRefused(t, "the code whose answer was lost", askTokens(t, s, form), http.StatusBadRequest, "invalid_grant")
}
