package torture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"parley/channels/pause"
)

// A way is a kind of connection, as faults and counts name it. These lead to servers that Parley calls:
const (
	routePostgres    = "postgres"
	routeSlackAPI    = "slack"        // the Web API
	routeSlackSocket = "slack socket" // Socket Mode, behind the same address
	routeTeams       = "teams"        // connector, login and Graph
	routeIMAP        = "imap"
	routeSMTP        = "smtp"
)

// On these, Slack and Teams call Parley:
const (
	routeSlackWebhooks = "slack webhooks"
	routeTeamsWebhooks = "teams webhooks"
)

const (
	dialTimeout = 10 * time.Second
	// pieceSize is how many bytes are read at once. Traps look for words within one piece: most messages have to fit into one.
	pieceSize = 32 << 10
)

// proxy carries connections between Parley and a server that it calls, or between a chat and Parley's webhooks. It can cut
// them, let them go silent, and spring traps on what they carry. What the side sends that connected goes up, the answers
// come down.
type proxy struct {
	route    string
	owner    *replica // whose connections these are; nil means anybody's
	dial     func(context.Context) (net.Conn, error)
	triggers *triggers
	onAnswer func(status string) // is called with the status of each answer to a webhook: "200"; nil where there are no webhooks
	listener net.Listener
	cancel   context.CancelFunc

	mu         sync.Mutex
	links      map[*link]bool
	blackholes map[string]*blackhole // by way: those that last now, also for connections that are opened meanwhile
	serving    sync.WaitGroup
}

// blackhole is a fault that lasts: no answers come back.
type blackhole struct {
	bothDirections bool // and no requests reach the server
}

// openProxy completes p, and serves at a loopback address of its own until close.
func openProxy(ctx context.Context, p *proxy) (*proxy, error) {
	var lc net.ListenConfig
	in, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("torture: proxy: %w", err)
	}

	ctx, p.cancel = context.WithCancel(context.WithoutCancel(ctx))
	p.listener = in
	p.links, p.blackholes = map[*link]bool{}, map[string]*blackhole{}
	p.serving.Go(func() {
		for {
			conn, err := in.Accept()
			if err != nil {
				return // close was called
			}
			p.serving.Go(func() { p.serve(ctx, conn) })
		}
	})

	return p, nil
}

// newDialer returns a function that connects to one address.
func newDialer(network, address string) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) {
		d := net.Dialer{Timeout: dialTimeout}
		return d.DialContext(ctx, network, address)
	}
}

// address returns where the proxy listens.
func (p *proxy) address() string { return p.listener.Addr().String() }

// close ends the proxy with all its links, and waits until nothing of it runs.
func (p *proxy) close() {
	p.cancel()
	_ = p.listener.Close() // Accept returns and serving ends, whatever Close says
	for _, l := range p.openLinks("") {
		l.reset()
	}
	p.serving.Wait()
}

// openLinks returns the open links of a way. An empty way means all.
func (p *proxy) openLinks(way string) []*link {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []*link
	for l := range p.links {
		if way == "" || l.route == way {
			list = append(list, l)
		}
	}
	return list
}

// serve carries one connection. Slack's two ways come to one address: the first request tells them apart. The other ways
// aren't read first, since IMAP and SMTP servers speak before the client.
func (p *proxy) serve(ctx context.Context, client net.Conn) {
	l := &link{proxy: p, route: p.route, client: client}
	defer l.reset()
	var first []byte
	if p.route == routeSlackAPI {
		var ok bool
		if l.route, first, ok = readSlackRoute(client); !ok {
			return
		}
	}

	p.mu.Lock()
	p.links[l] = true
	fault := p.blackholes[l.route]
	if fault != nil {
		l.startDropping(fault.bothDirections)
	}

	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.links, l)
		p.mu.Unlock()
	}()

	if ctx.Err() != nil {
		return
	}
	if fault != nil && fault.bothDirections { // nothing reaches the server, so there is none
		_, _ = io.Copy(io.Discard, client) // ends when the client or the end of the silence closes it
		return
	}
	p.carry(ctx, l, first)
}

// readSlackRoute reads the first request of a connection to Slack, which tells the Web API from Socket Mode.
func readSlackRoute(client net.Conn) (way string, first []byte, ok bool) {
	buf := make([]byte, pieceSize)
	n, err := client.Read(buf)
	if err != nil {
		return "", nil, false
	}
	first = buf[:n]
	if bytes.HasPrefix(first, []byte("GET /link/")) {
		return routeSlackSocket, first, true
	}
	return routeSlackAPI, first, true
}

// carry connects a link to its server, and carries both directions until they end. first was read of the client already.
func (p *proxy) carry(ctx context.Context, l *link, first []byte) {
	server, err := p.dial(ctx)
	if err != nil {
		return
	}

	l.mu.Lock()
	l.server = server
	l.mu.Unlock()
	defer func() { _ = server.Close() }()

	if len(first) > 0 && !l.passOn(server, first, true) {
		return
	}

	var both sync.WaitGroup
	both.Go(func() { l.pumpBytes(l.client, server, true) })
	both.Go(func() { l.pumpBytes(server, l.client, false) })
	both.Wait()
	_ = l.client.Close() // not reset: what is still on its way arrives
}

// cut resets the open connections of a way and reports how many those were.
func (p *proxy) cut(way string) int {
	list := p.openLinks(way)
	for _, l := range list {
		l.reset()
	}
	return len(list)
}

// dropTraffic silences the connections of a way for some time, also those that are opened meanwhile: no answers come back
// and, with wholly, no requests get through. Then it resets the silent ones. It returns how many it silenced at first.
func (p *proxy) dropTraffic(ctx context.Context, way string, d time.Duration, wholly bool) int {
	fault := &blackhole{bothDirections: wholly}
	p.mu.Lock()
	p.blackholes[way] = fault
	p.mu.Unlock()
	list := p.openLinks(way)
	for _, l := range list {
		l.startDropping(wholly)
	}

	pause.For(ctx, d)
	p.mu.Lock()

	if p.blackholes[way] == fault { // otherwise another silence has begun and lasts
		delete(p.blackholes, way)
	}

	p.mu.Unlock()
	struck := len(list)

	for _, l := range p.openLinks(way) {
		if l.isBlackholed() {
			l.reset()
		}
	}

	return struck
}

// link is one connection through a proxy.
type link struct {
	proxy  *proxy
	route  string
	client net.Conn

	mu               sync.Mutex
	server           net.Conn  // nil until it is connected, and on a link that is wholly silent from its beginning
	dropUp           bool      // what goes up is thrown away
	dropDown         bool      // what comes down is thrown away
	answersHeldUntil time.Time // what comes down is held back until then
	claimsDeliveries bool      // PostgreSQL: Parley claims deliveries over it
	justClaimed      bool      // PostgreSQL: the latest answer claimed a reply
}

// startDropping lets nothing come down any more and, with wholly, nothing go up.
func (l *link) startDropping(wholly bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dropUp, l.dropDown = wholly, true
}

// isBlackholed reports whether the link was muted.
func (l *link) isBlackholed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dropDown
}

// holdAnswers holds back what comes down until d is over.
func (l *link) holdAnswers(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answersHeldUntil = time.Now().Add(d)
}

// reset closes both sides at once: TCP connections by RST, so that what is on its way is lost.
func (l *link) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range []net.Conn{l.client, l.server} {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // then Close resets
		}
		if c != nil {
			_ = c.Close() // it may be closed already
		}
	}
}

// pumpBytes carries one direction until it ends.
func (l *link) pumpBytes(from, to net.Conn, up bool) {
	buf := make([]byte, pieceSize)
	for {
		n, err := from.Read(buf)
		if n > 0 && !l.passOn(to, buf[:n], up) {
			l.reset()
			return
		}

		if err != nil {
			half, canHalfClose := to.(interface{ CloseWrite() error })
			if canHalfClose && errors.Is(err, io.EOF) {
				_ = half.CloseWrite() // the other direction goes on
			} else {
				_ = to.Close()
			}
			return
		}
	}
}

// passOn sends a piece on. It throws the piece away if the link is deaf in that direction. It returns false if the link
// must end, because a trap says so or the other side is gone.
func (l *link) passOn(to net.Conn, piece []byte, up bool) bool {
	if l.drops(up) {
		return true
	}
	if !l.proxy.triggers.pass(l, piece, up) {
		return false
	}

	if !up && l.proxy.onAnswer != nil {
		if status := httpStatus(piece); status != "" {
			l.proxy.onAnswer(status)
		}
	}

	if !up {
		l.awaitHeldAnswers()
	}
	if l.drops(up) { // it was muted while this waited
		return true
	}

	_, err := to.Write(piece)
	return err == nil
}

// awaitHeldAnswers waits until answers are no longer held back.
func (l *link) awaitHeldAnswers() {
	l.mu.Lock()
	wait := time.Until(l.answersHeldUntil)
	l.mu.Unlock()
	if wait > 0 {
		<-time.After(wait) // holding it back is the fault
	}
}

// httpStatus returns the status of the answer that begins with piece, such as "200", or "" if no answer begins there.
func httpStatus(piece []byte) string {
	const digits = 3
	rest, ok := bytes.CutPrefix(piece, []byte("HTTP/1.1 "))
	if !ok || len(rest) <= digits {
		return ""
	}
	return string(rest[:digits])
}

// drops reports whether the link swallows what goes in one direction.
func (l *link) drops(up bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if up {
		return l.dropUp
	}
	return l.dropDown
}
