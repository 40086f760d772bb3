// Package proxy is a TCP proxy in front of one port of an emulator. Cutting it simulates a failure of the network: in the demo
// a visitor cuts Parley's connection to Slack, say, and sees that no message is lost.
//
// What does not belong here: what flows through it.
package proxy

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"parley/channels/emulator"
	"parley/channels/pause"
)

const (
	// dialTimeout is how long an emulator may take to accept a connection.
	dialTimeout = 5 * time.Second
	// While a proxy was cut, another program may have taken its port for a moment, if that is one that the system gives away. Restore
	// tries listenTries times to get it back, with listenPause between two tries.
	listenTries = 20
	listenPause = 100 * time.Millisecond
)

// Proxy passes bytes between Parley, which connects to Addr, and an emulator. Cut breaks all connections, and Addr then refuses
// new ones as a dead host does, until Restore. The people on the demo's page use the emulator directly, so they notice nothing.
// A Proxy is safe for concurrent use.
type Proxy struct {
	Addr string // host:port where Parley connects

	running sync.WaitGroup // the goroutines that accept and carry connections; Close waits for them

	mu       sync.Mutex
	target   string                // host:port of the emulator
	listener net.Listener          // nil while the proxy is cut
	open     map[net.Conn]struct{} // both ends of each open connection: Parley's and the emulator's
}

// New starts a proxy that listens at addr (host:port; "" means a free port on loopback) and leads to target. The caller calls
// Close in the end.
// Errors: addr is taken; ctx ended.
func New(ctx context.Context, addr, target string) (*Proxy, error) {
	if addr == "" {
		free, err := emulator.FreeAddress(ctx) // nobody else gets it while the proxy is cut
		if err != nil {
			return nil, fmt.Errorf("demo: proxy: %w", err)
		}
		addr = free
	}
	p := &Proxy{Addr: addr, target: target, open: map[net.Conn]struct{}{}}
	if err := p.Restore(ctx); err != nil {
		return nil, err
	}
	p.Addr = p.listener.Addr().String()
	return p, nil
}

// SetTarget changes where new connections lead (host:port). Open ones keep their target.
func (p *Proxy) SetTarget(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
}

// Cut breaks every connection and refuses new ones.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener == nil {
		return
	}
	_ = p.listener.Close()
	p.listener = nil
	for conn := range p.open {
		_ = conn.Close()
	}
}

// Restore lets connections through again. It does nothing if the proxy isn't cut.
// Errors: the port is taken; ctx ended.
func (p *Proxy) Restore(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		return nil
	}

	listener, err := listen(ctx, p.Addr)
	if err != nil {
		return fmt.Errorf("demo: proxy: %w", err)
	}

	p.listener = listener
	p.running.Go(func() { p.accept(context.WithoutCancel(ctx), listener) })
	return nil
}

// Close cuts the proxy for good and waits until nothing runs in it.
func (p *Proxy) Close() {
	p.Cut()
	p.running.Wait()
}

// listen listens at an address. If another program has it, listen tries again for two seconds.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", addr)
	for try := 1; err != nil && try < listenTries && pause.For(ctx, listenPause); try++ {
		listener, err = config.Listen(ctx, "tcp", addr)
	}
	return listener, err
}

// accept takes Parley's connections until the proxy is cut.
func (p *Proxy) accept(ctx context.Context, listener net.Listener) {
	for {
		parley, err := listener.Accept()
		if err != nil {
			return // the proxy was cut; a demo can do nothing about other causes
		}
		p.running.Go(func() { p.serve(ctx, listener, parley) })
	}
}

// serve connects to the emulator and passes bytes both ways until either side hangs up or the proxy is cut. parley is Parley's
// end, which listener accepted.
func (p *Proxy) serve(ctx context.Context, listener net.Listener, parley net.Conn) {
	defer parley.Close() //nolint:errcheck // nobody is told anything on it any more
	p.mu.Lock()
	target := p.target
	p.mu.Unlock()

	dialer := net.Dialer{Timeout: dialTimeout}
	emulator, err := dialer.DialContext(ctx, "tcp", target)
	if err != nil {
		return
	}
	defer emulator.Close() //nolint:errcheck // likewise

	if !p.register(listener, parley, emulator) {
		return
	}
	defer p.forget(parley, emulator)
	passBytes(parley, emulator)
}

// passBytes passes bytes between two connections until one of them ends, and closes both.
func passBytes(a, b net.Conn) {
	pass := func(to, from net.Conn) {
		_, _ = io.Copy(to, from)
		_, _ = a.Close(), b.Close() // ends the other direction, too
	}
	var back sync.WaitGroup
	back.Go(func() { pass(a, b) })
	pass(b, a)
	back.Wait()
}

// register remembers both ends of a connection, so that Cut can close them. It returns false if the proxy has been cut since
// listener accepted the connection.
func (p *Proxy) register(listener net.Listener, parley, emulator net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != listener {
		return false
	}
	p.open[parley] = struct{}{}
	p.open[emulator] = struct{}{}
	return true
}

// forget removes both ends of a connection that is over.
func (p *Proxy) forget(parley, emulator net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, parley)
	delete(p.open, emulator)
}
