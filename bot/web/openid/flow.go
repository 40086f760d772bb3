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

// signInAttempt is a sign-in that has begun. The browser's session stores it as JSON until the provider's response. The
// response is bound to this browser by State, to the ID token by Nonce, and to the authorization request by Verifier.
type signInAttempt struct {
	Kind     Kind      `json:"kind"`
	State    string    `json:"state"`
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"` // PKCE, RFC 7636
	At       time.Time `json:"at"`
}

// begin begins a sign-in. It returns the attempt, for the session, and the authorization URL, for the browser. It fails if
// the provider's discovery document can't be read or isn't safe.
func (p *provider) begin(ctx context.Context) (attemptJSON, address string, err error) {
	discovered, err := p.readDescription(ctx)
	if err != nil {
		return "", "", err
	}
	attempt := signInAttempt{
		Kind:     p.Kind,
		State:    rand.Text(),
		Nonce:    rand.Text(),
		Verifier: oauth2.GenerateVerifier(),
		At:       p.now(),
	}
	raw, err := json.Marshal(attempt)
	if err != nil {
		return "", "", err
	}
	config := p.makeConfig(discovered)
	address = config.AuthCodeURL(attempt.State, oidc.Nonce(attempt.Nonce), oauth2.S256ChallengeOption(attempt.Verifier))
	return string(raw), address, nil
}

// finish checks the provider's response and returns the person who signed in. attemptJSON is the session's attempt; ""
// means that it has none. answer is the query of the provider's redirect. All errors are *refusal.
func (p *provider) finish(ctx context.Context, attemptJSON string, answer url.Values) (Identity, error) {
	var attempt signInAttempt
	if json.Unmarshal([]byte(attemptJSON), &attempt) != nil {
		return Identity{}, newRefusal(noAttempt, nil)
	}

	switch {
	case attempt.Kind != p.Kind:
		return Identity{}, newRefusal(noAttempt, nil)
	case subtle.ConstantTimeCompare([]byte(answer.Get("state")), []byte(attempt.State)) != 1:
		return Identity{}, newRefusal(noAttempt, nil)
	case p.now().Sub(attempt.At) > signInTimeout:
		return Identity{}, newRefusal(tooLate, nil)
	case answer.Has("iss") && answer.Get("iss") != p.Issuer:
		return Identity{}, newRefusal(untrusted, nil)
	case slices.Contains(listCancellations(), answer.Get("error")):
		return Identity{}, newRefusal(cancelled, nil)
	case slices.Contains([]string{"temporarily_unavailable", "server_error"}, answer.Get("error")):
		return Identity{}, newRefusal(unavailable, errAnswer(answer.Get("error")))
	case answer.Get("error") != "" || answer.Get("code") == "":
		return Identity{}, newRefusal(failed, errAnswer(answer.Get("error")))
	}

	discovered, err := p.readDescription(ctx)
	if err != nil {
		return Identity{}, newRefusal(unavailable, err)
	}

	who, err := p.exchangeCode(ctx, discovered, answer.Get("code"), attempt)
	if err != nil {
		why := reasonOf(err)
		if why == untrusted { // the provider may have changed its keys
			p.expireDescription()
		}
		return Identity{}, newRefusal(why, err)
	}

	return who, nil
}

// listCancellations returns the error codes with which providers report that a person cancelled or wasn't allowed to
// sign in.
func listCancellations() []string {
	return []string{"access_denied", "consent_required", "interaction_required", "login_required", "account_selection_required"}
}
