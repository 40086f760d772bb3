package oauthfake_test

import (
	"net/http"
	"net/url"
	"testing"
)

// A code that was asked for with a plain challenge, which is also what a challenge without a method is, gives tokens to whoever
// says the same words (RFC 7636, section 4.3).
func TestPlainChallenge(t *testing.T) {
	t.Parallel()
	s, _ := startMicrosoft(t)
	tests := []struct {
		name      string
		method    string
		challenge string
		want      int // status
	}{
		{name: "plain", method: "plain", challenge: verifier, want: http.StatusOK},
		{name: "no method", method: "", challenge: verifier, want: http.StatusOK},
		{name: "other words", method: "plain", challenge: "other", want: http.StatusBadRequest},
	}
	for _, tt := range tests {
		change := url.Values{"code_challenge_method": {tt.method}, "code_challenge": {tt.challenge}}
		got := askTokens(t, s, consent(t, s, consentLink(s, microsoftScopes, change)))
		if got.status != tt.want {
			t.Errorf("%s: got status %d and %v, want %d", tt.name, got.status, got.body, tt.want)
		}
	}
}
