package message

import (
	"cmp"
	"fmt"
	"strings"

	"parley/channels"
)

// This file explains to agents why a mail didn't arrive. It turns what a server reports for one recipient, such as
// status "5.2.2" and reply "552 5.2.2 Quota exceeded", into a Status with the reason
//
//	The mailbox is full. The server said: 552 5.2.2 Quota exceeded

// statusesOf returns an Inbound with a Status for each recipient for whom the mail failed or is delayed. in is the mail
// with the reports.
func statusesOf(in channels.Inbound, bounced bouncedMail, reports []report) []channels.Inbound {
	var out []channels.Inbound
	seen := map[string]bool{}
	for _, r := range reports {
		isProblem := r.action == "failed" || r.action == "delayed"
		key := r.recipient + r.action
		if !isProblem || seen[key] {
			continue
		}
		seen[key] = true

		one := in
		one.Kind, one.Status = channels.InboundStatus, r.statusOf(bounced)
		if len(out) > 0 { // ids must be unique
			one.ExternalID = fmt.Sprintf("%s#%d", in.ExternalID, len(out)+1)
		}
		out = append(out, one)
	}

	return out
}

// statusOf returns the status of the bounced mail for the recipient of r.
func (r report) statusOf(bounced bouncedMail) *channels.Status {
	s := &channels.Status{
		State:     channels.StateFailed,
		MessageID: bounced.token.Message,
		External:  bounced.external,
		Recipient: r.recipient,
		Reason:    r.explainToPeople(),
	}
	if r.action == "delayed" {
		s.State = channels.StateAccepted // the lowest state: it never replaces a higher one
		s.Delayed = true
		s.Class = channels.Retry
		return s
	}

	if code := r.replyCode(); code != 0 {
		verdict := Classify(StepReport, code, r.status+" "+r.reply, FullMailboxWait)
		if verdict.Class != channels.Ambiguous {
			s.Class = verdict.Class
		}
	}
	return s
}

// maxReplyRunes is how much of a server's reply is shown.
const maxReplyRunes = 400

// explainToPeople returns why a mail did not arrive, with the server's reply or, failing that, its status code.
func (r report) explainToPeople() string {
	failure := r.describeFailure()
	reply := CleanLine(r.reply)
	switch {
	case reply == "" && r.status == "":
		return failure
	case reply == "":
		return strings.TrimSuffix(failure, ".") + " (" + r.status + ")."
	}
	if runes := []rune(reply); len(runes) > maxReplyRunes {
		reply = string(runes[:maxReplyRunes]) + "…"
	}
	return failure + " The server said: " + reply
}

// describeFailure returns a sentence for the enhanced status code, whose class doesn't matter: "2.2" in "5.2.2" means
// "mailbox full". For an unlisted code it uses the sentence of its subject, which is the "2" in "2.2".
// Source: RFC 3463 section 3; the IANA registry of SMTP enhanced status codes.
func (r report) describeFailure() string {
	const addressUnknown, mailboxFull, mailTooLarge = "1.1", "2.2", "2.3"
	_, detail, _ := strings.Cut(cmp.Or(r.status, enhancedCode.FindString(r.reply)), ".")
	isUnknownAtMicrosoft := detail == "4.1" && strings.Contains(strings.ToLower(r.reply), "recipient address rejected")
	switch {
	case r.action == "delayed":
		return "Not delivered yet: the mail server is still trying."
	case SaysFull(r.replyCode(), r.status+" "+r.reply):
		detail = mailboxFull
	case r.replyCode() == codeTooLarge && detail != mailboxFull:
		detail = mailTooLarge
	case isUnknownAtMicrosoft:
		detail = addressUnknown
	}

	sentences := map[string]string{
		"1":          "The address does not exist or is refused.",
		"1.7":        "The receiving server refused the mail.", // it rejects the sender's address
		"1.8":        "The receiving server refused the mail.", // like 1.7
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
