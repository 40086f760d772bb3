package wire

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

// postOnce makes one request to an address with Do.
func postOnce(t *testing.T, c *http.Client, address string) (*http.Response, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader("hello"))
	noError(t, err)
	return Do(c, r)
}

// readFiveBytes reads the answer "12345" of a server, up to most bytes.
func readFiveBytes(t *testing.T, most int64) (string, error) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "12345") }))
	defer s.Close()
	resp, err := postOnce(t, NewClient(Options{Answer: time.Minute}), s.URL+"/?secret")
	noError(t, err)
	defer resp.Body.Close()
	body, err := Read(resp, most)
	return string(body), err
}

// wantLost checks that an error is a LostError, and whether the request may have left. The error must not contain the word
// "secret" of the address.
func wantLost(t *testing.T, err error, left bool) {
	t.Helper()
	var lost *LostError
	if !errors.As(err, &lost) {
		t.Fatalf("got the error %v, want a *LostError", err)
	}
	wantEqual(t, "a byte left", lost.MayHaveLeft, left)
	text := err.Error()
	if strings.Contains(text, "secret") {
		t.Errorf("the error tells the address: %s", text)
	}
	wantEqual(t, "the error says that nothing was sent", strings.Contains(text, "nothing was sent"), !left)
}

// Read returns an answer that has exactly the maximum length.
func TestReadAnswer(t *testing.T) {
	t.Parallel()
	body, err := readFiveBytes(t, 5)
	noError(t, err)
	wantEqual(t, "body", body, "12345")
}

// Read returns nothing of an answer that is a byte too long. The request had its effect, and half an answer could be taken
// for a whole one.
func TestReadAnswerThatIsTooLong(t *testing.T) {
	t.Parallel()
	body, err := readFiveBytes(t, 4)
	wantLost(t, err, true)
	wantEqual(t, "body", body, "")
}

// A request whose connection was cut may have had its effect.
func TestDoWhenCut(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(readAndCut))
	defer s.Close()
	_, err := postOnce(t, NewClient(Options{Answer: time.Minute}), s.URL+"/?secret") //nolint:bodyclose // there is none
	wantLost(t, err, true)
}

// A request to an address without a server had no effect.
func TestDoToNobody(t *testing.T) {
	t.Parallel()
	const closed = "http://127.0.0.1:1" // a port that is never given to another test

	_, err := postOnce(t, NewClient(Options{Answer: time.Minute}), closed+"/?secret") //nolint:bodyclose // there is none
	wantLost(t, err, false)
}

// errTooLarge is the error of a body that is too long.
type errTooLarge struct{}

func (errTooLarge) Error() string { return "too large" }

// bodyReader is a way in which a body returns its bytes.
type bodyReader struct {
	name string
	wrap func(io.Reader) io.Reader
}

// bodyReaders returns the ways that the tests try.
func bodyReaders() []bodyReader {
	return []bodyReader{
		{name: "at once", wrap: func(r io.Reader) io.Reader { return r }},
		{name: "a byte a time", wrap: iotest.OneByteReader},
		{name: "its end with the last bytes", wrap: iotest.DataErrReader},
	}
}

// A body that isn't longer than allowed is read unchanged.
func TestBoundedBodyIsRead(t *testing.T) {
	t.Parallel()
	tests := []struct {
		body string
		most int64
	}{
		{body: "", most: 0},
		{body: "1234", most: 5},
		{body: "12345", most: 5},
	}
	for _, reader := range bodyReaders() {
		for _, tt := range tests {
			got, err := io.ReadAll(Bounded(io.NopCloser(reader.wrap(strings.NewReader(tt.body))), tt.most, errTooLarge{}))
			if err != nil {
				t.Errorf("%s: %q of at most %d bytes: %v", reader.name, tt.body, tt.most, err)
			}
			if string(got) != tt.body {
				t.Errorf("%s: %q of at most %d bytes: got %q, want all of it", reader.name, tt.body, tt.most, got)
			}
		}
	}
}

// A body that is too long fails after the allowed number of bytes, and when it is read again.
func TestBoundedBodyThatIsTooLong(t *testing.T) {
	t.Parallel()
	tests := []struct {
		body string
		most int64
	}{
		{body: "123456", most: 5},
		{body: "1234567890", most: 5},
		{body: "1", most: 0},
	}
	for _, reader := range bodyReaders() {
		for _, tt := range tests {
			body := Bounded(io.NopCloser(reader.wrap(strings.NewReader(tt.body))), tt.most, errTooLarge{})
			got, err := io.ReadAll(body)
			if !errors.Is(err, errTooLarge{}) {
				t.Errorf("%s: %q of at most %d bytes: got the error %v, want %v", reader.name, tt.body, tt.most, err, errTooLarge{})
			}
			if int64(len(got)) != tt.most {
				t.Errorf("%s: %q of at most %d bytes: got %q, want so many bytes", reader.name, tt.body, tt.most, got)
			}

			n, err := body.Read(make([]byte, 9))
			if !errors.Is(err, errTooLarge{}) {
				t.Errorf("%s: %q read on: got the error %v, want %v", reader.name, tt.body, err, errTooLarge{})
			}
			if n != 0 {
				t.Errorf("%s: %q read on: got %d bytes, want none", reader.name, tt.body, n)
			}
		}
	}
}

// RetryAfter reads seconds and dates as a time to wait, which is between zero and the caller's maximum.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	const maxWait = time.Hour
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	tests := []struct {
		name  string
		value string
		want  time.Duration
	}{
		{name: "seconds", value: "5", want: 5 * time.Second},
		{name: "a fraction, and spaces", value: " 1.5 ", want: 1500 * time.Millisecond},
		{name: "no seconds", value: "0", want: 0},
		{name: "negative seconds", value: "-3", want: 0},
		{name: "more seconds than the most", value: "86400", want: maxWait},
		{name: "endless seconds", value: "Inf", want: maxWait},
		{name: "a date to come", value: "Fri, 20 Nov 2026 10:00:30 GMT", want: 30 * time.Second},
		{name: "a date that is over", value: "Fri, 20 Nov 2026 09:00:00 GMT", want: 0},
		{name: "a date behind the most", value: "Sat, 21 Nov 2026 10:00:00 GMT", want: maxWait},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, ok := RetryAfter(http.Header{"Retry-After": {tt.value}}, now, maxWait)
			if !ok {
				t.Errorf("%q says no time, want %s", tt.value, tt.want)
			}
			if got != tt.want {
				t.Errorf("%q: got %s, want %s", tt.value, got, tt.want)
			}
		})
	}
}

// RetryAfter finds no time in an answer without one. It can't use a date if the caller doesn't know the time.
func TestRetryAfterSaysNothing(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	tests := []struct {
		name  string
		value string
		now   time.Time
	}{
		{name: "empty", value: "", now: now},
		{name: "a word", value: "soon", now: now},
		{name: "no number", value: "NaN", now: now},
		{name: "a date, and now is unknown", value: "Fri, 20 Nov 2026 10:00:30 GMT", now: time.Time{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, ok := RetryAfter(http.Header{"Retry-After": {tt.value}}, tt.now, time.Hour)
			if ok {
				t.Errorf("%q says the time %s, want none", tt.value, got)
			}
			if got != 0 {
				t.Errorf("%q: got %s, want 0", tt.value, got)
			}
		})
	}
}
