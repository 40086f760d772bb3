package app_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"parley/cmd/parley/app"
	"parley/store/storetest"
)

// A browser opens connections in advance: one that it never uses is no reason to end
// with an error.
func TestShutdownBesideUnusedConnection(t *testing.T) {
	t.Parallel()
	listener := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	accepted := make(chan struct{})
	server := &http.Server{ConnState: func(_ net.Conn, to http.ConnState) {
		if to == http.StateNew {
			close(accepted)
		}
	}, ReadHeaderTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	unused := must(net.Dial("tcp", listener.Addr().String()))(t)
	defer func() { _ = unused.Close() }()
	storetest.Receive(t, accepted, "the connection is open")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := app.Shutdown(ended, server, 10*time.Millisecond); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	if err := storetest.Receive(t, served, "Serve has ended"); !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("Serve: %v", err)
	}
}
