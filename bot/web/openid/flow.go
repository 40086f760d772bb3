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

// pending is a question that a provider has not answered yet. It is kept with the browser's session, and only once.
type pending struct {
	Kind     Kind      `json:"kind"`
	State    string    `json:"state"`
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"`
	At       time.Time `json:"at"`
}

// begin makes a question, and the address at which the provider asks who somebody is.
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
	return string(raw), p.oauth(found).AuthCodeURL(asked.State, oidc.Nonce(asked.Nonce), oauth2.S256ChallengeOption(asked.Verifier)), nil
}

// finish reads the answer with which a browser came back, to the question that was kept with its session.
// Errors: *refusal.
func (p *provider) finish(ctx context.Context, kept string, answer url.Values) (Identity, error) {
	var asked pending
	if kept == "" || json.Unmarshal([]byte(kept), &asked) != nil {
		return Identity{}, refuse(notAsked, nil)
	}
	switch {
	case asked.Kind != p.Kind, subtle.ConstantTimeCompare([]byte(answer.Get("state")), []byte(asked.State)) != 1:
		return Identity{}, refuse(notAsked, nil)
	case p.now().Sub(asked.At) > decideTime:
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
		return who, refuse(classify(err), err)
	}
	return who, nil
}

// cancellations are the errors by which providers say that somebody did not want to, or may not.
func cancellations() []string {
	return []string{"access_denied", "consent_required", "interaction_required", "login_required", "account_selection_required"}
}
