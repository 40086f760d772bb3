package twilio

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"parley/channels"
	"parley/channels/fence"
)

// apiError is a refusal by Twilio's API.
type apiError struct {
	status  int
	code    int
	message string
	after   time.Duration // Retry-After
}

// Error implements error. It leaves out Twilio's text, which may name a customer.
func (e *apiError) Error() string { return fmt.Sprintf("twilio: status %d, code %d", e.status, e.code) }

// sendError classifies the failure of a request that sends a message. If Twilio may have taken the message, the class is Ambiguous.
func sendError(err error) *channels.SendError {
	var se *channels.SendError
	var lost *fence.LostError
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

// asSendError classifies a refusal by its code or, if that isn't known, by its HTTP status.
func (e *apiError) asSendError() *channels.SendError {
	f := failureOf(e.code)
	if f.class == "" {
		f = failureOfStatus(e.status, e.message)
	}
	if f.class == channels.Throttled && e.after > 0 {
		if e.code == codeRateOrLimit { // it may be the daily limit, about which Retry-After says nothing
			f.wait = max(e.after, f.wait)
		} else {
			f.wait = e.after
		}
	}
	return &channels.SendError{Class: f.class, Wait: f.wait, Text: f.text, Hint: f.hint, Cause: e}
}

// failureOfStatus returns what an HTTP status means if the error code isn't known. message is Twilio's text.
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
	return failure{class: channels.Ambiguous, text: "Twilio had an internal error."} // it may have taken the message before
}

// asNotSent classifies the failure of a request that sends no message. Such a request may always be repeated.
func asNotSent(err error) *channels.SendError {
	se := *sendError(err)
	if se.Class == channels.Ambiguous {
		se.Class = channels.Retry
	}
	return &se
}
