package teams

import (
	"cmp"
	"errors"
	"net/http"
	"time"
)

// Errors that callers distinguish.
var (
	// ErrNotGranted means that the app lacks the right to read there, isn't installed there, or has no secret with
	// which to authenticate.
	ErrNotGranted = errors.New("graph: not granted")
	// ErrNotFound means that Graph doesn't find what was requested.
	ErrNotFound = errors.New("graph: not found")
	// ErrAddress means that an address isn't one to which requests may be sent.
	ErrAddress = errors.New("graph: the address leads elsewhere")
)

// GraphError is a failed request to Graph, Microsoft's API for all its products. errors.Is finds in it ErrNotGranted,
// ErrNotFound or ErrAddress if one applies, and the errors of rest*.go.
type GraphError struct {
	Failure
	kind error // one of the errors above; nil if none applies
}

// Error implements error.
func (e *GraphError) Error() string { return e.Failure.Error() }

// Unwrap returns kind, which may be nil, and the failure, which wraps the cause.
func (e *GraphError) Unwrap() []error { return []error{e.kind, &e.Failure} }

// defaultThrottleWait is how long to wait after a 429 without a Retry-After.
const graphDefaultThrottleWait = 10 * time.Second

// Wait reports whether a failed request should be repeated, and after which time. Repeating is safe, because all
// requests only read. If Graph gave no time, after is 0, and the caller chooses one.
func Wait(err error) (after time.Duration, again bool) {
	var e *GraphError
	if !errors.As(err, &e) || e.kind != nil {
		return 0, false
	}
	if errors.Is(e, ErrCredentials) || errors.Is(e, ErrTooLarge) {
		return 0, false
	}

	switch e.Status {
	case http.StatusTooManyRequests:
		return cmp.Or(e.RetryAfter, graphDefaultThrottleWait), true
	case http.StatusRequestTimeout, http.StatusLocked:
		return e.RetryAfter, true
	}

	isCutOff := e.Status < http.StatusMultipleChoices // no response (0), or a success whose body was cut off
	if isCutOff || e.Status >= http.StatusInternalServerError {
		return e.RetryAfter, true
	}

	return 0, false
}

// asError turns a rest.Failure into an *Error. It returns other errors unchanged.
func graphAsError(err error) error {
	var f *Failure
	if err == nil || !errors.As(err, &f) {
		return err
	}

	e := &GraphError{Failure: *f}
	switch {
	case errors.Is(f, ErrHost):
		e.kind = ErrAddress
	case f.Status == http.StatusForbidden, errors.Is(f, ErrNoSecret):
		e.kind = ErrNotGranted
	case f.Status == http.StatusNotFound, f.Status == http.StatusGone:
		e.kind = ErrNotFound
	}

	return e
}
