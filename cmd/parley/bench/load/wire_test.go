package load

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"parley/channels/channelstest"
)

// The wire speaks to Go's server, again and again on one connection.
func TestWire(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		switch {
		case err != nil || r.Header.Get("X-Signature") != channelstest.Sign("s", body) || r.URL.Path != "/hooks/shop":
			w.WriteHeader(http.StatusForbidden)
		case string(body) == "busy":
			w.Header().Set("Retry-After", "3")
			http.Error(w, "later", http.StatusServiceUnavailable)
		}
	}))
	defer srv.Close()

	address := strings.TrimPrefix(srv.URL, "http://")
	w, err := Dial(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()

	sign := NewSigner(address, "s")
	for range 2 {
		for body, want := range map[string]int{"hello": 200, "busy": 503} {
			status, err := w.Do(sign.Hook("shop", []byte(body)))
			if err != nil || status != want || (w.retryAfter == 3) != (want == 503) {
				t.Errorf("%s: %d, Retry-After %d, %v", body, status, w.retryAfter, err)
			}
		}
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	f.Add("HTTP/1.1 503 x\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n")
	f.Add("HTTP/1.1 200 OK\r\n\r\n")
	f.Add("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n")
	f.Fuzz(func(t *testing.T, answer string) {
		w := &Wire{in: bufio.NewReader(strings.NewReader(answer))}
		if status, err := w.readAnswer(); err == nil && (status < 0 || status > 999 || w.retryAfter < 0) {
			t.Errorf("status %d, Retry-After %d", status, w.retryAfter)
		}
	})
}
