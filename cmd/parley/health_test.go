package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"parley/cmd/parley/app"
)

// startHealthServer starts a server that is alive but not ready, and returns its port.
func startHealthServer(t *testing.T) (port string) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "database: not reachable", http.StatusServiceUnavailable)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// parley health prints Parley's own answer, even if Parley listens on all addresses, or the environment names a proxy.
func TestHealthPrintsTheAnswer(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	port := startHealthServer(t)
	for _, listen := range []string{"127.0.0.1:" + port, "0.0.0.0:" + port, ":" + port} {
		var printed strings.Builder
		if err := askHealth(t.Context(), app.Env{Listen: listen}, "/healthz", &printed); err != nil {
			t.Errorf("PARLEY_LISTEN=%s: %v", listen, err)
		}
		if got := printed.String(); got != "ok\n" {
			t.Errorf("PARLEY_LISTEN=%s: printed %q, want %q", listen, got, "ok\n")
		}
	}
}
