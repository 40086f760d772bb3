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
)

const (
	// cordDial is how long an emulator may take to accept a connection.
	cordDial = 5 * time.Second
	// cordTries and cordPause bound the wait for an address that somebody else holds for
	// a moment, when a cord is plugged in again.
	cordTries = 20
	cordPause = 100 * time.Millisecond
)

// Cord is the wire between Parley and one port of an emulator. While it is cut, its address refuses connections as a
// dead host's does; the people, who use the emulator from the other side, notice nothing.
type Cord struct {
	Addr string // host:port where Parley connects
	live sync.WaitGroup

	mu       sync.Mutex
	target   string
	listener net.Listener // nil while cut
	ends     map[net.Conn]struct{}
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
	ln, err := lc.Listen(ctx, "tcp", c.Addr)
	for try := 1; err != nil && try < cordTries; try++ {
		if ctx.Err() != nil {
			break
		}

		select {
		case <-ctx.Done():
		case <-time.After(cordPause):
		}

		ln, err = lc.Listen(ctx, "tcp", c.Addr)
	}

	if err != nil {
		return fmt.Errorf("demo: plug in: %w", err)
	}

	c.listener = ln
	c.live.Go(func() { c.serve(context.WithoutCancel(ctx), ln) })
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
	c.live.Wait()
}

// serve takes connections until the cord is cut.
func (c *Cord) serve(ctx context.Context, ln net.Listener) {
	for {
		near, err := ln.Accept()
		if err != nil {
			return // cut: an accept fails for nothing else that a demo could mend
		}
		c.live.Go(func() { c.carryBytes(ctx, ln, near) })
	}
}

// carryBytes passes bytes both ways until either side hangs up or the cord is cut.
func (c *Cord) carryBytes(ctx context.Context, ln net.Listener, near net.Conn) {
	c.mu.Lock()
	target := c.target
	c.mu.Unlock()
	dialer := net.Dialer{Timeout: cordDial}
	far, err := dialer.DialContext(ctx, "tcp", target)
	if err != nil {
		_ = near.Close()
		return
	}

	hangUp := func() { _, _ = near.Close(), far.Close() }
	defer hangUp()

	if !c.hold(ln, near, far) {
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

// hold remembers both ends of a connection, so that Cut can close them. It returns false if the cord was cut meanwhile.
func (c *Cord) hold(ln net.Listener, ends ...net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.listener != ln {
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
