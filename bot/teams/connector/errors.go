package connector

import (
	"errors"
	"net/http"

	"parley/bot/teams/rest"
	"parley/channels"
)

// Error is a call of the Bot Connector that failed. The embedded Failure says how it failed. Class says what the
// caller can do: try again, wait, or give up.
type Error struct {
	rest.Failure
	Class channels.Class
}

// Error implements error.
func (e *Error) Error() string { return e.Failure.Error() }

// Unwrap returns the failure, so that errors.As finds it as it does in other calls of Teams.
func (e *Error) Unwrap() error { return &e.Failure }

// Ambiguous reports whether the call may or may not have had its effect.
func (e *Error) Ambiguous() bool { return e.Class == channels.Ambiguous }

// Codes by which Teams says why it refuses.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/conversation-messages, "Status codes
// from bot conversational APIs", read 2026-11.
const (
	CodeNotInRoster   = "BotNotInConversationRoster"
	CodeDisabled      = "BotDisabledByAdmin"
	CodeBlocked       = "ConversationBlockedByUser"
	CodeWritesBlocked = "MessageWritesBlocked"
	CodeAccessDenied  = "209" // ThreadAccessDenied, where the service gives no closer code
	CodeWrongHost     = "InvalidBotApiHost"
	CodeNoActivity    = "ActivityNotFoundInConversation"
	CodeUnexplained   = "ServiceError" // with a 403 also: the message was deleted. Source: GitHub BotFramework-Services#269
)

// asError turns a rest.Failure into an *Error. creates means that repeating the call would make a second message.
func asError(err error, creates bool) error {
	var e *rest.Failure
	if err == nil || !errors.As(err, &e) {
		return err
	}
	return &Error{Failure: *e, Class: classifyFailure(e, creates)}
}

// classifyFailure returns the class of a failure. A call that can be repeated safely is never Ambiguous. After a 500,
// Microsoft says not to try again. But the error may have come after the message was stored, so for a call that
// creates something it is Ambiguous.
func classifyFailure(e *rest.Failure, creates bool) channels.Class {
	maybeDone := channels.Retry // the class of a call that may have had its effect
	if creates {
		maybeDone = channels.Ambiguous
	}
	if errors.Is(e, rest.ErrCredentials) || errors.Is(e, rest.ErrNoSecret) {
		return channels.AuthBroken
	}
	if errors.Is(e, rest.ErrHost) || errors.Is(e, errID) {
		return channels.BadRecipient
	}
	if e.Status == 0 && !e.MaybeSent {
		return channels.Retry
	}
	if e.Status < http.StatusMultipleChoices { // there was no answer (0), or its end was lost
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

// classifyCode returns the class of a 403 or 404, by Teams' code.
func classifyCode(code string) channels.Class {
	switch code {
	case CodeWrongHost: // the fault is a setting, not the conversation
		return channels.AuthBroken
	case CodeNoActivity:
		return channels.BadContent
	}
	return channels.BadRecipient
}
