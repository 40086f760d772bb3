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

// discoveryLifetime is how long a provider's description is cached. Its signing keys are read again whenever a token
// has an unknown key id.
const discoveryLifetime = time.Hour

// discoveryPause is the time until the next attempt after a failed one, if there is an old description to use.
const discoveryPause = time.Minute

// provider is an OpenID provider with its description: the discovery document at /.well-known/openid-configuration,
// which has the URLs of its endpoints. The description is cached. It is safe for concurrent use.
type provider struct {
	Config

	client *http.Client
	now    func() time.Time

	mu       sync.Mutex
	cached   *oidc.Provider      // nil before the first successful request
	expires  time.Time           // when cached has to be read again
	inFlight *descriptionRequest // nil if there is no request
}

// descriptionRequest is an in-flight request for the description. All callers that need its result wait for it.
type descriptionRequest struct {
	done   chan struct{} // closed once result and err are set
	result *oidc.Provider
	err    error
}

// readDescription returns the cached description, or requests a new one if it has expired. There is one request at a
// time. During a request, other callers get the old description or, without one, wait for the result. If the request
// fails, it returns the old description, and an error only if there is none.
func (p *provider) readDescription(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	cached, request := p.cached, p.inFlight
	isFresh := cached != nil && p.now().Before(p.expires)
	mustRequest := !isFresh && request == nil
	if mustRequest {
		request = &descriptionRequest{done: make(chan struct{})}
		p.inFlight = request
	}
	p.mu.Unlock()

	if mustRequest {
		p.requestDescription(ctx, request)
		return request.result, request.err
	}
	if cached != nil {
		return cached, nil
	}

	select {
	case <-request.done:
		return request.result, request.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// expireDescription makes the next caller request the description again. It is called after an untrusted ID token: the
// provider may have changed its configuration.
func (p *provider) expireDescription() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expires = time.Time{}
}

// requestDescription requests the description and completes request. It ignores the cancellation of ctx, since other
// callers may wait for the result. The client's timeout limits it.
func (p *provider) requestDescription(ctx context.Context, request *descriptionRequest) {
	discovered, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.client), p.Issuer)
	if err == nil {
		err = checkAddresses(discovered)
	}

	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err == nil:
		p.cached, p.expires = discovered, p.now().Add(discoveryLifetime)
	case p.cached != nil:
		p.expires = p.now().Add(discoveryPause)
	default:
		request.err = fmt.Errorf("openid: %s: %w", p.Kind, err)
	}

	request.result = p.cached
	p.inFlight = nil
	close(request.done)
}

// checkAddresses returns an error if one of the provider's endpoints has no encryption: secrets and tokens are sent to
// them.
func checkAddresses(discovered *oidc.Provider) error {
	var keys struct {
		Address string `json:"jwks_uri"`
	}
	if err := discovered.Claims(&keys); err != nil {
		return err
	}

	addresses := []string{discovered.Endpoint().AuthURL, discovered.Endpoint().TokenURL, keys.Address}
	if userInfo := discovered.UserInfoEndpoint(); userInfo != "" {
		addresses = append(addresses, userInfo)
	}

	for _, address := range addresses {
		u, err := url.Parse(address)
		if err != nil || !isSafe(u) {
			return fmt.Errorf("%q isn't an https address", address)
		}
	}

	return nil
}

// isSafe reports whether requests to a URL are encrypted or stay on this machine.
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

// makeConfig returns the OAuth configuration for the authorization URL and for the exchange of the code.
func (p *provider) makeConfig(discovered *oidc.Provider) *oauth2.Config {
	endpoint := discovered.Endpoint()
	endpoint.AuthStyle = authStyle(discovered)
	return &oauth2.Config{
		ClientID:     p.ClientID,
		ClientSecret: p.ClientSecret,
		Endpoint:     endpoint,
		RedirectURL:  p.Redirect,
		Scopes:       []string{oidc.ScopeOpenID, "email", "profile"},
	}
}

// authStyle returns how to send the client secret, according to the provider's description. Package oauth2 could also
// detect that by trial and error, but a failed trial would use up the code.
func authStyle(discovered *oidc.Provider) oauth2.AuthStyle {
	var supported struct {
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if discovered.Claims(&supported) == nil && slices.Contains(supported.Methods, "client_secret_post") {
		return oauth2.AuthStyleInParams
	}
	return oauth2.AuthStyleInHeader // the standard's default
}
