package wire

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// noError ends the test if something failed.
func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantEqual checks one value. what is its name in the error.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

// newClientOf returns a client that trusts a server of a test.
func newClientOf(s *httptest.Server) *http.Client {
	c := NewClient(Options{Answer: time.Minute})
	c.Transport.(fencedTransport).next.TLSClientConfig = s.Client().Transport.(*http.Transport).TLSClientConfig
	return c
}

// post posts "hello". The returned attempt tells whether a byte of the request left.
func post(t *testing.T, c *http.Client, address string) (*http.Response, *Attempt, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	ctx, a := Watch(ctx)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader("hello"))
	noError(t, err)
	resp, err := c.Do(r)
	if err == nil {
		t.Cleanup(func() { _ = resp.Body.Close() })
	}
	return resp, a, err
}

// readAndCut reads a request to its end, and then cuts its connection without an answer.
func readAndCut(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	panic(http.ErrAbortHandler) // it lets the server close the connection
}

// A connection writes nothing after the deadline of its request, by the monotonic clock or by the time of day. A process
// that was stopped, or whose machine slept, must not send when it wakes up.
func TestNoByteAfterTheDeadline(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		left  time.Duration // until the deadline, by the monotonic clock
		clock Clock         // tells the time of day
	}{
		{name: "the process was stopped", left: -time.Second, clock: time.Now},
		{
			name:  "the process was stopped, and the time of day set back",
			left:  -time.Second,
			clock: func() time.Time { return time.Now().Add(-time.Hour) },
		},
		{
			name:  "the machine slept for an hour",
			left:  time.Minute,
			clock: func() time.Time { return time.Now().Add(time.Hour) },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			here, there := net.Pipe()
			defer here.Close()
			defer there.Close()
			// No byte is read: without this deadline, a byte that is written by mistake would block for ever.
			noError(t, here.SetWriteDeadline(time.Now().Add(time.Second)))
			attempt := &Attempt{deadline: time.Now().Add(tt.left)}
			c := &conn{Conn: here, clock: tt.clock}
			c.attempt.Store(attempt)

			n, err := c.Write([]byte("x"))
			if !errors.Is(err, ErrLate) {
				t.Errorf("writing: got the error %v, want %v", err, ErrLate)
			}
			wantEqual(t, "bytes that were written", n, 0)
			wantEqual(t, "a byte left", attempt.MayHaveLeft(), false)
		})
	}
}

// An attempt tells whether a byte of its request left, over both HTTP and HTTPS. If none did, a failure is certain.
func TestLeft(t *testing.T) {
	t.Parallel()
	protocols := []struct {
		name  string
		start func(http.Handler) *httptest.Server
	}{
		{name: "http", start: httptest.NewServer},
		{name: "https", start: httptest.NewTLSServer},
	}
	for _, p := range protocols {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			t.Run("answered", func(t *testing.T) { testLeftWhenAnswered(t, p.start) })
			t.Run("cut", func(t *testing.T) { testLeftWhenCut(t, p.start) })
			t.Run("nobody there", func(t *testing.T) { testNothingLeftToNobody(t, p.start) })
		})
	}
}

// An answered request has left. Its answer is a redirect, which a client follows only if it is told to.
func testLeftWhenAnswered(t *testing.T, start func(http.Handler) *httptest.Server) {
	s := start(http.RedirectHandler("/elsewhere", http.StatusTemporaryRedirect))
	defer s.Close()
	resp, attempt, err := post(t, newClientOf(s), s.URL)
	noError(t, err)
	wantEqual(t, "status", resp.StatusCode, http.StatusTemporaryRedirect)
	wantEqual(t, "a byte left", attempt.MayHaveLeft(), true)
	wantEqual(t, "its connection knew no deadline", attempt.deadline.IsZero(), false)
}

// A request has left even if its connection is cut before the answer. The connection has carried another request before,
// which doesn't count for this one.
func testLeftWhenCut(t *testing.T, start func(http.Handler) *httptest.Server) {
	mux := http.NewServeMux()
	mux.HandleFunc("/answered", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/cut", readAndCut)
	s := start(mux)
	defer s.Close()
	c := newClientOf(s)
	if _, _, err := post(t, c, s.URL+"/answered"); err != nil {
		t.Fatal(err)
	}
	_, attempt, err := post(t, c, s.URL+"/cut")
	if err == nil {
		t.Error("the request succeeded, want an error")
	}
	wantEqual(t, "a byte left", attempt.MayHaveLeft(), true)
}

// No byte of a request leaves if no server listens at its address.
func testNothingLeftToNobody(t *testing.T, start func(http.Handler) *httptest.Server) {
	s := start(http.NotFoundHandler())
	scheme, _, _ := strings.Cut(s.URL, "://")
	_, attempt, err := post(t, newClientOf(s), scheme+"://127.0.0.1:1") // a port that is never given to another test
	if err == nil {
		t.Error("the request succeeded, want an error")
	}
	wantEqual(t, "a byte left", attempt.MayHaveLeft(), false)
}

// tunnel is the handler of a proxy that passes on the bytes of both sides of a connection.
func tunnel(w http.ResponseWriter, r *http.Request) {
	there, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", r.Host)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	here, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
	var forth sync.WaitGroup
	forth.Go(func() {
		_, _ = io.Copy(there, here)
		_ = there.Close()
	})
	_, _ = io.Copy(here, there)
	_ = here.Close()
	forth.Wait()
}

// A request to an HTTPS server by an HTTPS proxy is TLS within TLS. Its attempt tells as well whether a byte left.
func TestLeftByHTTPSProxy(t *testing.T) {
	t.Parallel()
	s := httptest.NewTLSServer(http.HandlerFunc(readAndCut))
	defer s.Close()
	proxy := httptest.NewTLSServer(http.HandlerFunc(tunnel))
	defer proxy.Close()
	address, err := url.Parse(proxy.URL)
	noError(t, err)
	c := newClientOf(s)
	c.Transport.(fencedTransport).next.Proxy = http.ProxyURL(address)
	_, attempt, err := post(t, c, s.URL)
	if err == nil {
		t.Error("the request succeeded, want an error")
	}
	wantEqual(t, "a byte left", attempt.MayHaveLeft(), true)
}

// countingDialer counts the connections that it makes.
type countingDialer struct {
	net.Dialer

	connections atomic.Int32
}

func (d *countingDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	d.connections.Add(1)
	return d.Dialer.DialContext(ctx, network, address)
}

// A client with a dialer of its own uses no proxy, which would hide the called address from the dialer. Any other client
// uses the proxy of the environment.
func TestDialerExcludesProxy(t *testing.T) {
	t.Parallel()
	hasProxy := func(o Options) bool { return NewClient(o).Transport.(fencedTransport).next.Proxy != nil }
	wantEqual(t, "a client with a dialer has a proxy", hasProxy(Options{Dialer: &countingDialer{}}), false)
	wantEqual(t, "a client without a dialer has a proxy", hasProxy(Options{}), true)
}

// A client that may follow redirects returns the answer behind the redirect. It makes both connections with the given
// dialer.
func TestRedirectIsFollowedByTheDialer(t *testing.T) {
	t.Parallel()
	there := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	defer there.Close()
	here := httptest.NewServer(http.RedirectHandler(there.URL, http.StatusTemporaryRedirect))
	defer here.Close()
	followAll := func(*http.Request, []*http.Request) error { return nil }
	dialer := &countingDialer{}

	resp, attempt, err := post(t, NewClient(Options{Dialer: dialer, Follow: followAll}), here.URL)
	noError(t, err)
	wantEqual(t, "status behind the redirect", resp.StatusCode, http.StatusTeapot)
	wantEqual(t, "a byte left", attempt.MayHaveLeft(), true)
	wantEqual(t, "connections", dialer.connections.Load(), 2)
}
