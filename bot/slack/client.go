package slack

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// errLate is what a connection's Write returns after the request's deadline: a
// process that was stopped must not send a post when it wakes up.
var errLate = errors.New("slack: the request's deadline is over")

// newHTTPClient makes a client whose connections refuse to write after the deadline
// of the request they carry. HTTP/1.1 only: there a connection carries one request
// at a time. It follows no redirects: the Web API has none, and a redirect of a file
// leads to a login page.
func newHTTPClient() *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &fencedConn{Conn: c}, nil
		},
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: requestTimeout,
		MaxIdleConnsPerHost:   64,
		IdleConnTimeout:       90 * time.Second,
	}
	return &http.Client{
		Transport:     fencedTransport{next: transport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// fencedConn is a connection with the deadline of the request it carries.
type fencedConn struct {
	net.Conn
	until atomic.Pointer[time.Time] // with the monotonic reading; nil = none
}

// Write implements net.Conn.
func (c *fencedConn) Write(b []byte) (int, error) {
	if t := c.until.Load(); t != nil && !time.Now().Before(*t) { //nolint:forbidigo // the monotonic clock of this attempt
		return 0, errLate
	}
	return c.Conn.Write(b)
}

// fencedTransport hands a request's deadline to the connection it gets.
type fencedTransport struct{ next *http.Transport }

// CloseIdleConnections lets http.Client do what its method says.
func (t fencedTransport) CloseIdleConnections() { t.next.CloseIdleConnections() }

// RoundTrip implements http.RoundTripper.
func (t fencedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	var until *time.Time
	if deadline, ok := r.Context().Deadline(); ok {
		until = &deadline
	}
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		c := info.Conn
		if inner, ok := c.(interface{ NetConn() net.Conn }); ok { // TLS
			c = inner.NetConn()
		}
		if f, ok := c.(*fencedConn); ok {
			f.until.Store(until)
		}
	}}
	return t.next.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
}

// bearerTransport names the token in the header too: slack-go sends it as a form field,
// which Slack takes, but not everything that speaks its API does.
type bearerTransport struct {
	next  http.RoundTripper
	api   *url.URL // only below it: uploads and response URLs get no token
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

// CloseIdleConnections lets http.Client do what its method says.
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
