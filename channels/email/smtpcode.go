package email

import (
	"regexp"
	"strings"
	"time"

	"parley/channels"
)

// smtpStep says which command an SMTP reply answers.
type smtpStep int

const (
	stepGreeting smtpStep = iota // the greeting, EHLO and STARTTLS
	stepAuth
	stepMail
	stepRcpt
	stepData // the command DATA
	stepDot  // the end of the mail
)

// fullMailboxWait is how long after a first refusal a mail to a full mailbox is tried again, once.
const fullMailboxWait = 12 * time.Hour

// enhancedPattern matches an enhanced status code (RFC 3463) at the start of a text, or apart from other
// numbers: "Address rejected (#5.1.1)".
var enhancedPattern = regexp.MustCompile(`(?:^|[\s(#\[])([245])\.(\d{1,3})\.(\d{1,3})(?:$|[^\d.])`)

// enhanced returns the enhanced code in a reply's text; "" if there is none of the basic code's class.
func enhanced(code int, text string) string {
	for _, m := range enhancedPattern.FindAllStringSubmatch(text, -1) {
		if int(m[1][0]-'0') == code/100 {
			return m[1] + "." + m[2] + "." + m[3]
		}
	}
	return ""
}

// smtpVerdict is what a refusal means.
type smtpVerdict struct {
	class channels.Class
	wait  time.Duration
	hint  string
}

// SMTP reply codes (RFC 5321, RFC 4954) that mean more than their class.
const (
	passwordTransition = 432
	authTemporary      = 454
	authRequired       = 530
	authTooWeak        = 534
	authFailed         = 535
	authNeedsTLS       = 538
	tooMuchData        = 552
)

// classify decides what an SMTP refusal means. waited is the time since the first attempt.
// Source: RFC 5321 section 4.2, RFC 3463, RFC 4954; Microsoft's and Google's lists of
// SMTP errors.
func classify(step smtpStep, code int, text string, waited time.Duration) smtpVerdict {
	ext := enhanced(code, text)
	if v, ok := byEnhanced(step, code, ext, waited); ok {
		return v
	}
	if step == stepAuth && code >= 500 {
		return smtpVerdict{class: channels.AuthBroken, hint: passwordHint}
	}
	switch {
	case code >= 400 && code < 500:
		return smtpVerdict{class: channels.Retry, hint: hintLater}
	case code == authRequired || code == authTooWeak || code == authFailed || code == authNeedsTLS:
		return smtpVerdict{class: channels.AuthBroken, hint: passwordHint}
	case code == tooMuchData:
		return smtpVerdict{class: channels.BadContent, hint: hintSize}
	case code < 500 || code > 599:
		return smtpVerdict{class: channels.Ambiguous}
	}
	switch step {
	case stepRcpt:
		return smtpVerdict{class: channels.BadRecipient, hint: hintAddress}
	case stepData, stepDot:
		return smtpVerdict{class: channels.BadContent, hint: hintContent}
	default:
	}
	// Greeting and MAIL: the server refuses us as a sender.
	return smtpVerdict{class: channels.AccountBlocked, hint: hintBlocked}
}

// What to do next, for people.
const (
	hintLater   = "Parley tries again by itself."
	hintAddress = "Check the address with the customer."
	hintLoop    = "Mail to this address goes in circles. Ask the customer for another address."
	hintFull    = "The mailbox is full. Parley tries once more after 12 hours."
	hintFullYet = "The customer's mailbox is still full. Reach the customer in another way."
	hintSize    = "Send it without attachments, or with smaller ones."
	hintContent = "Change the text or leave the attachments out, then send again."
	hintBlocked = "The mail server does not let this mailbox send so. Ask its administrator, with the server's words."
)

// byEnhanced decides by the enhanced code, which says more than the basic one; false if the basic code
// has to decide.
func byEnhanced(step smtpStep, code int, ext string, waited time.Duration) (smtpVerdict, bool) {
	switch ext {
	case "":
		return smtpVerdict{}, false
	// Other address status, bad mailbox, bad domain, bad syntax, null MX, mailbox disabled, no answer
	// from host (Microsoft: access denied).
	case "5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.10", "5.2.1", "5.4.1":
		if step == stepMail { // the code is about our own address
			return smtpVerdict{class: channels.AccountBlocked, hint: hintBlocked}, true
		}
		return smtpVerdict{class: channels.BadRecipient, hint: hintAddress}, true
	case "5.2.2": // mailbox full
		if waited < fullMailboxWait {
			return smtpVerdict{class: channels.Retry, wait: fullMailboxWait, hint: hintFull}, true
		}
		return smtpVerdict{class: channels.BadRecipient, hint: hintFullYet}, true
	case "5.3.4", "5.2.3": // message too big for the system, message too long for the mailbox
		return smtpVerdict{class: channels.BadContent, hint: hintSize}, true
	case "5.4.6", "5.4.14": // routing loop, hop count exceeded
		return smtpVerdict{class: channels.BadRecipient, hint: hintLoop}, true
	// Authentication unsuccessful, credentials invalid, mechanism too weak, client not authenticated,
	// basic authentication disabled.
	case "5.7.3", "5.7.8", "5.7.9", "5.7.57", "5.7.139":
		return smtpVerdict{class: channels.AuthBroken, hint: passwordHint}, true
	// Refused by policy, authentication checks failed, sender has a null MX, client may not send as this
	// sender, traffic from this IP refused, bad sender syntax, bad sender domain.
	case "5.7.1", "5.7.26", "5.7.27", "5.7.60", "5.7.708", "5.1.7", "5.1.8":
		if step == stepAuth {
			return smtpVerdict{class: channels.AuthBroken, hint: passwordHint}, true
		}
		return smtpVerdict{class: channels.AccountBlocked, hint: hintBlocked}, true
	case "5.7.0": // other security status
		if code == authRequired || code == authFailed {
			return smtpVerdict{class: channels.AuthBroken, hint: passwordHint}, true
		}
	case "4.7.0": // other security status, temporary
		if code == authTemporary { // Microsoft also answers so when the password is wrong
			return smtpVerdict{class: channels.AuthBroken, hint: passwordHint}, true
		}
	}
	switch {
	case strings.HasPrefix(ext, "4."):
		if step == stepAuth && code == passwordTransition {
			return smtpVerdict{class: channels.AuthBroken, hint: passwordHint}, true
		}
		return smtpVerdict{class: channels.Retry, hint: hintLater}, true
	case strings.HasPrefix(ext, "5.6."):
		return smtpVerdict{class: channels.BadContent, hint: hintContent}, true
	}
	return smtpVerdict{}, false
}
