package message

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"parley/channels"
)

// This file decides what the refusal of an SMTP server means for a mail: retry it, correct the address, correct the
// password, and so on. For example, "550 5.1.1 No such user" after RCPT TO means that the recipient's address is wrong.
// Servers use few codes for many problems, so Classify goes from the specific to the general: first texts and codes of
// big providers, then the command that was refused, then the enhanced code (5.1.1), and last the basic code (550).

// Step is the command that an SMTP reply answers. The same code may have different meanings after different commands.
type Step int

// The steps of sending a mail, in order.
const (
	StepGreeting    Step = iota // the greeting, EHLO and STARTTLS
	StepAuth                    // AUTH
	StepMail                    // MAIL FROM: may this mailbox send?
	StepRcpt                    // RCPT TO: the first recipient
	StepFurtherRcpt             // RCPT TO: another recipient, after one was accepted
	StepData                    // the command DATA
	StepDot                     // the end of the mail
	StepReport                  // unknown: a bounce reports that one recipient was refused later
)

// FullMailboxWait is the time after which a mail to a full mailbox is retried once.
const FullMailboxWait = 12 * time.Hour

// enhancedPattern matches an enhanced status code (RFC 3463) in a text such as "Address rejected (#5.1.1)". It doesn't match
// a part of a longer number, such as an IP address.
var enhancedPattern = regexp.MustCompile(`(?:^|[\s(#\[])([245])\.(\d{1,3})\.(\d{1,3})(?:$|[^\d.])`)

// enhancedCode returns the enhanced code in the text of a reply, or "" if there is none. Its class, the first digit, must
// be that of the basic code.
func smtpcodeEnhancedCode(code int, text string) string {
	for _, m := range enhancedPattern.FindAllStringSubmatch(text, -1) {
		class, subject, detail := m[1], m[2], m[3]
		if class == strconv.Itoa(classOf(code)) {
			return class + "." + subject + "." + detail
		}
	}
	return ""
}

// The classes of reply codes, which are their first digits.
const (
	classTemporary = 4 // try again later
	classPermanent = 5 // a retry doesn't help
)

func classOf(code int) int { return code / 100 }

// Verdict is the meaning of a refusal.
type Verdict struct {
	Class channels.Class
	Wait  time.Duration // until the next attempt; 0 means the default of the class
	Hint  string        // what a person can do next
}

// The SMTP reply codes (RFC 5321, RFC 4954) that need special treatment.
const (
	codeAuthTemporary = 454
	codeAuthRequired  = 530
	codeAuthTooWeak   = 534
	codeAuthFailed    = 535
	codeAuthNeedsTLS  = 538
	codeTooMuchData   = 552
	codeNoService     = 554
)

// authTemporaryWait is how long the reply "temporary authentication failure" (RFC 4954 section 6) is believed. After that
// the password counts as wrong, for which Microsoft uses the same code.
const authTemporaryWait = 30 * time.Minute

// A server that refuses the connection in its greeting is taken to be down at first.
const (
	greetingWait = 30 * time.Minute // after this time, admins are told and the mailbox pauses
	closedWait   = time.Hour        // the duration of each pause
)

// Classify decides what an SMTP refusal means. text is the reply without its basic code. waited is the time since the
// first attempt to send the mail.
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

	enhanced := smtpcodeEnhancedCode(code, text)
	if v, ok := classifySender(code, enhanced, text); ok {
		return v
	}
	if v, ok := classifyRecipient(step, code, enhanced, text, waited); ok {
		return v
	}
	if refusesContent(step, enhanced, text) {
		return Verdict{Class: channels.BadContent, Hint: hintContent}
	}
	if v, ok := classifyEnhanced(step, code, enhanced, waited); ok {
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

	// An invalid code. After the final dot, the mail may have been accepted nevertheless.
	if step == StepDot {
		return Verdict{Class: channels.Ambiguous}
	}

	return Verdict{Class: channels.Retry, Hint: HintLater}
}

// quotaWait is how long a mailbox pauses after its daily sending limit is reached. It is shorter than a day because
// providers count the last 24 hours, so there may be room again soon.
const quotaWait = time.Hour

// classifySender recognises two refusals of big providers that may follow any command: the mailbox has sent too much, or
// it may not use the sender address. ok is false for all other refusals. The texts are those of Microsoft, which may use
// the code 5.2.0 for both.
func classifySender(code int, enhanced, text string) (verdict Verdict, ok bool) {
	if classOf(code) != classPermanent {
		return Verdict{}, false
	}

	switch enhanced {
	// Gmail's daily limit, and Microsoft's limits on recipients per mailbox and per tenant.
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

// aboutSender matches texts that refuse a recipient because of the sender.
var aboutSender = regexp.MustCompile(`(?i)relay|sender|authenticat|client|helo|blocked`)

// aboutQuota matches texts about a lack of space.
var aboutQuota = regexp.MustCompile(`(?i)quota|full\b|storage`)

// saysTooManyRecipients matches a refusal because a mail has more recipients than the server allows (RFC 5321 section
// 4.5.3.1.10). It matches only at the end of a text: "too many recipients this hour" is about a rate limit.
var saysTooManyRecipients = regexp.MustCompile(`(?i)too many recipients\W*$`)

// hasTooManyRecipients reports whether a refusal is about the number of recipients of one mail.
func hasTooManyRecipients(enhanced, text string) bool {
	if enhanced != "" {
		return strings.HasSuffix(enhanced, ".5.3")
	}
	return saysTooManyRecipients.MatchString(text)
}

// SaysFull reports whether a refusal means that the recipient's mailbox is full. The same code may also mean that the mail
// is too large (RFC 5321 section 4.2.3).
func SaysFull(code int, text string) bool {
	if code != codeTooMuchData || !aboutQuota.MatchString(text) {
		return false
	}
	enhanced := smtpcodeEnhancedCode(code, text)
	return enhanced != "5.3.4" && enhanced != "5.2.3"
}

// classifyRecipient handles refusals of one recipient whose code has another meaning after other commands. ok is false for
// all other refusals.
func classifyRecipient(step Step, code int, enhanced, text string, waited time.Duration) (verdict Verdict, ok bool) {
	if step != StepRcpt && step != StepFurtherRcpt && step != StepReport {
		return Verdict{}, false
	}
	if step == StepFurtherRcpt && hasTooManyRecipients(enhanced, text) {
		return Verdict{Class: channels.BadRecipient, Hint: hintMany}, true
	}
	if SaysFull(code, text) {
		return classifyFullMailbox(waited), true
	}
	if step == StepReport {
		return Verdict{}, false
	}

	switch {
	case code == codeTooMuchData && enhanced == "": // the server can't mean the size of the mail, which it doesn't know yet
		return classifyFullMailbox(waited), true
	case enhanced == "5.7.1" && !aboutSender.MatchString(text): // only this recipient refuses mail from us
		return Verdict{Class: channels.BadRecipient, Hint: hintAddress}, true
	}
	return Verdict{}, false
}

// aboutContent matches texts that refuse a mail for what it contains, such as "Spam message rejected" (rspamd) and "message
// content rejected" (Postfix). aboutOrigin matches those that refuse it for who sent it.
var (
	aboutContent = regexp.MustCompile(`(?i)\b(?:spam|spamassassin|content|virus|malware|infected|phishing|unsolicited)\b`)
	aboutOrigin  = regexp.MustCompile(`(?i)\b(?:account|user|sender|client|host|ip)\b`)
)

// refusesContent reports whether a refusal by policy is about the content of this mail, although its code may also mean
// that the account may not send at all.
func refusesContent(step Step, enhanced, text string) bool {
	isAfterContent := step == StepDot && enhanced == "5.7.1"
	return isAfterContent && aboutContent.MatchString(text) && !aboutOrigin.MatchString(text)
}

func classifyFullMailbox(waited time.Duration) Verdict {
	if waited < FullMailboxWait {
		return Verdict{Class: channels.Retry, Wait: FullMailboxWait, Hint: hintFull}
	}
	return Verdict{Class: channels.BadRecipient, Hint: hintFullYet}
}

// classifyPermanent decides what a permanent refusal means by its basic code and the command.
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

	// After the greeting and MAIL FROM, it is the sender that is refused.
	return Verdict{Class: channels.AccountBlocked, Hint: hintBlocked}
}

// The hints.
const (
	// HintLater is the hint for temporary failures.
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

// classifyEnhanced decides by the enhanced code, which is more specific than the basic one. ok is false if it isn't
// specific enough.
func classifyEnhanced(step Step, code int, enhanced string, waited time.Duration) (verdict Verdict, ok bool) {
	switch enhanced {
	case "":
		return Verdict{}, false
	// Other address status, bad mailbox, bad domain, bad syntax, null MX, mailbox disabled, no answer from host
	// (Microsoft: access denied).
	case "5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.10", "5.2.1", "5.4.1":
		return classifyAddress(step, hintAddress), true
	case "5.6.7": // a non-ASCII address (RFC 6531)
		return classifyAddress(step, hintASCII), true
	case "5.2.2": // mailbox full
		return classifyFullMailbox(waited), true
	case "5.3.4", "5.2.3": // message too big for the system, message too long for the mailbox
		return Verdict{Class: channels.BadContent, Hint: hintSize}, true
	case "5.4.6", "5.4.14": // routing loop, hop count exceeded
		return Verdict{Class: channels.BadRecipient, Hint: hintLoop}, true
	// Authentication unsuccessful, credentials invalid, mechanism too weak, client not authenticated, basic
	// authentication disabled.
	case "5.7.3", "5.7.8", "5.7.9", "5.7.57", "5.7.139":
		return Verdict{Class: channels.AuthBroken, Hint: HintPassword}, true
	// Refused by policy, authentication checks failed, sender has a null MX, client may not send as this sender,
	// traffic from this IP refused, bad sender syntax, bad sender domain.
	case "5.7.1", "5.7.26", "5.7.27", "5.7.60", "5.7.708", "5.1.7", "5.1.8":
		if step == StepAuth {
			return Verdict{Class: channels.AuthBroken, Hint: HintPassword}, true
		}
		return Verdict{Class: channels.AccountBlocked, Hint: hintBlocked}, true
	case "5.7.0": // other security status
		if code == codeAuthRequired || code == codeAuthFailed {
			return Verdict{Class: channels.AuthBroken, Hint: HintPassword}, true
		}
	case "4.7.12": // a password transition is needed (RFC 4954)
		return Verdict{Class: channels.AuthBroken, Hint: HintPassword}, true
	case "4.7.0": // other security status, temporary
		if code == codeAuthTemporary && step != StepAuth { // the server requires authentication
			return Verdict{Class: channels.AuthBroken, Hint: HintPassword}, true
		}
	}

	if strings.HasPrefix(enhanced, "4.") {
		return Verdict{Class: channels.Retry, Hint: HintLater}, true
	}

	if strings.HasPrefix(enhanced, "5.6.") { // about the content of the mail
		return Verdict{Class: channels.BadContent, Hint: hintContent}, true
	}

	return Verdict{}, false
}

// classifyAddress decides what the refusal of an address means. hint applies to recipients.
func classifyAddress(step Step, hint string) Verdict {
	if step == StepMail { // the address of our mailbox
		return Verdict{Class: channels.AccountBlocked, Hint: hintBlocked}
	}
	return Verdict{Class: channels.BadRecipient, Hint: hint}
}

// HintPassword is the hint after a mail server refused the password, by SMTP or IMAP.
const HintPassword = "Enter the password again. With two-step sign-in, make an app password; " +
	"some providers need IMAP and SMTP to be switched on for the mailbox first."
