package mailfake

import (
	"bytes"
	"crypto/tls"
	"net"
	"sync"
)

// faultConn is a server-side connection that can be cut at a byte, hang up after its
// next answer, or leave IDLE out of a capability list.
type faultConn struct {
	net.Conn
	forget func(*faultConn)

	mu        sync.Mutex
	cutting   bool   // the connection is cut after budget more bytes
	budget    int    // bytes that still get out when cutting
	freeze    func() // waits, then the rest gets out; nil: the rest is lost
	lastWords bool   // the next write is the last one
	hideIdle  bool

	once   sync.Once
	closed chan struct{}
}

// cutAfter lets n more bytes out, then closes, or with freeze waits and goes on.
func (c *faultConn) cutAfter(n int, freeze func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cutting = true
	c.budget = n
	c.freeze = freeze
}

// hangUp closes after the next write.
func (c *faultConn) hangUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastWords = true
}

func (c *faultConn) hideIdleCapability() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hideIdle = true
}

// Write implements net.Conn.
func (c *faultConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	budget, freeze, lastWords, hideIdle := c.budget, c.freeze, c.lastWords, c.hideIdle
	isCut := c.cutting && budget <= len(p)
	if c.cutting {
		c.budget = max(0, c.budget-len(p))
		c.cutting = !isCut
	}
	c.mu.Unlock() // what follows may wait

	if isCut {
		n, err := c.Conn.Write(p[:budget])
		if freeze == nil || err != nil {
			_ = c.Close()
			return n, net.ErrClosed
		}

		freeze()
		rest, err := c.Conn.Write(p[budget:])
		return n + rest, err
	}

	out := p
	if hideIdle && bytes.Contains(p, []byte("CAPABILITY ")) {
		out = bytes.ReplaceAll(p, []byte(" IDLE"), nil)
	}
	if _, err := c.Conn.Write(out); err != nil {
		return 0, err
	}
	if lastWords {
		_ = c.Close()
	}

	return len(p), nil
}

// Close implements net.Conn. It may be called often.
func (c *faultConn) Close() error {
	var err error
	c.once.Do(func() {
		close(c.closed)
		c.forget(c)
		err = c.Conn.Close()
	})
	return err
}

// faultListener hands out faultConns and remembers the open ones.
type faultListener struct {
	net.Listener
	clients *clients
}

// Accept implements net.Listener.
func (l *faultListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &faultConn{Conn: conn, closed: make(chan struct{}), forget: l.clients.forgetConn}
	l.clients.rememberConn(c)
	return c, nil
}

// unwrap finds the faultConn below a TLS layer.
func unwrap(c net.Conn) *faultConn {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	fc, _ := c.(*faultConn)
	return fc
}
