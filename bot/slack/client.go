package slack

import (
	"net/http"
	"net/url"
	"strings"
)

// bearerTransport adds the token as a header. slack-go sends it only as a form field, which Slack
// accepts, but not every server that speaks Slack's API.
type bearerTransport struct {
	next  http.RoundTripper
	api   *url.URL // the token is added only to addresses below it, so that uploads and response URLs get none
	token string
}

// bearerClient makes a client for calls of the API at api.
func bearerClient(c *http.Client, api *url.URL, token string) *http.Client {
	own := *c
	own.Transport = bearerTransport{next: c.Transport, api: api, token: token}
	if c.Transport == nil {
		own.Transport = bearerTransport{next: http.DefaultTransport, api: api, token: token}
	}
	return &own
}

// CloseIdleConnections passes on the call of http.Client's method of that name.
func (t bearerTransport) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// RoundTrip implements http.RoundTripper.
func (t bearerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	own := r.URL.Scheme == t.api.Scheme && r.URL.Host == t.api.Host && strings.HasPrefix(r.URL.Path, t.api.Path)
	if own && r.Header.Get("Authorization") == "" {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+t.token)
	}
	resp, err := t.next.RoundTrip(r)
	if err == nil && own {
		shorten(resp)
	}
	return resp, err
}
