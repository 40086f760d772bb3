package wire

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

// This file has helpers to make one HTTP request and read its response. Their errors say whether the request may have
// reached the server. For example, a refused connection means that nothing was sent, so that a message can safely be
// sent again. After a timeout while waiting for the response, the server may have sent the message already.

// LostError means that a request got no usable response.
type LostError struct {
	MayHaveLeft bool  // a byte of the request may have been written, so the server may have acted on it
	Cause       error // doesn't contain the request's URL
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

// Do makes one request with a client made by NewClient and returns the response, whose body the caller must close. Errors
// don't contain the request's URL, because it may contain a customer's name or a secret.
// Errors: *LostError.
func Do(c *http.Client, r *http.Request) (*http.Response, error) {
	ctx, attempt := Watch(r.Context())
	resp, err := c.Do(r.WithContext(ctx))
	if err == nil {
		return resp, nil
	}
	if urlErr := (*url.Error)(nil); errors.As(err, &urlErr) {
		err = urlErr.Err
	}
	return nil, &LostError{MayHaveLeft: attempt.MayHaveLeft(), Cause: err}
}

// errTooLong is the cause of Read's error for a response that is too long.
var errTooLong = errors.New("the answer is too long")

// Read reads the whole body of a response. It fails if the body is longer than maxBytes.
// Errors: *LostError.
func Read(resp *http.Response, maxBytes int64) ([]byte, error) {
	body, err := io.ReadAll(Bounded(resp.Body, maxBytes, errTooLong))
	if err != nil {
		return nil, &LostError{MayHaveLeft: true, Cause: fmt.Errorf("read answer: %w", err)}
	}
	return body, nil
}

// Bounded returns a body that fails with tooLarge if it is longer than maxBytes. In contrast, io.LimitReader reports the
// end of the file at the limit, so that a truncated body would look complete.
func Bounded(body io.ReadCloser, maxBytes int64, tooLarge error) io.ReadCloser {
	return &boundedBody{ReadCloser: body, remaining: maxBytes, tooLarge: tooLarge}
}

type boundedBody struct {
	io.ReadCloser
	remaining int64 // negative once the limit was exceeded
	tooLarge  error
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	if b.remaining < 0 {
		return 0, b.tooLarge
	}

	if int64(len(p)) > b.remaining {
		p = p[:b.remaining+1] // one byte more, to find out whether there is more
	}
	n, err := b.ReadCloser.Read(p)
	b.remaining -= int64(n)
	if b.remaining < 0 {
		return n - 1, b.tooLarge
	}
	return n, err
}

// RetryAfter parses the Retry-After header, which has seconds or a date, and caps the wait at maxWait. ok is false if the
// header is missing or invalid, or if it has a date and now is zero.
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
