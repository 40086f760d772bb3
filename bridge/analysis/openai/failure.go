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

// A call to the model can fail in many ways: the network breaks, the server refuses the request, or the answer is
// unusable. Each failure has a Kind. It decides whether the request is retried, whether the server is left alone for a
// while (breaker.go), and whether admins are alerted.

// Kind is the reason why a model gave no answer. It is used as a label in metrics.
type Kind string

// Kinds of failure.
const (
	Unreachable  Kind = "unreachable"  // no connection, or it broke before the response began
	TimedOut     Kind = "timeout"      // no complete response in time
	Cut          Kind = "cut"          // the connection broke within the response
	TooLarge     Kind = "too_large"    // the response is longer than 1 MiB
	Unreadable   Kind = "unreadable"   // the response is no chat completion: HTML, broken JSON, another encoding
	Server       Kind = "server"       // 5xx
	Throttled    Kind = "throttled"    // 429
	Unauthorized Kind = "unauthorized" // 401
	Forbidden    Kind = "forbidden"    // 403
	NoModel      Kind = "no_model"     // 404 that names the model
	NotFound     Kind = "not_found"    // any other 404: the base URL is wrong
	NoQuota      Kind = "no_quota"     // 402, or 429 insufficient_quota
	Redirected   Kind = "redirected"   // the server redirects to another host
	BadRequest   Kind = "bad_request"  // any other 4xx, in all forms of the request
	Empty        Kind = "empty"        // no choices, no content
	Tools        Kind = "tools"        // the model called a tool, although none was offered
	Refused      Kind = "refused"      // the model or a content filter refused to answer
	Truncated    Kind = "truncated"    // the answer ended at its token limit; or 400, since no word of it was written until there
	Invalid      Kind = "invalid"      // the answer was not valid, not even after a second request that quoted the error
	Open         Kind = "open"         // not called: the circuit breaker is open
	Late         Kind = "late"         // not called: the caller's deadline was too close
	Busy         Kind = "busy"         // not called: no free slot, see Options.Concurrency
	Budget       Kind = "budget"       // not called: the day's tokens are used up
	Uncounted    Kind = "uncounted"    // not called: the budget could not be read
	Cancelled    Kind = "cancelled"    // the caller cancelled the call
)

// Error is the failure of a call. It contains no text from the server, since that may quote the customer or the key.
type Error struct {
	Kind   Kind
	Status int           // the HTTP status; 0 if there was no response
	Wait   time.Duration // how long the server asks to wait; 0 if it doesn't
	Rule   string        // of Invalid: the rule that the answer broke; doesn't quote the answer
	Cause  error         // doesn't quote the request either; may be nil
	ofText bool          // the call was Write, whose duration depends on the length of the text
}

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

func (e *Error) Unwrap() error { return e.Cause }

// needsPerson reports whether the failure stays until a person changes something.
func (e *Error) needsPerson() bool {
	switch e.Kind {
	case Unauthorized, Forbidden, NoModel, NotFound, NoQuota, Redirected:
		return true
	default:
		return false
	}
}

// isTransient reports whether the same request may succeed a moment later.
func (e *Error) isTransient() bool {
	switch e.Kind {
	case Unreachable, Cut, Server, Throttled:
		return true
	default:
		return false
	}
}

// isUseless reports whether the model answered, but in a way that nothing can be made of: it can't keep to the form, or it
// used up all tokens, as models do that reason for long. A text that was cut off doesn't count: it may be long.
func (e *Error) isUseless() bool { return e.Kind == Invalid || e.Kind == Truncated && !e.ofText }

// isHarmless reports whether the failure has no bearing on the server's health, because its cause is the caller or the
// question.
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

// isFree reports whether a failed request cost no tokens: the server refused it or never received it.
func (e *Error) isFree() bool {
	isRefused := e.Status != 0 && e.Kind != Truncated
	return isRefused || e.Kind == Unreachable || e.Kind == Redirected
}

// isInterrupted reports whether the server may have generated an answer that didn't arrive in full or in a readable
// form, if the request reached it. It is unknown how many tokens the provider charges for it.
func (e *Error) isInterrupted() bool {
	switch e.Kind {
	case Unreachable, TimedOut, Cut, TooLarge, Unreadable, Cancelled, Truncated:
		return true
	default:
		return false
	}
}

// phase is the part of an HTTP exchange in which it failed.
type phase int

const (
	beforeResponse phase = iota
	withinResponse
)

// newTransportError returns the Error of a request that got no complete response.
func newTransportError(ctx context.Context, err error, failedIn phase) *Error {
	isLate := errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.Is(err, context.DeadlineExceeded)
	switch {
	case errors.Is(err, errForeignHost):
		return &Error{Kind: Redirected, Cause: withoutURL(err)}
	case errors.Is(err, errTooLarge):
		return &Error{Kind: TooLarge, Cause: withoutURL(err)}
	case isLate:
		return &Error{Kind: TimedOut}
	case ctx.Err() != nil:
		return &Error{Kind: Cancelled}
	case failedIn == withinResponse:
		return &Error{Kind: Cut, Cause: withoutURL(err)}
	default:
		return &Error{Kind: Unreachable, Cause: withoutURL(err)}
	}
}

// newStatusError returns the Error of a response whose status isn't 2xx.
func newStatusError(status int, body []byte, wait time.Duration) *Error {
	return &Error{Kind: kindOfStatus(status, strings.ToLower(string(body))), Status: status, Wait: wait}
}

// kindOfStatus returns the kind of a failed response. Where servers use one status for several failures, the body
// decides; it must be in lower case. A content filter may use any status but redirects, 401 and 402.
func kindOfStatus(status int, body string) Kind {
	if isRedirect(status) {
		return Redirected
	}

	switch status {
	case http.StatusUnauthorized:
		return Unauthorized
	case http.StatusPaymentRequired:
		return NoQuota
	}

	if containsAny(body, "content_filter", "content_policy", "content management policy") {
		return Refused
	}

	switch status {
	case http.StatusBadRequest:
		if strings.Contains(body, "output limit was reached") { // OpenAI, if a model has used up all tokens by reasoning
			return Truncated
		}
	case http.StatusForbidden:
		return Forbidden
	case http.StatusNotFound:
		if containsAny(body, "model", "deployment") { // Azure calls a model that it serves a deployment
			return NoModel
		}
		return NotFound
	case http.StatusMethodNotAllowed:
		return NotFound
	case http.StatusTooManyRequests:
		if saysNoQuota(body) {
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

// saysNoQuota reports whether a 429 means that the credit is used up, so that waiting doesn't help. A rate limit may mention
// billing, too: OpenAI and Groq add where a higher limit can be bought, and Gemini describes both in the same words, but says
// when to ask again.
func saysNoQuota(body string) bool {
	if strings.Contains(body, "insufficient_quota") {
		return true
	}
	isRateLimit := containsAny(body, "rate_limit", "rate limit reached", "try again in", "retry in", "retrydelay")
	return !isRateLimit && containsAny(body, "billing", "credit")
}

func isRedirect(status int) bool {
	return status >= http.StatusMultipleChoices && status < http.StatusBadRequest
}

func containsAny(s string, parts ...string) bool {
	return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(s, p) })
}
