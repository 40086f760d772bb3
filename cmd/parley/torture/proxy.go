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

// Ways are what Parley speaks to.
const (
	wayBase   = "postgres"
	waySlack  = "slack"        // the Web API
	waySocket = "slack socket" // Socket Mode, behind the same address
	wayTeams  = "teams"        // connector, login and Graph
	wayIMAP   = "imap"
	waySMTP   = "smtp"
)

// The connections on which providers send requests to Parley, as faults and counts name them.
const (
	wayHooks  = "slack webhooks"
	wayEvents = "teams webhooks"
)

const (
	dialTimeout = 10 * time.Second
	// earlyFor is how long an answer is held back so that its receipt comes first.
	earlyFor = 1500 * time.Millisecond
	// pieceSize is how much is carried at once: traps look for words within one piece, so most messages should fit.
	pieceSize = 32 << 10
)

// proxy stands between Parley and something that Parley speaks to: it cuts connections and lets them go silent.
type proxy struct {
	way    string
	owner  *replica // whose connections these are; nil means anybody's
	dial   func(context.Context) (net.Conn, error)
	traps  *traps
	seen   func(answer string) // gets the status of each answer to a webhook, such as "200"; nil where there are no webhooks
	in     net.Listener
	cancel context.CancelFunc

	mu       sync.Mutex
	links    map[*link]bool
	silences map[string]*silence // that last, by way: connections that are opened meanwhile are silent, too
	serving  sync.WaitGroup
}

// silence is a fault that lasts: nothing comes back.
type silence struct {
	wholly bool // what Parley sends doesn't reach the server either
}

// openProxy listens on a loopback address of its own and serves until close.
func openProxy(ctx context.Context, p *proxy) (*proxy, error) {
	var lc net.ListenConfig
	in, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("torture: proxy: %w", err)
	}

	ctx, p.cancel = context.WithCancel(context.WithoutCancel(ctx))
	p.in = in
	p.links, p.silences = map[*link]bool{}, map[string]*silence{}
	p.serving.Go(func() {
		for {
			conn, err := in.Accept()
			if err != nil {
				return // closed
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

func (p *proxy) address() string { return p.in.Addr().String() }

func (p *proxy) close() {
	p.cancel()
	_ = p.in.Close() // Accept returns and serving ends, whatever Close says
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
		if way == "" || l.way == way {
			list = append(list, l)
		}
	}
	return list
}

// serve carries one connection. The first bytes tell its way.
func (p *proxy) serve(ctx context.Context, client net.Conn) {
	l := &link{p: p, way: p.way, client: client}
	defer l.reset()
	var first []byte
	if p.way == waySlack { // SMTP and IMAP servers speak first
		buf := make([]byte, pieceSize)
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		if first = buf[:n]; bytes.HasPrefix(first, []byte("GET /link/")) {
			l.way = waySocket
		}
	}

	p.mu.Lock()
	p.links[l] = true
	q := p.silences[l.way]
	if q != nil {
		l.muteLink(q.wholly)
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
	if q != nil && q.wholly {
		_, _ = io.Copy(io.Discard, client) // until the client, or the fault's end, closes it
		return
	}

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
	both.Go(func() { l.pumpBytes(client, server, true) })
	both.Go(func() { l.pumpBytes(server, client, false) })
	both.Wait()
	_ = client.Close() // in peace: what is on the way arrives
}

// cut resets the open connections of a way and reports how many those were.
func (p *proxy) cut(way string) int {
	list := p.openLinks(way)
	for _, l := range list {
		l.reset()
	}
	return len(list)
}

// keepSilent makes the connections of a way half open for some time, also those that are opened meanwhile:
// nothing comes back on them. With wholly nothing gets through to the server either. Afterwards it resets
// the silent connections. It returns how many it struck at first.
func (p *proxy) keepSilent(ctx context.Context, way string, d time.Duration, wholly bool) int {
	q := &silence{wholly: wholly}
	p.mu.Lock()
	p.silences[way] = q
	p.mu.Unlock()
	list := p.openLinks(way)
	for _, l := range list {
		l.muteLink(wholly)
	}

	pause.For(ctx, d)
	p.mu.Lock()

	if p.silences[way] == q { // otherwise another silence has begun and lasts
		delete(p.silences, way)
	}

	p.mu.Unlock()
	struck := len(list)

	for _, l := range p.openLinks(way) {
		if l.isSilent() {
			l.reset()
		}
	}

	return struck
}

// link is one connection of Parley.
type link struct {
	p      *proxy
	way    string
	client net.Conn

	mu               sync.Mutex
	server           net.Conn  // nil means swallowed from the start
	deafUp           bool      // what Parley says is swallowed
	deafDown         bool      // what Parley is told is swallowed
	answersHeldUntil time.Time // what comes from the server is kept back until then
	claims           bool      // PostgreSQL: a connection over which deliveries are claimed
	justClaimed      bool      // a reply was just claimed over it
}

// muteLink lets nothing come back from now on. With wholly nothing gets through to the server either.
func (l *link) muteLink(wholly bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deafUp, l.deafDown = wholly, true
}

// isSilent reports whether the link was muted.
func (l *link) isSilent() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.deafDown
}

// holdAnswers keeps back what comes from the server until d is over.
func (l *link) holdAnswers(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answersHeldUntil = time.Now().Add(d)
}

// reset ends both sides at once, without a word.
func (l *link) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range []net.Conn{l.client, l.server} {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // then Close resets
		}
		if c != nil {
			_ = c.Close() // once more does no harm
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

// passOn passes a piece on, unless the link is silent or a trap springs. It returns false when the link is over.
func (l *link) passOn(to net.Conn, piece []byte, up bool) bool {
	if l.isDeaf(up) {
		return true
	}
	if !l.p.traps.pass(l, piece, up) {
		return false
	}

	if !up && l.p.seen != nil {
		if status := httpStatus(piece); status != "" {
			l.p.seen(status)
		}
	}

	l.mu.Lock()
	wait := time.Until(l.answersHeldUntil)
	l.mu.Unlock()

	if !up && wait > 0 {
		<-time.After(wait) // that is the fault
	}
	if l.isDeaf(up) { // meanwhile
		return true
	}

	_, err := to.Write(piece)
	return err == nil
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

// isDeaf reports whether the link swallows what goes in one direction.
func (l *link) isDeaf(up bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if up {
		return l.deafUp
	}
	return l.deafDown
}
