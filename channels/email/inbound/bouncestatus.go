package inbound

import (
	"cmp"
	"fmt"
	"strings"

	"parley/channels"
	"parley/channels/email/rawmail"
	"parley/channels/email/smtpcode"
)

// statusesOf returns one InboundStatus for each recipient at whom the mail failed or is delayed.
func statusesOf(in channels.Inbound, b bouncedMail, reports []report) []channels.Inbound {
	var out []channels.Inbound
	seen := map[string]bool{}
	for _, r := range reports {
		isNews := r.action == "failed" || r.action == "delayed"
		key := r.recipient + r.action
		if !isNews || seen[key] {
			continue
		}
		seen[key] = true

		one := in
		one.Kind, one.Status = channels.InboundStatus, r.statusOf(b)
		if len(out) > 0 {
			one.ExternalID = fmt.Sprintf("%s#%d", in.ExternalID, len(out)+1)
		}
		out = append(out, one)
	}

	return out
}

// statusOf returns what a report says of a mail.
func (r report) statusOf(b bouncedMail) *channels.Status {
	s := &channels.Status{
		State:     channels.StateFailed,
		MessageID: b.token.Message,
		External:  b.external,
		Recipient: r.recipient,
		Reason:    r.explainToPeople(),
	}
	if r.action == "delayed" {
		s.State = channels.StateAccepted // the lowest state changes nothing if a higher one is known already
		s.Delayed = true
		s.Class = channels.Retry
		return s
	}

	if code := r.replyCode(); code != 0 {
		v := smtpcode.Classify(smtpcode.StepReport, code, r.status+" "+r.reply, smtpcode.FullMailboxWait)
		if v.Class != channels.Ambiguous {
			s.Class = v.Class
		}
	}
	return s
}

// maxReasonRunes is how much of a server's reply is shown.
const maxReasonRunes = 400

// explainToPeople says why a mail did not arrive, with the server's own words.
func (r report) explainToPeople() string {
	what := r.describeFailure()
	reply := rawmail.CleanLine(r.reply)
	if reply == "" {
		if r.status == "" {
			return what
		}
		return strings.TrimSuffix(what, ".") + " (" + r.status + ")."
	}
	if runes := []rune(reply); len(runes) > maxReasonRunes {
		reply = string(runes[:maxReasonRunes]) + "…"
	}
	return what + " The server said: " + reply
}

// describeFailure returns what went wrong as a sentence, by the enhanced status code without its class: "2.2" of "5.2.2" is "mailbox
// full". A code that isn't listed has the sentence of its subject, the "2" of "2.2".
// Source: RFC 3463 section 3; the IANA registry of SMTP enhanced status codes.
func (r report) describeFailure() string {
	const addressUnknown, mailboxFull, mailTooLarge = "1.1", "2.2", "2.3"
	_, detail, _ := strings.Cut(cmp.Or(r.status, enhancedCode.FindString(r.reply)), ".")
	isUnknownAtMicrosoft := detail == "4.1" && strings.Contains(strings.ToLower(r.reply), "recipient address rejected")
	switch {
	case r.action == "delayed":
		return "Not delivered yet: the mail server is still trying."
	case smtpcode.SaysFull(r.replyCode(), r.status+" "+r.reply):
		detail = mailboxFull
	case r.replyCode() == codeTooLarge && detail != mailboxFull:
		detail = mailTooLarge
	case isUnknownAtMicrosoft:
		detail = addressUnknown
	}

	sentences := map[string]string{
		"1":          "The address does not exist or is refused.",
		"1.7":        "The receiving server refused the mail.", // because of the sender's address
		"1.8":        "The receiving server refused the mail.", // likewise
		"2":          "The mailbox does not take mail.",
		mailboxFull:  "The mailbox is full.",
		mailTooLarge: "The mail is too large for the receiving server.",
		"3.4":        "The mail is too large for the receiving server.",
		"4":          "The receiving mail server could not be reached.",
		"4.6":        "Mail to this address goes round in circles.",
		"4.14":       "Mail to this address goes round in circles.",
		"7":          "The receiving server refused the mail.",
	}
	subject, _, _ := strings.Cut(detail, ".")
	return cmp.Or(sentences[detail], sentences[subject], "The mail could not be delivered.")
}
