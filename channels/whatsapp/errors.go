package whatsapp

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"parley/channels"
	"parley/channels/graph"
)

// This file turns WhatsApp's error codes into what the engine needs to know: the class of the failure, which says
// whether to try again, how long to wait before, and a text and a hint for agents. Its main functions are verdictOf,
// for a code, and Channel.sendError, for a failed request.

// maxTries is how often a message is tried while WhatsApp has a problem of its own. After that, it fails, and an
// agent decides.
const maxTries = 5

// verdict is what an error code means for the message that was to be sent.
type verdict struct {
	class channels.Class // "" means that the code isn't known
	wait  time.Duration  // before the next attempt
	pair  bool           // the wait is only for messages to the same customer
	text  string         // "" means WhatsApp's own words
	hint  string
}

// verdictOf returns what an error code of the Cloud API means, in an answer or in a status.
// Source: Cloud API, "Error codes", read in November 2026.
func verdictOf(code int) verdict {
	switch code {
	case codeWindowClosed:
		return verdict{class: channels.WindowClosed, text: "WhatsApp's 24-hour reply window is closed.", hint: "Send a template."}
	case codeNumberRate:
		return verdict{class: channels.Throttled, wait: time.Second, text: "The number sends more than WhatsApp allows a second."}
	case codeTooManyCalls, codeUserRate, codePageRate, codeCustomRate, codeAccountRate, codeBusinessRate, codeManagingRate:
		return tooManyCalls()
	case codePairRate:
		return verdict{class: channels.Throttled, wait: pairPace, pair: true, text: "WhatsApp allows this customer no more messages for a moment."}
	case codeSpamRate, codeRestricted, codeRegisterRate:
		return verdict{class: channels.Throttled, wait: time.Hour, text: "WhatsApp restricts this number for a while (quality or spam).",
			hint: "Look at the number's quality in WhatsApp Manager."}
	case codeUnknown, codeService, codeSomethingWrong, codeUnavailable, codeMaintenance, codeGeneric:
		return verdict{class: channels.Retry, text: "WhatsApp has a problem of its own."}
	case codeUndeliverable:
		return verdict{class: channels.BadRecipient, text: "WhatsApp can't deliver to this number: it isn't on WhatsApp, uses an old app or has blocked you.",
			hint: "Reach the customer another way."}
	case codeToOneself:
		return verdict{class: channels.BadRecipient, text: "A number can't write to itself."}
	case codeNotOnTestList:
		return verdict{class: channels.BadRecipient, text: "A test number may only write to numbers on its list.", hint: "Add the customer's number in the App Dashboard."}
	case codeNumberHidden:
		return verdict{class: channels.BadRecipient, text: "This template needs the customer's phone number, and WhatsApp hides it."}
	case codeIdentityChanged:
		return verdict{class: channels.BadRecipient, text: "The customer has a new phone or reinstalled WhatsApp, and its identity check refused the message.",
			hint: "Make sure in another way that it is still the same person; or turn the number's identity check off."}
	case codeExperiment, codeNotDelivered:
		return verdict{class: channels.BadContent, text: "WhatsApp decided not to deliver this advertising message to this customer.",
			hint: "Don't send it again today; write when the customer has written."}
	case codeMarketingStopped:
		return verdict{class: channels.AdvertStopped, text: "The customer wants no advertising from you.",
			hint: "Answers and other templates may be sent. Only the customer can allow advertising again, in WhatsApp."}
	case codeUnknownType:
		return verdict{class: channels.BadContent, text: "WhatsApp doesn't know this kind of message."}
	case codeMediaUnreadable:
		return verdict{class: channels.BadContent, text: "WhatsApp couldn't read the customer's file."}
	case codeMediaRefused:
		return verdict{class: channels.BadContent, text: "WhatsApp doesn't take this file.", hint: "Send it in another format, or as a PDF."}
	case codeInvalidParameter, codeMissingParameter, codeInvalidValue:
		return verdict{class: channels.BadContent}
	case codeTemplateCount, codeTemplateTooLong, codeTemplateFormat:
		return verdict{class: channels.TemplateBad, text: "The template was filled in wrongly."}
	case codeTemplateUnknown:
		return verdict{class: channels.TemplateBad, text: "WhatsApp has no such template in this language, or hasn't approved it.", hint: "Pick another template."}
	case codeTemplateRules:
		return verdict{class: channels.TemplateBad, text: "What was filled in breaks WhatsApp's rules for templates."}
	case codeTemplateForm:
		return verdict{class: channels.TemplateBad, text: "What was filled in has a form that WhatsApp doesn't take."}
	case codeTemplatePaused:
		return verdict{class: channels.TemplateBad, text: "WhatsApp paused this template because of its quality.", hint: "Pick another template."}
	case codeTemplateDisabled:
		return verdict{class: channels.TemplateBad, text: "WhatsApp disabled this template for good.", hint: "Pick another template."}
	case codeMarketingOff:
		return verdict{class: channels.TemplateBad, text: "This business account sends no marketing templates by the Cloud API.",
			hint: "Pick a template of another category, or let an admin allow them: disable_marketing_messages_on_cloud_api at Meta."}
	}

	return accountVerdict(code)
}

// tooManyCalls returns the verdict of the error codes that limit all calls, not only messages.
func tooManyCalls() verdict {
	return verdict{class: channels.Throttled, wait: time.Minute, text: "WhatsApp allows no more calls for now."}
}

// accountVerdict returns what an error code about the account means.
func accountVerdict(code int) verdict {
	switch code {
	case codeCountryBlocked: // of one country: the account can write to others
		return verdict{class: channels.BadRecipient, text: "WhatsApp doesn't let this business account write to the customer's country.",
			hint: "Reach the customer another way."}
	case codeBlocked, codeLocked:
		return verdict{class: channels.AccountBlocked, text: "WhatsApp blocks this business account for breaking its rules.", hint: "Look at WhatsApp Manager > Account quality."}
	case codeNameNotApproved:
		return verdict{class: channels.AccountBlocked, text: "The number's display name isn't approved yet.", hint: "Look at WhatsApp Manager > Phone numbers."}
	case codePayment:
		return verdict{class: channels.AccountBlocked, text: "WhatsApp can't charge the business account.", hint: "Check the payment method in WhatsApp Manager."}
	case codeNotRegistered:
		return verdict{class: channels.AuthBroken, text: "The number isn't registered with the Cloud API.", hint: "Register it in WhatsApp Manager."}
	case codeNumberDeleted:
		return verdict{class: channels.AuthBroken, text: "WhatsApp doesn't have the number any more.", hint: "Look at WhatsApp Manager > Phone numbers."}
	case codeAuthFailed, codeCapability, codePermission, codeBadSignature, codeTokenEnded, codeAccessDenied, codeBadCertificate:
		return refusedToken()
	}

	if code >= codeFirstPermission && code <= codeLastPermission {
		return refusedToken()
	}

	return verdict{}
}

// secretHint says where the right app secret is.
const secretHint = "Copy it from the App Dashboard of that app, App settings > Basic."

// refusedToken is what the error codes about the access token mean.
func refusedToken() verdict {
	return verdict{class: channels.AuthBroken, text: "WhatsApp doesn't accept the access token, or it lacks a permission.",
		hint: "Make a new token of a system user with whatsapp_business_messaging and whatsapp_business_management."}
}

// attemptError is sendError for a request to the number itself. It also knows the answer for a number that the access
// token can't see.
func (c *Channel) attemptError(err error, o channels.Outbound) *channels.SendError {
	if refused, ok := errors.AsType[*graph.Error](err); ok && refused.NoAccess() {
		return &channels.SendError{Class: channels.AuthBroken, Text: "WhatsApp shows the number to this access token no more, or has no such number.",
			Hint:  "Check phone_number_id, and whether the token's system user still has the number's business account among its assets.",
			Cause: err}
	}
	return c.sendError(err, o)
}

// callError is sendError for a call that sends no message. It always counts as a first attempt, because nobody counts
// how often such a call was tried.
func callError(c *Channel, err error) *channels.SendError {
	return c.sendError(err, channels.Outbound{Attempt: channels.Attempt{Number: 1}})
}

// sendError turns a failed request into the error that the engine gets. o is the message that was to be sent.
func (c *Channel) sendError(err error, o channels.Outbound) *channels.SendError {
	if classified, ok := errors.AsType[*channels.SendError](err); ok {
		return classified
	}
	if !graph.HadNoEffect(err) {
		return &channels.SendError{Class: channels.Ambiguous, Text: "WhatsApp's answer was lost: the message may have been sent.",
			Hint: "A delivery receipt would show it.", Cause: err}
	}
	if refused, ok := errors.AsType[*graph.Error](err); ok {
		return c.classifyRefusal(refused, o, err)
	}
	return &channels.SendError{Class: channels.Retry, Text: "WhatsApp can't be reached.", Cause: err}
}

// classifyRefusal returns class, text and hint for an answer that refuses the request, from WhatsApp or a server in
// front of it.
func (c *Channel) classifyRefusal(e *graph.Error, o channels.Outbound, cause error) *channels.SendError {
	if !e.Coded {
		out := classifyByStatus(e)
		out.Cause = cause
		return out
	}

	v := verdictOf(e.Code)
	switch isUnknown := v.class == ""; { // of an unknown code, the status says whose failure it is
	case graph.IsAboutProof(e):
		v = verdict{class: channels.AuthBroken, text: "The app demands its secret with every call, and app_secret is not that of the app that made the token.",
			hint: secretHint}
	case isUnknown && e.Status == http.StatusTooManyRequests:
		v = tooManyCalls()
	case isUnknown && e.Status >= http.StatusInternalServerError:
		v.class = channels.Retry
	case isUnknown:
		v.class = channels.BadContent
	}

	out := &channels.SendError{Class: v.class, Wait: v.wait, Pair: v.pair, Text: v.text, Hint: v.hint, Cause: cause}
	if v.pair {
		out.Wait = pairWait(o.Attempt.Number)
	} else if v.class == channels.Throttled && e.RetryAfter > 0 {
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

// Growth of the wait for messages to the same customer: 6 s, 24 s, … up to 26 minutes.
const (
	pairGrowth    = 4
	maxPairGrowth = 4 // times
)

// pairWait returns how long to wait before the next message to the same customer, after so many attempts.
func pairWait(attempts int) time.Duration {
	wait := pairPace
	for range min(max(attempts, 1)-1, maxPairGrowth) {
		wait *= pairGrowth
	}
	return wait
}

// classifyByStatus returns class and text for an answer of a server in front of Graph.
func classifyByStatus(e *graph.Error) *channels.SendError {
	switch e.Status {
	case http.StatusTooManyRequests:
		return &channels.SendError{Class: channels.Throttled, Wait: max(e.RetryAfter, time.Second), Text: "WhatsApp allows no more calls for now."}
	case http.StatusRequestEntityTooLarge:
		return &channels.SendError{Class: channels.BadContent, Text: "The message is too large."}
	}
	return &channels.SendError{Class: channels.Retry, Text: fmt.Sprintf("WhatsApp can't be reached: something before it answers %d.", e.Status)}
}
