package emulator

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Host is the HTTP server of an emulator, which embeds it, and owns the emulator's goroutines.
type Host struct {
	// Set these before Start.
	Handler     http.Handler
	Quiet       bool         // log errors of the HTTP server at the debug level
	Certificate *Certificate // serve https with it; nil means http

	name string
	log  *slog.Logger
	ctx  context.Context //nolint:containedctx // ends with Close
	stop context.CancelFunc
	wg   sync.WaitGroup

	mu      sync.Mutex // guards the fields below
	started bool
	server  *http.Server
	url     string
}

// NewHost returns a Host. Its errors begin with name. It logs if it stops serving before Close.
func NewHost(name string, log *slog.Logger) *Host {
	h := &Host{name: name, log: log}
	h.ctx, h.stop = context.WithCancel(context.Background())
	return h
}

// Context returns a context that ends when the emulator is closed.
func (h *Host) Context() context.Context { return h.ctx }

// Go runs f in a goroutine that Close waits for.
func (h *Host) Go(f func()) { h.wg.Go(f) }

// listen listens on an address; see Start.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	if addr == "" {
		l, kept, err := listenAnywhere(ctx)
		if err == nil {
			_ = kept.Close() // the listener keeps the address itself
		}
		return l, err
	}
	return (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
}

// Start listens on addr and serves until Close. addr is host:port, where port 0 picks a free one. "" picks a
// port of the loopback interface below the system's ephemeral ports, so that nobody else takes it between
// Close and the Start of another Host at the same address.
// Errors: those of net.Listen, or that the Host was started or closed before.
func (h *Host) Start(addr string) error {
	h.mu.Lock()
	defer h.mu.Unlock()

	if h.started || h.ctx.Err() != nil {
		return fmt.Errorf("%s: start: already started or closed", h.name)
	}

	ln, err := listen(h.ctx, addr)
	if err != nil {
		return fmt.Errorf("%s: listen: %w", h.name, err)
	}

	server := &http.Server{
		Handler:           h.Handler,
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return h.ctx },
	}
	if h.Quiet {
		server.ErrorLog = slog.NewLogLogger(h.log.Handler(), slog.LevelDebug)
	}

	h.started = true
	h.server = server
	h.url = "http://" + ln.Addr().String()
	if h.Certificate != nil {
		h.url = "https://" + ln.Addr().String()
		ln = tls.NewListener(ln, h.Certificate.TLS())
	}

	h.wg.Go(func() {
		if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			h.log.Error("emulator stopped serving", "emulator", h.name, "error", err)
		}
	})

	return nil
}

// Close closes all connections and waits for the emulator's goroutines. It may be called repeatedly.
func (h *Host) Close() error {
	h.stop()
	err := h.closeServer()
	h.wg.Wait()
	return err
}

func (h *Host) closeServer() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.server == nil {
		return nil
	}
	return h.server.Close()
}

// URL returns the address of the listener without a trailing slash, or "" before Start.
func (h *Host) URL() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.url
}

// SetURL replaces the address that the emulator gives out, for a proxy in front of it, such as http://127.0.0.1:4711.
func (h *Host) SetURL(address string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.url = address
}

// ServeHTTP serves a request as the listener would.
func (h *Host) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.Handler.ServeHTTP(w, r) }
