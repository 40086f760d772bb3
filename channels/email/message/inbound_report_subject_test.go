package message

import (
	"strings"
	"testing"

	"parley/channels"
)

// These reports don't tell how a mail of ours arrived, don't name the mail, or tell both in unusual places.

// A report that a mail to us failed, such as a customer's answer to message 34, is no report on a mail of ours.
func TestReportOnAMailToUs(t *testing.T) {
	t.Parallel()
	report := strings.NewReplacer(
		"ann@customer.test", "Help@acme.test", "Message-ID: <"+messageID(12, 34)+">\nFrom: help@acme.test",
		"Message-ID: <1@customer.test>\nReferences: <"+messageID(12, 34)+">\nFrom: ann@customer.test",
	).Replace(reportWithAction("Action: failed"))
	in := decodeOne(t, report)
	wantEqual(t, "kind", in.Kind, channels.InboundMessage)
	wantEqual(t, "why it is automatic", in.Automatic, "bounce")
	wantAnswers(t, in, 12, 0)
}

// A complaint about a mail of ours belongs to the mail's conversation, and doesn't tell how the mail arrived.
// Source: RFC 5965 section 2.
func TestComplaint(t *testing.T) {
	t.Parallel()
	in := decodeOne(t, strings.ReplaceAll(`From: Complaints <fbl@provider.test>
To: help@acme.test
Subject: Complaint
Content-Type: multipart/report; report-type=feedback-report; boundary=x

--x

This is a complaint.
--x
Content-Type: message/feedback-report

Feedback-Type: abuse

--x
Content-Type: message/rfc822

Message-ID: <MESSAGE>
From: help@acme.test

Hi
--x--
`, "MESSAGE", messageID(12, 34)))
	wantEqual(t, "kind", in.Kind, channels.InboundMessage)
	wantEqual(t, "why it is automatic", in.Automatic, "feedback-report")
	wantAnswers(t, in, 12, 34)
}

// A report may come from an address like a person's. It is known as a report because it has no sender in its envelope and
// a subject that says so. A mail program's message about other things is no report, even if it names a mail of ours.
func TestReportsByTheirSubject(t *testing.T) {
	t.Parallel()
	const refusal = "<ann@customer.test>: 550 no such user\n\n"
	report := strings.Replace(reportInWords(refusal+returnedHeader("ann@customer.test")),
		"From: MAILER-DAEMON@provider.test", "From: Reports <reports@provider.test>\nAuto-Submitted: auto-replied", 1)
	in := decodeOne(t, report)
	wantEqual(t, "recipient", wantFailed(t, in).Recipient, "ann@customer.test")
	wantEqual(t, "why it is automatic", in.Automatic, "bounce")

	for name, mail := range map[string]string{
		"with a sender":   strings.Replace(report, "Return-Path: <>", "Return-Path: <reports@provider.test>", 1),
		"another subject": strings.Replace(report, "Undelivered mail", "Your mail", 1),
		"awaits approval": strings.Replace(reportInWords("Mail "+messageID(12, 34)+" waits.\n"),
			"Undelivered mail", "Your mail awaits approval", 1),
		"speaks of itself": "From: MAILER-DAEMON@provider.test\nTo: help@acme.test\nSubject: Undelivered mail\n\nThe queue is long.\n",
	} {
		wantEqual(t, "kind of a mail: "+name, decodeOne(t, mail).Kind, channels.InboundMessage)
	}
}
