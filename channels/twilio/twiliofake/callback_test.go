package twiliofake

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// startFailingHook starts a webhook that answers its first calls with an error. It returns its address, and a counter of
// the calls.
func startFailingHook(t *testing.T, failures int32) (address string, calls *atomic.Int32) {
	t.Helper()
	calls = &atomic.Int32{}
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) <= failures {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(hook.Close)
	return hook.URL + "/h", calls
}

// A callback that fails is repeated as the fragment of its address asks: rc is the number of repetitions, rp is the kind
// of failure.
func TestRepeatedCallbacks(t *testing.T) {
	t.Parallel()
	const failures = 3
	tests := []struct {
		name      string
		fragment  string
		wantCalls int32
		wantTaken bool
	}{
		{name: "nothing asked: a 503 isn't repeated", fragment: "", wantCalls: 1},
		{name: "five times after all failures", fragment: "#rc=5&rp=all", wantCalls: failures + 1, wantTaken: true},
		{name: "once after errors of the server", fragment: "#rc=1&rp=5xx", wantCalls: 2},
		{name: "five times after refusals, which a 503 isn't", fragment: "#rc=5&rp=4xx", wantCalls: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			address, calls := startFailingHook(t, failures)
			s := start(t, func(o *Options) { o.Numbers[0].Webhook = address + tt.fragment })
			_, err := s.Phone(ann, ours, "").Send(Message{Text: "x"})
			wantEqual(t, "number of calls", calls.Load(), tt.wantCalls)
			wantEqual(t, "the callback was taken", err == nil, tt.wantTaken)
		})
	}
}
