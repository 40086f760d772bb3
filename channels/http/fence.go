package http

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"parley/channels"
)

// errLate is what a connection's Write returns after the request's deadline: a process
// that was stopped must not send a message when it wakes up.
var errLate = errors.New("http: the request's deadline is over")

// attempt watches over one request on its connection.
type attempt struct {
	until time.Time   // with the monotonic reading
	wrote atomic.Bool // a byte of it left, or may have
}

// conn knows the request that it carries.
type conn struct {
	net.Conn
	attempt atomic.Pointer[attempt]
}

// Write implements net.Conn.
func (c *conn) Write(b []byte) (int, error) {
	if a := c.attempt.Load(); a != nil {
		if !a.until.IsZero() && !time.Now().Before(a.until) { //nolint:forbidigo // the monotonic clock of this request
			return 0, errLate
		}
		a.wrote.Store(true)
	}
	return c.Conn.Write(b)
}

// newTransport makes connections that write nothing after their request's deadline.
// HTTP/1.1 only: there a connection carries one request at a time. No proxy: the dialer
// must see whom it calls.
func newTransport(d channels.Dialer) *http.Transport {
	if d == nil {
		d = &net.Dialer{Timeout: 10 * time.Second}
	}
	return &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := d.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &conn{Conn: c}, nil
		},
		TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConnsPerHost: 16,
		IdleConnTimeout:     30 * time.Second,
	}
}

// watched lets whoever gets an error ask whether anything left. net/http would repeat a
// request with an Idempotency-Key by itself when its connection ends; without GetBody it
// can't, and every attempt is one that the engine knows of.
func watched(r *http.Request) (*http.Request, *attempt) {
	a := &attempt{}
	a.until, _ = r.Context().Deadline()
	r.GetBody = nil
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		inner := info.Conn
		if tls, ok := inner.(interface{ NetConn() net.Conn }); ok {
			inner = tls.NetConn()
		}
		if own, ok := inner.(*conn); ok {
			own.attempt.Store(a)
		}
	}}
	return r.WithContext(httptrace.WithClientTrace(r.Context(), trace)), a
}
