package inbound

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"parley/channels"
)

// These reports don't tell how a mail of ours arrived, don't name the mail, or tell both in unusual places.

// A person may forward a delivery report as a file, as Thunderbird does. It doesn't count as a report on a mail of ours.
// If a program sends the same mail, it does, since some servers write reports as multipart/mixed.
func TestForwardedReport(t *testing.T) {
	t.Parallel()
	forwarded := strings.NewReplacer("MESSAGE", messageID(12, 34)).Replace(`To: help@acme.test
Subject: Fwd: Undelivered Mail Returned to Sender
Content-Type: multipart/mixed; boundary=x

--x

Why did this come back?
--x
Content-Type: message/delivery-status; name="Attached Message Part.tmp"
Content-Disposition: attachment; filename="Attached Message Part.tmp"

Reporting-MTA: dns; provider.test

Final-Recipient: rfc822; ann@customer.test
Action: failed

--x
Content-Type: message/rfc822

Message-ID: <MESSAGE>
From: help@acme.test

Hi
--x--
`)
	in := decodeOne(t, "From: Bob <bob@customer.test>\n"+forwarded)
	wantEqual(t, "kind", in.Kind, channels.InboundMessage)
	wantEqual(t, "why it is automatic", in.Automatic, "")
	wantContains(t, "text", in.Text, "Why did this come back?")
	wantFiles(t, in, "Attached Message Part.tmp", "message.eml")

	for _, program := range []string{
		"From: MAILER-DAEMON@provider.test\n",
		"From: <>\n",
		"From: Reports <reports@provider.test>\nReturn-Path: <>\n",
		"From: Reports <reports@provider.test>\nAuto-Submitted: auto-generated\n",
		"From: Reports <reports@provider.test>\nX-MS-Exchange-Message-Is-Ndr: \n",
	} {
		wantEqual(t, program+"recipient", wantFailed(t, decodeOne(t, program+forwarded)).Recipient, "ann@customer.test")
	}
}

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

// Outlook.com complains without a report. It sends the mail as a file, with a field that names who complains.
func TestComplaintOfOutlook(t *testing.T) {
	t.Parallel()
	complaint := strings.ReplaceAll(`To: help@acme.test
Subject: complaint about message from 192.0.2.1
Content-Type: multipart/mixed; boundary=x

--x
Content-Type: message/rfc822
Content-Disposition: inline

X-HmXmrOriginalRecipient: ann@customer.test
Message-ID: <MESSAGE>
From: help@acme.test

Hi
--x--
`, "MESSAGE", messageID(12, 34))
	in := decodeOne(t, "From: staff@hotmail.com\n"+complaint)
	wantEqual(t, "why it is automatic", in.Automatic, "feedback-report")
	wantAnswers(t, in, 12, 34)

	forwarded := decodeOne(t, "From: Bob <bob@customer.test>\n"+complaint)
	wantEqual(t, "why a person's is automatic", forwarded.Automatic, "")
}

// A gateway's report may return no mail and name no id. Then the recipient is all that is known of the mail.
func TestReportThatReturnsNothing(t *testing.T) {
	t.Parallel()
	whole := reportWithAction("Action: failed")
	head, _, _ := strings.Cut(whole, "--x\nContent-Type: message/rfc822")
	in := decodeOne(t, head+"--x--\n")
	if in.Status == nil {
		t.Fatalf("got %+v, want a status", in)
	}
	wantEqual(t, "recipient", in.Status.Recipient, "ann@customer.test")
	wantEqual(t, "message", in.Status.MessageID, 0)
	wantEqual(t, "ids", len(in.Status.External), 0)
	wantEqual(t, "state", in.Status.State, channels.StateFailed)

	ofNobody := strings.NewReplacer("\n\nSee below.", "", "Final-Recipient: rfc822; ann@customer.test", "Status: 5.1.1").Replace(head)
	wantEqual(t, "kind of one that names no recipient, either", decodeOne(t, ofNobody+"--x--\n").Kind, channels.InboundMessage)
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

// A report in words may say that a server still tries. The words of the mail that it returns don't count for that.
func TestDelaysInWords(t *testing.T) {
	t.Parallel()
	const recipient = "\n\n  ann@customer.test\n    host mx.customer.test\n    450 try again\n\n"
	tests := []struct {
		name      string
		words     string
		isDelayed bool
	}{
		{name: "Exim", words: "The address to which the message has not yet been delivered is:" + recipient, isDelayed: true},
		{name: "OpenSMTPD", words: "This is only a temporary failure report." + recipient, isDelayed: true},
		{name: "no recipient is named", words: "Your mail has not yet been delivered.\n\n", isDelayed: true},
		{name: "it failed", words: "The following address failed:" + recipient},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ins := mustDecode(t, reportInWords(tt.words+"------ This is a copy of the message, including all the headers. ------\n\n"+
				returnedHeader("ann@customer.test")+"\nYour delivery has been delayed.\n"))
			if len(ins) != 1 || ins[0].Status == nil {
				t.Fatalf("got %+v, want a status", ins)
			}
			wantEqual(t, "it is only delayed", ins[0].Status.Delayed, tt.isDelayed)
		})
	}
}

// Exim and OpenSMTPD write 5.0.0 into every report, which means only that the mail failed. The reason is taken from the
// server's words, in their field or else in the text.
func TestStatusWithoutDetail(t *testing.T) {
	t.Parallel()
	generic := reportWithAction("Action: failed\nStatus: 5.0.0")
	const nameless, full = "Diagnostic-Code: Timeout\n", "The mailbox is full."
	inField := strings.Replace(generic, nameless, "Diagnostic-Code: smtp; 554-5.2.2 Box A\n", 1)
	inText := strings.Replace(strings.Replace(generic, nameless, "", 1), "See below.", "Bob@customer.test: 550 5.1.1 gone\n"+
		"ann@customer.test: 554 5.2.2 Box A", 1)
	for name, report := range map[string]string{"field": inField, "text": inText} {
		got := wantFailed(t, decodeOne(t, report))
		wantContains(t, name, got.Reason, full+" The server said: 554")
		wantEqual(t, name+": class", got.Class, channels.BadRecipient)
	}
}

// If a report is about two recipients, each gets the reason that the server gave for that recipient.
func TestCausesAreOfTheirRecipients(t *testing.T) {
	t.Parallel()
	ins := mustDecode(t, reportInWords("Sorry:\n\n<ann@customer.test>:\n552 5.2.2 box full\n\n<bob@customer.test>:\n550 no such user\n\n"+
		returnedHeader("ann@customer.test, bob@customer.test")))
	if len(ins) != 2 {
		t.Fatalf("reports: got %d, want 2: %+v", len(ins), ins)
	}
	wantContains(t, "of Ann", wantFailed(t, ins[0]).Reason, "The mailbox is full.")
	wantContains(t, "of Bob", wantFailed(t, ins[1]).Reason, "The mail could not be delivered. The server said: 550")
}

// A field of the report, or the mail that it returns as a file, may name the recipients.
func TestReportsThatNameRecipientsElsewhere(t *testing.T) {
	t.Parallel()
	inField := strings.Replace(reportInWords("Mail "+messageID(12, 34)+" came back: 550 no such user\n"),
		"Subject:", "X-Failed-Recipients: ann@customer.test\nSubject:", 1)
	inMail := strings.Replace(reportInWords("--x\n\n"+hotlineWords+"--x\nContent-Type: message/rfc822\n\n"+
		returnedHeader("ann@customer.test")+"\nHi\n--x--\n"), "Subject:", "Content-Type: multipart/mixed; boundary=x\nSubject:", 1)
	for name, report := range map[string]string{"field": inField, "mail": inMail} {
		wantEqual(t, "recipient by the "+name, wantFailed(t, decodeOne(t, report)).Recipient, "ann@customer.test")
	}
}

// The words of a report, or the mail that it returns, may be encoded.
func TestEncodedReports(t *testing.T) {
	t.Parallel()
	encode := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) + "\n" }
	inWords := strings.Replace(reportInWords(encode("Mail "+messageID(12, 34)+" came back.\n\n<ann@customer.test>: 550 no such user\n")),
		"Subject:", "Content-Transfer-Encoding: base64\nSubject:", 1)
	wantEqual(t, "recipient", wantFailed(t, decodeOne(t, inWords)).Recipient, "ann@customer.test")

	const returned = "Content-Type: message/rfc822\n\n"
	head, _, _ := strings.Cut(reportWithAction("Action: failed"), returned)
	in := decodeOne(t, head+"Content-Transfer-Encoding: base64\n"+returned+
		encode("Message-ID: <replaced@provider.test>\nReferences: <"+anchorID(12)+">\n\nHi\n")+"--x--\n")
	wantAnswers(t, in, 12, 0)
	wantEqual(t, "kind", in.Kind, channels.InboundStatus)
}

// However long a report is, only maxReports recipients and a short reason are taken from it.
func TestEndlessReport(t *testing.T) {
	t.Parallel()
	var fields strings.Builder
	for n := range 2 * maxReports {
		fmt.Fprintf(&fields, "Action: failed\n\nFinal-Recipient: rfc822; %d@customer.test\nDiagnostic-Code: %s\n",
			n, strings.Repeat("x", 5000))
	}
	ins := mustDecode(t, reportWithAction(fields.String()+"Action: failed"))
	wantEqual(t, "recipients of whom it is told", len(ins), maxReports)
	if got := len(ins[1].Status.Reason); got > 2*maxReplyRunes {
		t.Errorf("length of the reason: got %d, want at most %d", got, 2*maxReplyRunes)
	}
}
