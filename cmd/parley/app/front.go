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
	"syscall"
	"time"
)

// front is the HTTP server of a process. It serves health checks from the beginning, because starting or migrating the
// database may take minutes: a supervisor such as Kubernetes sees at /healthz that the process is alive, and at /readyz
// what it waits for. All other requests get a 503 response, so that webhooks are retried. When everything is ready,
// open sets the handler that serves all requests from then on.
type front struct {
	listener net.Listener
	server   *http.Server
	begin    sync.Once
	ended    chan struct{} // closed when the server has ended
	err      error         // why the server ended; valid once ended is closed

	phase   atomic.Pointer[string] // what the process waits for, such as "migrating"
	handler atomic.Pointer[http.Handler]
}

// newFront listens on env.Listen. Requests are answered once start is called.
func newFront(ctx context.Context, env Env, log *slog.Logger) (*front, error) {
	f := &front{ended: make(chan struct{})}
	f.waitFor("starting")
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", env.Listen)
	if err != nil {
		return nil, fmt.Errorf("PARLEY_LISTEN: %w; %s", err, listenHint(err))
	}

	f.listener = &loggingListener{Listener: listener, log: log}
	f.server = &http.Server{
		Handler:           logPanics(log, f),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	newConnections(maxOpenConnections, log).limit(f.server)

	return f, nil
}

// listenHint says what to do if listening fails with err.
func listenHint(err error) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "another program listens there, perhaps another Parley: stop it, or write another port"
	case errors.Is(err, syscall.EACCES):
		return "write a port from 1024 to 65535, or one that this user may use"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "write an address of this machine, or the port alone, like :8080"
	}
	return "write an address of this machine and a port, like :8080 or 127.0.0.1:8080"
}

// listenAddress returns where the server listens.
func (f *front) listenAddress() string { return f.listener.Addr().String() }

// start starts to answer requests. Further calls do nothing.
func (f *front) start() {
	f.begin.Do(func() {
		go func() {
			defer close(f.ended)
			f.err = f.server.Serve(f.listener)
		}()
	})
}

// wait waits until the server has ended. It returns the reason, or nil if stop ended it.
func (f *front) wait() error {
	<-f.ended
	if errors.Is(f.err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("http: %w", f.err)
}

// stop closes the listener and waits until all requests are answered, for at most grace. It may be called repeatedly.
func (f *front) stop(ctx context.Context, grace time.Duration) error {
	f.start() // http.Server can't be shut down before it serves
	err := Shutdown(ctx, f.server, grace)
	return errors.Join(err, f.wait())
}

// waitFor sets the phase that /readyz reports until open is called.
func (f *front) waitFor(phase string) { f.phase.Store(&phase) }

// open passes all requests to handler from now on.
func (f *front) open(handler http.Handler) { f.handler.Store(&handler) }

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if handler := f.handler.Load(); handler != nil {
		(*handler).ServeHTTP(w, r)
		return
	}
	switch r.URL.Path {
	case "/healthz":
		serveHealth(w, r)
	case "/readyz":
		http.Error(w, *f.phase.Load(), http.StatusServiceUnavailable)
	default:
		w.Header().Set("Retry-After", "5")
		http.Error(w, "Parley is not ready yet ("+*f.phase.Load()+"); try again", http.StatusServiceUnavailable)
	}
}

// serveHealth answers that the process is alive.
func serveHealth(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") }
