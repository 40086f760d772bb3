package app

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// boundPatience bounds every wait; only a failing test uses it up.
const boundPatience = 2 * time.Minute

// gatehouse is a bounded handler whose requests stay inside until they are let go.
type gatehouse struct {
	*httptest.Server
	inside  chan struct{}
	letGo   chan struct{}
	refused atomic.Int64
	got     chan int // lengths of bodies
}

func newGatehouse(t *testing.T) *gatehouse {
	g := &gatehouse{inside: make(chan struct{}, 2*maxInside), letGo: make(chan struct{}), got: make(chan int, 2*maxInside)}
	g.Server = httptest.NewServer(newBound(newBodies(), &g.refused).wrapHandler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		g.inside <- struct{}{}
		<-g.letGo
		body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, 1<<20))
		if err != nil {
			t.Error(err)
		}
		g.got <- len(body)
	})))
	t.Cleanup(g.Close)
	return g
}

func (g *gatehouse) post(ctx context.Context, body io.Reader) (status int, retry string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.URL, body)
	if err != nil {
		return 0, ""
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, ""
	}
	_ = res.Body.Close()
	return res.StatusCode, res.Header.Get("Retry-After")
}

// Who finds too many inside is asked to come back, and gets in when somebody left. Bodies
// arrive whole, also those that are no small ones.
func TestBound(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), boundPatience)
	defer cancel()
	g := newGatehouse(t)
	statuses := make(chan int, maxInside)
	for range maxInside {
		go func() {
			status, _ := g.post(ctx, bytes.NewReader(make([]byte, maxSmallBody+1)))
			statuses <- status
		}()
	}
	for range maxInside {
		<-g.inside
	}
	if status, retry := g.post(ctx, bytes.NewReader([]byte("x"))); status != http.StatusServiceUnavailable || retry != "1" || g.refused.Load() != 1 {
		t.Errorf("one too many: %d, Retry-After %q, %d counted", status, retry, g.refused.Load())
	}
	close(g.letGo)
	for range maxInside {
		if status := <-statuses; status != http.StatusOK {
			t.Errorf("inside: %d", status)
		}
		if n := <-g.got; n != maxSmallBody+1 {
			t.Errorf("a body of %d bytes, want %d", n, maxSmallBody+1)
		}
	}
	if status, _ := g.post(ctx, bytes.NewReader([]byte("x"))); status != http.StatusOK {
		t.Errorf("afterwards: %d", status)
	}
}

// Slow senders take nobody's place.
func TestBoundSlowBodies(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), boundPatience)
	defer cancel()
	g := newGatehouse(t)
	close(g.letGo)
	for range maxInside + 10 {
		r, w := io.Pipe()
		go func() { _, _ = g.post(ctx, r) }()
		if _, err := w.Write([]byte("first")); err != nil { // the client reads it, so the request is on its way
			t.Fatal(err)
		}
		defer func() { _ = w.Close() }()
	}
	if status, _ := g.post(ctx, bytes.NewReader([]byte("x"))); status != http.StatusOK {
		t.Errorf("beside slow senders: %d", status)
	}
}
