package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// front is the HTTP server of a process. It answers from the process's start, so that a
// supervisor sees it live while the database starts or is migrated; until open it asks all
// others to come again.
type front struct {
	listener net.Listener
	server   *http.Server
	begin    sync.Once
	ended    chan struct{}
	err      error // why it ended; read after ended

	phase   atomic.Pointer[string] // what it waits for, for /readyz
	handler atomic.Pointer[http.Handler]
}

// newFront listens; start answers.
func newFront(ctx context.Context, env Env, log *slog.Logger) (*front, error) {
	f := &front{ended: make(chan struct{})}
	f.waitFor("starting")
	var lc net.ListenConfig
	var err error
	if f.listener, err = lc.Listen(ctx, "tcp", env.Listen); err != nil {
		return nil, fmt.Errorf("PARLEY_LISTEN: %w", err)
	}
	open := newConnections(mostConnections, log)
	f.server = &http.Server{Handler: f, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, MaxHeaderBytes: mostHeader,
		WriteTimeout: 2 * time.Minute, IdleTimeout: 2 * time.Minute, ConnState: open.changed, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	return f, nil
}

// address is where it listens.
func (f *front) address() string { return f.listener.Addr().String() }

// start answers from now on. It may be called again.
func (f *front) start() {
	f.begin.Do(func() {
		go func() {
			defer close(f.ended)
			f.err = f.server.Serve(f.listener)
		}()
	})
}

// wait gives why answering ended; nil when stop ended it.
func (f *front) wait() error {
	<-f.ended
	if errors.Is(f.err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("http: %w", f.err)
}

// stop answers what is being asked, for grace at most, and listens no longer. It may be
// called again.
func (f *front) stop(ctx context.Context, grace time.Duration) error {
	f.start() // what does not serve can't be shut down
	err := Shutdown(ctx, f.server, grace)
	return errors.Join(err, f.wait())
}

// waitFor says what the process waits for.
func (f *front) waitFor(phase string) { f.phase.Store(&phase) }

// open lets requests through to handler.
func (f *front) open(handler http.Handler) { f.handler.Store(&handler) }

// ServeHTTP implements http.Handler.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	handler := f.handler.Load()
	switch {
	case handler != nil:
		(*handler).ServeHTTP(w, r)
	case r.URL.Path == "/healthz":
		healthz(w, r)
	case r.URL.Path == "/readyz":
		http.Error(w, *f.phase.Load(), http.StatusServiceUnavailable)
	default:
		w.Header().Set("Retry-After", "5")
		http.Error(w, "Parley is not ready yet ("+*f.phase.Load()+"); try again", http.StatusServiceUnavailable)
	}
}

// healthz says that the process lives.
func healthz(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") }
