package fence

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A process that was stopped must not write when it wakes up, and neither must one whose machine slept: there only the
// time of day went on.
func TestNoByteAfterTheDeadline(t *testing.T) {
	t.Parallel()
	slept := func() time.Time { return time.Now().Add(time.Hour) }
	for name, tc := range map[string]struct {
		left  time.Duration // until the deadline, by the monotonic clock
		clock Clock
	}{"stopped": {-time.Second, time.Now}, "slept": {time.Minute, slept}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			here, there := net.Pipe()
			defer here.Close()
			defer there.Close()
			c := &conn{Conn: here, clock: tc.clock}
			a := &Attempt{until: time.Now().Add(tc.left)}
			c.attempt.Store(a)
			_ = here.SetWriteDeadline(time.Now().Add(time.Second)) // nobody reads
			if n, err := c.Write([]byte("x")); n != 0 || !errors.Is(err, ErrLate) || a.Left() {
				t.Errorf("wrote %d, %v, left %v", n, err, a.Left())
			}
		})
	}
}

func get(t *testing.T, c *http.Client, address string) (*http.Response, *Attempt, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	ctx, a := Watch(ctx)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(r)
	if err == nil {
		t.Cleanup(func() { _ = resp.Body.Close() })
	}
	return resp, a, err
}

// Whether something left decides whether a failure is certain.
func TestLeft(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(http.Handler) *httptest.Server{"http": httptest.NewServer, "https": httptest.NewTLSServer} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/cut" {
					_, _ = io.Copy(io.Discard, r.Body)
					panic(http.ErrAbortHandler)
				}
				http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
			}))
			defer s.Close()
			c := NewClient(Options{Answer: time.Minute})
			c.Transport.(fencedTransport).next.TLSClientConfig = s.Client().Transport.(*http.Transport).TLSClientConfig
			resp, a, err := get(t, c, s.URL)
			if err != nil || resp.StatusCode != http.StatusTemporaryRedirect || !a.Left() {
				t.Errorf("a redirect is not followed: %v %v, left %v", resp, err, a.Left())
			}
			if _, a, err = get(t, c, s.URL+"/cut"); err == nil || !a.Left() {
				t.Errorf("cut: %v, left %v", err, a.Left())
			}
			s.Close()
			c.CloseIdleConnections()
			if _, a, err = get(t, c, s.URL); err == nil || a.Left() {
				t.Errorf("nobody there: %v, left %v", err, a.Left())
			}
		})
	}
}

// dials counts connections.
type dials struct {
	net.Dialer
	n atomic.Int32
}

func (d *dials) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	d.n.Add(1)
	return d.Dialer.DialContext(ctx, network, address)
}

// A given dialer sees whom each connection is for, and a redirect is followed where that is meant.
func TestOptions(t *testing.T) {
	t.Parallel()
	there := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	defer there.Close()
	here := httptest.NewServer(http.RedirectHandler(there.URL, http.StatusTemporaryRedirect))
	defer here.Close()
	d := &dials{}
	c := NewClient(Options{Dialer: d, Follow: func(*http.Request, []*http.Request) error { return nil }})
	if c.Transport.(fencedTransport).next.Proxy != nil {
		t.Error("a proxy hides from the dialer whom it calls")
	}
	resp, a, err := get(t, c, here.URL)
	if err != nil || resp.StatusCode != http.StatusTeapot || !a.Left() || d.n.Load() != 2 {
		t.Errorf("%v, %v, left %v, %d connections", resp, err, a.Left(), d.n.Load())
	}
}
