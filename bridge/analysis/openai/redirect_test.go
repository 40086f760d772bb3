package openai

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"

	"parley/bridge/analysis/openai/openaifake"
)

// startForeignHost starts another server. The function reports whether it was called.
func startForeignHost(t *testing.T) (server *httptest.Server, isCalled func() bool) {
	t.Helper()
	var called atomic.Bool
	server = httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called.Store(true) }))
	t.Cleanup(server.Close)
	return server, called.Load
}

// A redirect to another host isn't followed, not even without the key.
func TestRedirectToAnotherHost(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			foreign, isCalled := startForeignHost(t)
			w := newWorld(t, openaifake.Modern(), func(o *Options) { o.Client = foreign.Client() })
			w.fake.Misbehave(openaifake.Redirect(status, foreign.URL+"/v1/chat/completions"))
			w.wantFallback(Redirected)
			if isCalled() {
				t.Error("the other host was called")
			}
		})
	}
}
