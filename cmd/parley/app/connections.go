package app

import (
	"container/list"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	maxOpenConnections = 2048
	maxHeaderBytes     = 32 << 10    // of a request, in bytes
	warnInterval       = time.Minute // between two log entries about refused connections
)

// connections limits how many connections to the HTTP server are open at once. When a further one comes, it closes one of these:
//  1. the connection that has been without a request for longest;
//  2. if all have requests, the one whose request's body has stood still for longest;
//  3. if all bodies have arrived, the further one.
//
// Methods whose names end in Locked are called with mu held.
type connections struct {
	maxOpen int
	log     *slog.Logger

	mu     sync.Mutex
	open   map[net.Conn]*list.Element // the connection's element of quiet or coming. Once its request has arrived it is in neither
	quiet  list.List                  // of net.Conn: those without a request, the longest first
	coming list.List                  // of net.Conn: those whose request's body has not arrived, the stillest first
	warned time.Time                  // when a refusal was logged last
}

func newConnections(maxOpen int, log *slog.Logger) *connections {
	return &connections{maxOpen: maxOpen, log: log, open: map[net.Conn]*list.Element{}}
}

// limit has a server keep to the limit. The server's handler must be set, and is replaced.
func (c *connections) limit(server *http.Server) {
	next := server.Handler
	server.ConnState = c.noteState
	server.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		return context.WithValue(ctx, connectionKey{}, conn)
	}
	server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, ok := r.Context().Value(connectionKey{}).(net.Conn)
		if ok && r.Body != http.NoBody {
			c.noteComing(conn)
			r = r.WithContext(r.Context()) // net/http's own request keeps its body
			r.Body = watchedBody{r.Body, c, conn}
		}
		next.ServeHTTP(w, r)
	})
}

// connectionKey is the key of a request's connection in the request's context.
type connectionKey struct{}

// watchedBody is a request's body. It tells connections when some of it was read, and when it ends.
type watchedBody struct {
	io.ReadCloser
	connections *connections
	conn        net.Conn
}

func (b watchedBody) Read(to []byte) (int, error) {
	n, err := b.ReadCloser.Read(to)
	b.connections.noteRead(b.conn, err)
	return n, err
}

// noteComing notes that a connection has a request whose body has not arrived.
func (c *connections) noteComing(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.open[conn]; ok {
		c.open[conn] = c.coming.PushBack(conn)
	}
}

// noteRead notes that some of a body was read. With an error, such as io.EOF, no more is to come.
func (c *connections) noteRead(conn net.Conn, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.open[conn]
	switch {
	case e == nil: // the connection was closed meanwhile
	case err == nil:
		c.coming.MoveToBack(e)
	default:
		c.coming.Remove(e) // does nothing if e isn't in the list any more
	}
}

// noteState is called for every change of a connection's state (http.Server.ConnState).
func (c *connections) noteState(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()

	switch state {
	case http.StateNew:
		isFull := len(c.open) >= c.maxOpen
		if isFull && !c.closeOneLocked() {
			c.warnLocked()
			_ = conn.Close()
			return
		}

		c.open[conn] = c.quiet.PushBack(conn)
	case http.StateActive:
		c.unlistLocked(conn)
	case http.StateIdle:
		if _, ok := c.open[conn]; ok {
			c.unlistLocked(conn)
			c.open[conn] = c.quiet.PushBack(conn)
		}
	case http.StateClosed, http.StateHijacked:
		c.forgetLocked(conn)
	}
}

// unlistLocked removes a connection from the list in which it is.
func (c *connections) unlistLocked(conn net.Conn) {
	if e := c.open[conn]; e != nil {
		c.quiet.Remove(e) // Remove does nothing if e is in the other list
		c.coming.Remove(e)
		c.open[conn] = nil
	}
}

// forgetLocked removes a connection that has ended, or that another part of the program took over.
func (c *connections) forgetLocked(conn net.Conn) {
	c.unlistLocked(conn)
	delete(c.open, conn)
}

// closeOneLocked closes the connection that has been quiet for longest. If none is quiet, it closes the one whose body has stood
// still for longest. It returns false if there is none of these either.
func (c *connections) closeOneLocked() (hasClosed bool) {
	longest := c.quiet.Front()
	if longest == nil {
		longest = c.coming.Front()
	}
	if longest == nil {
		return false
	}
	conn := longest.Value.(net.Conn) // both lists hold nothing else
	c.forgetLocked(conn)
	_ = conn.Close()
	return true
}

// warnLocked logs that connections are refused, at most once in warnInterval.
func (c *connections) warnLocked() {
	if now := time.Now(); now.Sub(c.warned) >= warnInterval {
		c.warned = now
		c.log.Warn("connections refused: too many requests are open at once", "most", c.maxOpen)
	}
}
