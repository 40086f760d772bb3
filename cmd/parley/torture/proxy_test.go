package torture

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// newTestProxy returns a proxy before a server that echoes lines; heard gets each line that the server hears.
func newTestProxy(t *testing.T) (p *proxy, heard <-chan string) {
	t.Helper()
	lines := make(chan string, 10)
	p, err := openProxy(t.Context(), &proxy{route: routeSMTP, dial: newDialer("tcp", startEchoServer(t, lines)), triggers: &triggers{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p, lines
}

// startEchoServer starts a server that says "hello", then echoes lines and passes them to heard. It returns its address.
func startEchoServer(t *testing.T, heard chan<- string) string {
	t.Helper()
	var lc net.ListenConfig
	in, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close() })
	go func() {
		for {
			c, err := in.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.WriteString(c, "hello\n")
				for lines := bufio.NewScanner(c); lines.Scan(); {
					heard <- lines.Text()
					_, _ = io.WriteString(c, lines.Text()+"\n")
				}
				_ = c.Close()
			}()
		}
	}()
	return in.Addr().String()
}

// client is connected to the server through a proxy.
type client struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func connect(t *testing.T, p *proxy) *client {
	t.Helper()
	conn, err := newDialer("tcp", p.address())(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &client{t, conn, bufio.NewReader(conn)}
}

func (c *client) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, text+"\n"); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) wantLine(want string) {
	c.t.Helper()
	if got, err := c.readWithin(time.Minute); err != nil || got != want {
		c.t.Fatalf("read %q, %v; want %q", got, err, want)
	}
}

// wantSilence checks that nothing comes for a while.
func (c *client) wantSilence() {
	c.t.Helper()
	if line, err := c.readWithin(100 * time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Errorf("read %q, %v during the silence; want nothing", line, err)
	}
}

func (c *client) readWithin(d time.Duration) (string, error) {
	c.t.Helper()
	if err := c.conn.SetReadDeadline(time.Now().Add(d)); err != nil {
		c.t.Fatal(err)
	}
	line, err := c.in.ReadString('\n')
	return strings.TrimSpace(line), err
}

// wantEnd waits for the end of the connection.
func (c *client) wantEnd() {
	c.t.Helper()
	if line, err := c.readWithin(time.Minute); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("read %q, %v; want the end of the connection", line, err)
	}
}

// A cut ends the connections of one way; the next one works again.
func TestProxyCuts(t *testing.T) {
	t.Parallel()
	p, _ := newTestProxy(t)
	c := connect(t, p)
	c.wantLine("hello")
	c.send("one")
	c.wantLine("one")
	if n := p.cut(routeIMAP); n != 0 {
		t.Errorf("cut(wayIMAP) cut %d connections, want 0, as there are none of this way", n)
	}
	if n := p.cut(routeSMTP); n != 1 {
		t.Errorf("cut(waySMTP) cut %d connections, want 1", n)
	}
	c.wantEnd()
	connect(t, p).wantLine("hello")
}

// beginSilence begins a silence, and returns a function that ends it and reports how many connections it struck. wholly
// means that the server hears nothing either.
func beginSilence(t *testing.T, p *proxy, wholly bool) (end func() int) {
	t.Helper()
	current := func() *blackhole {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.blackholes[routeSMTP]
	}
	before := current()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan int, 1)
	go func() { done <- p.dropTraffic(ctx, routeSMTP, time.Hour, wholly) }()
	for deadline := time.Now().Add(time.Minute); current() == before || !p.openLinks(routeSMTP)[0].isBlackholed(); {
		if time.Now().After(deadline) {
			t.Fatal("the silence has not begun within a minute")
		}
		runtime.Gosched()
	}
	return func() int {
		stop()
		return <-done
	}
}

// The end of a silence spares a link that began to connect after it.
func TestConnectingLinkIsNotSilent(t *testing.T) {
	t.Parallel()
	connecting := &link{}
	if connecting.isBlackholed() {
		t.Error("a link that has no server yet counts as silent")
	}
	connecting.startDropping(true)
	if !connecting.isBlackholed() {
		t.Error("a link that was muted before it had a server doesn't count as silent")
	}
}

// During a silence, nothing comes back on old and new connections; its end resets them. The server hears what is sent
// meanwhile unless the silence is a whole one.
func TestProxySilence(t *testing.T) {
	t.Parallel()
	for name, wholly := range map[string]bool{"a whole silence": true, "a silence of the server's alone": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, heard := newTestProxy(t)
			old := connect(t, p)
			old.wantLine("hello")
			end := beginSilence(t, p, wholly)
			fresh := connect(t, p)
			old.send("from the old one")
			fresh.send("from the new one")
			old.wantSilence()
			fresh.wantSilence()
			if !wholly {
				wantHeard(t, heard, "from the new one", "from the old one")
			}
			if n := end(); n != 1 {
				t.Errorf("the silence struck %d connections, want 1", n)
			}
			old.wantEnd()
			fresh.wantEnd()
			if len(heard) > 0 {
				t.Errorf("the server heard %q, want nothing more", <-heard)
			}
			connect(t, p).wantLine("hello")
		})
	}
}

// wantHeard waits until the server has heard these lines, in whatever order.
func wantHeard(t *testing.T, heard <-chan string, want ...string) {
	t.Helper()
	var got []string
	for range want {
		select {
		case line := <-heard:
			got = append(got, line)
		case <-time.After(time.Minute):
			t.Fatalf("the server heard %q within a minute, want %q", got, want)
		}
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("the server heard %q, want %q", got, want)
	}
}

// The end of a silence does not end one that began later.
func TestProxySilences(t *testing.T) {
	t.Parallel()
	p, _ := newTestProxy(t)
	connect(t, p).wantLine("hello")
	endFirst := beginSilence(t, p, true)
	endSecond := beginSilence(t, p, true)
	endFirst()
	connect(t, p).wantSilence()
	endSecond()
	connect(t, p).wantLine("hello")
}

// armTrap sets a trap; sprang gets whether it sprang.
func armTrap(t *testing.T, tr *triggers, one *trigger) (sprang <-chan bool) {
	t.Helper()
	result := make(chan bool, 1)
	go func() { result <- tr.wait(t.Context(), one, time.Minute) }()
	for deadline := time.Now().Add(time.Minute); ; {
		tr.mu.Lock()
		armed := len(tr.list)
		tr.mu.Unlock()
		if armed > 0 {
			return result
		}
		if time.Now().After(deadline) {
			t.Fatal("the trap is not set after a minute")
		}
		runtime.Gosched()
	}
}

func TestTraps(t *testing.T) {
	t.Parallel()
	t.Run("holds back the answer to the message that it waits for", func(t *testing.T) {
		t.Parallel()
		const held = 50 * time.Millisecond
		p, _ := newTestProxy(t)
		c := connect(t, p)
		c.wantLine("hello")
		var marks markerSet
		marks.add(reply())
		sprang := armTrap(t, p.triggers, &trigger{route: routeSMTP, upstream: true, match: containsMarker(&marks), inject: func(l *link) bool { l.holdAnswers(held); return true }})
		c.send("outbound-c001-1") // another message
		c.wantLine("outbound-c001-1")
		began := time.Now()
		c.send("see outbound-c001-2")
		c.wantLine("see outbound-c001-2")
		if took := time.Since(began); took < held {
			t.Errorf("the answer came after %s, want at least %s", took, held)
		}
		if !<-sprang {
			t.Error("wait reports that the trap did not spring")
		}
	})
	t.Run("ends the connection on which it springs", func(t *testing.T) {
		t.Parallel()
		p, _ := newTestProxy(t)
		c := connect(t, p)
		c.wantLine("hello")
		sprang := armTrap(t, p.triggers, &trigger{route: routeSMTP, upstream: true, match: containsWords("DATA"), inject: func(*link) bool { return false }})
		c.send("DATA")
		c.wantEnd()
		if !<-sprang {
			t.Error("wait reports that the trap did not spring")
		}
	})
	t.Run("is taken away when nobody waits any more", func(t *testing.T) {
		t.Parallel()
		var tr triggers
		if tr.wait(t.Context(), &trigger{route: routeSMTP, match: containsWords("never")}, time.Millisecond) {
			t.Error("wait reports that a trap sprang, which nothing passed")
		}
		if len(tr.list) != 0 {
			t.Errorf("%d traps are still set, want none", len(tr.list))
		}
	})
}

// newHotLink returns a connection to PostgreSQL on which Parley claims deliveries.
func newHotLink() *link {
	l := &link{route: routePostgres}
	l.noteUse([]byte("user\x00parley\x00enable_seqscan\x00off\x00"), true)
	return l
}

// A commit is a Sync on a connection that claims, and elsewhere the statement.
func TestCommitRequest(t *testing.T) {
	t.Parallel()
	sync, statement := []byte("P…"+pgSync), []byte("Q\x00\x00\x00\x0bcommit\x00")
	if !isCommitRequest(newHotLink(), sync) {
		t.Error("a Sync where deliveries are claimed is no commit, want one")
	}
	if isCommitRequest(&link{route: routePostgres}, sync) {
		t.Error("a Sync elsewhere is a commit, want none")
	}
	if !isCommitRequest(&link{route: routePostgres}, statement) {
		t.Error("the statement is no commit, want one")
	}
}

// A claim is answered when PostgreSQL is ready again after rows of replies that are being sent.
func TestClaimAnswer(t *testing.T) {
	t.Parallel()
	hot, plain := newHotLink(), &link{route: routePostgres}
	claim := []byte("D…reply…sending…" + pgReady)
	for _, c := range []struct {
		name string
		link *link
		text []byte
		want bool
	}{
		{name: "a claim", link: hot, text: claim, want: true},
		{name: "the same where nothing is claimed", link: plain, text: claim},
		{name: "the rest of a claim", link: hot, text: []byte(pgReady), want: true},
		{name: "another row", link: hot, text: []byte("D…")},
	} {
		c.link.noteUse(c.text, false)
		if got := isClaimAnswer(c.link, c.text); got != c.want {
			t.Errorf("%s: got %t, want %t", c.name, got, c.want)
		}
	}
	hot.noteUse([]byte("next"), true)
	hot.noteUse([]byte(pgReady), false)
	if isClaimAnswer(hot, []byte(pgReady)) {
		t.Error("the answer to the next request counts as that to the claim before")
	}
}
