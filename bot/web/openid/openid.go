// Package openid signs agents in with OpenID Connect: with Slack, Microsoft Entra, or any other provider. It uses the
// authorization code flow with PKCE, state and nonce, and accepts only ID tokens from a sign-in that this browser has
// begun. In Teams it also accepts the token that Teams issues for a tab (tab.go).
//
// Desk looks up the agent of a person, and package web keeps the session.
package openid

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/channels/wire"
)

// Kind is a kind of provider. It determines which claims identify a person.
type Kind string

// Kinds of providers.
const (
	Slack     Kind = "slack"     // the workspace and the user's id in it
	Microsoft Kind = "microsoft" // the tenant and the user's object id; the address only if its domain is verified
	Any       Kind = "oidc"      // the address, if it is verified
)

// Config is a provider and Parley's client registration there.
type Config struct {
	Kind         Kind   // also part of its paths: /auth/with/slack
	Name         string // its display name: "Slack"
	Issuer       string // exactly as in the provider's tokens
	ClientID     string
	ClientSecret string
	Tenant       string // of Microsoft: the only tenant whose users may sign in
	Redirect     string // the redirect URI
}

// CallbackPath returns the path to which a kind of provider redirects browsers after the sign-in.
func CallbackPath(kind Kind) string { return "/auth/with/" + string(kind) + "/back" }

// Identity is the person who signed in, as the provider identifies them.
type Identity struct {
	Kind         Kind
	Organisation string // Slack's workspace id or Microsoft's tenant id; "" with other providers
	User         string // Slack's user id or Entra's object id; "" with other providers
	Mail         string // the address in lower case, if the provider has verified that it is this person's; otherwise ""
}

// ErrNoAgent means that a person is not an active agent.
var ErrNoAgent = errors.New("openid: no agent")

// ErrOtherOrganisation means that a person belongs to another workspace or tenant than the one that Parley serves.
var ErrOtherOrganisation = errors.New("openid: another organisation")

// Desk looks up agents.
type Desk interface {
	// Agent returns the active agent with an identity. It looks for the user of an organisation first, then for the
	// address. It returns ErrNoAgent or ErrOtherOrganisation.
	Agent(ctx context.Context, who Identity) (bridge.AgentID, error)
}

// Time limits.
const (
	callTimeout   = 10 * time.Second // one request to a provider
	signInTimeout = 15 * time.Minute // from redirect to handleCallback
	skew          = 4 * time.Minute  // tolerated difference between the servers' clocks
)

// maxAnswerBytes is the maximum size of a provider's response.
const maxAnswerBytes = 1 << 20

// newClient returns the client for calls to providers. It follows no redirects: a provider's endpoints don't need any.
func newClient() *http.Client {
	client := wire.NewClient(wire.Options{Answer: callTimeout, Follow: func(*http.Request, []*http.Request) error {
		return errors.New("the provider redirects, which it must not")
	}})
	client.Timeout, client.Transport = callTimeout, bounded{client.Transport}
	return client
}

// bounded is a RoundTripper that limits the size of responses to maxAnswerBytes.
type bounded struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.next.RoundTrip(r)
	if err == nil {
		response.Body = http.MaxBytesReader(nil, response.Body, maxAnswerBytes)
	}
	return response, err
}

// normalizeAddress returns an address in the form that is used for comparisons.
func normalizeAddress(address string) string {
	return channels.LowerAddress(strings.TrimSpace(address))
}
