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
	}{
		"stopped": {left: -time.Second, clock: time.Now},
		"slept":   {left: time.Minute, clock: slept},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			here, there := net.Pipe()
			defer here.Close()
			defer there.Close()
			c := &conn{Conn: here, clock: tc.clock}
			a := &Attempt{until: time.Now().Add(tc.left)}
			c.attempt.Store(a)
			_ = here.SetWriteDeadline(time.Now().Add(time.Second)) // nobody reads
			n, err := c.Write([]byte("x"))
			wantEqual(t, "bytes that were written", n, 0)
			wantEqual(t, "something left", a.Left(), false)
			if !errors.Is(err, ErrLate) {
				t.Errorf("writing: got %v, want %v", err, ErrLate)
			}
		})
	}
}

// wantEqual checks one value, which what names.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

// post posts something, and gives the attempt that tells whether it left.
func post(t *testing.T, c *http.Client, address string) (*http.Response, *Attempt, error) {
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
			resp, a, err := post(t, c, s.URL)
			if err != nil {
				t.Fatal(err)
			}
			wantEqual(t, "status of a redirect, which isn't followed", resp.StatusCode, http.StatusTemporaryRedirect)
			wantEqual(t, "something left when answered", a.Left(), true)
			_, a, err = post(t, c, s.URL+"/cut")
			wantEqual(t, "a call whose connection was cut fails", err != nil, true)
			wantEqual(t, "something left when cut", a.Left(), true)
			s.Close()
			c.CloseIdleConnections()
			_, a, err = post(t, c, s.URL)
			wantEqual(t, "a call to nobody fails", err != nil, true)
			wantEqual(t, "something left to nobody", a.Left(), false)
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
	resp, a, err := post(t, c, here.URL)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "status behind the redirect", resp.StatusCode, http.StatusTeapot)
	wantEqual(t, "something left", a.Left(), true)
	wantEqual(t, "connections", d.n.Load(), 2)
}
