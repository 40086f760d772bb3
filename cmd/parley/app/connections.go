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
	maxHeaderBytes     = 32 << 10    // limit for the header of a request
	warnInterval       = time.Minute // minimum time between two log entries about refused connections
)

// connections limits how many connections to the HTTP server are open at once, so that a client that opens many and
// sends nothing can't lock others out. If a new connection exceeds the limit, one connection is closed:
//  1. the one that has been idle (without a request) for longest;
//  2. if none is idle, the one whose request body has made no progress for longest;
//  3. if all bodies have arrived, the new one.
//
// Methods whose names end in Locked require that mu is held.
type connections struct {
	maxOpen int
	log     *slog.Logger

	mu        sync.Mutex
	open      map[net.Conn]*list.Element // its element of idle or receiving; in neither list once its request has arrived
	idle      list.List                  // of net.Conn: connections without a request, the longest idle first
	receiving list.List                  // of net.Conn: those whose request body is incomplete, the longest stalled first
	warned    time.Time                  // when a refusal was last logged
}

func newConnections(maxOpen int, log *slog.Logger) *connections {
	return &connections{maxOpen: maxOpen, log: log, open: map[net.Conn]*list.Element{}}
}

// limit applies the limit to a server. It wraps the server's Handler, which must be set, and sets its ConnState and
// ConnContext hooks.
func (c *connections) limit(server *http.Server) {
	next := server.Handler
	server.ConnState = c.noteState
	server.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		return context.WithValue(ctx, connectionKey{}, conn)
	}
	server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, ok := r.Context().Value(connectionKey{}).(net.Conn)
		hasBody := r.Body != http.NoBody
		if ok && hasBody {
			c.noteReceiving(conn)
			r = r.WithContext(r.Context()) // a copy: net/http keeps using the body of its own request
			r.Body = watchedBody{r.Body, c, conn}
		}
		next.ServeHTTP(w, r)
	})
}

// connectionKey is the key of a request's connection in the request's context.
type connectionKey struct{}

// watchedBody is a request's body that reports to connections when a part of it was read, and when it has ended.
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

// noteReceiving records that a connection has a request whose body has not arrived yet.
func (c *connections) noteReceiving(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.open[conn]; ok {
		c.open[conn] = c.receiving.PushBack(conn)
	}
}

// noteRead records that a part of a body was read. After an error, such as io.EOF, nothing more is received.
func (c *connections) noteRead(conn net.Conn, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.open[conn]
	switch {
	case e == nil: // the connection has been closed
	case err == nil:
		c.receiving.MoveToBack(e)
	default:
		c.receiving.Remove(e) // does nothing if e is no longer in the list
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

		c.open[conn] = c.idle.PushBack(conn)
	case http.StateActive:
		c.unlistLocked(conn)
	case http.StateIdle:
		if _, ok := c.open[conn]; ok {
			c.unlistLocked(conn)
			c.open[conn] = c.idle.PushBack(conn)
		}
	case http.StateClosed, http.StateHijacked:
		c.forgetLocked(conn)
	}
}

// unlistLocked removes a connection from idle and receiving.
func (c *connections) unlistLocked(conn net.Conn) {
	if e := c.open[conn]; e != nil {
		c.idle.Remove(e) // does nothing if e is in the other list
		c.receiving.Remove(e)
		c.open[conn] = nil
	}
}

// forgetLocked removes a connection that was closed or hijacked.
func (c *connections) forgetLocked(conn net.Conn) {
	c.unlistLocked(conn)
	delete(c.open, conn)
}

// closeOneLocked closes the longest idle connection or, if none is idle, the one whose body has been stalled for longest.
// It returns false if there is neither.
func (c *connections) closeOneLocked() (hasClosed bool) {
	longest := c.idle.Front()
	if longest == nil {
		longest = c.receiving.Front()
	}
	if longest == nil {
		return false
	}
	conn := longest.Value.(net.Conn) // both lists hold nothing else
	c.forgetLocked(conn)
	_ = conn.Close()
	return true
}

// warnLocked logs that a connection was refused, at most once per warnInterval.
func (c *connections) warnLocked() {
	if now := time.Now(); now.Sub(c.warned) >= warnInterval {
		c.warned = now
		c.log.Warn("connections refused: too many requests are open at once", "most", c.maxOpen)
	}
}
