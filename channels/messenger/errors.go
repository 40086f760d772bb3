package messenger

import (
	"errors"
	"net/http"
	"time"

	"parley/channels"
	"parley/channels/graph"
)

// subcodeLate is the subcode of code 1 with which Facebook answers although it may have sent the message: "The messages are all sent
// successfully, but the endpoint returns an error", says its list of common error codes.
const subcodeLate = 1357046

// subcodeHeld is the subcode with which Facebook refuses a message because another app has control of the
// conversation.
const subcodeHeld = 2018300

// classifyError decides what a failed request means. A code with its subcode is looked up first: 10/2018278 is
// a closed window, 10 alone a missing permission.
// Source: Meta, "Messenger Platform: error codes".
func classifyError(err error) *channels.SendError {
	var own *channels.SendError
	if errors.As(err, &own) {
		return own
	}
	var refused *graph.Error
	if !errors.As(err, &refused) || !graph.Certain(err) {
		if graph.Certain(err) {
			return &channels.SendError{Class: channels.Retry, Text: "Facebook can't be reached.", Cause: err}
		}
		return &channels.SendError{Class: channels.Ambiguous, Text: "Facebook's answer was lost.", Cause: err}
	}
	e := &channels.SendError{Class: classOf(refused), Cause: err}
	switch e.Class {
	case channels.WindowClosed:
		e.Text, e.Hint = windowText, windowHint
	case channels.BadRecipient:
		e.Text, e.Hint = "Messenger can't reach this person: "+refused.Words(), "They may have blocked the Page or left Messenger; use another channel."
	case channels.Throttled:
		e.Wait = throttleWait(refused)
		e.Text = "Facebook asks for a pause: too many messages."
	case channels.Retry:
		e.Wait = refused.RetryAfter
		e.Text = "Facebook is having trouble: " + refused.Words()
	case channels.AuthBroken:
		e.Text = "Facebook refuses the Page's access: " + refused.Words()
		e.Hint = "Make a new Page token with pages_messaging, pages_manage_metadata and pages_read_engagement and apply it; parley doctor checks it."
	case channels.AccountBlocked:
		e.Text, e.Hint = "Facebook has restricted the Page: "+refused.Words(), "See Page quality in Meta Business Suite."
	case channels.Ambiguous:
		e.Text = "Facebook's answer doesn't say whether it was sent."
	default:
		if refused.Subcode == subcodeHeld {
			e.Text, e.Hint = "Another app holds this conversation on Messenger.", "Hand it over in the Page's inbox, then send it again."
			return e
		}
		e.Class, e.Text, e.Hint = channels.BadContent, "Facebook refuses the message: "+refused.Words(), "Change it and send it again."
	}
	return e
}

func classOf(e *graph.Error) channels.Class {
	if !e.Coded {
		return classByStatus(e.Status)
	}
	switch [2]int{e.Code, e.Subcode} {
	case [2]int{10, 2018278}, [2]int{10, 2018065}: // outside of the reply window; 2018065 is the older subcode
		return channels.WindowClosed
	case [2]int{10, 2018108}, [2]int{200, 1545041}, [2]int{100, 2018001}:
		return channels.BadRecipient
	case [2]int{10, 1893063}:
		return channels.AccountBlocked
	case [2]int{10, subcodeHeld}:
		return channels.BadContent
	case [2]int{1, subcodeLate}:
		return channels.Ambiguous
	}
	switch e.Code {
	case 551:
		return channels.BadRecipient
	case 4, 32, 613, 80006:
		return channels.Throttled
	case 1, 2, 1200:
		return channels.Retry
	case 10, 102, 190, 200, 230:
		return channels.AuthBroken
	case 368:
		return channels.AccountBlocked
	case 100:
		return channels.BadContent
	}
	// An undocumented code.
	if class := classByStatus(e.Status); class != channels.Retry {
		return class
	}
	return channels.BadContent
}

// classByStatus decides by the HTTP status alone. Such answers come from a server in front of Graph.
func classByStatus(status int) channels.Class {
	switch {
	case status == http.StatusTooManyRequests:
		return channels.Throttled
	case status == http.StatusUnauthorized:
		return channels.AuthBroken
	case status == http.StatusRequestEntityTooLarge:
		return channels.BadContent
	case status >= http.StatusInternalServerError:
		return channels.Ambiguous
	}
	return channels.Retry
}

// throttleWait returns how long to wait: what Facebook says, or a minute. Its budgets are counted by the
// hour, but refill continuously.
func throttleWait(e *graph.Error) time.Duration {
	if e.RetryAfter > 0 {
		return e.RetryAfter
	}
	return time.Minute
}
