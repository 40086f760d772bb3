package app

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store/storetest"
)

// The metric parley_ready follows what load balancers are told, and falls when the database is gone. Strangers behind a
// proxy aren't told why.
func TestReadyFollowsDatabase(t *testing.T) {
	t.Parallel()
	pool := must(pgxpool.New(t.Context(), storetest.URL(t)))(t)
	a := &App{db: &Database{Pool: pool}}
	if a.isReady() {
		t.Error("a process that starts is ready")
	}
	a.ready.Store(true)
	if !a.isReady() {
		t.Error("a process that serves is not ready")
	}

	pool.Close()
	if a.isReady() {
		t.Error("a process without its database is ready")
	}

	for from, want := range map[string]string{"": "database: not reachable\n", "192.0.2.7": ""} {
		r := httptest.NewRequest(http.MethodGet, "/readyz", nil)
		r.Header.Set("X-Forwarded-For", from)
		w := httptest.NewRecorder()
		a.serveReady(w, r)
		if w.Code != http.StatusServiceUnavailable || w.Body.String() != want {
			t.Errorf("/readyz, passed on for %q: got %d %q, want %d %q", from, w.Code, w.Body, http.StatusServiceUnavailable, want)
		}
	}
}

// Metrics are for processes on this machine and for requests with the token, but not for people who reach a proxy on this
// machine.
func TestGuardMetrics(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		remote, host, header, value string
		http10                      bool // as proxies that are told nothing else speak
		status                      int
	}{
		"here":                       {remote: "127.0.0.1:5000", host: "127.0.0.1:8080", status: http.StatusOK},
		"here, by name":              {remote: "127.0.0.1:5000", host: "localhost:8080", status: http.StatusOK},
		"here, without a port":       {remote: "127.0.0.1:5000", host: "localhost", status: http.StatusOK},
		"here, IPv6":                 {remote: "[::1]:5000", host: "[::1]:8080", status: http.StatusOK},
		"here, IPv6 without a port":  {remote: "[::1]:5000", host: "[::1]", status: http.StatusOK},
		"elsewhere":                  {remote: "10.0.0.7:5000", host: "localhost:8080", status: http.StatusForbidden},
		"elsewhere, with the token":  {remote: "10.0.0.7:5000", host: "parley:8080", header: "Authorization", value: "Bearer secret", status: http.StatusOK},
		"elsewhere, another token":   {remote: "10.0.0.7:5000", host: "parley:8080", header: "Authorization", value: "Bearer wrong", status: http.StatusForbidden},
		"a proxy that passes Host":   {remote: "127.0.0.1:5000", host: "help.acme.test", status: http.StatusForbidden},
		"a proxy with its own Host":  {remote: "127.0.0.1:5000", host: "parley_upstream", status: http.StatusForbidden},
		"a proxy that says nothing":  {remote: "127.0.0.1:5000", host: "127.0.0.1:8080", http10: true, status: http.StatusForbidden},
		"X-Forwarded-For":            {remote: "127.0.0.1:5000", host: "localhost", header: "X-Forwarded-For", value: "10.0.0.7", status: http.StatusForbidden},
		"X-Forwarded-Host":           {remote: "127.0.0.1:5000", host: "localhost", header: "X-Forwarded-Host", value: "help", status: http.StatusForbidden},
		"X-Forwarded-Proto":          {remote: "127.0.0.1:5000", host: "localhost", header: "X-Forwarded-Proto", value: "https", status: http.StatusForbidden},
		"X-Real-IP":                  {remote: "127.0.0.1:5000", host: "localhost", header: "X-Real-IP", value: "10.0.0.7", status: http.StatusForbidden},
		"Forwarded":                  {remote: "127.0.0.1:5000", host: "localhost", header: "Forwarded", value: "for=10.0.0.7", status: http.StatusForbidden},
		"Via":                        {remote: "127.0.0.1:5000", host: "localhost", header: "Via", value: "1.1 proxy", status: http.StatusForbidden},
		"a proxy and the token":      {remote: "127.0.0.1:5000", host: "help.acme.test", header: "Authorization", value: "Bearer secret", status: http.StatusOK},
		"a name that begins like it": {remote: "127.0.0.1:5000", host: "localhost.acme.test", status: http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &App{env: Env{MetricsToken: "secret"}}
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
			r.RemoteAddr, r.Host = tt.remote, tt.host
			if tt.http10 {
				r.ProtoMinor = 0
			}
			if tt.header != "" {
				r.Header.Set(tt.header, tt.value)
			}

			w := httptest.NewRecorder()
			a.guardMetrics(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, r)
			if w.Code != tt.status {
				t.Errorf("got %d, want %d", w.Code, tt.status)
			}
		})
	}
}
