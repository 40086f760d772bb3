package app

import (
	"container/list"
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

// connections limits how many connections are open at once. When there are too many, the connection that
// has been without a request for longest is closed; if all have a request, the new one is closed.
type connections struct {
	most int
	log  *slog.Logger

	mu     sync.Mutex
	open   map[net.Conn]*list.Element // its element of quiet; nil while it has a request
	quiet  list.List                  // connections without a request, the longest first
	warned time.Time                  // when a refusal was logged last
}

func newConnections(most int, log *slog.Logger) *connections {
	return &connections{most: most, log: log, open: map[net.Conn]*list.Element{}}
}

// noteState is called for every change of a connection's state (http.Server.ConnState).
func (c *connections) noteState(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()

	switch state {
	case http.StateNew:
		isFull := len(c.open) >= c.most
		if isFull && !c.closeQuiet() {
			c.tell()
			_ = conn.Close()
			return
		}

		c.open[conn] = c.quiet.PushBack(conn)
	case http.StateActive:
		c.takeFromQuiet(conn)
	case http.StateIdle:
		if _, ok := c.open[conn]; ok {
			c.open[conn] = c.quiet.PushBack(conn)
		}
	case http.StateClosed, http.StateHijacked:
		c.forget(conn)
	}
}

// takeFromQuiet removes a connection from the quiet ones.
func (c *connections) takeFromQuiet(conn net.Conn) {
	if e := c.open[conn]; e != nil {
		c.quiet.Remove(e)
		c.open[conn] = nil
	}
}

// forget removes a connection that has ended, or that another part of the program took over.
func (c *connections) forget(conn net.Conn) {
	c.takeFromQuiet(conn)
	delete(c.open, conn)
}

// closeQuiet closes the connection that has been quiet for longest; false if none is.
func (c *connections) closeQuiet() bool {
	longest := c.quiet.Front()
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
