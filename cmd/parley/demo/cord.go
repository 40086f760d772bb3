package demo

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

// cord is the wire between Parley and one port of an emulator. While it is cut, its
// address refuses connections as a dead host's does; the people, who use the emulator
// from the other side, notice nothing.
type cord struct {
	addr string
	live sync.WaitGroup

	mu       sync.Mutex
	target   string
	listener net.Listener // nil while cut
	ends     map[net.Conn]struct{}
}

// newCord lays a plugged-in cord from addr (host:port, port 0 picks one) to target.
// Errors: addr is taken.
func newCord(ctx context.Context, addr, target string) (*cord, error) {
	c := &cord{addr: addr, target: target, ends: map[net.Conn]struct{}{}}
	if err := c.plug(ctx); err != nil {
		return nil, err
	}
	c.addr = c.listener.Addr().String()
	return c, nil
}

// plug lets connections through. Errors: the address is taken, or ctx ended.
func (c *cord) plug(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.listener != nil {
		return nil
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", c.addr)
	for try := 1; err != nil && try < cordTries && ctx.Err() == nil; try++ {
		select {
		case <-ctx.Done():
		case <-time.After(cordPause):
		}
		ln, err = lc.Listen(ctx, "tcp", c.addr)
	}
	if err != nil {
		return fmt.Errorf("demo: plug in: %w", err)
	}
	c.listener = ln
	c.live.Go(func() { c.serve(context.WithoutCancel(ctx), ln) })
	return nil
}

// point lets new connections lead to another target.
func (c *cord) point(target string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.target = target
}

// cut breaks every connection and refuses new ones.
func (c *cord) cut() {
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

// close cuts the cord for good and waits until nothing runs on it.
func (c *cord) close() {
	c.cut()
	c.live.Wait()
}

// serve takes connections until the cord is cut.
func (c *cord) serve(ctx context.Context, ln net.Listener) {
	for {
		near, err := ln.Accept()
		if err != nil {
			return // cut: an accept fails for nothing else that a demo could mend
		}
		c.live.Go(func() { c.carry(ctx, ln, near) })
	}
}

// carry passes bytes both ways until either side hangs up or the cord is cut.
func (c *cord) carry(ctx context.Context, ln net.Listener, near net.Conn) {
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

// hold remembers both ends of a connection, so that cut can close them; false if the cord was cut meanwhile.
func (c *cord) hold(ln net.Listener, ends ...net.Conn) bool {
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

func (c *cord) release(ends ...net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, end := range ends {
		delete(c.ends, end)
	}
}
