package fence

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// TestDo: an error says whether the request may have had its effect, and not where it went.
func TestDo(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/cut" {
			_, _ = io.Copy(io.Discard, r.Body)
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, "12345")
	}))
	defer s.Close()
	c := NewClient(Options{Answer: time.Minute})
	do := func(path string) (*http.Response, error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+path, strings.NewReader("hello"))
		if err != nil {
			t.Fatal(err)
		}
		return Do(c, r)
	}
	for most, want := range map[int64]string{4: "", 5: "12345"} {
		resp, err := do("/")
		if err != nil {
			t.Fatal(err)
		}
		body, err := Read(resp, most)
		_ = resp.Body.Close()
		if lost := (*LostError)(nil); string(body) != want || (err == nil) != (want != "") || err != nil && (!errors.As(err, &lost) || !lost.Left) {
			t.Errorf("at most %d bytes: %q, %v", most, body, err)
		}
	}
	check := func(path string, left bool) {
		t.Helper()
		_, err := do(path) //nolint:bodyclose // there is none
		if lost := (*LostError)(nil); !errors.As(err, &lost) || lost.Left != left || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", path, err)
		}
	}
	check("/cut?secret", true)
	s.Close()
	c.CloseIdleConnections()
	check("/gone?secret", false)
}

// TestBounded: a body that is too long fails, however it is read, and stays failed.
func TestBounded(t *testing.T) {
	t.Parallel()
	tooLarge := errors.New("too large")
	for name, slow := range map[string]func(io.Reader) io.Reader{
		"at once": func(r io.Reader) io.Reader { return r }, "a byte a time": iotest.OneByteReader, "its end with the last bytes": iotest.DataErrReader,
	} {
		for text, most := range map[string]int64{"": 0, "12345": 5, "1234": 5, "123456": 5, "1": 0} {
			body := Bounded(io.NopCloser(slow(strings.NewReader(text))), most, tooLarge)
			got, err := io.ReadAll(body)
			fits := int64(len(text)) <= most
			if fits && (err != nil || string(got) != text) || !fits && (!errors.Is(err, tooLarge) || int64(len(got)) != most) {
				t.Errorf("%s: %q of at most %d bytes: %q, %v", name, text, most, got, err)
			}
			if n, err := body.Read(make([]byte, 9)); !fits && (n != 0 || !errors.Is(err, tooLarge)) {
				t.Errorf("%s: read on: %d, %v", name, n, err)
			}
		}
	}
}

// TestRetryAfter: seconds and dates are read, what is no time is nothing.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"5": 5 * time.Second, " 1.5 ": 1500 * time.Millisecond, "0": 0, "-3": 0, "86400": time.Hour, "Inf": time.Hour,
		"Fri, 20 Nov 2026 10:00:30 GMT": 30 * time.Second, "Fri, 20 Nov 2026 09:00:00 GMT": 0, "Sat, 21 Nov 2026 10:00:00 GMT": time.Hour,
	} {
		if got, ok := RetryAfter(http.Header{"Retry-After": {value}}, now, time.Hour); !ok || got != want {
			t.Errorf("%q: %s, %v, want %s", value, got, ok, want)
		}
	}
	if got, ok := RetryAfter(http.Header{"Retry-After": {"Fri, 20 Nov 2026 10:00:30 GMT"}}, time.Time{}, time.Hour); ok || got != 0 {
		t.Errorf("a date, and nobody knows the time: %s, %v", got, ok)
	}
	for _, value := range []string{"", "soon", "NaN"} {
		if got, ok := RetryAfter(http.Header{"Retry-After": {value}}, now, time.Hour); ok || got != 0 {
			t.Errorf("%q: %s, %v", value, got, ok)
		}
	}
}
