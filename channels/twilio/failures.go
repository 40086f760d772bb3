package twilio

import (
	"slices"
	"time"

	"parley/channels"
)

// failure says what to do about some error codes of Twilio, and how to explain them to an agent. For example, 21610 (the customer sent
// STOP) has the class OptedOut, so that Parley sends this customer no more messages.
type failure struct {
	codes []int          // the codes with this meaning (codes.go)
	class channels.Class // what the engine does about it
	wait  time.Duration  // how long it waits before a retry; 0 leaves that to the engine
	text  string         // the reason, for the agent
	hint  string         // what the agent can do about it
}

// How long to wait before the next attempt if Twilio doesn't say.
const (
	busyWait    = 10 * time.Second
	maxRateWait = 30 * time.Second // kept short, because all customers of the number wait
	limitWait   = time.Hour
)

// failureOf returns the failure with an error code. It returns the zero failure for codes that are unknown or too general.
// Source: Twilio's error and warning dictionary.
func failureOf(code int) failure {
	for _, f := range slices.Concat(deliveryFailures(), contentFailures(), accountFailures()) {
		if slices.Contains(f.codes, code) {
			return f
		}
	}
	return failure{}
}

// deliveryFailures returns the failures that concern rates, carriers and customers.
func deliveryFailures() []failure {
	return []failure{
		{codes: []int{codeTooManyRequests, codeQueueFull, codeQueueOverflow, codeCarrierRate, codeChannelRate},
			class: channels.Throttled, wait: busyWait,
			text: "Twilio is taking no more messages at the moment."},
		// Either the rate limit, or WhatsApp's daily limit on customers to whom a business writes first.
		{codes: []int{codeRateOrLimit}, class: channels.Throttled, wait: limitWait,
			text: "WhatsApp's limit is reached; it may be that of the 24 hours.",
			hint: "WhatsApp raises it with use: see the sender in the Twilio Console."},
		{codes: []int{codeCarrierDayCap, codeTMobileDayCap}, class: channels.Throttled, wait: limitWait,
			text: "The customer's carrier takes no more messages of this company today.",
			hint: "See the brand's and the campaign's limits in the Twilio Console."},
		{codes: []int{codeCarrierUnknown, codeCarrierTimeout, codeChannelInternal}, class: channels.Retry,
			text: "The carrier failed for an unknown reason."},
		{codes: []int{codePhoneUnreachable}, class: channels.Retry,
			text: "The phone is switched off or has no reception."},
		{codes: []int{
			codeBadNumber, codeNoRoute, codeNotMobile, codePhoneUnknown, codeLandline, codeChannelNoUser,
			codeChannelBadUser,
		}, class: channels.BadRecipient,
			text: "This number can't be reached.",
			hint: "Check the number, or use another way."},
		{codes: []int{codeOptedOut}, class: channels.OptedOut,
			text: "The customer has opted out by STOP.",
			hint: "Only the customer can allow messages again, by START."},
		// This doesn't prove an opt-out: carriers' block lists, landlines and phones without reception have the same code.
		{codes: []int{codeBlocked}, class: channels.BadRecipient,
			text: "The customer's carrier or phone blocked the message.",
			hint: "Send it again later, or use another way; if the customer once wrote STOP, only START undoes that."},
		{codes: []int{codeBlockedByUser}, class: channels.BadRecipient,
			text: "The customer has blocked this number.",
			hint: "Use another way."},
		{codes: []int{codeUnknownSender, codeNumericSender}, class: channels.BadRecipient,
			text: "The customer's carrier takes nothing from senders that aren't registered with it.",
			hint: "Register a sender for the country in the Twilio Console, or use another way."},
		{codes: []int{codeWindowClosed}, class: channels.WindowClosed,
			text: "WhatsApp's 24 h reply window is closed.",
			hint: "Send a template."},
	}
}

// contentFailures returns the failures that concern texts, files, templates and marketing.
func contentFailures() []failure {
	return []failure{
		{codes: []int{codeBodyTooLong, codeBodyLimit}, class: channels.BadContent,
			text: "The text is too long for one message.",
			hint: "Shorten it."},
		{codes: []int{
			codeBadMediaURL, codeBadMediaType, codeMediaTooLarge, codePolicyViolated, codeMediaNotFetched, codeBadContent,
			codeMMSTooLarge, codeNotAccepted, codeNotFormatted, codeMediaOverLimit, codeMMSUnsupported,
		}, class: channels.BadContent,
			text: "Twilio does not take this file or message.",
			hint: "Send another kind of file, a smaller one, or a link."},
		{codes: []int{codeNoBody, codeNothingToSend}, class: channels.BadContent,
			text: "There is nothing to send.",
			hint: "Write something."},
		{codes: []int{codeContentUnknown, codeContentVariable}, class: channels.BadContent,
			text: "Twilio does not know the content or its variables.",
			hint: "Submit the template again."},
		{codes: []int{codeFiltered}, class: channels.BadContent,
			text: "The carrier filtered it as unwanted.",
			hint: "Change the text; register the number for business messages."},
		{codes: []int{codeTemplateUnknown, codeTemplateParameters, codeTemplatePaused, codeTemplateDisabled},
			class: channels.TemplateBad,
			text:  "WhatsApp refuses the template as it was filled, or it is not approved.",
			hint:  "Look at the template's state."},
		// Not an opt-out: WhatsApp only limits advertising.
		{codes: []int{codeUserLimited, codeMarketingLimited}, class: channels.BadContent,
			text: "WhatsApp does not bring this customer any more advertising for now.",
			hint: "Write when the customer writes."},
	}
}

// accountFailures returns the failures that concern credentials, senders and accounts.
func accountFailures() []failure {
	const console = "See the account and the number in the Twilio Console."
	return []failure{
		{codes: []int{codeUnauthorized, codeNotFound}, class: channels.AuthBroken,
			text: "Twilio refuses the account SID or the auth token.",
			hint: "Copy both from the Twilio Console."},
		// BadRecipient, because the account can still send to other countries.
		{codes: []int{codeRegionOff}, class: channels.BadRecipient,
			text: "Messages to this customer's country are switched off at Twilio.",
			hint: "Allow the country in the Twilio Console, under Messaging, Geo permissions, or use another way."},
		{codes: []int{codeSandboxNotJoined}, class: channels.BadRecipient,
			text: "This is Twilio's sandbox, and the customer hasn't joined it.",
			hint: "Have the customer send the sandbox's code word to its number."},
		{codes: []int{
			codeBadSender, codeForeignSender, codeAccountSuspended, codeTollFreeUnverified, codeUnregistered,
			codeChannelNoSender, codeChannelNoFrom, codeBusinessManager,
		}, class: channels.AccountBlocked,
			text: "Twilio does not let this number send.",
			hint: console},
		{codes: []int{codeServiceUnknown, codeServiceMalformed, codeServiceEmpty, codeServiceNotOfSender},
			class: channels.AccountBlocked,
			text:  "Twilio can't send by the account's messaging service: it doesn't exist, or has no number that fits.",
			hint:  "See the service and its senders in the Twilio Console, under Messaging, Services."},
		{codes: []int{codeDailyLimit}, class: channels.AccountBlocked,
			text: "The account's daily number of messages is used up.",
			hint: console},
		{codes: []int{codeWhatsAppLocked}, class: channels.AccountBlocked,
			text: "WhatsApp has blocked the business account.",
			hint: console},
	}
}
