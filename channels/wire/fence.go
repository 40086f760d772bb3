package wire

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"parley/channels"
)

// ErrLate is returned by a connection's Write after the request's deadline.
var ErrLate = errors.New("fence: the request's deadline is over")

// Clock returns the current time of day.
type Clock func() time.Time

// IsLate reports whether a deadline has passed, by the monotonic clock or by the time of day. The monotonic clock alone
// isn't enough, because it stops while the machine sleeps.
func (c Clock) IsLate(deadline time.Time) bool {
	return time.Until(deadline) <= 0 || !c().Round(0).Before(deadline.Round(0)) // Round(0) leaves only the time of day
}

// Options are the options of NewClient.
type Options struct {
	Answer time.Duration // timeout for the response's headers; 0 means that only the request's context limits it
	// Dialer opens the connections. No proxy is used with it, so that it sees the real host. If it is nil, any host may
	// be called, through the proxy of the environment.
	Dialer channels.Dialer
	// Follow is http.Client's CheckRedirect. If it is nil, redirects are returned instead of followed, because following
	// one could send a message or a token to the wrong host.
	Follow func(*http.Request, []*http.Request) error
}

const (
	dialTimeout  = 10 * time.Second
	keepAlive    = 30 * time.Second
	tlsTimeout   = 10 * time.Second
	idleTimeout  = 90 * time.Second
	maxIdleConns = 64 // per host
)

// NewClient returns a client for HTTP/1.1. HTTP/2 isn't supported, because a connection must carry one request at a
// time for its deadline to be enforced.
func NewClient(o Options) *http.Client {
	var proxy func(*http.Request) (*url.URL, error)
	if o.Dialer == nil {
		proxy = http.ProxyFromEnvironment
		o.Dialer = &net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive}
	}
	if o.Follow == nil {
		o.Follow = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}

	transport := &http.Transport{
		Proxy: proxy,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := o.Dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &conn{Conn: c, clock: time.Now}, nil //nolint:forbidigo // the deadline is by this machine's clock
		},
		TLSHandshakeTimeout:   tlsTimeout,
		ResponseHeaderTimeout: o.Answer,
		MaxIdleConnsPerHost:   maxIdleConns,
		IdleConnTimeout:       idleTimeout,
	}

	return &http.Client{Transport: fencedTransport{next: transport}, CheckRedirect: o.Follow}
}

// Attempt records whether any byte of one request was written. It is made by Watch.
type Attempt struct {
	deadline time.Time   // of the request, with the monotonic reading; zero if it has none
	wrote    atomic.Bool // a write was started
}

// MayHaveLeft reports whether any byte of the request may have been written. This requires a client made by NewClient;
// with any other client it is always false.
func (a *Attempt) MayHaveLeft() bool { return a.wrote.Load() }

type attemptKey struct{}

// Watch returns a context for exactly one request, and the Attempt that records whether it was written.
func Watch(ctx context.Context) (context.Context, *Attempt) {
	a := &Attempt{}
	return context.WithValue(ctx, attemptKey{}, a), a
}

// conn is a connection that refuses to write after the deadline of the request that it currently carries.
type conn struct {
	net.Conn
	clock   Clock
	attempt atomic.Pointer[Attempt] // the current request's; nil before the first one
}

// Write implements net.Conn. Errors: ErrLate after the request's deadline; the connection's errors.
func (c *conn) Write(b []byte) (int, error) {
	attempt := c.attempt.Load()
	if attempt == nil { // a handshake with the server or a proxy, before any request
		return c.Conn.Write(b)
	}

	hasDeadline := !attempt.deadline.IsZero()
	if hasDeadline && c.clock.IsLate(attempt.deadline) {
		return 0, ErrLate
	}
	attempt.wrote.Store(true) // before the write, which may fail after some bytes
	return c.Conn.Write(b)
}

// fencedTransport passes each request's Attempt to the connection that carries the request.
type fencedTransport struct{ next *http.Transport }

// CloseIdleConnections is called by the method of http.Client with the same name.
func (t fencedTransport) CloseIdleConnections() { t.next.CloseIdleConnections() }

// RoundTrip implements http.RoundTripper.
func (t fencedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	attempt, ok := r.Context().Value(attemptKey{}).(*Attempt)
	if !ok {
		attempt = &Attempt{} // a request without Watch: only its deadline matters
	}
	attempt.deadline, _ = r.Context().Deadline()

	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		if c, ok := unwrapTLS(info.Conn).(*conn); ok {
			c.attempt.Store(attempt)
		}
	}}
	return t.next.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
}

// unwrapTLS returns the connection below TLS. There may be two layers of TLS, if the proxy uses it as well.
func unwrapTLS(c net.Conn) net.Conn {
	for {
		outer, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			return c
		}
		c = outer.NetConn()
	}
}
