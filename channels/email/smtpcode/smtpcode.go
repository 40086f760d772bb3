package smtpcode

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"parley/channels"
)

// Step says which command an SMTP reply answers. The same code may mean different things after different commands.
type Step int

// The steps of sending a mail, in their order.
const (
	StepGreeting    Step = iota // the greeting, EHLO and STARTTLS
	StepAuth                    // signing in
	StepMail                    // MAIL FROM: may this mailbox send?
	StepRcpt                    // RCPT TO: the first recipient
	StepFurtherRcpt             // RCPT TO: another one, after others were accepted
	StepData                    // the command DATA
	StepDot                     // the end of the mail
	StepReport                  // unknown: a bounce says later that one recipient was refused
)

// FullMailboxWait is how long after a first refusal a mail to a full mailbox is tried again, once.
const FullMailboxWait = 12 * time.Hour

// enhancedPattern matches an enhanced status code (RFC 3463) at the start of a text, or apart from other
// numbers: "Address rejected (#5.1.1)".
var enhancedPattern = regexp.MustCompile(`(?:^|[\s(#\[])([245])\.(\d{1,3})\.(\d{1,3})(?:$|[^\d.])`)

// enhancedCode returns the enhanced code in a reply's text that has the class of the basic code, or "" if there
// is none.
func enhancedCode(code int, text string) string {
	for _, m := range enhancedPattern.FindAllStringSubmatch(text, -1) {
		class, subject, detail := m[1], m[2], m[3]
		if class == strconv.Itoa(classOf(code)) {
			return class + "." + subject + "." + detail
		}
	}
	return ""
}

// The classes of reply codes, their first digits.
const (
	classTemporary = 4 // refused for now
	classPermanent = 5 // refused for good
)

// classOf returns the first digit of a reply code.
func classOf(code int) int { return code / 100 }

// Verdict is what a refusal means.
type Verdict struct {
	Class channels.Class
	Wait  time.Duration // until the next attempt; 0 means the usual wait of the class
	Hint  string        // what to do next, for people
}

// SMTP reply codes (RFC 5321, RFC 4954) that mean more than their class.
const (
	codePasswordTransition = 432
	codeAuthTemporary      = 454
	codeAuthRequired       = 530
	codeAuthTooWeak        = 534
	codeAuthFailed         = 535
	codeAuthNeedsTLS       = 538
	codeTooMuchData        = 552
	codeNoService          = 554
)

// authTemporaryWait is how long a server may say that it can't check a password right now (RFC 4954 section 6). Then the password counts
// as wrong, for which Microsoft uses the same code.
const authTemporaryWait = 30 * time.Minute

// A server that greets with a refusal counts as down for greetingWait. Then admins are told, and the mailbox pauses for closedWait at a
// time.
const (
	greetingWait = 30 * time.Minute
	closedWait   = time.Hour
)

// Classify decides what an SMTP refusal means. waited is the time since the first attempt.
// Source: RFC 5321 section 4.2, RFC 3463, RFC 4954; Microsoft's and Google's lists of
// SMTP errors.
func Classify(step Step, code int, text string, waited time.Duration) Verdict {
	if step == StepAuth && code == codeAuthTemporary {
		if waited < authTemporaryWait {
			return Verdict{Class: channels.Retry, Hint: HintLater}
		}
		return Verdict{Class: channels.AuthBroken, Hint: HintPassword}
	}

	if step == StepGreeting && code == codeNoService { // "No SMTP service here", RFC 5321 section 3.1
		if waited < greetingWait {
			return Verdict{Class: channels.Retry, Hint: hintClosed}
		}
		return Verdict{Class: channels.Throttled, Wait: closedWait, Hint: hintClosed}
	}

	enhanced := enhancedCode(code, text)
	if v, ok := classifySender(code, enhanced, text); ok {
		return v
	}
	if v, ok := classifyRecipient(step, code, enhanced, text, waited); ok {
		return v
	}
	if v, ok := classifyByEnhanced(step, code, enhanced, waited); ok {
		return v
	}
	if step == StepAuth && classOf(code) >= classPermanent {
		return Verdict{Class: channels.AuthBroken, Hint: HintPassword}
	}

	switch classOf(code) {
	case classTemporary:
		return Verdict{Class: channels.Retry, Hint: HintLater}
	case classPermanent:
		return classifyPermanent(step, code)
	}

	// The code isn't one of SMTP.
	if step == StepDot {
		return Verdict{Class: channels.Ambiguous}
	}

	return Verdict{Class: channels.Retry, Hint: HintLater} // the mail wasn't sent
}

// quotaWait is how long a mailbox pauses that has sent as much as its provider allows in a day. There may be room before the day is over,
// because providers count the last 24 hours.
const quotaWait = time.Hour

// classifySender recognises, after any step, how the big providers refuse a mailbox that has sent too much, or that may not send as the
// sender of the mail. ok is false for all other refusals. For both, Microsoft may use the code 5.2.0, with different words.
func classifySender(code int, enhanced, text string) (verdict Verdict, ok bool) {
	if classOf(code) != classPermanent {
		return Verdict{}, false
	}

	switch enhanced {
	// Gmail's daily limit, Microsoft's limits of recipients of a mailbox and of a whole tenant.
	case "5.4.5", "5.1.90", "5.7.233":
		return Verdict{Class: channels.Throttled, Wait: quotaWait, Hint: hintQuota}, true
	case "5.2.252":
		return Verdict{Class: channels.AccountBlocked, Hint: hintBlocked}, true
	}
	switch {
	case strings.Contains(text, "SubmissionQuotaExceeded"):
		return Verdict{Class: channels.Throttled, Wait: quotaWait, Hint: hintQuota}, true
	case strings.Contains(text, "SendAsDenied"):
		return Verdict{Class: channels.AccountBlocked, Hint: hintBlocked}, true
	}

	return Verdict{}, false
}

// aboutSender matches the words of a server that refuses a recipient because of who sends.
var aboutSender = regexp.MustCompile(`(?i)relay|sender|authenticat|client|helo|blocked`)

// aboutQuota matches the words of a server that has no room for a mail.
var aboutQuota = regexp.MustCompile(`(?i)quota|full\b|storage`)

// tooManyRecipients matches how a server without enhanced codes says that a mail has more recipients than it takes (RFC 5321 section
// 4.5.3.1.10). The words must end the text: "too many recipients this hour" is something else.
var tooManyRecipients = regexp.MustCompile(`(?i)too many recipients\W*$`)

// hasTooMany reports whether a refusal says that a mail has more recipients than the server takes.
func hasTooMany(enhanced, text string) bool {
	if enhanced != "" {
		return strings.HasSuffix(enhanced, ".5.3")
	}
	return tooManyRecipients.MatchString(text)
}

// SaysFull reports whether a refusal says that a mailbox is full. The same code can mean that the mail is too large (RFC 5321 section
// 4.2.3).
func SaysFull(code int, text string) bool {
	if code != codeTooMuchData || !aboutQuota.MatchString(text) {
		return false
	}
	enhanced := enhancedCode(code, text)
	return enhanced != "5.3.4" && enhanced != "5.2.3"
}

// classifyRecipient decides what the refusal of one recipient means if the same code would mean something else after another command.
// Otherwise ok is false.
func classifyRecipient(step Step, code int, enhanced, text string, waited time.Duration) (verdict Verdict, ok bool) {
	if step != StepRcpt && step != StepFurtherRcpt && step != StepReport {
		return Verdict{}, false
	}
	if step == StepFurtherRcpt && hasTooMany(enhanced, text) {
		return Verdict{Class: channels.BadRecipient, Hint: hintMany}, true
	}
	if SaysFull(code, text) {
		return classifyFullMailbox(waited), true
	}
	if step == StepReport {
		return Verdict{}, false
	}

	switch {
	case code == codeTooMuchData && enhanced == "": // no server has seen the mail's size yet
		return classifyFullMailbox(waited), true
	case enhanced == "5.7.1" && !aboutSender.MatchString(text): // this recipient takes no mail from us, others may
		return Verdict{Class: channels.BadRecipient, Hint: hintAddress}, true
	}
	return Verdict{}, false
}

// classifyFullMailbox decides what a full mailbox means.
func classifyFullMailbox(waited time.Duration) Verdict {
	if waited < FullMailboxWait {
		return Verdict{Class: channels.Retry, Wait: FullMailboxWait, Hint: hintFull}
	}
	return Verdict{Class: channels.BadRecipient, Hint: hintFullYet}
}

// classifyPermanent decides what a refusal for good means, by its basic code and by what was refused.
func classifyPermanent(step Step, code int) Verdict {
	switch code {
	case codeAuthRequired, codeAuthTooWeak, codeAuthFailed, codeAuthNeedsTLS:
		return Verdict{Class: channels.AuthBroken, Hint: HintPassword}
	case codeTooMuchData:
		return Verdict{Class: channels.BadContent, Hint: hintSize}
	}

	switch step {
	case StepRcpt, StepFurtherRcpt, StepReport:
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
	hintMany    = "Take people out of the copy, then send again: !cc -ADDRESS"
	hintASCII   = "Ask for another address, with nothing but plain letters, digits and signs, or leave this one out."
	hintLoop    = "Mail to this address goes in circles. Ask the customer for another address."
	hintFull    = "The mailbox is full. Parley tries once more after 12 hours."
	hintFullYet = "The customer's mailbox is still full. Reach the customer in another way."
	hintSize    = "Send it without attachments, or with smaller ones."
	hintQuota   = "The mailbox has sent as much as its provider allows in a day. Parley tries again every hour."
	hintClosed  = "Parley tries again by itself. If it lasts, ask the mail server's administrator, with the server's words."
	hintContent = "Change the text or leave the attachments out, then send again."
	hintBlocked = "The mail server does not let this mailbox send so. Ask its administrator, with the server's words."
)

// classifyByEnhanced decides by the enhanced code, which says more than the basic one. ok is false if the basic
// code has to decide.
func classifyByEnhanced(step Step, code int, enhanced string, waited time.Duration) (verdict Verdict, ok bool) {
	switch enhanced {
	case "":
		return Verdict{}, false
	// Other address status, bad mailbox, bad domain, bad syntax, null MX, mailbox disabled, no answer
	// from host (Microsoft: access denied).
	case "5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.10", "5.2.1", "5.4.1":
		return classifyAddress(step, hintAddress), true
	case "5.6.7": // an address outside ASCII (RFC 6531)
		return classifyAddress(step, hintASCII), true
	case "5.2.2": // mailbox full
		return classifyFullMailbox(waited), true
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
		if code == codeAuthRequired || code == codeAuthFailed {
			return Verdict{Class: channels.AuthBroken, Hint: HintPassword}, true
		}
	case "4.7.0": // other security status, temporary
		if code == codeAuthTemporary && step != StepAuth { // a server that lets nobody send without signing in
			return Verdict{Class: channels.AuthBroken, Hint: HintPassword}, true
		}
	}

	if strings.HasPrefix(enhanced, "4.") {
		if step == StepAuth && code == codePasswordTransition {
			return Verdict{Class: channels.AuthBroken, Hint: HintPassword}, true
		}
		return Verdict{Class: channels.Retry, Hint: HintLater}, true
	}

	if strings.HasPrefix(enhanced, "5.6.") { // all codes about the content of a mail
		return Verdict{Class: channels.BadContent, Hint: hintContent}, true
	}

	return Verdict{}, false
}

// classifyAddress decides what the refusal of an address means. hint says what to do about a customer's.
func classifyAddress(step Step, hint string) Verdict {
	if step == StepMail { // it is our own address
		return Verdict{Class: channels.AccountBlocked, Hint: hintBlocked}
	}
	return Verdict{Class: channels.BadRecipient, Hint: hint}
}

// HintPassword says what to do when a mail server refuses the password, by SMTP or by IMAP.
const HintPassword = "Enter the password again. With two-step sign-in, make an app password; " +
	"some providers need IMAP and SMTP to be switched on for the mailbox first."
