package openid

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// rediscover is how long what a provider says of itself is believed. Its keys are read again whenever a token names one
// that is not known.
const rediscover = time.Hour

// provider is one provider, and what it says of itself.
type provider struct {
	Config

	client *http.Client
	now    func() time.Time

	mu    sync.Mutex
	found *oidc.Provider
	at    time.Time // when it was found
}

// discover asks the provider for its addresses, unless it did so lately. If it can't be reached, what it said before
// still counts.
func (p *provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil && p.now().Sub(p.at) < rediscover {
		return p.found, nil
	}
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.Issuer)
	if err == nil {
		err = checkAddresses(found)
	}
	switch {
	case err == nil:
		p.found, p.at = found, p.now()
	case p.found == nil:
		return nil, fmt.Errorf("openid: %s: %w", p.Kind, err)
	}
	return p.found, nil
}

// checkAddresses refuses a provider that would have secrets and tokens sent openly.
func checkAddresses(found *oidc.Provider) error {
	var keys struct {
		Address string `json:"jwks_uri"`
	}
	if err := found.Claims(&keys); err != nil {
		return err
	}
	addresses := []string{found.Endpoint().AuthURL, found.Endpoint().TokenURL, keys.Address}
	if more := found.UserInfoEndpoint(); more != "" {
		addresses = append(addresses, more)
	}
	for _, address := range addresses {
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())) {
			return fmt.Errorf("%q is no https address", address)
		}
	}
	return nil
}

// loopback reports whether a host is this machine.
func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// oauth returns what both steps need: sending the browser to the provider, and exchanging the code that it comes back with.
func (p *provider) oauth(found *oidc.Provider) *oauth2.Config {
	endpoint := found.Endpoint()
	endpoint.AuthStyle = authStyle(found)
	return &oauth2.Config{ClientID: p.ClientID, ClientSecret: p.ClientSecret, Endpoint: endpoint, RedirectURL: p.Redirect,
		Scopes: []string{oidc.ScopeOpenID, "email", "profile"}}
}

// authStyle is how the client's secret is sent, as the provider says. Trying one way after the other won't do: a code works
// once.
func authStyle(found *oidc.Provider) oauth2.AuthStyle {
	var said struct {
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if found.Claims(&said) == nil && slices.Contains(said.Methods, "client_secret_post") {
		return oauth2.AuthStyleInParams
	}
	return oauth2.AuthStyleInHeader // what the standard takes where nothing is said
}
