// Package cord is a wire between Parley and one port of an emulator that can be cut and plugged in again.
//
// What does not belong here: what flows through it.
package cord

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"parley/channels/pause"
)

const (
	// dialTimeout is how long an emulator may take to accept a connection.
	dialTimeout = 5 * time.Second
	// plugTries and plugPause bound the wait for an address that somebody else holds for
	// a moment, when a cord is plugged in again.
	plugTries = 20
	plugPause = 100 * time.Millisecond
)

// Cord is the wire between Parley and one port of an emulator. While it is cut, its address refuses connections as a
// dead host's does; the people, who use the emulator from the other side, notice nothing.
type Cord struct {
	Addr    string         // host:port where Parley connects
	running sync.WaitGroup // what accepts and carries connections

	mu       sync.Mutex
	target   string                // host:port of the emulator
	listener net.Listener          // nil while cut
	ends     map[net.Conn]struct{} // both ends of each connection
}

// New lays a plugged-in cord from addr (host:port, port 0 picks one) to target.
// Errors: addr is taken.
func New(ctx context.Context, addr, target string) (*Cord, error) {
	c := &Cord{Addr: addr, target: target, ends: map[net.Conn]struct{}{}}
	if err := c.Plug(ctx); err != nil {
		return nil, err
	}
	c.Addr = c.listener.Addr().String()
	return c, nil
}

// Plug lets connections through. Errors: the address is taken, or ctx ended.
func (c *Cord) Plug(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()

	if c.listener != nil {
		return nil
	}

	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", c.Addr)
	for try := 1; err != nil && try < plugTries && pause.For(ctx, plugPause); try++ {
		listener, err = lc.Listen(ctx, "tcp", c.Addr)
	}
	if err != nil {
		return fmt.Errorf("demo: plug in: %w", err)
	}

	c.listener = listener
	c.running.Go(func() { c.serve(context.WithoutCancel(ctx), listener) })
	return nil
}

// Point lets new connections lead to another target.
func (c *Cord) Point(target string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.target = target
}

// Cut breaks every connection and refuses new ones.
func (c *Cord) Cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.listener == nil {
		return
	}
	_ = c.listener.Close()
	c.listener = nil
	for end := range c.ends {
		_ = end.Close()
	}
}

// Close cuts the cord for good and waits until nothing runs on it.
func (c *Cord) Close() {
	c.Cut()
	c.running.Wait()
}

// serve takes connections until the cord is cut.
func (c *Cord) serve(ctx context.Context, listener net.Listener) {
	for {
		near, err := listener.Accept()
		if err != nil {
			return // cut: an accept fails for nothing else that a demo could mend
		}
		c.running.Go(func() { c.carryBytes(ctx, listener, near) })
	}
}

// carryBytes passes bytes both ways until either side hangs up or the cord is cut. near is Parley's end.
func (c *Cord) carryBytes(ctx context.Context, listener net.Listener, near net.Conn) {
	c.mu.Lock()
	target := c.target
	c.mu.Unlock()
	dialer := net.Dialer{Timeout: dialTimeout}
	far, err := dialer.DialContext(ctx, "tcp", target)
	if err != nil {
		_ = near.Close()
		return
	}

	hangUp := func() { _, _ = near.Close(), far.Close() }
	defer hangUp()

	if !c.hold(listener, near, far) {
		return
	}
	defer c.release(near, far)
	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(near, far)
		hangUp()
	})

	_, _ = io.Copy(far, near)
	hangUp()
	back.Wait()
}

// hold remembers both ends of a connection that a listener accepted, so that Cut can close them. It returns false if the
// cord was cut meanwhile.
func (c *Cord) hold(listener net.Listener, ends ...net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.listener != listener {
		return false
	}
	for _, end := range ends {
		c.ends[end] = struct{}{}
	}
	return true
}

func (c *Cord) release(ends ...net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, end := range ends {
		delete(c.ends, end)
	}
}
