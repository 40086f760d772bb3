package smtpcode

import (
	"regexp"
	"strings"
	"time"

	"parley/channels"
)

// Step says which command an SMTP reply answers.
type Step int

// The steps of sending a mail, in their order.
const (
	StepGreeting Step = iota // the greeting, EHLO and STARTTLS
	StepAuth                 // signing in
	StepMail                 // MAIL FROM: may this mailbox send?
	StepRcpt                 // RCPT TO: one recipient
	StepData                 // the command DATA
	StepDot                  // the end of the mail
)

// FullMailboxWait is how long after a first refusal a mail to a full mailbox is tried again, once.
const FullMailboxWait = 12 * time.Hour

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

// Verdict is what a refusal means.
type Verdict struct {
	Class channels.Class
	Wait  time.Duration // until the next attempt; 0 means as for every failure of the class
	Hint  string        // what to do next, for people
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

// authTemporaryWait is how long a server is believed that it can't check a password right now: "the authentication failed
// due to a temporary server failure", says RFC 4954 section 6. Microsoft answers so when a password is wrong, too.
const authTemporaryWait = 30 * time.Minute

// Classify decides what an SMTP refusal means. waited is the time since the first attempt.
// Source: RFC 5321 section 4.2, RFC 3463, RFC 4954; Microsoft's and Google's lists of
// SMTP errors.
func Classify(step Step, code int, text string, waited time.Duration) Verdict {
	if step == StepAuth && code == authTemporary {
		if waited < authTemporaryWait {
			return Verdict{Class: channels.Retry, Hint: HintLater}
		}
		return Verdict{Class: channels.AuthBroken, Hint: HintPassword}
	}
	ext := enhanced(code, text)
	if v, ok := byEnhanced(step, code, ext, waited); ok {
		return v
	}
	if step == StepAuth && code >= 500 {
		return Verdict{Class: channels.AuthBroken, Hint: HintPassword}
	}
	switch {
	case code >= 400 && code < 500:
		return Verdict{Class: channels.Retry, Hint: HintLater}
	case code == authRequired || code == authTooWeak || code == authFailed || code == authNeedsTLS:
		return Verdict{Class: channels.AuthBroken, Hint: HintPassword}
	case code == tooMuchData:
		return Verdict{Class: channels.BadContent, Hint: hintSize}
	case (code < 500 || code > 599) && step == StepDot:
		return Verdict{Class: channels.Ambiguous}
	case code < 500 || code > 599: // no byte of the mail was sent
		return Verdict{Class: channels.Retry, Hint: HintLater}
	}
	switch step {
	case StepRcpt:
		return Verdict{Class: channels.BadRecipient, Hint: hintAddress}
	case StepData, StepDot:
		return Verdict{Class: channels.BadContent, Hint: hintContent}
	default:
	}
	// Greeting and MAIL: the server refuses us as a sender.
	return Verdict{Class: channels.AccountBlocked, Hint: hintBlocked}
}

// What to do next, for people.
const (
	// HintLater is the hint of what may work by itself later.
	HintLater   = "Parley tries again by itself."
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
func byEnhanced(step Step, code int, ext string, waited time.Duration) (Verdict, bool) {
	switch ext {
	case "":
		return Verdict{}, false
	// Other address status, bad mailbox, bad domain, bad syntax, null MX, mailbox disabled, no answer
	// from host (Microsoft: access denied).
	case "5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.10", "5.2.1", "5.4.1":
		if step == StepMail { // the code is about our own address
			return Verdict{Class: channels.AccountBlocked, Hint: hintBlocked}, true
		}
		return Verdict{Class: channels.BadRecipient, Hint: hintAddress}, true
	case "5.2.2": // mailbox full
		if waited < FullMailboxWait {
			return Verdict{Class: channels.Retry, Wait: FullMailboxWait, Hint: hintFull}, true
		}
		return Verdict{Class: channels.BadRecipient, Hint: hintFullYet}, true
	case "5.3.4", "5.2.3": // message too big for the system, message too long for the mailbox
		return Verdict{Class: channels.BadContent, Hint: hintSize}, true
	case "5.4.6", "5.4.14": // routing loop, hop count exceeded
		return Verdict{Class: channels.BadRecipient, Hint: hintLoop}, true
	// Authentication unsuccessful, credentials invalid, mechanism too weak, client not authenticated,
	// basic authentication disabled.
	case "5.7.3", "5.7.8", "5.7.9", "5.7.57", "5.7.139":
		return Verdict{Class: channels.AuthBroken, Hint: HintPassword}, true
	// Refused by policy, authentication checks failed, sender has a null MX, client may not send as this
	// sender, traffic from this IP refused, bad sender syntax, bad sender domain.
	case "5.7.1", "5.7.26", "5.7.27", "5.7.60", "5.7.708", "5.1.7", "5.1.8":
		if step == StepAuth {
			return Verdict{Class: channels.AuthBroken, Hint: HintPassword}, true
		}
		return Verdict{Class: channels.AccountBlocked, Hint: hintBlocked}, true
	case "5.7.0": // other security status
		if code == authRequired || code == authFailed {
			return Verdict{Class: channels.AuthBroken, Hint: HintPassword}, true
		}
	case "4.7.0": // other security status, temporary
		if code == authTemporary && step != StepAuth { // a server that lets nobody send without signing in
			return Verdict{Class: channels.AuthBroken, Hint: HintPassword}, true
		}
	}
	switch {
	case strings.HasPrefix(ext, "4."):
		if step == StepAuth && code == passwordTransition {
			return Verdict{Class: channels.AuthBroken, Hint: HintPassword}, true
		}
		return Verdict{Class: channels.Retry, Hint: HintLater}, true
	case strings.HasPrefix(ext, "5.6."):
		return Verdict{Class: channels.BadContent, Hint: hintContent}, true
	}
	return Verdict{}, false
}

// HintPassword says what to do when a mail server refuses the password, by SMTP or by IMAP.
const HintPassword = "Enter the password again. With two-step sign-in, make an app password; " +
	"some providers need IMAP and SMTP to be switched on for the mailbox first."
