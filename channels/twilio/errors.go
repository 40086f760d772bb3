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

// failure is what an error code of Twilio means.
type failure struct {
	class channels.Class
	wait  time.Duration
	text  string
	hint  string
}

// Waits for codes without a time of their own.
const (
	busyWait  = 10 * time.Second
	limitWait = time.Hour
)

// failureOf returns what an error code means. The class is "" for codes that are unknown or too general.
// Source: Twilio's error and warning dictionary.
func failureOf(code int) failure {
	switch code {
	case 20429, 21611, 30001, 30022:
		return failure{channels.Throttled, busyWait, "Twilio is taking no more messages at the moment.", ""}
	case 63018: // the rate, or WhatsApp's daily limit of customers to whom one may write first
		return failure{channels.Throttled, limitWait, "WhatsApp's limit is reached; it may be that of the 24 hours.", "WhatsApp raises it with use: see the sender in the Twilio Console."}
	case 30008, 30410, 63012:
		return failure{channels.Retry, 0, "The carrier failed for an unknown reason.", ""}
	case 30003:
		return failure{channels.Retry, time.Hour, "The phone is switched off or has no reception.", ""}
	case 21211, 21612, 21614, 30005, 30006, 63003, 63024:
		return failure{channels.BadRecipient, 0, "This number can't be reached.", "Check the number, or use another way."}
	case 21610:
		return failure{channels.OptedOut, 0, "The customer has opted out by STOP.", "Only the customer can allow messages again, by START."}
	case 30004:
		return failure{channels.OptedOut, 0, "The customer's phone or carrier blocks our messages.", ""}
	case 63016:
		return failure{channels.WindowClosed, 0, "WhatsApp's 24 h reply window is closed.", "Send a template."}
	}
	return contentFailure(code)
}

// contentFailure knows the codes of texts, files, templates and marketing.
func contentFailure(code int) failure {
	switch code {
	case 21617, 21605:
		return failure{channels.BadContent, 0, "The text is too long for one message.", "Shorten it."}
	case 21620, 12300, 30019, 63013, 63019, 63021, 11751:
		return failure{channels.BadContent, 0, "Twilio does not take this file or message.", "Send another kind of file, a smaller one, or a link."}
	case 21602, 21619:
		return failure{channels.BadContent, 0, "There is nothing to send.", "Write something."}
	case 21655, 21656:
		return failure{channels.BadContent, 0, "Twilio does not know the content or its variables.", "Submit the template again."}
	case 30007:
		return failure{channels.BadContent, 0, "The carrier filtered it as unwanted.", "Change the text; register the number for business messages."}
	case 63027, 63028, 63041, 63042:
		return failure{channels.TemplateBad, 0, "WhatsApp refuses the template as it was filled, or it is not approved.", "Look at the template's state."}
	case 63032, 63049:
		// Not an opt-out: WhatsApp only limits advertising.
		return failure{channels.BadContent, 0, "WhatsApp does not bring this customer any more advertising for now.", "Write when the customer writes."}
	}
	return accountFailure(code)
}

// accountFailure knows the codes of credentials and accounts.
func accountFailure(code int) failure {
	const console = "See the account and the number in the Twilio Console."
	switch code {
	case 20003, 20404:
		return failure{channels.AuthBroken, 0, "Twilio refuses the account SID or the auth token.", "Copy both from the Twilio Console into parley.yaml."}
	case 21408, 21606, 21659, 30002, 30032, 30034, 63007:
		return failure{channels.AccountBlocked, 0, "Twilio does not let this number send.", console}
	case 63015:
		return failure{channels.AccountBlocked, 0, "This is Twilio's sandbox: the customer has to join it first.", console}
	case 63038:
		return failure{channels.AccountBlocked, 0, "The account's daily number of messages is used up.", console}
	case 63051:
		return failure{channels.AccountBlocked, 0, "WhatsApp has blocked the business account.", console}
	}
	return failure{}
}

// apiError is a refusal by Twilio's API.
type apiError struct {
	status  int
	code    int
	message string
	after   time.Duration // Retry-After
}

// Error implements error, without what the message said of whom.
func (e *apiError) Error() string { return fmt.Sprintf("twilio: status %d, code %d", e.status, e.code) }

// sendError returns the meaning of a failed request that sends.
func sendError(err error) *channels.SendError {
	var se *channels.SendError
	var lost *fence.LostError
	var api *apiError
	switch {
	case errors.As(err, &se):
		return se
	case errors.As(err, &lost) && !lost.Left:
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
	switch {
	case f.class != "":
	case e.status == http.StatusTooManyRequests:
		f = failureOf(20429)
	case e.status == http.StatusUnauthorized, e.status == http.StatusForbidden:
		f = failureOf(20003)
	case e.status >= 500 || e.status < 400:
		f = failure{class: channels.Ambiguous, text: "Twilio had an internal error."}
	default:
		f = failure{class: channels.BadContent, text: "Twilio refuses it: " + clipText(e.message, 300)}
	}
	if f.class == channels.Throttled {
		f.wait = max(e.after, f.wait)
		if e.after > 0 && e.code != 63018 {
			f.wait = e.after
		}
	}
	return &channels.SendError{Class: f.class, Wait: f.wait, Text: f.text, Hint: f.hint, Cause: e}
}

// asNotSent classifies a failed request that sends nothing: it may always be repeated.
func asNotSent(err error) *channels.SendError {
	se := *sendError(err)
	if se.Class == channels.Ambiguous {
		se.Class = channels.Retry
	}
	return &se
}
