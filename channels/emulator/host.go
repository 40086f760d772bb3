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

// Host is where an emulator listens, and what ends with it. An emulator embeds it.
type Host struct {
	// To be set before Start.
	Handler     http.Handler
	Quiet       bool         // what the HTTP server complains of is only logged for debugging
	Certificate *Certificate // makes all addresses https; nil means http

	name string
	log  *slog.Logger
	ctx  context.Context //nolint:containedctx // ends with Close; owns every goroutine
	stop context.CancelFunc
	wg   sync.WaitGroup

	mu      sync.Mutex // guards what follows
	started bool
	server  *http.Server
	url     string
}

// NewHost makes a host; name begins its errors, log hears when it stops serving by itself.
func NewHost(name string, log *slog.Logger) *Host {
	h := &Host{name: name, log: log}
	h.ctx, h.stop = context.WithCancel(context.Background())
	return h
}

// Context ends when the emulator is closed.
func (h *Host) Context() context.Context { return h.ctx }

// Go runs f in a goroutine that Close waits for.
func (h *Host) Go(f func()) { h.wg.Go(f) }

// listen listens on an address as Start has it.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	if addr == "" {
		return listenAnywhere(ctx)
	}
	return (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
}

// Start listens on addr (host:port, port 0 picks one; "" is a free port of loopback, which nobody else gets between Close and the
// Start of another Host at the same address) and serves until Close. Errors: those of net.Listen, or it was started or closed before.
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

// Close ends connections and goroutines and waits for them. It may be called often.
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

// URL is the address of Start's listener, without a final slash; empty before Start.
func (h *Host) URL() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.url
}

// SetURL makes the emulator's addresses begin with another one than the listener's: that of a
// proxy before it, such as http://127.0.0.1:4711.
func (h *Host) SetURL(address string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.url = address
}

// ServeHTTP serves what the listener serves.
func (h *Host) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.Handler.ServeHTTP(w, r) }
