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

// These helpers make one HTTP request through a client of NewClient and say, if it fails, whether it may have had an
// effect at the other side. A request of which no byte left can safely be repeated.

// LostError means that a request got no usable answer.
type LostError struct {
	MayHaveLeft bool  // a byte of the request left, or may have: the server may have acted on it
	Cause       error // without the request's address
}

// Error implements error.
func (e *LostError) Error() string {
	if e.MayHaveLeft {
		return fmt.Sprintf("the answer was lost: %v", e.Cause)
	}
	return fmt.Sprintf("nothing was sent: %v", e.Cause)
}

// Unwrap returns the cause.
func (e *LostError) Unwrap() error { return e.Cause }

// Do makes one request by a client of NewClient and returns the answer, whose body the caller closes. Errors don't
// contain the request's address, which may name a customer or hold a secret.
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
	return nil, &LostError{MayHaveLeft: attempt.MayHaveLeft(), Cause: err}
}

// errLong is the cause when Read meets an answer that is too long.
var errLong = errors.New("the answer is too long")

// Read reads the whole body of an answer, at most so many bytes.
// Errors: *LostError.
func Read(answer *http.Response, maxBytes int64) ([]byte, error) {
	body, err := io.ReadAll(Bounded(answer.Body, maxBytes, errLong))
	if err != nil {
		return nil, &LostError{MayHaveLeft: true, Cause: fmt.Errorf("read answer: %w", err)}
	}
	return body, nil
}

// Bounded returns a body whose Read fails with tooLarge after maxBytes. It doesn't just end there, as io.LimitReader
// does, because a cut body would be taken for a whole one.
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

// RetryAfter reads how long an answer asks us to wait, at most maxWait. The header has seconds or a date. ok is false
// if there is none, or if it is a date and now is zero.
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
