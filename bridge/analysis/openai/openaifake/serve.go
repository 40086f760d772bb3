package openaifake

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Running is a Server that listens at an address.
type Running struct {
	*Server
	url    string // of its API
	http   *http.Server
	served chan error
}

// Start starts a Server with a key and a model at host:port; port 0 is any that is free.
func Start(ctx context.Context, address string, o Options) (*Running, error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("openaifake: %w", err)
	}
	r := &Running{Server: New(o), url: "http://" + listener.Addr().String() + "/v1", served: make(chan error, 1)}
	r.http = &http.Server{Handler: r.Server, ReadHeaderTimeout: 10 * time.Second}
	go func() { r.served <- r.http.Serve(listener) }()
	return r, nil
}

// Env returns the variables by which Parley finds it and its first model.
func (r *Running) Env() []string {
	return []string{"OPENAI_BASE_URL=" + r.url, "OPENAI_API_KEY=" + r.options.Key, "OPENAI_MODEL=" + r.options.Models[0]}
}

// Stop ends it, and requests that are never answered.
func (r *Running) Stop() error {
	r.Close()
	err := r.http.Close()
	if ended := <-r.served; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}
