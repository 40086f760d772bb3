package emulator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Serve lets an emulator answer at addr (host:port, port 0 picks one) until the server is
// closed, in a goroutine of wg; requests end with ctx. failed is told when it ends otherwise.
// The address comes without a final slash. Errors: those of net.Listen.
func Serve(ctx context.Context, wg *sync.WaitGroup, addr string, h http.Handler, failed func(error)) (srv *http.Server, address string, err error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, "", fmt.Errorf("listen: %w", err)
	}
	srv = &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	wg.Go(func() {
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			failed(err)
		}
	})
	return srv, "http://" + ln.Addr().String(), nil
}
