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

// rounds is a door to several Parleys: each request goes to the next of them, as behind a
// load balancer. While there is none, callers meet 503.
type rounds struct {
	url    string
	server *http.Server
	done   chan error

	mu      sync.Mutex
	targets []*url.URL
	next    int
}

func newRounds(ctx context.Context) (*rounds, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &rounds{url: "http://" + l.Addr().String(), done: make(chan error, 1)}
	proxy := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(r.pick()) },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusServiceUnavailable) }}
	r.server = &http.Server{Handler: proxy, ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	go func() { r.done <- r.server.Serve(l) }()
	return r, nil
}

// pick returns the next Parley; one that nobody listens at while there is none.
func (r *rounds) pick() *url.URL {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.targets) == 0 {
		return &url.URL{Scheme: "http", Host: "127.0.0.1:1"}
	}
	r.next++
	return r.targets[r.next%len(r.targets)]
}

func (r *rounds) add(address string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.targets = append(r.targets, &url.URL{Scheme: "http", Host: address})
}

func (r *rounds) clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.targets = nil
}

func (r *rounds) close() {
	_ = r.server.Close()
	if err := <-r.done; !errors.Is(err, http.ErrServerClosed) {
		panic(err) // it served nobody
	}
}
