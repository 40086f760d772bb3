package mailfake

import (
	"bytes"
	"crypto/tls"
	"net"
	"sync"
)

// faultConn is the server's side of a connection. It implements the faults that concern bytes rather than commands: it can
// close or freeze in the middle of a response (cutAfter), close after the next write (hangUp), and remove IDLE from a list
// of capabilities.
type faultConn struct {
	net.Conn
	forget func(*faultConn) // called by Close

	mu        sync.Mutex // guards the fields below
	cutting   bool       // the connection is cut after budget more bytes
	budget    int
	freeze    func() // see cutAfter
	lastWrite bool   // close after the next write
	hideIdle  bool

	once   sync.Once
	closed chan struct{}
}

// cutAfter closes the connection after n more bytes. If freeze isn't nil, it calls freeze instead, which blocks, and then
// continues.
func (c *faultConn) cutAfter(n int, freeze func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cutting = true
	c.budget = n
	c.freeze = freeze
}

// hangUp closes the connection after the next write.
func (c *faultConn) hangUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastWrite = true
}

func (c *faultConn) hideIdleCapability() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hideIdle = true
}

// Write implements net.Conn.
func (c *faultConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	budget, freeze, lastWrite, hideIdle := c.budget, c.freeze, c.lastWrite, c.hideIdle
	isCut := c.cutting && budget <= len(p)
	if c.cutting {
		c.budget = max(0, c.budget-len(p))
		c.cutting = !isCut
	}
	c.mu.Unlock() // writing and freezing may block

	if isCut {
		return c.writeCut(p, budget, freeze)
	}

	out := p
	if hideIdle && bytes.Contains(p, []byte("CAPABILITY ")) {
		out = bytes.ReplaceAll(p, []byte(" IDLE"), nil)
	}
	if _, err := c.Conn.Write(out); err != nil {
		return 0, err
	}
	if lastWrite {
		_ = c.Close()
	}

	return len(p), nil
}

// writeCut writes the first budget bytes of p, and then closes the connection, or freezes it and writes the rest.
func (c *faultConn) writeCut(p []byte, budget int, freeze func()) (int, error) {
	n, err := c.Conn.Write(p[:budget])
	if freeze == nil || err != nil {
		_ = c.Close()
		return n, net.ErrClosed
	}
	freeze()
	rest, err := c.Conn.Write(p[budget:])
	return n + rest, err
}

// Close implements net.Conn. Further calls have no effect.
func (c *faultConn) Close() error {
	var err error
	c.once.Do(func() {
		close(c.closed)
		c.forget(c)
		err = c.Conn.Close()
	})
	return err
}

// faultListener wraps accepted connections in faultConns, and registers them with clients.
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

// unwrap returns the faultConn that is, or is below, a TLS connection.
func unwrap(c net.Conn) *faultConn {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	fc, _ := c.(*faultConn)
	return fc
}
