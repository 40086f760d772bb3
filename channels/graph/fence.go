package graph

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

// errLate is what a connection's Write returns after the request's deadline: a process
// that was stopped must not send a message when it wakes up.
var errLate = errors.New("graph: the request's deadline is over")

// fence watches over one request on its connection.
type fence struct {
	until time.Time   // with the monotonic reading; zero = none
	wrote atomic.Bool // a byte of it left, or may have
}

// fencedConn is a connection that knows the request it carries.
type fencedConn struct {
	net.Conn
	now atomic.Pointer[fence]
}

// Write implements net.Conn.
func (c *fencedConn) Write(b []byte) (int, error) {
	if f := c.now.Load(); f != nil {
		if !f.until.IsZero() && !time.Now().Before(f.until) { //nolint:forbidigo // the monotonic clock of this request
			return 0, errLate
		}
		f.wrote.Store(true)
	}
	return c.Conn.Write(b)
}

// newTransport makes connections that refuse to write after the deadline of the request
// they carry. HTTP/1.1 only: there a connection carries one request at a time.
func newTransport(dialer channels.Dialer) *http.Transport {
	var proxy func(*http.Request) (*url.URL, error)
	if dialer == nil {
		proxy = http.ProxyFromEnvironment
		dialer = &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	}
	return &http.Transport{
		Proxy: proxy,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &fencedConn{Conn: c}, nil
		},
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 2 * time.Minute,
		MaxIdleConnsPerHost:   64,
		IdleConnTimeout:       90 * time.Second,
	}
}

// fenced puts a fence around a request: whoever gets an error can ask it whether
// anything left.
func fenced(r *http.Request) (*http.Request, *fence) {
	f := &fence{}
	f.until, _ = r.Context().Deadline()
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		c := info.Conn
		if inner, ok := c.(interface{ NetConn() net.Conn }); ok { // TLS
			c = inner.NetConn()
		}
		if own, ok := c.(*fencedConn); ok {
			own.now.Store(f)
		}
	}}
	return r.WithContext(httptrace.WithClientTrace(r.Context(), trace)), f
}
