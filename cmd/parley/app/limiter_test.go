package app

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/channels/emulator"
	"parley/store/storetest"
)

// boundPatience bounds every wait; only a failing test uses it up.
const boundPatience = 2 * time.Minute

// limitedServer has a bounded handler whose requests stay inside until they are let go.
type limitedServer struct {
	*httptest.Server
	inside  chan struct{}
	letGo   func()
	refused atomic.Int64
	got     chan int // lengths of bodies
}

func newLimitedServer(t *testing.T) *limitedServer {
	mayGo := make(chan struct{})
	letGo := sync.OnceFunc(func() { close(mayGo) })
	g := &limitedServer{inside: make(chan struct{}, 2*maxConcurrent), letGo: letGo, got: make(chan int, 2*maxConcurrent)}
	g.Server = httptest.NewServer(newLimiter(newBodies(), &g.refused).wrapHandler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		g.inside <- struct{}{}
		<-mayGo
		body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, 1<<20))
		if err != nil {
			t.Error(err)
		}
		g.got <- len(body)
	})))
	t.Cleanup(func() { letGo(); g.Close() })
	return g
}

// post returns the status and Retry-After of the answer; status 0 means that there is none.
func (g *limitedServer) post(ctx context.Context, body io.Reader) (status int, retry string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.URL, body)
	if err != nil {
		return 0, ""
	}
	res, err := emulator.NewClient().Do(req)
	if err != nil {
		return 0, ""
	}
	_ = res.Body.Close()
	return res.StatusCode, res.Header.Get("Retry-After")
}

// While maxConcurrent requests are inside, another one is asked to come back. It gets in later. Bodies arrive whole, even
// if they are larger than a small one may be.
func TestBound(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), boundPatience)
	defer cancel()
	g := newLimitedServer(t)

	statuses := make(chan int, maxConcurrent)
	for range maxConcurrent {
		go func() {
			status, _ := g.post(ctx, bytes.NewReader(make([]byte, maxSmallBody+1)))
			statuses <- status
		}()
	}
	for range maxConcurrent {
		storetest.Receive(t, g.inside, "as many requests are inside as may")
	}

	if status, retry := g.post(ctx, bytes.NewReader([]byte("x"))); status != http.StatusServiceUnavailable || retry != "1" {
		t.Errorf("one too many: got %d, Retry-After %q; want %d, Retry-After 1", status, retry, http.StatusServiceUnavailable)
	}
	if n := g.refused.Load(); n != 1 {
		t.Errorf("refused requests counted: got %d, want 1", n)
	}

	g.letGo()
	for range maxConcurrent {
		if status := <-statuses; status != http.StatusOK {
			t.Errorf("a request inside: got %d, want %d", status, http.StatusOK)
		}
		if n := storetest.Receive(t, g.got, "the handler has read a body"); n != maxSmallBody+1 {
			t.Errorf("the handler read %d bytes, want %d", n, maxSmallBody+1)
		}
	}

	if status, _ := g.post(ctx, bytes.NewReader([]byte("x"))); status != http.StatusOK {
		t.Errorf("a request when all others are done: got %d, want %d", status, http.StatusOK)
	}
}
