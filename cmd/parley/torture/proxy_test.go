package torture

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
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

func (c *client) wantLine(want string) {
	c.t.Helper()
	if got, err := c.readWithin(time.Minute); err != nil || got != want {
		c.t.Fatalf("read %q, %v; want %q", got, err, want)
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
