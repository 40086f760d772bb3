package message

import (
	"regexp"
	"slices"
	"strings"

	"parley/channels"
)

// This file finds out whether a person or a program wrote a mail. Agents must see a customer's question, but not the
// out-of-office replies, newsletters and spam around it; and nobody must answer those, or two programs would answer
// each other for ever. The decision is based on headers, and on the subject and the address for programs that set no
// headers:
//
//	Auto-Submitted: auto-replied    ->  "auto-submitted"
//	Subject: Automatic reply: Demo  ->  "auto-reply"
//	From: noreply@shop.test         ->  "no-reply"

// autoSubject matches the subjects of automatic replies.
var autoSubject = regexp.MustCompile(`(?i)^\s*(?:` +
	`auto(?:matic|mated)?[ -]?(?:reply|response|answer|message)|out of (?:the )?office|` +
	`automati(?:sche|sierte) (?:antwort|nachricht)|abwesenheits(?:notiz|nachricht|assistent)|` +
	`réponse automati(?:que|sée)|message automatique|absence du bureau|` +
	`(?:respuesta|mensaje) automátic[ao]|(?:resposta|mensagem) automática|(?:risposta|messaggio) automatic[ao]|` +
	`(?:geautomatiseerd|automatisch) (?:antwoord|bericht)|autosvar|` +
	`automatiskt? svar|automaattinen vastaus|automatická odpověď|automatyczna odpowiedź|odpowiedź automatyczna|automatikus válasz|` +
	`răspuns automat|fuera de la oficina|автоответ|автоматический ответ|автоматична відповідь|αυτόματη απάντηση|otomatik yanıt|` +
	`balasan otomatis|trả lời tự động|תשובה אוטומטית|自动回复|自动答复|自動回覆|自動応答|자동 회신|رد تلقائي)\s*[:：\-–]`)

// domainReportSubject matches the subjects of reports about all mail of a domain: DMARC (RFC 7489 section 7.2.1.1) and
// TLS (RFC 8460 section 5.3).
var domainReportSubject = regexp.MustCompile(`(?i)^\s*(?:\[preview\] )?report domain:\s*\S+\s+submitter:`)

// noReply matches addresses that nobody reads.
var noReply = regexp.MustCompile(`(?i)^(?:no[-_.]?reply|do[-_.]?not[-_.]?reply|noresponse|no-response|` +
	`nicht[-_.]?antworten|ne[-_.]?pas[-_.]?repondre)(?:[-_.+].*)?@|[-_.+](?:no[-_.]?reply|noreply)@`)

// daemonAddress matches the addresses from which mail servers report failures.
var daemonAddress = regexp.MustCompile(`(?i)^(?:mailer[-_.]?daemon|postmaster|mail[-_.]?daemon|mdaemon|bounces?|` +
	`microsoftexchange[0-9a-f]*)(?:[-_.+=].*)?@`)

// The reasons why a mail is automatic (channels.Inbound.Automatic), besides channels.AutomaticOwn. For a mail that a
// person wrote, the reason is "".
const (
	automaticReceipt      = "receipt"         // a read receipt
	automaticComplaint    = "feedback-report" // a recipient marked a mail of ours as spam
	automaticDomainReport = "domain-report"   // a report about all mail of a domain
	automaticBounce       = "bounce"          // a mail could not be delivered, or not yet
	automaticSubmitted    = "auto-submitted"
	automaticReply        = "auto-reply" // such as an out-of-office reply
	automaticNullSender   = "null-sender"
	automaticList         = "list" // from a mailing list that isn't one of ours
	automaticSpam         = "spam"
	automaticNoReply      = "no-reply" // from an address that nobody reads
	automaticBulk         = "bulk"
	automaticGenerated    = "auto-generated" // the weakest sign: ticket systems send their agents' messages with it
	automaticDamaged      = "damaged"        // the mail can't be decoded, so the author is unknown
)

// whyAutomatic returns the reason why a mail is automatic, or "". It checks the most specific reasons first.
//
// It ignores X-Auto-Response-Suppress, which Exchange adds to people's mails to a distribution list.
// Source: MS-OXCMAIL section 2.1.3.2.20.
func (d *Decoder) whyAutomatic(h Header, c *content, subject string, from channels.Party) string {
	if report := reportReason(h, c, subject, from); report != "" {
		return report
	}

	submitted := autoSubmitted(h)
	precedence := d.automaticPrecedence(h)
	switch {
	case submitted != "" && submitted != automaticGenerated:
		return automaticSubmitted
	case hasAutoReplyField(h), precedence == "auto_reply", precedence == "junk", autoSubject.MatchString(subject):
		return automaticReply
	case hasNullSender(h):
		return automaticNullSender
	case d.isFromOtherList(h):
		return automaticList
	case isMarkedAsSpam(h):
		return automaticSpam
	case noReply.MatchString(from.Key):
		return automaticNoReply
	case precedence != "":
		return automaticBulk
	case submitted != "":
		return automaticGenerated
	case d.ownAddress(from.Key) != "":
		return channels.AutomaticOwn
	}

	return ""
}

// reportReason returns the reason for a mail that reports on other mail, or "" if a mail isn't such a report.
func reportReason(h Header, c *content, subject string, from channels.Party) string {
	isOutlookComplaint := from.Key == outlookComplaints && c.returned != nil && c.returned.Header.Has("X-HmXmrOriginalRecipient")
	isDeliveryReport := c.reportType != "" || len(c.statuses) > 0 || h.Has("X-Failed-Recipients")
	switch {
	case c.reportType == "disposition-notification":
		return automaticReceipt
	case c.reportType == "feedback-report", isOutlookComplaint:
		return automaticComplaint
	case c.reportType == "tlsrpt", domainReportSubject.MatchString(subject):
		return automaticDomainReport
	case isDeliveryReport, isFromDaemon(h, subject, from.Key):
		return automaticBounce
	}
	return ""
}

// isMarkedAsSpam reports whether the spam filter of the mail server has marked a mail.
func isMarkedAsSpam(h Header) bool {
	for _, name := range []string{"X-Spam-Flag", "X-Spam-Status"} {
		if strings.HasPrefix(strings.ToLower(strings.TrimSpace(h.Raw(name))), "yes") {
			return true
		}
	}
	return false
}

// outlookComplaints is the sender of Outlook.com's spam complaints, which don't follow RFC 5965.
const outlookComplaints = "staff@hotmail.com"

// isFromDaemon reports whether a mail server itself wrote a mail, to report on another one.
func isFromDaemon(h Header, subject, from string) bool {
	if isPersonAtPostmaster(h, subject, from) {
		return false
	}
	return daemonAddress.MatchString(from) || strings.Contains(strings.ToLower(h.Raw("From")), "mailer-daemon")
}

// isFromProgram reports whether a program sent a mail. A delivery status in a program's mail is a report, even if the
// mail lacks the content type of a report. In a person's mail it is a forwarded file.
func isFromProgram(h Header, subject, from string) bool {
	isMarked := h.Has("X-MS-Exchange-Message-Is-Ndr") || autoSubmitted(h) != ""
	return isMarked || hasNullSender(h) || isFromDaemon(h, subject, from)
}

// autoSubmitted returns the value of Auto-Submitted, in lower case and without its parameters: "auto-replied" for
// "auto-replied; owner-email=…". It returns "" for a person's mail, which has no such field, or "no".
// Source: RFC 3834 section 5.
func autoSubmitted(h Header) string {
	value := strings.ToLower(strings.TrimSpace(h.Raw("Auto-Submitted")))
	if end := strings.IndexAny(value, "; "); end >= 0 {
		value = value[:end]
	}
	if value == "no" {
		return ""
	}
	return value
}

// hasAutoReplyField reports whether a mail has one of the header fields that mark automatic replies.
func hasAutoReplyField(h Header) bool {
	return slices.ContainsFunc([]string{"X-Autoreply", "X-Autorespond", "X-Auto-Reply", "X-Autogenerated"}, func(name string) bool {
		return h.Has(name)
	})
}

// isPersonAtPostmaster reports whether a person wrote from postmaster@customer.test, as administrators of small firms
// do.
func isPersonAtPostmaster(h Header, subject, from string) bool {
	if !strings.HasPrefix(from, "postmaster@") {
		return false
	}
	if subject == "" || isBounceSubject(subject) {
		return false
	}
	isReport := h.Has("X-MS-Exchange-Message-Is-Ndr") || strings.Contains(strings.ToLower(h.Raw("From")), "mail delivery")
	return !isReport && !hasNullSender(h)
}

// hasNullSender reports whether a mail has the empty sender of bounces, which must never be answered: "Return-Path: <>",
// which some servers write as <MAILER-DAEMON>, or "From: <>".
func hasNullSender(h Header) bool {
	path := strings.ToLower(strings.ReplaceAll(h.Raw("Return-Path"), " ", ""))
	hasNoAuthor := strings.TrimSpace(h.Raw("From")) == "<>"
	return hasNoAuthor || path == "<>" || path == "<mailer-daemon>" || strings.HasPrefix(path, "<mailer-daemon@")
}

// dmarcFailed matches a failed DMARC check in an Authentication-Results field.
var dmarcFailed = regexp.MustCompile(`(?i)\bdmarc\s*=\s*fail\b`)

// maxAuthenticationBytes is the maximum length of an Authentication-Results field that is read.
const maxAuthenticationBytes = 1 << 16

// authenticationNotice returns a warning if a mail failed DMARC, and otherwise "". It reads only the topmost
// Authentication-Results field, which the receiving server adds. It never reports success: if our server adds no such
// field, the topmost one was written by the sender.
func authenticationNotice(h Header) string {
	results := h.All("Authentication-Results")
	if len(results) == 0 || len(results[0]) > maxAuthenticationBytes {
		return ""
	}
	if !strings.Contains(strings.ToLower(results[0]), "dmarc") || !dmarcFailed.MatchString(results[0]) {
		return ""
	}
	return "The sender's address may be forged: its domain disowns this mail (DMARC failed)."
}
