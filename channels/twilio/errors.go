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

// How long to wait before the next attempt if Twilio doesn't say.
const (
	busyWait    = 10 * time.Second
	maxRateWait = 30 * time.Second // all customers of the number wait
	limitWait   = time.Hour
)

// failureOf returns what an error code means. The class is "" for codes that are unknown or too general.
// Source: Twilio's error and warning dictionary.
func failureOf(code int) failure {
	switch code {
	case codeTooManyRequests, codeQueueFull, codeQueueOverflow, codeCarrierRate, codeChannelRate:
		return failure{class: channels.Throttled, wait: busyWait, text: "Twilio is taking no more messages at the moment."}
	case codeRateOrLimit: // the rate, or WhatsApp's daily limit of customers to whom one may write first
		return failure{class: channels.Throttled, wait: limitWait, text: "WhatsApp's limit is reached; it may be that of the 24 hours.", hint: "WhatsApp raises it with use: see the sender in the Twilio Console."}
	case codeCarrierDayCap, codeTMobileDayCap:
		return failure{class: channels.Throttled, wait: limitWait, text: "The customer's carrier takes no more messages of this company today.",
			hint: "See the brand's and the campaign's limits in the Twilio Console."}
	case codeCarrierUnknown, codeCarrierTimeout, codeChannelInternal:
		return failure{class: channels.Retry, text: "The carrier failed for an unknown reason."}
	case codePhoneUnreachable:
		return failure{class: channels.Retry, text: "The phone is switched off or has no reception."}
	case codeBadNumber, codeNoRoute, codeNotMobile, codePhoneUnknown, codeLandline, codeChannelNoUser, codeChannelBadUser:
		return failure{class: channels.BadRecipient, text: "This number can't be reached.", hint: "Check the number, or use another way."}
	case codeOptedOut:
		return failure{class: channels.OptedOut, text: "The customer has opted out by STOP.", hint: "Only the customer can allow messages again, by START."}
	case codeBlocked: // no proof of an opt-out: Twilio also names lists of carriers, landlines and phones without reception
		return failure{class: channels.BadRecipient, text: "The customer's carrier or phone blocked the message.",
			hint: "Send it again later, or use another way; if the customer once wrote STOP, only START undoes that."}
	case codeBlockedByUser:
		return failure{class: channels.BadRecipient, text: "The customer has blocked this number.", hint: "Use another way."}
	case codeUnknownSender, codeNumericSender:
		return failure{class: channels.BadRecipient, text: "The customer's carrier takes nothing from senders that aren't registered with it.",
			hint: "Register a sender for the country in the Twilio Console, or use another way."}
	case codeWindowClosed:
		return failure{class: channels.WindowClosed, text: "WhatsApp's 24 h reply window is closed.", hint: "Send a template."}
	}

	return contentFailure(code)
}

// contentFailure is failureOf for the codes of texts, files, templates and marketing.
func contentFailure(code int) failure {
	switch code {
	case codeBodyTooLong, codeBodyLimit:
		return failure{class: channels.BadContent, text: "The text is too long for one message.", hint: "Shorten it."}
	case codeBadMediaURL, codeBadMediaType, codeMediaTooLarge, codePolicyViolated, codeMediaNotFetched, codeBadContent, codeMMSTooLarge,
		codeNotAccepted, codeNotFormatted, codeMediaOverLimit, codeMMSUnsupported:
		return failure{class: channels.BadContent, text: "Twilio does not take this file or message.", hint: "Send another kind of file, a smaller one, or a link."}
	case codeNoBody, codeNothingToSend:
		return failure{class: channels.BadContent, text: "There is nothing to send.", hint: "Write something."}
	case codeContentUnknown, codeContentVariable:
		return failure{class: channels.BadContent, text: "Twilio does not know the content or its variables.", hint: "Submit the template again."}
	case codeFiltered:
		return failure{class: channels.BadContent, text: "The carrier filtered it as unwanted.", hint: "Change the text; register the number for business messages."}
	case codeTemplateUnknown, codeTemplateParameters, codeTemplatePaused, codeTemplateDisabled:
		return failure{class: channels.TemplateBad, text: "WhatsApp refuses the template as it was filled, or it is not approved.", hint: "Look at the template's state."}
	case codeUserLimited, codeMarketingLimited:
		// Not an opt-out: WhatsApp only limits advertising.
		return failure{class: channels.BadContent, text: "WhatsApp does not bring this customer any more advertising for now.", hint: "Write when the customer writes."}
	}

	return accountFailure(code)
}

// accountFailure is failureOf for the codes of credentials and accounts.
func accountFailure(code int) failure {
	const console = "See the account and the number in the Twilio Console."
	switch code {
	case codeUnauthorized, codeNotFound:
		return failure{class: channels.AuthBroken, text: "Twilio refuses the account SID or the auth token.", hint: "Copy both from the Twilio Console."}
	case codeRegionOff: // of one country: the account can write to others
		return failure{class: channels.BadRecipient, text: "Messages to this customer's country are switched off at Twilio.",
			hint: "Allow the country in the Twilio Console, under Messaging, Geo permissions, or use another way."}
	case codeSandboxNotJoined:
		return failure{class: channels.BadRecipient, text: "This is Twilio's sandbox, and the customer hasn't joined it.",
			hint: "Have the customer send the sandbox's code word to its number."}
	case codeBadSender, codeForeignSender, codeAccountSuspended, codeTollFreeUnverified, codeUnregistered, codeChannelNoSender,
		codeChannelNoFrom, codeBusinessManager:
		return failure{class: channels.AccountBlocked, text: "Twilio does not let this number send.", hint: console}
	case codeServiceUnknown, codeServiceMalformed, codeServiceEmpty, codeServiceNotOfSender:
		return failure{class: channels.AccountBlocked, text: "Twilio can't send by the account's messaging service: it doesn't exist, or has no number that fits.",
			hint: "See the service and its senders in the Twilio Console, under Messaging, Services."}
	case codeDailyLimit:
		return failure{class: channels.AccountBlocked, text: "The account's daily number of messages is used up.", hint: console}
	case codeWhatsAppLocked:
		return failure{class: channels.AccountBlocked, text: "WhatsApp has blocked the business account.", hint: console}
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
