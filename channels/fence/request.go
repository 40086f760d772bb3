package fence

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// LostError is a request without an answer that can be used.
type LostError struct {
	Left  bool  // a byte of the request left, or may have: it may have had its effect
	Cause error // without the request's address
}

// Error implements error.
func (e *LostError) Error() string {
	if e.Left {
		return fmt.Sprintf("the answer was lost: %v", e.Cause)
	}
	return fmt.Sprintf("nothing was sent: %v", e.Cause)
}

// Unwrap returns the cause.
func (e *LostError) Unwrap() error { return e.Cause }

// Do makes one request by a client of NewClient and gives its answer; the caller closes its body.
// The error does not have the request's address, which may name a customer or hold a secret.
// Errors: *LostError.
func Do(c *http.Client, r *http.Request) (*http.Response, error) {
	ctx, attempt := Watch(r.Context())
	resp, err := c.Do(r.WithContext(ctx))
	if err == nil {
		return resp, nil
	}
	if with := (*url.Error)(nil); errors.As(err, &with) {
		err = with.Err
	}
	return nil, &LostError{Left: attempt.Left(), Cause: err}
}

// errLong is the cause when Read meets an answer that is too long.
var errLong = errors.New("the answer is too long")

// Read reads the whole body of an answer, at most so many bytes.
// Errors: *LostError.
func Read(answer *http.Response, maxBytes int64) ([]byte, error) {
	body, err := io.ReadAll(Bounded(answer.Body, maxBytes, errLong))
	if err != nil {
		return nil, &LostError{Left: true, Cause: fmt.Errorf("read answer: %w", err)}
	}
	return body, nil
}

// Bounded returns a body that fails with tooLarge behind so many bytes. A body that ended there
// would be taken for a whole one.
func Bounded(body io.ReadCloser, maxBytes int64, tooLarge error) io.ReadCloser {
	return &boundedBody{ReadCloser: body, left: maxBytes, tooLarge: tooLarge}
}

type boundedBody struct {
	io.ReadCloser
	left     int64 // below 0 means there was more
	tooLarge error
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, b.tooLarge
	}
	if int64(len(p)) > b.left {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n - 1, b.tooLarge
	}
	return n, err
}

// RetryAfter reads how long an answer asks to wait: seconds or a date, at most so long. ok is
// false if it does not say, or gives a date while now is zero.
// Source: RFC 9110 section 10.2.3.
func RetryAfter(h http.Header, now time.Time, maxWait time.Duration) (wait time.Duration, ok bool) {
	value := strings.TrimSpace(h.Get("Retry-After"))
	seconds, err := strconv.ParseFloat(value, 64)
	if err == nil && !math.IsNaN(seconds) {
		return time.Duration(min(max(seconds, 0), maxWait.Seconds()) * float64(time.Second)), true
	}
	at, err := http.ParseTime(value)
	if err != nil || now.IsZero() {
		return 0, false
	}
	return min(max(at.Sub(now), 0), maxWait), true
}
