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

// pending is a question to a provider that isn't answered yet. The browser's session keeps one, for one answer.
type pending struct {
	Kind     Kind      `json:"kind"`
	State    string    `json:"state"`    // comes back with the browser
	Nonce    string    `json:"nonce"`    // comes back in the token
	Verifier string    `json:"verifier"` // proves to the provider that we asked (PKCE)
	At       time.Time `json:"at"`
}

// begin makes a question. It returns the question for the session, and the provider's address to which the browser goes.
// Errors: the provider can't be reached, or says strange things of itself.
func (p *provider) begin(ctx context.Context) (kept, address string, err error) {
	found, err := p.discover(ctx)
	if err != nil {
		return "", "", err
	}
	asked := pending{Kind: p.Kind, State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), At: p.now()}
	raw, err := json.Marshal(asked)
	if err != nil {
		return "", "", err
	}
	address = p.oauth(found).AuthCodeURL(asked.State, oidc.Nonce(asked.Nonce), oauth2.S256ChallengeOption(asked.Verifier))
	return string(raw), address, nil
}

// finish reads the answer with which a browser came back. kept is the question that its session kept.
// Errors: *refusal.
func (p *provider) finish(ctx context.Context, kept string, answer url.Values) (Identity, error) {
	var asked pending
	if kept == "" || json.Unmarshal([]byte(kept), &asked) != nil {
		return Identity{}, refuse(notAsked, nil)
	}
	switch {
	case asked.Kind != p.Kind:
		return Identity{}, refuse(notAsked, nil)
	case subtle.ConstantTimeCompare([]byte(answer.Get("state")), []byte(asked.State)) != 1:
		return Identity{}, refuse(notAsked, nil)
	case p.now().Sub(asked.At) > signInTimeout:
		return Identity{}, refuse(tooLate, nil)
	case answer.Has("iss") && answer.Get("iss") != p.Issuer:
		return Identity{}, refuse(untrusted, nil)
	case slices.Contains(cancellations(), answer.Get("error")):
		return Identity{}, refuse(cancelled, nil)
	case answer.Get("error") != "" || answer.Get("code") == "":
		return Identity{}, refuse(failed, errAnswer(answer.Get("error")))
	}
	found, err := p.discover(ctx)
	if err != nil {
		return Identity{}, refuse(away, err)
	}
	who, err := p.exchange(ctx, found, answer.Get("code"), asked)
	if err != nil {
		return Identity{}, refuse(classify(err), err)
	}
	return who, nil
}

// cancellations returns the errors by which providers say that somebody did not want to sign in, or may not.
func cancellations() []string {
	return []string{"access_denied", "consent_required", "interaction_required", "login_required", "account_selection_required"}
}
