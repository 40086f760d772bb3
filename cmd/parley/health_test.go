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

// TestHealth: who supervises a container hears from Parley itself how it is, also where it listens on all addresses,
// and where the environment names a proxy.
func TestHealth(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "database: not reachable", http.StatusServiceUnavailable)
	})
	server := httptest.NewServer(mux)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, listen := range []string{"127.0.0.1:" + port, "0.0.0.0:" + port, ":" + port} {
		var said strings.Builder
		if err := askHealth(t.Context(), app.Env{Listen: listen}, "/healthz", &said); err != nil || said.String() != "ok\n" {
			t.Errorf("at %s: %q, %v", listen, said.String(), err)
		}
	}
	listen := app.Env{Listen: "127.0.0.1:" + port}
	if err := askHealth(t.Context(), listen, "/readyz", io.Discard); err == nil || !strings.Contains(err.Error(), "database: not reachable") {
		t.Errorf("not ready: %v", err)
	}
	server.Close()
	if err := askHealth(t.Context(), app.Env{Listen: "127.0.0.1:1"}, "/healthz", io.Discard); err == nil || !strings.Contains(err.Error(), "PARLEY_LISTEN") {
		t.Errorf("nobody there: %v", err)
	}
	if got := reachableAddress("[::]:8080"); got != "[::1]:8080" {
		t.Errorf("IPv6: %s", got)
	}
}
