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
	// While a cord was cut, another program may have taken its address for a moment. Plug tries plugTries times to
	// get it back, with plugPause between two tries.
	plugTries = 20
	plugPause = 100 * time.Millisecond
)

// Cord is a small TCP proxy between Parley and one port of an emulator, with which the demo simulates network
// failures. Parley connects to Addr, and the cord passes bytes to the emulator and back. Cut breaks all
// connections, and Addr then refuses new ones as a dead host does. Plug ends that. The people on the page use the
// emulator directly, so they notice nothing. A Cord is safe for concurrent use.
type Cord struct {
	Addr    string         // host:port where Parley connects
	running sync.WaitGroup // the goroutines that accept and carry connections

	mu       sync.Mutex
	target   string                // host:port of the emulator
	listener net.Listener          // nil while cut
	ends     map[net.Conn]struct{} // the open connections, both Parley's end and the emulator's of each
}

// New returns a cord that is plugged in. It listens at addr (host:port, port 0 picks a free one) and leads to
// target.
// Errors: addr is taken.
func New(ctx context.Context, addr, target string) (*Cord, error) {
	c := &Cord{Addr: addr, target: target, ends: map[net.Conn]struct{}{}}
	if err := c.Plug(ctx); err != nil {
		return nil, err
	}
	c.Addr = c.listener.Addr().String()
	return c, nil
}

// Plug starts to listen and lets connections through. It does nothing if the cord is plugged in already.
// Errors: the address is taken, or ctx ended.
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

// Point changes the target (host:port) of new connections. Open ones keep theirs.
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
			return // the cord was cut; a demo can do nothing about other causes
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

// hold remembers both ends of a connection that listener accepted, so that Cut can close them. It returns false if
// the cord has been cut since listener accepted the connection.
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

// release forgets both ends of a connection that is over.
func (c *Cord) release(ends ...net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, end := range ends {
		delete(c.ends, end)
	}
}
