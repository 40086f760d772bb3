package demo

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"
)

// balancer stands before several Parleys, as a load balancer does: each request goes to the next of them. While there is
// none it answers 503.
type balancer struct {
	url    string // where it listens: "http://127.0.0.1:…"
	server *http.Server
	done   chan error // gets what Serve returned

	mu      sync.Mutex
	targets []*url.URL
	turn    int
}

// newBalancer starts a balancer without Parleys. close ends it.
func newBalancer(ctx context.Context) (*balancer, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &balancer{url: "http://" + l.Addr().String(), done: make(chan error, 1)}
	proxy := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(b.next()) },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusServiceUnavailable) }}
	b.server = &http.Server{Handler: proxy, ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context {
		return ctx
	}}
	go func() { b.done <- b.server.Serve(l) }()
	return b, nil
}

// next returns the address of the Parley whose turn it is. If there is none, it returns one at which nobody listens, so
// that the proxy fails.
func (b *balancer) next() *url.URL {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.targets) == 0 {
		const nobody = "127.0.0.1:1"
		return &url.URL{Scheme: "http", Host: nobody}
	}
	b.turn++
	return b.targets[b.turn%len(b.targets)]
}

func (b *balancer) add(address string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.targets = append(b.targets, &url.URL{Scheme: "http", Host: address})
}

func (b *balancer) clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.targets = nil
}

func (b *balancer) close() {
	_ = b.server.Close()
	if err := <-b.done; !errors.Is(err, http.ErrServerClosed) {
		panic(err) // it had ended before, so that no request reached Parley
	}
}
