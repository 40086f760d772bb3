package meta

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"parley/channels"
)

// This file converts failed requests to the errors that the engine expects (*channels.SendError). Such an
// error has a class, which decides whether the message is retried, the time to wait before that, and a text
// and a hint for agents. For example, code 131047 becomes the class WindowClosed. verdicts.go has the table
// of codes.

// maxTries is the number of attempts while WhatsApp has an internal problem. After that, the message fails,
// and an agent decides.
const maxTries = 5

// attemptError is sendError for a request to the number itself. It also recognizes the error for a number
// that the access token has no access to.
func (c *Number) attemptError(err error, o channels.Outbound) *channels.SendError {
	if refused, ok := errors.AsType[*graphError](err); ok && refused.NoAccess() {
		return &channels.SendError{
			Class: channels.AuthBroken,
			Text:  "WhatsApp no longer shows the number to this access token, or has no such number.",
			Hint:  "Check phone_number_id, and whether the token's system user still has the number's business account among its assets.",
			Cause: err,
		}
	}
	return c.sendError(err, o)
}

// callError is sendError for a request that sends no message. It counts as a first attempt, since nobody
// counts the attempts of such requests.
func callError(c *Number, err error) *channels.SendError {
	return c.sendError(err, channels.Outbound{Attempt: channels.Attempt{Number: 1}})
}

// sendError converts the error of a failed request. o is the message that was to be sent.
func (c *Number) sendError(err error, o channels.Outbound) *channels.SendError {
	common, refused := c.commonError(err)
	if common != nil {
		return common
	}
	return c.classifyRefusal(refused, o, err)
}

// classifyRefusal converts a response that refuses the request, from WhatsApp or a server in front of it.
func (c *Number) classifyRefusal(e *graphError, o channels.Outbound, cause error) *channels.SendError {
	if !e.HasCode {
		out := classifyByStatus(e)
		out.Cause = cause
		return out
	}

	v := refusalVerdict(e)
	out := &channels.SendError{Class: v.class, Wait: v.wait, Pair: v.pair, Text: v.text, Hint: v.hint, Cause: cause}
	switch {
	case v.pair:
		out.Wait = pairWait(o.Attempt.Number)
	case v.class == channels.Throttled && e.RetryAfter > 0:
		out.Wait = e.RetryAfter
	}

	if out.Class == channels.Retry && o.Attempt.Number >= maxTries {
		out.Class = channels.BadContent
		out.Hint = "Send it again later."
	}
	if out.Text == "" {
		out.Text = "WhatsApp refuses it: " + e.Words()
	}

	out.Text = joinNonEmpty(" ", out.Text, fmt.Sprintf("(%d)", e.Code))
	return out
}

// refusalVerdict returns what a refusal with an error code means. For an unknown code, the HTTP status decides.
func refusalVerdict(e *graphError) verdict {
	v := verdictOf(e.Code)
	isKnown := v.class != ""
	switch {
	case isKnown:
		return v
	case e.Status == http.StatusTooManyRequests:
		return tooManyCalls()
	case e.Status >= http.StatusInternalServerError:
		return verdict{class: channels.Retry}
	}
	return verdict{class: channels.BadContent}
}

// The wait before the next message to the same customer grows with each attempt: 6 s, 24 s, … up to 26 minutes.
const (
	pairGrowth    = 4 // factor
	maxPairGrowth = 4 // number of increases
)

// pairWait returns how long to wait before the next message to the same customer, after this number of
// attempts.
func pairWait(attempts int) time.Duration {
	wait := pairPace
	for range min(max(attempts, 1)-1, maxPairGrowth) {
		wait *= pairGrowth
	}
	return wait
}

// classifyByStatus converts a response of a server in front of Graph, which has no error code.
func classifyByStatus(e *graphError) *channels.SendError {
	switch e.Status {
	case http.StatusTooManyRequests:
		return &channels.SendError{
			Class: channels.Throttled,
			Wait:  max(e.RetryAfter, time.Second),
			Text:  "WhatsApp allows no more calls for now.",
		}
	case http.StatusRequestEntityTooLarge:
		return &channels.SendError{Class: channels.BadContent, Text: "The message is too large."}
	}
	return &channels.SendError{
		Class: channels.Retry,
		Text:  fmt.Sprintf("WhatsApp can't be reached: something before it answers %d.", e.Status),
	}
}
