package inbound

import (
	"regexp"
	"slices"
	"strings"

	"parley/channels"
	"parley/channels/email/rawmail"
)

// autoSubject matches the subjects of automatic answers, for programs that set no header.
var autoSubject = regexp.MustCompile(`(?i)^\s*(?:` +
	`automatic reply|auto(?:matic)?[ -]?(?:reply|response)|out of (?:the )?office|` +
	`automatische antwort|abwesenheits(?:notiz|nachricht|assistent)|réponse automatique|absence du bureau|` +
	`respuesta automática|resposta automática|risposta automatica|automatisch antwoord|autosvar|` +
	`automatiskt? svar|automaattinen vastaus|automatická odpověď|automatyczna odpowiedź|odpowiedź automatyczna|automatikus válasz|` +
	`răspuns automat|fuera de la oficina|автоответ|автоматический ответ|автоматична відповідь|αυτόματη απάντηση|otomatik yanıt|` +
	`balasan otomatis|trả lời tự động|תשובה אוטומטית|自动回复|自动答复|自動回覆|自動応答|자동 회신|رد تلقائي)\s*[:：\-–]`)

// domainReportSubject matches the subjects of reports on all mail of a domain: DMARC (RFC 7489 section 7.2.1.1) and TLS (RFC 8460
// section 5.3).
var domainReportSubject = regexp.MustCompile(`(?i)^\s*(?:\[preview\] )?report domain:\s*\S+\s+submitter:`)

// noReply matches addresses that nobody reads.
var noReply = regexp.MustCompile(`(?i)^(?:no[-_.]?reply|do[-_.]?not[-_.]?reply|noresponse|no-response|` +
	`nicht[-_.]?antworten|ne[-_.]?pas[-_.]?repondre)(?:[-_.+].*)?@|[-_.+](?:no[-_.]?reply|noreply)@`)

// daemonAddress matches the addresses of programs that report on mail.
var daemonAddress = regexp.MustCompile(`(?i)^(?:mailer[-_.]?daemon|postmaster|mail[-_.]?daemon|mdaemon|bounces?|` +
	`microsoftexchange[0-9a-f]*)(?:[-_.+=].*)?@`)

// Why a mail is automatic (channels.Inbound.Automatic), besides channels.AutomaticOwn. A person's mail has "".
const (
	automaticReceipt      = "receipt"         // says that a mail was displayed
	automaticComplaint    = "feedback-report" // says that a recipient called a mail of ours spam
	automaticDomainReport = "domain-report"   // on all mail of a domain
	automaticBounce       = "bounce"          // says that a mail could not be delivered, or not yet
	automaticSubmitted    = "auto-submitted"
	automaticReply        = "auto-reply" // such as that somebody is on holiday
	automaticNullSender   = "null-sender"
	automaticList         = "list" // came by a mailing list that isn't one of ours
	automaticSpam         = "spam"
	automaticNoReply      = "no-reply" // from an address that nobody reads
	automaticBulk         = "bulk"
	automaticGenerated    = "auto-generated" // the weakest sign: ticket systems mark what their agents write so
	automaticDamaged      = "damaged"        // can't be read, so nobody knows
)

// whyAutomatic returns why a mail is automatic, or "" for a mail that a person wrote. The order of the checks matters: the most specific
// reasons come first.
//
// X-Auto-Response-Suppress is ignored: Exchange puts it into people's mail that a distribution list passes on.
// Source: MS-OXCMAIL section 2.1.3.2.20.
func (d *Decoder) whyAutomatic(h rawmail.Header, c *content, subject string, from channels.Party) string {
	if report := kindOfReport(h, c, subject, from); report != "" {
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

// kindOfReport returns what a program reports on other mail, or "" if a mail isn't a report.
func kindOfReport(h rawmail.Header, c *content, subject string, from channels.Party) string {
	isOutlooksComplaint := from.Key == outlookComplaints && c.returned != nil && c.returned.Header.Has("X-HmXmrOriginalRecipient")
	isOnDelivery := c.reportType != "" || len(c.statuses) > 0 || h.Has("X-Failed-Recipients")
	switch {
	case c.reportType == "disposition-notification":
		return automaticReceipt
	case c.reportType == "feedback-report", isOutlooksComplaint:
		return automaticComplaint
	case c.reportType == "tlsrpt", domainReportSubject.MatchString(subject):
		return automaticDomainReport
	case isOnDelivery, isFromDaemon(h, subject, from.Key):
		return automaticBounce
	}
	return ""
}

// isMarkedAsSpam reports whether a filter in front of the mailbox takes a mail for spam.
func isMarkedAsSpam(h rawmail.Header) bool {
	for _, name := range []string{"X-Spam-Flag", "X-Spam-Status"} {
		if strings.HasPrefix(strings.ToLower(strings.TrimSpace(h.Raw(name))), "yes") {
			return true
		}
	}
	return false
}

// outlookComplaints is the sender of Outlook.com's complaints, which don't have the form of RFC 5965.
const outlookComplaints = "staff@hotmail.com"

// isFromDaemon reports whether a mail comes from a program that reports on mail.
func isFromDaemon(h rawmail.Header, subject, from string) bool {
	if isPersonAtPostmaster(h, subject, from) {
		return false
	}
	return daemonAddress.MatchString(from) || strings.Contains(strings.ToLower(h.Raw("From")), "mailer-daemon")
}

// isFromProgram reports whether a program sent a mail. Then a delivery status in it is a report, and not a file that a person forwards,
// even if the mail doesn't have the type of a report.
func isFromProgram(h rawmail.Header, subject, from string) bool {
	isMarked := h.Has("X-MS-Exchange-Message-Is-Ndr") || autoSubmitted(h) != ""
	return isMarked || hasNullSender(h) || isFromDaemon(h, subject, from)
}

// autoSubmitted returns the value of Auto-Submitted, in lower case and without its parameters: "auto-replied" for
// "auto-replied; owner-email=…". It returns "" for a person's mail, which has no such field, or "no".
// Source: RFC 3834 section 5.
func autoSubmitted(h rawmail.Header) string {
	word := strings.ToLower(strings.TrimSpace(h.Raw("Auto-Submitted")))
	if end := strings.IndexAny(word, "; "); end >= 0 {
		word = word[:end]
	}
	if word == "no" {
		return ""
	}
	return word
}

// hasAutoReplyField reports whether a mail has a field that programs write into automatic answers.
func hasAutoReplyField(h rawmail.Header) bool {
	return slices.ContainsFunc([]string{"X-Autoreply", "X-Autorespond", "X-Auto-Reply", "X-Autogenerated"}, func(name string) bool {
		return h.Has(name)
	})
}

// isPersonAtPostmaster reports whether a person writes as postmaster@customer.test, as people do who look after a small firm's mail.
func isPersonAtPostmaster(h rawmail.Header, subject, from string) bool {
	if !strings.HasPrefix(from, "postmaster@") {
		return false
	}
	if subject == "" || isBounceSubject(subject) {
		return false
	}
	isReport := h.Has("X-MS-Exchange-Message-Is-Ndr") || strings.Contains(strings.ToLower(h.Raw("From")), "mail delivery")
	return !isReport && !hasNullSender(h)
}

// hasNullSender reports whether a mail wants no answer at all, as bounces do: it has Return-Path: <>, which some servers write as
// <MAILER-DAEMON>, or From: <>.
func hasNullSender(h rawmail.Header) bool {
	path := strings.ToLower(strings.ReplaceAll(h.Raw("Return-Path"), " ", ""))
	hasNoAuthor := strings.TrimSpace(h.Raw("From")) == "<>"
	return hasNoAuthor || path == "<>" || path == "<mailer-daemon>" || strings.HasPrefix(path, "<mailer-daemon@")
}

// dmarcFailed matches a failed DMARC check in an Authentication-Results field.
var dmarcFailed = regexp.MustCompile(`(?i)\bdmarc\s*=\s*fail\b`)

// maxAuthenticationBytes is the longest Authentication-Results field that is read.
const maxAuthenticationBytes = 1 << 16

// authenticationNotice returns a warning if the receiving server found that the sender's domain disowns the mail, and otherwise "". Only
// the topmost field counts, because the receiving server writes that. A good result proves nothing: if our server writes no such field,
// the topmost one is the sender's own.
func authenticationNotice(h rawmail.Header) string {
	results := h.All("Authentication-Results")
	if len(results) == 0 || len(results[0]) > maxAuthenticationBytes {
		return ""
	}
	if !strings.Contains(strings.ToLower(results[0]), "dmarc") || !dmarcFailed.MatchString(results[0]) {
		return ""
	}
	return "The sender's address may be forged: its domain disowns this mail (DMARC failed)."
}
