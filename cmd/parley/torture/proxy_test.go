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

	"parley/store/storetest"
)

// newTestProxy returns a proxy before a server that echoes lines; heard gets each line that the server hears.
func newTestProxy(t *testing.T) (p *proxy, heard <-chan string) {
	t.Helper()
	lines := make(chan string, 10)
	given := &proxy{route: routeSMTP, dial: newDialer("tcp", startEchoServer(t, lines)), triggers: &triggers{}}
	p = storetest.Must(openProxy(t.Context(), given))(t)
	t.Cleanup(p.close)
	return p, lines
}

// startEchoServer starts a server that says "hello", then echoes lines and passes them to heard. It returns its address.
func startEchoServer(t *testing.T, heard chan<- string) string {
	t.Helper()
	var lc net.ListenConfig
	in := storetest.Must(lc.Listen(t.Context(), "tcp", "127.0.0.1:0"))(t)
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
	conn := storetest.Must(newDialer("tcp", p.address())(t.Context()))(t)
	t.Cleanup(func() { _ = conn.Close() })
	return &client{t, conn, bufio.NewReader(conn)}
}

func (c *client) send(text string) {
	c.t.Helper()
	storetest.Must(io.WriteString(c.conn, text+"\n"))(c.t)
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
	storetest.Check(c.t, c.conn.SetReadDeadline(time.Now().Add(d)))
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

// A cut ends the connections of its route.
func TestProxyCut(t *testing.T) {
	t.Parallel()
	p, _ := newTestProxy(t)
	c := connect(t, p)
	c.wantLine("hello")
	if n := p.cut(routeSMTP); n != 1 {
		t.Errorf("got %d connections cut, want 1", n)
	}
	c.wantEnd()
}

// A cut leaves the connections of other routes alone.
func TestProxyCutOfAnotherRoute(t *testing.T) {
	t.Parallel()
	p, _ := newTestProxy(t)
	c := connect(t, p)
	c.wantLine("hello")
	if n := p.cut(routeIMAP); n != 0 {
		t.Errorf("got %d connections cut, want none", n)
	}
	c.send("one")
	c.wantLine("one")
}

// After a cut, new connections work.
func TestProxyWorksAfterCut(t *testing.T) {
	t.Parallel()
	p, _ := newTestProxy(t)
	c := connect(t, p)
	c.wantLine("hello")
	p.cut(routeSMTP)
	connect(t, p).wantLine("hello")
}

// beginBlackhole begins a blackhole for the open connections of a proxy, of which there must be one. end ends it and returns
// how many connections there were at its beginning.
func beginBlackhole(t *testing.T, p *proxy, hole blackhole) (end func() int) {
	t.Helper()
	current := func() *blackhole {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.blackholes[routeSMTP]
	}
	before := current()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan int, 1)
	go func() { done <- p.dropTraffic(ctx, routeSMTP, time.Hour, hole) }()
	for deadline := time.Now().Add(time.Minute); current() == before || !p.openLinks(routeSMTP)[0].isBlackholed(); {
		if time.Now().After(deadline) {
			t.Fatal("the blackhole has not begun within a minute")
		}
		runtime.Gosched()
	}
	return func() int {
		stop()
		return <-done
	}
}

// The end of a blackhole spares a link that began to connect after it.
func TestConnectingLinkIsNotBlackholed(t *testing.T) {
	t.Parallel()
	if connecting := (&link{}); connecting.isBlackholed() {
		t.Error("a link that has no server yet counts as blackholed")
	}
}

// A link in a blackhole counts as such also before it has a server.
func TestLinkWithoutServerIsBlackholed(t *testing.T) {
	t.Parallel()
	connecting := &link{}
	hole := blackhole{bothDirections: true}
	hole.applyTo(connecting)
	if !connecting.isBlackholed() {
		t.Error("a link that was blackholed before it had a server doesn't count as such")
	}
}

// During a blackhole in both directions, nothing comes back on old and new connections, and the server hears nothing. Its end
// resets them.
func TestBlackholeInBothDirections(t *testing.T) {
	t.Parallel()
	p, heard := newTestProxy(t)
	old := connect(t, p)
	old.wantLine("hello")
	end := beginBlackhole(t, p, blackhole{bothDirections: true})
	fresh := connect(t, p)
	old.send("from the old one")
	fresh.send("from the new one")
	old.wantSilence()
	fresh.wantSilence()
	if n := end(); n != 1 {
		t.Errorf("the blackhole had %d connections at its beginning, want 1", n)
	}
	old.wantEnd()
	fresh.wantEnd()
	if len(heard) > 0 {
		t.Errorf("the server heard %q, want nothing", <-heard)
	}
	connect(t, p).wantLine("hello")
}

// During a blackhole for answers, nothing comes back on old and new connections, but the server hears what is sent. Its end
// resets them.
func TestBlackholeForAnswers(t *testing.T) {
	t.Parallel()
	p, heard := newTestProxy(t)
	old := connect(t, p)
	old.wantLine("hello")
	end := beginBlackhole(t, p, blackhole{})
	fresh := connect(t, p)
	old.send("from the old one")
	fresh.send("from the new one")
	old.wantSilence()
	fresh.wantSilence()
	wantHeard(t, heard, "from the new one", "from the old one")
	if n := end(); n != 1 {
		t.Errorf("the blackhole had %d connections at its beginning, want 1", n)
	}
	old.wantEnd()
	fresh.wantEnd()
	if len(heard) > 0 {
		t.Errorf("the server heard %q, want nothing more", <-heard)
	}
	connect(t, p).wantLine("hello")
}

// wantHeard waits until the server has heard these lines, in whatever order. want is sorted.
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

// The end of a blackhole does not end one that began later.
func TestBlackholesOverlap(t *testing.T) {
	t.Parallel()
	p, _ := newTestProxy(t)
	connect(t, p).wantLine("hello")
	endFirst := beginBlackhole(t, p, blackhole{bothDirections: true})
	endSecond := beginBlackhole(t, p, blackhole{bothDirections: true})
	endFirst()
	connect(t, p).wantSilence()
	endSecond()
	connect(t, p).wantLine("hello")
}
