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
)

// Kind is what a provider's tokens say beyond the standard.
type Kind string

// Kinds of providers.
const (
	Slack     Kind = "slack"     // tokens name the workspace and the user in it
	Microsoft Kind = "microsoft" // tokens name the tenant and the user's object id; an address is only as good as its domain
	Any       Kind = "oidc"      // tokens have an address, and whether it was verified
)

// Config is one provider and what was registered there.
type Config struct {
	Kind         Kind   // also its name in addresses: /auth/with/slack
	Name         string // what people call it: "Slack"
	Issuer       string // to the letter, as the provider writes it
	ClientID     string
	ClientSecret string
	Tenant       string // Microsoft: the only tenant whose people may come in
	Redirect     string // where the provider sends people back; registered there
}

// Back is where a provider of a kind sends people back to, on this site.
func Back(kind Kind) string { return "/auth/with/" + string(kind) + "/back" }

// Identity is whom a provider vouched for.
type Identity struct {
	Kind         Kind
	Organisation string // Slack's workspace, Microsoft's tenant; "" of other providers
	User         string // Slack's user id, the object id in Entra; "" of other providers
	Mail         string // that belongs to this person, as the provider checked; lower case; "" = none that it checked
}

// ErrStranger means that somebody is no agent who takes part.
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
	callTime   = 10 * time.Second // one request to a provider
	decideTime = 15 * time.Minute // from the button here to the way back
	skew       = 4 * time.Minute  // that clocks of servers may differ
)

// mostBytes of an answer are read.
const mostBytes = 1 << 20

// newClient speaks to providers. Addresses of providers come from the environment or from the provider itself; none
// redirects.
func newClient() *http.Client {
	return &http.Client{Timeout: callTime, Transport: bounded{http.DefaultTransport}, CheckRedirect: func(*http.Request, []*http.Request) error {
		return errors.New("the provider redirects, which it must not")
	}}
}

// bounded reads no more than mostBytes of an answer.
type bounded struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.next.RoundTrip(r)
	if err == nil {
		answer.Body = http.MaxBytesReader(nil, answer.Body, mostBytes)
	}
	return answer, err
}

// lower is how addresses are compared.
func lower(address string) string { return strings.ToLower(strings.TrimSpace(address)) }
