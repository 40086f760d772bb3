package oauthfake_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"parley/channels/email/oauthfake"
)

// newConsent starts a provider and lets a person consent there. It returns the tokens as well.
func newConsent(t *testing.T, p oauthfake.Provider, scopes string) (s *oauthfake.Server, c *clock, access, refresh string) {
	t.Helper()
	s, c = start(t, oauthfake.Options{Provider: p})
	access, refresh = mustGetTokens(t, s, consent(t, s, consentLink(s, scopes, nil)))
	return s, c, access, refresh
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
