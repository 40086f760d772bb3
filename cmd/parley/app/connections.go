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
	tellFull           = time.Minute // between two log entries about refused connections
)

// connections limits how many connections are open at once. When there are too many, it closes the first of these that there is:
//   - the connection that has been without a request for longest;
//   - the one with a request of whose body nothing has come for longest;
//   - the new one, if the bodies of all requests have arrived.
type connections struct {
	most int
	log  *slog.Logger

	mu     sync.Mutex
	open   map[net.Conn]*list.Element // its element of quiet or coming. Once its request has arrived, that is in neither list, or nil
	quiet  list.List                  // connections without a request, the longest first
	coming list.List                  // connections with a request whose body has not arrived, the stillest first
	warned time.Time                  // when a refusal was logged last
}

func newConnections(most int, log *slog.Logger) *connections {
	return &connections{most: most, log: log, open: map[net.Conn]*list.Element{}}
}

// limit lets a server, which has its handler, keep to the limit.
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

// watchedBody is a request's body. It tells connections what becomes of it.
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

// noteRead notes that some of a body was read, all of it if err is io.EOF.
func (c *connections) noteRead(conn net.Conn, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.open[conn]
	switch {
	case e == nil: // it was closed meanwhile
	case err == nil:
		c.coming.MoveToBack(e)
	default:
		c.coming.Remove(e)
	}
}

// noteState is called for every change of a connection's state (http.Server.ConnState).
func (c *connections) noteState(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()

	switch state {
	case http.StateNew:
		isFull := len(c.open) >= c.most
		if isFull && !c.closeOne() {
			c.tell()
			_ = conn.Close()
			return
		}

		c.open[conn] = c.quiet.PushBack(conn)
	case http.StateActive:
		c.unlist(conn)
	case http.StateIdle:
		if _, ok := c.open[conn]; ok {
			c.unlist(conn)
			c.open[conn] = c.quiet.PushBack(conn)
		}
	case http.StateClosed, http.StateHijacked:
		c.forget(conn)
	}
}

// unlist removes a connection from the quiet ones, and from those whose bodies are coming.
func (c *connections) unlist(conn net.Conn) {
	if e := c.open[conn]; e != nil {
		c.quiet.Remove(e)
		c.coming.Remove(e)
		c.open[conn] = nil
	}
}

// forget removes a connection that has ended, or that another part of the program took over.
func (c *connections) forget(conn net.Conn) {
	c.unlist(conn)
	delete(c.open, conn)
}

// closeOne closes the connection that has been quiet for longest, or else the stillest of those whose bodies are coming; false if
// there is none.
func (c *connections) closeOne() bool {
	longest := c.quiet.Front()
	if longest == nil {
		longest = c.coming.Front()
	}
	if longest == nil {
		return false
	}
	conn := longest.Value.(net.Conn)
	c.forget(conn)
	_ = conn.Close()
	return true
}

// tell logs, from time to time, that connections are refused.
func (c *connections) tell() {
	if now := time.Now(); now.Sub(c.warned) >= tellFull {
		c.warned = now
		c.log.Warn("connections refused: too many requests are open at once", "most", c.most)
	}
}
