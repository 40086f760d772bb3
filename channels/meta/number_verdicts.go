package meta

import (
	"slices"
	"time"

	"parley/channels"
)

// verdict describes what an error code means for the message that was to be sent. The tables below map codes
// to verdicts.
type verdict struct {
	codes []int          // the codes to which it applies
	class channels.Class // "" if the code is unknown
	wait  time.Duration  // before the next attempt
	pair  bool           // the wait applies only to messages to the same customer
	text  string         // for agents; "" means WhatsApp's own text
	hint  string
}

// verdictOf returns the verdict for an error code of the Cloud API, in a response or in a status. For an
// unknown code it returns the zero verdict.
// Source: Cloud API, "Error codes", read in November 2026.
func verdictOf(code int) verdict {
	for _, v := range slices.Concat(messageVerdicts(), templateVerdicts(), accountVerdicts()) {
		if slices.Contains(v.codes, code) {
			return v
		}
	}
	if code >= codeFirstPermission && code <= codeLastPermission {
		return refusedToken()
	}
	return verdict{}
}

// messageVerdicts returns the verdicts about a message and its recipient.
func messageVerdicts() []verdict {
	return []verdict{
		tooManyCalls(),
		{codes: []int{codeWindowClosed}, class: channels.WindowClosed,
			text: "WhatsApp's 24-hour reply window is closed.",
			hint: "Send a template."},
		{codes: []int{codeNumberRate}, class: channels.Throttled, wait: time.Second,
			text: "The number sends more than WhatsApp allows a second."},
		{codes: []int{codePairRate}, class: channels.Throttled, wait: pairPace, pair: true,
			text: "WhatsApp allows this customer no more messages for a moment."},
		{codes: []int{codeSpamRate, codeRestricted, codeRegisterRate}, class: channels.Throttled, wait: time.Hour,
			text: "WhatsApp restricts this number for a while (quality or spam).",
			hint: "Look at the number's quality in WhatsApp Manager."},
		{codes: []int{codeUnknown, codeService, codeSomethingWrong, codeUnavailable, codeMaintenance, codeGeneric},
			class: channels.Retry,
			text:  "WhatsApp has a problem of its own."},
		{codes: []int{codeUndeliverable}, class: channels.BadRecipient,
			text: "WhatsApp can't deliver to this number: it isn't on WhatsApp, uses an old app or has blocked you.",
			hint: "Reach the customer another way."},
		{codes: []int{codeToOneself}, class: channels.BadRecipient,
			text: "A number can't write to itself."},
		{codes: []int{codeNotOnTestList}, class: channels.BadRecipient,
			text: "A test number may only write to numbers on its list.",
			hint: "Add the customer's number in the App Dashboard."},
		{codes: []int{codeNumberHidden}, class: channels.BadRecipient,
			text: "This template needs the customer's phone number, and WhatsApp hides it."},
		{codes: []int{codeIdentityChanged}, class: channels.BadRecipient,
			text: "The customer has a new phone or reinstalled WhatsApp, and its identity check refused the message.",
			hint: "Make sure in another way that it is still the same person; or turn the number's identity check off."},
		{codes: []int{codeExperiment, codeNotDelivered}, class: channels.BadContent,
			text: "WhatsApp decided not to deliver this advertising message to this customer.",
			hint: "Don't send it again today; write when the customer has written."},
		{codes: []int{codeMarketingStopped}, class: channels.AdvertStopped,
			text: "The customer wants no advertising from you.",
			hint: "Answers and other templates may be sent. Only the customer can allow advertising again, in WhatsApp."},
		{codes: []int{codeUnknownType}, class: channels.BadContent,
			text: "WhatsApp doesn't know this kind of message."},
		{codes: []int{codeMediaUnreadable}, class: channels.BadContent,
			text: "WhatsApp couldn't read the customer's file."},
		{codes: []int{codeMediaRefused}, class: channels.BadContent,
			text: "WhatsApp doesn't take this file.",
			hint: "Send it in another format, or as a PDF."},
		{codes: []int{codeInvalid, codeMissingParameter, codeInvalidValue}, class: channels.BadContent},
	}
}

// templateVerdicts returns the verdicts about templates.
func templateVerdicts() []verdict {
	return []verdict{
		{codes: []int{codeTemplateCount, codeTemplateTooLong, codeTemplateFormat}, class: channels.TemplateBad,
			text: "The template was filled in wrongly."},
		{codes: []int{codeTemplateUnknown}, class: channels.TemplateBad,
			text: "WhatsApp has no such template in this language, or hasn't approved it.",
			hint: "Pick another template."},
		{codes: []int{codeTemplateRules}, class: channels.TemplateBad,
			text: "What was filled in breaks WhatsApp's rules for templates."},
		{codes: []int{codeTemplateForm}, class: channels.TemplateBad,
			text: "What was filled in has a form that WhatsApp doesn't take."},
		{codes: []int{codeTemplatePaused}, class: channels.TemplateBad,
			text: "WhatsApp paused this template because of its quality.",
			hint: "Pick another template."},
		{codes: []int{codeTemplateDisabled}, class: channels.TemplateBad,
			text: "WhatsApp disabled this template for good.",
			hint: "Pick another template."},
		{codes: []int{codeMarketingOff}, class: channels.TemplateBad,
			text: "This business account sends no marketing templates by the Cloud API.",
			hint: "Pick a template of another category, or let an admin allow them: disable_marketing_messages_on_cloud_api at Meta."},
	}
}

// accountVerdicts returns the verdicts about the account and the number.
func accountVerdicts() []verdict {
	return []verdict{
		refusedToken(),
		// Not AccountBlocked, because only one country is affected.
		{codes: []int{codeCountryBlocked}, class: channels.BadRecipient,
			text: "WhatsApp doesn't let this business account write to the customer's country.",
			hint: "Reach the customer another way."},
		{codes: []int{codeBlocked, codeLocked}, class: channels.AccountBlocked,
			text: "WhatsApp blocks this business account for breaking its rules.",
			hint: "Look at WhatsApp Manager > Account quality."},
		{codes: []int{codeNameNotApproved}, class: channels.AccountBlocked,
			text: "The number's display name isn't approved yet.",
			hint: "Look at WhatsApp Manager > Phone numbers."},
		{codes: []int{codePayment}, class: channels.AccountBlocked,
			text: "WhatsApp can't charge the business account.",
			hint: "Check the payment method in WhatsApp Manager."},
		{codes: []int{codeNotRegistered}, class: channels.AuthBroken,
			text: "The number isn't registered with the Cloud API.",
			hint: "Register it in WhatsApp Manager."},
		{codes: []int{codeNumberDeleted}, class: channels.AuthBroken,
			text: "WhatsApp doesn't have the number any more.",
			hint: "Look at WhatsApp Manager > Phone numbers."},
	}
}

// tooManyCalls is the verdict for rate limits that apply to all API calls, not only to messages.
func tooManyCalls() verdict {
	return verdict{
		codes: []int{codeTooManyCalls, codeUserRate, codePageRate, codeCustomRate, codeAccountRate, codeBusinessRate, codeManagingRate},
		class: channels.Throttled,
		wait:  time.Minute,
		text:  "WhatsApp allows no more calls for now.",
	}
}

// refusedToken is the verdict for a rejected access token.
func refusedToken() verdict {
	return verdict{
		codes: []int{codeAuthFailed, codeCapability, codePermission, codeBadSignature, codeTokenEnded, codeAccessDenied, codeBadCertificate},
		class: channels.AuthBroken,
		text:  "WhatsApp doesn't accept the access token, or it lacks a permission.",
		hint:  "Make a new token of a system user with whatsapp_business_messaging and whatsapp_business_management.",
	}
}
