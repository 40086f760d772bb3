package graph

import (
	"cmp"
	"errors"
	"net/http"
	"time"

	"parley/bot/teams/rest"
)

// Errors that callers tell apart.
var (
	// ErrNotGranted means that the app lacks the right to read there, isn't installed, or has no secret with which to
	// prove its identity.
	ErrNotGranted = errors.New("graph: not granted")
	// ErrNotFound means that what was asked for isn't there.
	ErrNotFound = errors.New("graph: not found")
	// ErrAddress means that an address leads to a place that may not be called.
	ErrAddress = errors.New("graph: the address leads elsewhere")
)

// Error is a call of Graph that failed. errors.Is finds ErrNotGranted, ErrNotFound or ErrAddress in it if one
// applies, and the errors of package rest.
type Error struct {
	rest.Failure
	kind error // one of the errors above; nil if none applies
}

// Error implements error.
func (e *Error) Error() string { return e.Failure.Error() }

// Unwrap returns kind, which may be nil, and the failure, which wraps the cause.
func (e *Error) Unwrap() []error { return []error{e.kind, &e.Failure} }

// defaultThrottleWait is how long to wait after a 429 that gives no time.
const defaultThrottleWait = 10 * time.Second

// Wait reports whether a failed call should be made again, and after which time. As all calls only read, repeating
// one does no harm. after is 0 if Graph gave no time: the caller chooses one.
func Wait(err error) (after time.Duration, again bool) {
	var e *Error
	if !errors.As(err, &e) || e.kind != nil {
		return 0, false
	}
	if errors.Is(e, rest.ErrCredentials) || errors.Is(e, rest.ErrTooLarge) {
		return 0, false
	}

	switch e.Status {
	case http.StatusTooManyRequests:
		return cmp.Or(e.RetryAfter, defaultThrottleWait), true
	case http.StatusRequestTimeout, http.StatusLocked:
		return e.RetryAfter, true
	}

	isCutOff := e.Status < http.StatusMultipleChoices // there was no answer (0), or its end was lost
	if isCutOff || e.Status >= http.StatusInternalServerError {
		return e.RetryAfter, true
	}

	return 0, false
}

// asError turns a rest.Failure into an *Error of its kind.
func asError(err error) error {
	var f *rest.Failure
	if err == nil || !errors.As(err, &f) {
		return err
	}

	e := &Error{Failure: *f}
	switch {
	case errors.Is(f, rest.ErrHost):
		e.kind = ErrAddress
	case f.Status == http.StatusForbidden, errors.Is(f, rest.ErrNoSecret):
		e.kind = ErrNotGranted
	case f.Status == http.StatusNotFound, f.Status == http.StatusGone:
		e.kind = ErrNotFound
	}

	return e
}
