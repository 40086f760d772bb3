// Package fence makes HTTP clients for channels and surfaces: their connections write
// nothing after the deadline of the request they carry, they follow no redirects, and whoever
// gets an error can ask whether anything left. Do makes one such call.
//
// What does not belong here: what is asked of whom, with which token.
package fence

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

// ErrLate is what a connection's Write returns after the request's deadline: a process
// that was stopped, or whose machine slept, must not send a post when it wakes up.
var ErrLate = errors.New("fence: the request's deadline is over")

// Clock tells the time of day.
type Clock func() time.Time

// IsLate reports whether a deadline is over by the monotonic clock or by c. It asks both, because the monotonic clock
// stands still while the machine sleeps, and meanwhile another machine may have taken over the work.
func (c Clock) IsLate(deadline time.Time) bool {
	return time.Until(deadline) <= 0 || !c().Round(0).Before(deadline.Round(0)) // Round(0) leaves only the time of day
}

// Options of a client.
type Options struct {
	Answer time.Duration // how long to wait for an answer's headers; 0 means as long as the request may take
	// Dialer opens the connections, without a proxy, so that it sees which host is called. If it is nil, any host
	// may be called, by the environment's proxy.
	Dialer channels.Dialer
	// Follow is http.Client's CheckRedirect. If it is nil, no redirect is followed: a redirect would carry a
	// message or a token to where nobody meant it to go.
	Follow func(*http.Request, []*http.Request) error
}

// Limits of connections.
const (
	dialTimeout  = 10 * time.Second
	keepAlive    = 30 * time.Second
	tlsTimeout   = 10 * time.Second
	idleTimeout  = 90 * time.Second
	maxIdleConns = 64 // to one host
)

// NewClient returns a client. It speaks only HTTP/1.1, in which a connection carries one request at a time.
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

// Attempt notes whether one request has begun to leave. Watch makes it.
type Attempt struct {
	until time.Time   // the request's deadline, with the monotonic reading; zero if it has none
	wrote atomic.Bool // a byte of the request left, or may have left
}

// MayHaveLeft reports whether a byte of the request left, or may have left. Only a client made by NewClient notes this;
// with another client it is always false.
func (a *Attempt) MayHaveLeft() bool { return a.wrote.Load() }

type attemptKey struct{}

// Watch returns a context for one request, and the Attempt that notes whether a byte of the request left.
func Watch(ctx context.Context) (context.Context, *Attempt) {
	a := &Attempt{}
	return context.WithValue(ctx, attemptKey{}, a), a
}

// conn is a connection that knows which request it carries now, and writes nothing after that request's deadline.
type conn struct {
	net.Conn
	clock   Clock
	attempt atomic.Pointer[Attempt]
}

// Write implements net.Conn. Errors: ErrLate after the request's deadline; those of the connection.
func (c *conn) Write(b []byte) (int, error) {
	if a := c.attempt.Load(); a != nil {
		hasDeadline := !a.until.IsZero()
		if hasDeadline && c.clock.IsLate(a.until) {
			return 0, ErrLate
		}
		a.wrote.Store(true)
	}
	return c.Conn.Write(b)
}

// fencedTransport gives a request's deadline to the connection on which the request is sent.
type fencedTransport struct{ next *http.Transport }

// CloseIdleConnections lets http.Client do what its method says.
func (t fencedTransport) CloseIdleConnections() { t.next.CloseIdleConnections() }

// RoundTrip implements http.RoundTripper.
func (t fencedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	a, ok := r.Context().Value(attemptKey{}).(*Attempt)
	if !ok {
		a = &Attempt{}
	}

	a.until, _ = r.Context().Deadline()
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		c := info.Conn
		inner, ok := c.(interface{ NetConn() net.Conn })
		for ok { // TLS, also within that of a proxy
			c = inner.NetConn()
			inner, ok = c.(interface{ NetConn() net.Conn })
		}
		if own, ok := c.(*conn); ok {
			own.attempt.Store(a)
		}
	}}

	return t.next.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
}
