package openid

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"net/url"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// signInAttempt is a sign-in that a provider has not answered yet. The browser's session keeps one, for one answer.
type signInAttempt struct {
	Kind     Kind      `json:"kind"`
	State    string    `json:"state"`    // comes back with the browser
	Nonce    string    `json:"nonce"`    // comes back in the token
	Verifier string    `json:"verifier"` // proves to the provider that we asked (PKCE)
	At       time.Time `json:"at"`
}

// begin begins a sign-in. It returns the attempt for the session, and the provider's address to which the browser goes.
// Errors: the provider can't be reached, or says strange things of itself.
func (p *provider) begin(ctx context.Context) (kept, address string, err error) {
	found, err := p.readDescription(ctx)
	if err != nil {
		return "", "", err
	}
	attempt := signInAttempt{Kind: p.Kind, State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), At: p.now()}
	raw, err := json.Marshal(attempt)
	if err != nil {
		return "", "", err
	}
	address = p.makeConfig(found).AuthCodeURL(attempt.State, oidc.Nonce(attempt.Nonce), oauth2.S256ChallengeOption(attempt.Verifier))
	return string(raw), address, nil
}

// finish reads the answer with which a browser came back. kept is the attempt that its session kept.
// Errors: *refusal.
func (p *provider) finish(ctx context.Context, kept string, answer url.Values) (Identity, error) {
	var attempt signInAttempt
	if json.Unmarshal([]byte(kept), &attempt) != nil { // an empty text, too
		return Identity{}, newRefusal(notAsked, nil)
	}

	switch {
	case attempt.Kind != p.Kind:
		return Identity{}, newRefusal(notAsked, nil)
	case subtle.ConstantTimeCompare([]byte(answer.Get("state")), []byte(attempt.State)) != 1:
		return Identity{}, newRefusal(notAsked, nil)
	case p.now().Sub(attempt.At) > signInTimeout:
		return Identity{}, newRefusal(tooLate, nil)
	case answer.Has("iss") && answer.Get("iss") != p.Issuer:
		return Identity{}, newRefusal(untrusted, nil)
	case slices.Contains(listCancellations(), answer.Get("error")):
		return Identity{}, newRefusal(cancelled, nil)
	case slices.Contains([]string{"temporarily_unavailable", "server_error"}, answer.Get("error")):
		return Identity{}, newRefusal(away, errAnswer(answer.Get("error")))
	case answer.Get("error") != "" || answer.Get("code") == "":
		return Identity{}, newRefusal(failed, errAnswer(answer.Get("error")))
	}

	found, err := p.readDescription(ctx)
	if err != nil {
		return Identity{}, newRefusal(away, err)
	}

	who, err := p.exchangeCode(ctx, found, answer.Get("code"), attempt)
	if err != nil {
		why := reasonOf(err)
		if why == untrusted {
			p.doubtDescription()
		}
		return Identity{}, newRefusal(why, err)
	}

	return who, nil
}

// listCancellations returns the errors by which providers say that somebody did not want to sign in, or may not.
func listCancellations() []string {
	return []string{"access_denied", "consent_required", "interaction_required", "login_required", "account_selection_required"}
}
