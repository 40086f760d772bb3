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

	"parley/channels/wire"
)

// A route is a kind of connection. Faults and counters refer to it by these names. On these routes Parley calls servers:
const (
	routePostgres    = "postgres"
	routeSlackAPI    = "slack"        // the Web API
	routeSlackSocket = "slack socket" // Socket Mode, behind the same address
	routeTeams       = "teams"        // connector, login and Graph
	routeIMAP        = "imap"
	routeSMTP        = "smtp"
)

// On these routes, Slack and Teams call Parley:
const (
	routeSlackWebhooks = "slack webhooks"
	routeTeamsWebhooks = "teams webhooks"
)

const (
	dialTimeout = 10 * time.Second
	// pieceSize is the size of the read buffer. Triggers search each piece (the bytes of one read) on its own, so most
	// messages must fit into one piece.
	pieceSize = 32 << 10
)

// proxy is a TCP proxy for fault injection. It forwards connections between Parley and a server that Parley calls, or from
// a chat to Parley's webhooks. It can reset the connections of a route, silently drop their traffic (a blackhole), and fire
// triggers, which are faults that wait for certain words on a connection. Example: drop the responses of the mail server
// for five seconds, and then reset the connections.
type proxy struct {
	route    string
	owner    *replica // the Parley process that uses this proxy; nil if several share it
	dial     func(context.Context) (net.Conn, error)
	triggers *triggers
	onAnswer func(status string) // called with the status of each response to a webhook, such as "200"; nil on other routes
	listener net.Listener
	cancel   context.CancelFunc

	mu         sync.Mutex
	links      map[*link]bool        // the open connections
	blackholes map[string]*blackhole // by route: the active ones
	serving    sync.WaitGroup        // all goroutines of the proxy
}

// direction is the direction of bytes through a proxy.
type direction int

const (
	requests direction = iota // from the side that connected
	answers                   // to the side that connected
)

// blackhole is a fault that drops all responses for some time, while the connections stay open.
type blackhole struct {
	bothDirections bool // requests are dropped, too
}

// applyTo makes a link drop what the blackhole drops.
func (b *blackhole) applyTo(l *link) {
	l.dropAnswers()
	if b.bothDirections {
		l.dropRequests()
	}
}

// openProxy initializes p and starts it at a free loopback address. It runs until close is called, even if ctx ends.
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

// address returns the host:port at which the proxy listens.
func (p *proxy) address() string { return p.listener.Addr().String() }

// close resets all links and waits until all goroutines of the proxy have ended.
func (p *proxy) close() {
	p.cancel()
	_ = p.listener.Close() // makes Accept return
	for _, l := range p.openLinks("") {
		l.reset()
	}
	p.serving.Wait()
}

// openLinks returns the open links of a route; "" means of all routes.
func (p *proxy) openLinks(route string) []*link {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []*link
	for l := range p.links {
		if route == "" || l.route == route {
			list = append(list, l)
		}
	}
	return list
}

// serve forwards one connection. Slack's two routes share an address, so the route is determined from the first request. On
// other routes nothing may be read first, since IMAP and SMTP servers speak before the client.
func (p *proxy) serve(ctx context.Context, client net.Conn) {
	l := &link{proxy: p, route: p.route, client: client}
	defer l.reset()
	var first []byte
	if p.route == routeSlackAPI {
		var err error
		if l.route, first, err = readSlackRoute(client); err != nil {
			return
		}
	}

	hole := p.add(l)
	defer p.remove(l)
	if ctx.Err() != nil {
		return
	}
	if hole != nil && hole.bothDirections { // no request would reach the server, so don't connect to it
		_, _ = io.Copy(io.Discard, client) // ends when the client or the end of the blackhole closes it
		return
	}
	p.carry(ctx, l, first)
}

// add adds an open link. If a blackhole is active on its route, add applies it to the link and returns it.
func (p *proxy) add(l *link) *blackhole {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.links[l] = true
	hole := p.blackholes[l.route]
	if hole != nil {
		hole.applyTo(l)
	}
	return hole
}

func (p *proxy) remove(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, l)
}

// readSlackRoute reads the first bytes of a connection to Slack, and returns them with the route to which they belong.
func readSlackRoute(client net.Conn) (route string, first []byte, err error) {
	buf := make([]byte, pieceSize)
	n, err := client.Read(buf)
	if err != nil {
		return "", nil, err
	}
	first = buf[:n]
	if bytes.HasPrefix(first, []byte("GET /link/")) {
		return routeSlackSocket, first, nil
	}
	return routeSlackAPI, first, nil
}

// carry connects a link to its server and forwards both directions until they end. first was already read from the client.
func (p *proxy) carry(ctx context.Context, l *link, first []byte) {
	server, err := p.dial(ctx)
	if err != nil {
		return
	}

	l.mu.Lock()
	l.server = server
	l.mu.Unlock()
	defer func() { _ = server.Close() }()

	if len(first) > 0 && !l.passOn(server, first, requests) {
		return
	}

	var both sync.WaitGroup
	both.Go(func() { l.pumpBytes(l.client, server, requests) })
	both.Go(func() { l.pumpBytes(server, l.client, answers) })
	both.Wait()
	_ = l.client.Close() // unlike reset, this doesn't discard bytes in flight
}

// cut resets the open connections of a route and returns their number.
func (p *proxy) cut(route string) int {
	list := p.openLinks(route)
	for _, l := range list {
		l.reset()
	}
	return len(list)
}

// dropTraffic applies a blackhole to all connections of a route for some time, including new ones, and then resets them. It
// returns how many were open at the beginning.
func (p *proxy) dropTraffic(ctx context.Context, route string, d time.Duration, hole blackhole) int {
	p.beginBlackhole(route, &hole)
	atBeginning := p.openLinks(route)
	for _, l := range atBeginning {
		hole.applyTo(l)
	}

	wire.For(ctx, d)
	p.endBlackhole(route, &hole)
	for _, l := range p.openLinks(route) {
		if l.isBlackholed() {
			l.reset()
		}
	}

	return len(atBeginning)
}

func (p *proxy) beginBlackhole(route string, hole *blackhole) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blackholes[route] = hole
}

// endBlackhole ends a blackhole, unless another one has replaced it.
func (p *proxy) endBlackhole(route string, hole *blackhole) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.blackholes[route] == hole {
		delete(p.blackholes, route)
	}
}

// link is one connection through a proxy.
type link struct {
	proxy  *proxy
	route  string
	client net.Conn

	mu               sync.Mutex
	server           net.Conn // nil until connected
	dropsRequests    bool
	dropsAnswers     bool
	answersHeldUntil time.Time // responses are delayed until then
	claimsDeliveries bool      // PostgreSQL: Parley takes messages from the send queue over this link
	justClaimed      bool      // PostgreSQL: the latest response says that a reply was taken from the queue
	giveUp           string    // PostgreSQL: the name of the prepared statement that gives an event up; "" means none
}

// dropAnswers makes the link drop all further responses.
func (l *link) dropAnswers() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dropsAnswers = true
}

// dropRequests makes the link drop all further requests.
func (l *link) dropRequests() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dropsRequests = true
}

// isBlackholed reports whether the link drops responses.
func (l *link) isBlackholed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dropsAnswers
}

// holdAnswers delays responses until d has passed.
func (l *link) holdAnswers(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answersHeldUntil = time.Now().Add(d)
}

// reset closes both sides immediately. TCP connections are closed with RST, so that bytes in flight are lost.
func (l *link) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range []net.Conn{l.client, l.server} {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // then Close resets
		}
		if c != nil {
			_ = c.Close() // ignore the error: it may already be closed
		}
	}
}

// pumpBytes forwards one direction until it ends.
func (l *link) pumpBytes(from, to net.Conn, d direction) {
	buf := make([]byte, pieceSize)
	for {
		n, err := from.Read(buf)
		if n > 0 && !l.passOn(to, buf[:n], d) {
			l.reset()
			return
		}

		if err != nil {
			half, canHalfClose := to.(interface{ CloseWrite() error })
			if canHalfClose && errors.Is(err, io.EOF) {
				_ = half.CloseWrite() // the other direction continues
			} else {
				_ = to.Close()
			}
			return
		}
	}
}

// passOn forwards a piece, unless the link drops this direction. It returns false if the link must end, because a trigger
// requires it or the other side has closed.
func (l *link) passOn(to net.Conn, piece []byte, d direction) bool {
	if l.drops(d) {
		return true
	}
	if !l.proxy.triggers.pass(l, piece, d) {
		return false
	}

	if d == answers {
		status := httpStatus(piece)
		if status != "" && l.proxy.onAnswer != nil {
			l.proxy.onAnswer(status)
		}
		l.awaitHeldAnswers()
	}
	if l.drops(d) { // a blackhole has begun in the meantime
		return true
	}

	_, err := to.Write(piece)
	return err == nil
}

// awaitHeldAnswers waits until responses are no longer delayed.
func (l *link) awaitHeldAnswers() {
	l.mu.Lock()
	wait := time.Until(l.answersHeldUntil)
	l.mu.Unlock()
	if wait > 0 {
		<-time.After(wait)
	}
}

// httpStatus returns the status, such as "200", if piece is the beginning of an HTTP response; otherwise "".
func httpStatus(piece []byte) string {
	const digits = 3
	rest, ok := bytes.CutPrefix(piece, []byte("HTTP/1.1 "))
	if !ok || len(rest) <= digits {
		return ""
	}
	return string(rest[:digits])
}

// drops reports whether the link drops bytes in this direction.
func (l *link) drops(d direction) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if d == requests {
		return l.dropsRequests
	}
	return l.dropsAnswers
}
