package demo

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"parley/channels/emulator"
	"parley/channels/wire"
)

const (
	// dialTimeout is how long an emulator may take to accept a connection.
	dialTimeout = 5 * time.Second
	// While a proxy is cut, the operating system may briefly assign its port to another program. Restore makes up to
	// listenTries attempts to get the port back and waits listenPause between them.
	listenTries = 20
	listenPause = 100 * time.Millisecond
)

// Proxy copies bytes between Parley, which connects to Addr, and an emulator. Cut closes all connections and makes Addr
// refuse new ones, like a host that is down, until Restore is called. The demo's page uses the emulator directly and is
// not affected. A Proxy is safe for concurrent use.
type Proxy struct {
	Addr string // the host:port that Parley connects to

	running sync.WaitGroup // goroutines that accept or serve connections; Close waits for them

	mu       sync.Mutex
	target   string                // host:port of the emulator
	listener net.Listener          // nil while the proxy is cut
	open     map[net.Conn]struct{} // both ends of each open connection: Parley's and the emulator's
}

// NewProxy starts a proxy that listens on addr and connects to target, both in the form host:port. An empty addr selects a
// free loopback port. The caller must call Close. New fails if addr is in use or ctx ends.
func NewProxy(ctx context.Context, addr, target string) (*Proxy, error) {
	if addr == "" {
		free, err := emulator.FreeAddress(ctx) // no other emulator gets it while the proxy is cut
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

// SetTarget changes the host:port that new connections are forwarded to. Open connections keep their target.
func (p *Proxy) SetTarget(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
}

// Cut closes every connection and refuses new ones until Restore is called.
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

// Restore accepts connections again. It does nothing if the proxy isn't cut. It fails if the port is in use or ctx ends.
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

// Close cuts the proxy permanently and waits for its goroutines.
func (p *Proxy) Close() {
	p.Cut()
	p.running.Wait()
}

// listen listens on addr. If another program uses the port, it retries for about two seconds.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", addr)
	for attempt := 1; err != nil && attempt < listenTries && wire.For(ctx, listenPause); attempt++ {
		listener, err = config.Listen(ctx, "tcp", addr)
	}
	return listener, err
}

// accept accepts Parley's connections until the proxy is cut.
func (p *Proxy) accept(ctx context.Context, listener net.Listener) {
	for {
		parley, err := listener.Accept()
		if err != nil {
			return // usually the proxy was cut; a demo can't recover from anything else
		}
		p.running.Go(func() { p.serve(ctx, listener, parley) })
	}
}

// serve connects to the emulator and copies bytes in both directions until either side closes its connection or the
// proxy is cut. parley is a connection from Parley that listener accepted.
func (p *Proxy) serve(ctx context.Context, listener net.Listener, parley net.Conn) {
	defer parley.Close() //nolint:errcheck // nothing is left to write
	p.mu.Lock()
	target := p.target
	p.mu.Unlock()

	dialer := net.Dialer{Timeout: dialTimeout}
	emulator, err := dialer.DialContext(ctx, "tcp", target)
	if err != nil {
		return
	}
	defer emulator.Close() //nolint:errcheck // nothing is left to write

	if !p.register(listener, parley, emulator) {
		return
	}
	defer p.forget(parley, emulator)
	passBytes(parley, emulator)
}

// passBytes copies bytes between two connections in both directions until one of them ends. It closes both.
func passBytes(a, b net.Conn) {
	copyAndClose := func(dst, src net.Conn) {
		_, _ = io.Copy(dst, src)
		_, _ = a.Close(), b.Close() // also ends the copy in the other direction
	}
	var reverse sync.WaitGroup
	reverse.Go(func() { copyAndClose(a, b) })
	copyAndClose(b, a)
	reverse.Wait()
}

// register records both ends of a connection so that Cut can close them. It returns false if the proxy was cut after
// listener accepted the connection, even if it has been restored since.
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

// forget removes both ends of a closed connection.
func (p *Proxy) forget(parley, emulator net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, parley)
	delete(p.open, emulator)
}
