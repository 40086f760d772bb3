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
	read := func(most int64) (string, error) {
		resp, err := do("/")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := Read(resp, most)
		return string(body), err
	}
	wantLost := func(what string, err error, left bool) {
		t.Helper()
		var lost *LostError
		if !errors.As(err, &lost) {
			t.Fatalf("%s: got %v, want a *LostError", what, err)
		}
		wantEqual(t, what+": something left", lost.Left, left)
		wantEqual(t, what+": the error tells the address", strings.Contains(err.Error(), "secret"), false)
	}
	body, err := read(5)
	if err != nil {
		t.Error(err)
	}
	wantEqual(t, "an answer of 5 bytes", body, "12345")
	body, err = read(4)
	wantLost("an answer that is a byte too long", err, true)
	wantEqual(t, "an answer that is a byte too long", body, "")
	_, err = do("/cut?secret") //nolint:bodyclose // there is none
	wantLost("an answer that was cut", err, true)
	s.Close()
	c.CloseIdleConnections()
	_, err = do("/gone?secret") //nolint:bodyclose // there is none
	wantLost("nobody there", err, false)
}

// TestBounded: a body that is too long fails, however it is read, and stays failed.
func TestBounded(t *testing.T) {
	t.Parallel()
	tooLarge := errors.New("too large")
	for name, slow := range map[string]func(io.Reader) io.Reader{
		"at once":                     func(r io.Reader) io.Reader { return r },
		"a byte a time":               iotest.OneByteReader,
		"its end with the last bytes": iotest.DataErrReader,
	} {
		for text, most := range map[string]int64{"": 0, "12345": 5, "1234": 5} {
			got, err := io.ReadAll(Bounded(io.NopCloser(slow(strings.NewReader(text))), most, tooLarge))
			if err != nil || string(got) != text {
				t.Errorf("%s: %q of at most %d bytes was read as %q, %v, want all of it", name, text, most, got, err)
			}
		}
		for text, most := range map[string]int64{"123456": 5, "1": 0} {
			body := Bounded(io.NopCloser(slow(strings.NewReader(text))), most, tooLarge)
			got, err := io.ReadAll(body)
			if !errors.Is(err, tooLarge) || int64(len(got)) != most {
				t.Errorf("%s: %q of at most %d bytes was read as %q, %v, want %d bytes and %v", name, text, most, got, err, most, tooLarge)
			}
			if n, err := body.Read(make([]byte, 9)); n != 0 || !errors.Is(err, tooLarge) {
				t.Errorf("%s: reading on gave %d bytes, %v, want none and %v", name, n, err, tooLarge)
			}
		}
	}
}

// TestRetryAfter: seconds and dates are read, what is no time is nothing.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"5":                             5 * time.Second,
		" 1.5 ":                         1500 * time.Millisecond,
		"0":                             0,
		"-3":                            0,
		"86400":                         time.Hour, // the most
		"Inf":                           time.Hour,
		"Fri, 20 Nov 2026 10:00:30 GMT": 30 * time.Second,
		"Fri, 20 Nov 2026 09:00:00 GMT": 0, // it is over
		"Sat, 21 Nov 2026 10:00:00 GMT": time.Hour,
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
