package slack

import (
	"net/http"
	"net/url"
	"strings"
)

// bearerTransport adds the token as a header, and shortens answers. slack-go sends the token only as a form field, which
// Slack accepts, but not every server that speaks Slack's API.
type bearerTransport struct {
	next  http.RoundTripper
	api   *url.URL // only requests to addresses below it get the token: uploads and response URLs don't
	token string
}

// NewWebclient returns a copy of base that adds the token to calls of the API at the address api, and shortens their answers. base
// must have a Transport.
func NewWebclient(base *http.Client, api *url.URL, token string) *http.Client {
	client := *base
	client.Transport = bearerTransport{next: base.Transport, api: api, token: token}
	return &client
}

// CloseIdleConnections passes on the call of http.Client's method of that name.
func (t bearerTransport) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// RoundTrip implements http.RoundTripper.
func (t bearerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	sameHost := r.URL.Scheme == t.api.Scheme && r.URL.Host == t.api.Host
	callsAPI := sameHost && strings.HasPrefix(r.URL.Path, t.api.Path)
	if callsAPI && r.Header.Get("Authorization") == "" {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+t.token)
	}
	resp, err := t.next.RoundTrip(r)
	if err == nil && callsAPI {
		Shorten(resp)
	}
	return resp, err
}
