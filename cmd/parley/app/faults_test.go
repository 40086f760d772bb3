package app

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"parley/channels/emulator"
)

// entries is a log that tests read.
type entries struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (e *entries) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.text.Write(p)
}

func (e *entries) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.text.String()
}

// If a handler panics, this is logged as an error, with the place and without anything of the request. The connection is
// cut, so that the sender sends the request again.
func TestPanicIsLogged(t *testing.T) {
	t.Parallel()
	const words = "w0rds-of-a-customer"
	tests := []struct {
		name      string
		fails     func(r *http.Request)
		wantFault string // "" means that nothing is logged
	}{
		{name: "a fault of the runtime", fails: func(r *http.Request) { _ = []string{}[len(r.URL.RawQuery)] }, wantFault: "index out of range"},
		{name: "a text", fails: func(r *http.Request) { panic(r.URL.RawQuery) }, wantFault: "a value of type string"},
		{name: "an error", fails: func(r *http.Request) { panic(fmt.Errorf("unreadable: %s", r.URL.RawQuery)) }, wantFault: "a value of type *errors.errorString"},
		{name: "on purpose", fails: func(*http.Request) { panic(http.ErrAbortHandler) }},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			log := &entries{}
			f := must(newFront(t.Context(), Env{Listen: "127.0.0.1:0"}, slog.New(slog.NewTextHandler(log, nil))))(t)
			mux := http.NewServeMux()
			mux.HandleFunc("/hooks/{account}", func(_ http.ResponseWriter, r *http.Request) { tt.fails(r) })
			f.open(mux)
			f.start()
			t.Cleanup(func() { _ = f.stop(t.Context(), 0) })

			req := must(http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+f.listenAddress()+"/hooks/"+words+"?"+words,
				strings.NewReader(words)))(t)
			res, err := emulator.NewClient().Do(req)
			if err == nil {
				_ = res.Body.Close()
				t.Errorf("the request was answered with %d, want a connection that is cut", res.StatusCode)
			}

			got := log.String()
			if tt.wantFault == "" {
				if got != "" {
					t.Errorf("logged %s, want nothing", got)
				}
				return
			}
			for _, want := range []string{"level=ERROR", "route=/hooks/{account}", tt.wantFault, "faults_test.go"} {
				if !strings.Contains(got, want) {
					t.Errorf("logged %s, want %q in it", got, want)
				}
			}
			if strings.Contains(got, words) {
				t.Errorf("the log has what stood in the request: %s", got)
			}
		})
	}
}
