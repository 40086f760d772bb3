package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"parley/cmd/parley/app"
	"parley/store/storetest"
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

func TestHealthFailsWhileNotReady(t *testing.T) {
	t.Parallel()
	listen := "127.0.0.1:" + startHealthServer(t)
	err := askHealth(t.Context(), app.Env{Listen: listen}, "/readyz", io.Discard)
	if err == nil || !strings.Contains(err.Error(), "database: not reachable") {
		t.Errorf("askHealth: %v, want the reason that the server gives", err)
	}
}

func TestHealthFailsWhereNobodyListens(t *testing.T) {
	t.Parallel()
	const unusedPort = "127.0.0.1:1"
	err := askHealth(t.Context(), app.Env{Listen: unusedPort}, "/healthz", io.Discard)
	for _, want := range []string{unusedPort, "PARLEY_LISTEN", "PARLEY_DATA"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("askHealth: %v, want an error that names %s", err, want)
		}
	}
}

// A command in another shell than that of parley serve doesn't have its PARLEY_LISTEN. It still finds the Parley with the
// same data folder, and prints a link to it.
func TestCommandsFindWhereParleyListens(t *testing.T) {
	data := folderForServer(t)
	t.Setenv("DATABASE_URL", storetest.URL(t))
	t.Setenv("PARLEY_LISTEN", "127.0.0.1:0")
	startParley(t, data, "serve")

	otherShell := cli{t: t, data: data, env: []string{"PARLEY_LISTEN="}}
	waitFor(t, "parley health finds the Parley that serves", func() bool {
		printed, succeeded := otherShell.run("health")
		return succeeded && printed == "ok\n"
	})
	address := strings.TrimSpace(mustReadFile(t, filepath.Join(data, "listen")))
	wantText(t, otherShell.mustRun("admin-link"), "http://"+address+"/auth/link/")

	// Another Parley with the same data folder may listen at the usual address, which is then named as any other.
	const usual = "127.0.0.1:8080"
	setShell := cli{t: t, data: data, env: []string{"PARLEY_LISTEN=" + usual}}
	wantText(t, setShell.mustRun("admin-link"), "http://"+usual+"/auth/link/")
}

func TestReachableAddressOfAllIPv6(t *testing.T) {
	t.Parallel()
	if got, want := reachableAddress("[::]:8080"), "[::1]:8080"; got != want {
		t.Errorf("reachableAddress([::]:8080) = %q, want %q", got, want)
	}
}
