package twilio

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"parley/channels"
	"parley/channels/wire"
)

// This file classifies failed calls of Twilio's API as a *channels.SendError. Its class tells the engine what to do: Retry sends the
// message again, BadContent returns it to the agent, and Ambiguous means that Twilio may have the message, so that a retry could send
// it twice.

// apiError is an error response of Twilio's API.
type apiError struct {
	status  int           // the HTTP status
	code    int           // Twilio's error code; 0 if there is none
	message string        // Twilio's text, which may contain a customer's number
	after   time.Duration // the Retry-After header; 0 if there is none
}

// Error implements error. It leaves out the message, because errors are logged.
func (e *apiError) Error() string { return fmt.Sprintf("twilio: status %d, code %d", e.status, e.code) }

// sendError classifies the failure of a request that sends a message. If Twilio may have accepted the message, the class is Ambiguous.
func sendError(err error) *channels.SendError {
	var se *channels.SendError
	var lost *wire.LostError
	var api *apiError
	switch {
	case errors.As(err, &se):
		return se
	case errors.As(err, &lost) && !lost.MayHaveLeft:
		return &channels.SendError{Class: channels.Retry, Text: "Twilio could not be reached.", Cause: err}
	case errors.As(err, &api):
		return api.asSendError()
	case errors.Is(err, context.DeadlineExceeded):
		return &channels.SendError{Class: channels.Ambiguous, Text: "Twilio did not answer in time.", Cause: err}
	}

	return &channels.SendError{Class: channels.Ambiguous, Text: "Twilio's answer was lost.", Cause: err}
}

// asSendError classifies an error response by its code or, if the code isn't known, by its HTTP status.
func (e *apiError) asSendError() *channels.SendError {
	f := failureOf(e.code)
	if f.class == "" {
		f = failureOfStatus(e.status, e.message)
	}
	if f.class == channels.Throttled {
		f.wait = e.throttleWait(f.wait)
	}
	return &channels.SendError{Class: f.class, Wait: f.wait, Text: f.text, Hint: f.hint, Cause: e}
}

// throttleWait returns how long to wait after Twilio refused a message for its rate. usual is the wait for the error code.
func (e *apiError) throttleWait(usual time.Duration) time.Duration {
	switch {
	case e.after <= 0:
		return usual
	case e.code == codeRateOrLimit: // it may be the daily limit, which Retry-After doesn't cover
		return max(e.after, usual)
	default:
		return e.after
	}
}

// failureOfStatus interprets an HTTP status whose error code isn't known. message is Twilio's text.
func failureOfStatus(status int, message string) failure {
	switch status {
	case http.StatusTooManyRequests:
		return failureOf(codeTooManyRequests)
	case http.StatusUnauthorized, http.StatusForbidden:
		return failureOf(codeUnauthorized)
	}
	if status/100 == 4 {
		return failure{class: channels.BadContent, text: "Twilio refuses it: " + clipText(message, maxReason)}
	}
	return failure{class: channels.Ambiguous, text: "Twilio had an internal error."} // it may have accepted the message first
}

// asNotSent classifies the failure of a request that sends no message, so that it may always be retried.
func asNotSent(err error) *channels.SendError {
	se := *sendError(err)
	if se.Class == channels.Ambiguous {
		se.Class = channels.Retry
	}
	return &se
}
