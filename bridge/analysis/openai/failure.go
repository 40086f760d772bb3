package openai

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A call of the model can fail in many ways: at the network, by the server's refusal, or by an answer of no use.
// Each failure gets a Kind. By its Kind the analyzer decides whether to try again, whether to stop asking for a
// while (breaker.go), and whether admins must be told.

// Kind says why a model gave no answer. It is a label of metrics.
type Kind string

// Kinds of failure.
const (
	Unreachable  Kind = "unreachable"  // no connection, or it broke before an answer began
	TimedOut     Kind = "timeout"      // no whole answer in time
	Cut          Kind = "cut"          // the connection broke within the answer
	TooLarge     Kind = "too_large"    // the answer is longer than 1 MiB
	Unreadable   Kind = "unreadable"   // an answer that is no chat completion: HTML, broken JSON, another encoding
	Server       Kind = "server"       // 5xx
	Throttled    Kind = "throttled"    // 429
	Unauthorized Kind = "unauthorized" // 401
	Forbidden    Kind = "forbidden"    // 403
	NoModel      Kind = "no_model"     // 404 that names the model
	NotFound     Kind = "not_found"    // another 404: the base URL is wrong
	NoQuota      Kind = "no_quota"     // 402, or 429 insufficient_quota
	Redirected   Kind = "redirected"   // the server sends to another host
	BadRequest   Kind = "bad_request"  // 4xx that nothing helped against
	Empty        Kind = "empty"        // no choices, no content
	Tools        Kind = "tools"        // a call of a tool that was not offered
	Refused      Kind = "refused"      // the model or its filter refuses to answer
	Truncated    Kind = "truncated"    // the answer ended at its limit of tokens
	Invalid      Kind = "invalid"      // no valid answer, not even after it was shown its error
	Open         Kind = "open"         // not asked: it failed too often just now
	Late         Kind = "late"         // not asked: the caller gave too little time
	Busy         Kind = "busy"         // not asked: all of Concurrency were busy for too long
	Budget       Kind = "budget"       // not asked: the day's tokens are used up
	Uncounted    Kind = "uncounted"    // not asked: the Budget failed
	Cancelled    Kind = "cancelled"    // the caller didn't want the answer any more
)

// Error says why there is no answer. It holds no words of the server, which may quote the customer or the key.
type Error struct {
	Kind   Kind
	Status int           // of HTTP; 0 if there was none
	Wait   time.Duration // how long the server asks to wait; 0 if it doesn't say
	Rule   string        // Invalid: which rule was broken, without the model's words
	Cause  error         // never one that quotes the request
	ofText bool          // a text was asked for, which takes longer the longer it is
}

// Error implements error.
func (e *Error) Error() string {
	s := "openai: " + string(e.Kind)
	if e.Status != 0 {
		s += fmt.Sprintf(": status %d", e.Status)
	}
	if e.Rule != "" {
		s += ": " + e.Rule
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// needsPerson reports whether asking again helps only after somebody changed something.
func (e *Error) needsPerson() bool {
	switch e.Kind {
	case Unauthorized, Forbidden, NoModel, NotFound, NoQuota, Redirected:
		return true
	default:
		return false
	}
}

// isPassing reports whether the same request may succeed a moment later.
func (e *Error) isPassing() bool {
	switch e.Kind {
	case Unreachable, Cut, Server, Throttled:
		return true
	default:
		return false
	}
}

// isHarmless reports whether a failure tells nothing about the server: who asked, or what was asked, is its cause.
func (e *Error) isHarmless() bool {
	switch e.Kind {
	case Refused, Truncated, Invalid, Late, Busy, Budget, Uncounted, Cancelled:
		return true
	case TimedOut:
		return e.ofText
	default:
		return false
	}
}

// isFree reports whether a failed request cost nothing: the server refused it, or it never got there.
func (e *Error) isFree() bool { return e.Status != 0 || e.Kind == Unreachable || e.Kind == Redirected }

// isInterrupted reports whether the server may have written an answer that never came whole, or not as one. Nobody knows what
// the provider counts for it.
func (e *Error) isInterrupted() bool {
	switch e.Kind {
	case TimedOut, Cut, TooLarge, Unreadable, Cancelled:
		return true
	default:
		return false
	}
}

// newBrokenError makes an Error of a request without an answer.
func newBrokenError(ctx context.Context, err error, begun bool) *Error {
	kind := Unreachable
	switch {
	case errors.Is(err, errForeignHost):
		kind = Redirected
	case errors.Is(err, errTooLarge):
		kind = TooLarge
	case errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.Is(err, context.DeadlineExceeded):
		return &Error{Kind: TimedOut}
	case ctx.Err() != nil:
		return &Error{Kind: Cancelled}
	case begun:
		kind = Cut
	}

	return &Error{Kind: kind, Cause: withoutAddress(err)}
}

// newRefusalError makes an Error of an answer that isn't 2xx. body is the answer's beginning.
func newRefusalError(status int, body []byte, wait time.Duration) *Error {
	return &Error{Kind: kindOfRefusal(status, strings.ToLower(string(body))), Status: status, Wait: wait}
}

// kindOfRefusal tells by the status, and where that has several meanings by what the server says, in small letters.
func kindOfRefusal(status int, says string) Kind {
	if isRedirect(status) {
		return Redirected
	}

	switch status {
	case http.StatusUnauthorized:
		return Unauthorized
	case http.StatusPaymentRequired:
		return NoQuota
	}

	if containsAny(says, "content_filter", "content_policy", "content management policy") {
		return Refused
	}

	switch status {
	case http.StatusForbidden:
		return Forbidden
	case http.StatusNotFound:
		if strings.Contains(says, "model") {
			return NoModel
		}
		return NotFound
	case http.StatusMethodNotAllowed:
		return NotFound
	case http.StatusTooManyRequests:
		if containsAny(says, "insufficient_quota", "billing", "credit") {
			return NoQuota
		}
		return Throttled
	case http.StatusRequestTimeout:
		return Server
	}

	if status >= http.StatusInternalServerError {
		return Server
	}

	return BadRequest
}

// isRedirect reports whether a status sends the client elsewhere.
func isRedirect(status int) bool {
	return status >= http.StatusMultipleChoices && status < http.StatusBadRequest
}

func containsAny(s string, parts ...string) bool {
	return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(s, p) })
}
