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

// discoveryLifetime is how long the provider's description of itself (/.well-known/openid-configuration) is used. The
// keys that it points to are read again whenever a token names an unknown one.
const discoveryLifetime = time.Hour

// discoveryPause is for how long an old description is used after the provider didn't answer, before it is asked
// again.
const discoveryPause = time.Minute

// provider is one provider, with its description of itself.
type provider struct {
	Config

	client *http.Client
	now    func() time.Time

	mu    sync.Mutex
	found *oidc.Provider
	until time.Time           // until when found counts without asking again
	asked *descriptionRequest // the one that is under way; nil if none is
}

// descriptionRequest asks the provider for its description of itself. Its answer counts for everybody who waits for it.
type descriptionRequest struct {
	done  chan struct{} // closed once found and err are set
	found *oidc.Provider
	err   error
}

// readDescription returns the provider's description. It asks the provider, unless it did so recently. While one
// visitor waits for the answer, others use the old description or, if there is none, wait for the same answer. If the
// provider can't be reached, it returns the old description, and an error only if there is none.
func (p *provider) readDescription(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	found, request := p.found, p.asked
	isFresh := found != nil && p.now().Before(p.until)
	isOurs := !isFresh && request == nil
	if isOurs {
		request = &descriptionRequest{done: make(chan struct{})}
		p.asked = request
	}
	p.mu.Unlock()

	if isOurs {
		p.ask(ctx, request)
		return request.found, request.err
	}
	if found != nil {
		return found, nil
	}

	select {
	case <-request.done:
		return request.found, request.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// doubtDescription makes the next visitor ask for the description again. It is called after a token could not be
// trusted: the provider may have changed how it signs.
func (p *provider) doubtDescription() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.until = time.Time{}
}

// ask sends a request for the description. It isn't cancelled when the visitor who began it leaves, since others may
// wait for the answer. The client's timeout bounds it.
func (p *provider) ask(ctx context.Context, request *descriptionRequest) {
	found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.client), p.Issuer)
	if err == nil {
		err = checkAddresses(found)
	}

	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err == nil:
		p.found, p.until = found, p.now().Add(discoveryLifetime)
	case p.found != nil:
		p.until = p.now().Add(discoveryPause)
	default:
		request.err = fmt.Errorf("openid: %s: %w", p.Kind, err)
	}

	p.asked, request.found = nil, p.found
	close(request.done)
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
			return fmt.Errorf("%q isn't an https address", address)
		}
	}

	return nil
}

// isSafe reports whether nobody can read on the way what is sent to an address: it is https, or on this machine.
func isSafe(u *url.URL) bool {
	if u.Scheme == "https" {
		return true
	}
	return u.Scheme == "http" && isLoopback(u.Hostname())
}

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
