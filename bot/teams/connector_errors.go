package teams

import (
	"errors"
	"net/http"

	"parley/channels"
)

// Error is a failed request to the Bot Connector, Teams' API for bots. The embedded Failure says how it failed. Class
// says what the caller can do:
//
//	Retry, Throttled       try again, or wait first
//	Ambiguous              find out whether the message was posted before trying again
//	AuthBroken             fix the app's credentials
//	BadRecipient           give up on this conversation
//	BadContent             give up on this message
type Error struct {
	Failure
	Class channels.Class
}

// Error implements error.
func (e *Error) Error() string { return e.Failure.Error() }

// Unwrap returns the failure for errors.As.
func (e *Error) Unwrap() error { return &e.Failure }

// Ambiguous reports whether the request may or may not have had its effect.
func (e *Error) Ambiguous() bool { return e.Class == channels.Ambiguous }

// Codes in Teams' error responses.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/conversation-messages, "Status codes
// from bot conversational APIs", read 2026-11.
const (
	CodeNotInRoster   = "BotNotInConversationRoster"
	CodeDisabled      = "BotDisabledByAdmin"
	CodeBlocked       = "ConversationBlockedByUser"
	CodeWritesBlocked = "MessageWritesBlocked"
	CodeAccessDenied  = "209" // ThreadAccessDenied, if there is no more precise code
	CodeWrongHost     = "InvalidBotApiHost"
	CodeNoActivity    = "ActivityNotFoundInConversation"
	CodeUnexplained   = "ServiceError" // with a 403, the message may be deleted. Source: GitHub BotFramework-Services#269
)

// asError turns a rest.Failure into an *Error. creates means that repeating the request would make a second message.
func asError(err error, creates bool) error {
	var e *Failure
	if err == nil || !errors.As(err, &e) {
		return err
	}
	return &Error{Failure: *e, Class: classifyFailure(e, creates)}
}

// classifyFailure returns the class of a failure. A request that can be repeated safely is never Ambiguous. Microsoft
// says not to retry after a 500, but the error may have occurred after the message was stored. So if the request
// creates something, a 500 is Ambiguous.
func classifyFailure(e *Failure, creates bool) channels.Class {
	maybeDone := channels.Retry // the class of a request that may have had its effect
	if creates {
		maybeDone = channels.Ambiguous
	}
	if errors.Is(e, ErrCredentials) || errors.Is(e, ErrNoSecret) {
		return channels.AuthBroken
	}
	if errors.Is(e, ErrHost) || errors.Is(e, errID) {
		return channels.BadRecipient
	}
	if e.Status == 0 && !e.MaybeSent {
		return channels.Retry
	}
	if e.Status < http.StatusMultipleChoices { // no response (0), or a success whose body was cut off
		return maybeDone
	}

	switch e.Status {
	case http.StatusTooManyRequests:
		return channels.Throttled
	case http.StatusPreconditionFailed:
		return channels.Retry
	case http.StatusUnauthorized:
		return channels.AuthBroken
	case http.StatusForbidden, http.StatusNotFound:
		return classifyCode(e.Code)
	case http.StatusInternalServerError:
		if creates {
			return channels.Ambiguous
		}
		return channels.BadContent
	case http.StatusRequestTimeout:
		return maybeDone
	}

	if e.Status > http.StatusNotImplemented {
		return maybeDone
	}

	return channels.BadContent
}

// classifyCode returns the class of a 403 or 404 with this code of Teams.
func classifyCode(code string) channels.Class {
	switch code {
	case CodeWrongHost: // a setting is wrong, not the conversation
		return channels.AuthBroken
	case CodeNoActivity:
		return channels.BadContent
	}
	return channels.BadRecipient
}
