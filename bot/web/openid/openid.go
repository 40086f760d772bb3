// Package openid is how agents sign in by somebody who vouches for them: Slack, Microsoft Entra, or any provider of
// OpenID Connect. It asks by the code flow with PKCE, state and nonce, and trusts nothing but a signed token that it
// asked for a moment ago.
//
// What does not belong here: who is an agent (Desk), and what a session is (package web).
package openid

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"parley/bridge"
	"parley/channels/fence"
)

// Kind says which claims a provider's tokens have beyond the standard.
type Kind string

// Kinds of providers.
const (
	Slack     Kind = "slack"     // tokens name the workspace and the user in it
	Microsoft Kind = "microsoft" // tokens name the tenant and the user's object id; an address counts only if its domain was verified
	Any       Kind = "oidc"      // tokens have an address, and whether it was verified
)

// Config is one provider and what was registered there.
type Config struct {
	Kind         Kind   // also its name in addresses: /auth/with/slack
	Name         string // what people call it: "Slack"
	Issuer       string // exactly as the provider writes it
	ClientID     string
	ClientSecret string
	Tenant       string // Microsoft: the only tenant whose people may come in
	Redirect     string // where the provider sends people back; registered there
}

// CallbackPath is the address on this site to which a provider of a kind sends people back.
func CallbackPath(kind Kind) string { return "/auth/with/" + string(kind) + "/back" }

// Identity is the person whom a provider vouched for.
type Identity struct {
	Kind         Kind
	Organisation string // Slack's workspace, Microsoft's tenant; "" of other providers
	User         string // Slack's user id, the object id in Entra; "" of other providers
	Mail         string // the address, if the provider has checked that it is this person's; lower case; else ""
}

// ErrStranger means that somebody is no active agent.
var ErrStranger = errors.New("openid: no agent")

// ErrElsewhere means that somebody belongs to another workspace than the one that Parley is in.
var ErrElsewhere = errors.New("openid: another organisation")

// Desk is what signing in asks of Parley.
type Desk interface {
	// Agent finds the active agent that somebody is. The user of an organisation counts more than the address.
	// Errors: ErrStranger, ErrElsewhere.
	Agent(ctx context.Context, who Identity) (bridge.AgentID, error)
}

// How long things may take.
const (
	callTimeout   = 10 * time.Second // one request to a provider
	signInTimeout = 15 * time.Minute // from the button here to the way back
	skew          = 4 * time.Minute  // how much the clocks of servers may differ
)

// maxAnswerBytes bounds what is read of an answer.
const maxAnswerBytes = 1 << 20

// newClient makes the client that calls providers. It follows no redirect: the addresses come from the environment or from the
// provider itself.
func newClient() *http.Client {
	client := fence.NewClient(fence.Options{Answer: callTimeout, Follow: func(*http.Request, []*http.Request) error {
		return errors.New("the provider redirects, which it must not")
	}})
	client.Timeout, client.Transport = callTimeout, bounded{client.Transport}
	return client
}

// bounded reads no more than maxAnswerBytes of an answer.
type bounded struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.next.RoundTrip(r)
	if err == nil {
		answer.Body = http.MaxBytesReader(nil, answer.Body, maxAnswerBytes)
	}
	return answer, err
}

// normalizeAddress returns an address in the form in which addresses are compared.
func normalizeAddress(address string) string { return strings.ToLower(strings.TrimSpace(address)) }
