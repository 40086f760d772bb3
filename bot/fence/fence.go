// Package fence makes HTTP clients for surfaces: their connections write nothing after
// the deadline of the request they carry, they follow no redirects, and whoever gets an
// error can ask whether anything left.
//
// What does not belong here: what is asked of whom, with which token.
package fence

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// ErrLate is what a connection's Write returns after the request's deadline: a process
// that was stopped must not send a post when it wakes up.
var ErrLate = errors.New("fence: the request's deadline is over")

// NewClient makes a client that waits at most answer for the headers of an answer.
// HTTP/1.1 only: there a connection carries one request at a time. It follows no redirects.
func NewClient(answer time.Duration) *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &conn{Conn: c}, nil
		},
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: answer,
		MaxIdleConnsPerHost:   64,
		IdleConnTimeout:       90 * time.Second,
	}
	return &http.Client{
		Transport:     fencedTransport{next: transport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Attempt watches over one request.
type Attempt struct {
	until time.Time   // with the monotonic reading; zero = none
	wrote atomic.Bool // a byte of it left, or may have
}

// Left says whether a byte of the request left, or may have. Only a client made by
// NewClient can tell; through another it stays false.
func (a *Attempt) Left() bool { return a.wrote.Load() }

type attemptKey struct{}

// Watch gives a context for one request, and what tells of its fate.
func Watch(ctx context.Context) (context.Context, *Attempt) {
	a := &Attempt{}
	return context.WithValue(ctx, attemptKey{}, a), a
}

// conn is a connection with the request it carries.
type conn struct {
	net.Conn
	attempt atomic.Pointer[Attempt]
}

// Write implements net.Conn.
func (c *conn) Write(b []byte) (int, error) {
	if a := c.attempt.Load(); a != nil {
		if !a.until.IsZero() && !time.Now().Before(a.until) { //nolint:forbidigo // the monotonic clock of this attempt
			return 0, ErrLate
		}
		a.wrote.Store(true)
	}
	return c.Conn.Write(b)
}

// fencedTransport hands a request's deadline to the connection it gets.
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
		if inner, ok := c.(interface{ NetConn() net.Conn }); ok { // TLS
			c = inner.NetConn()
		}
		if own, ok := c.(*conn); ok {
			own.attempt.Store(a)
		}
	}}
	return t.next.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
}
