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

// discoveryLifetime is how long the provider's description of itself is used. Its keys are read again whenever a token names an
// unknown one.
const discoveryLifetime = time.Hour

// provider is one provider, with its description of itself.
type provider struct {
	Config

	client *http.Client
	now    func() time.Time

	mu    sync.Mutex
	found *oidc.Provider
	at    time.Time // when it was found
}

// readDescription asks the provider for its addresses, unless it did so recently. If the provider can't be reached, the old ones
// still count.
func (p *provider) readDescription(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()

	if p.found != nil && p.now().Sub(p.at) < discoveryLifetime {
		return p.found, nil
	}

	found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.Issuer)
	if err == nil {
		err = checkAddresses(found)
	}

	if err == nil {
		p.found, p.at = found, p.now()
	} else if p.found == nil {
		return nil, fmt.Errorf("openid: %s: %w", p.Kind, err)
	}

	return p.found, nil
}

// checkAddresses refuses a provider to which secrets and tokens would be sent without encryption.
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
		if err != nil || !isSafe(u) {
			return fmt.Errorf("%q is no https address", address)
		}
	}

	return nil
}

// isSafe reports whether nobody on the way can read what is sent to an address: by https, or within this machine.
func isSafe(u *url.URL) bool {
	if u.Scheme == "https" {
		return true
	}
	return u.Scheme == "http" && isLoopback(u.Hostname())
}

// isLoopback reports whether a host is this machine.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// makeConfig returns the configuration for both steps: sending the browser to the provider, and exchanging the code with which it
// comes back.
func (p *provider) makeConfig(found *oidc.Provider) *oauth2.Config {
	endpoint := found.Endpoint()
	endpoint.AuthStyle = authStyle(found)
	return &oauth2.Config{
		ClientID:     p.ClientID,
		ClientSecret: p.ClientSecret,
		Endpoint:     endpoint,
		RedirectURL:  p.Redirect,
		Scopes:       []string{oidc.ScopeOpenID, "email", "profile"},
	}
}

// authStyle returns how the client's secret is sent, as the provider describes it. We can't try one way after the other,
// because a code works only once.
func authStyle(found *oidc.Provider) oauth2.AuthStyle {
	var stated struct {
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if found.Claims(&stated) == nil && slices.Contains(stated.Methods, "client_secret_post") {
		return oauth2.AuthStyleInParams
	}
	return oauth2.AuthStyleInHeader // the standard's default
}
