package inbound

import (
	"strings"
	"testing"

	"parley/channels"
)

// A report (bounce) says what became of a mail of ours. Some reports have parts for that, others say it only in words.

// wantFailed checks that a report is about a failure of our message 34, and returns the report's status.
func wantFailed(t *testing.T, in channels.Inbound) channels.Status {
	t.Helper()
	if in.Status == nil {
		t.Fatalf("got %+v, want a status", in)
	}
	wantEqual(t, "state", in.Status.State, channels.StateFailed)
	wantEqual(t, "message", in.Status.MessageID, 34)
	return *in.Status
}

// reportInWords returns a report with these words.
func reportInWords(words string) string {
	return `From: MAILER-DAEMON@provider.test
Return-Path: <>
To: help@acme.test
Subject: Undelivered mail

` + words
}

// returnedHeader returns the header of message 34 with these recipients, as a report returns it.
func returnedHeader(to string) string {
	return strings.NewReplacer("ANCHOR", anchorID(12), "MESSAGE", messageID(12, 34), "RECIPIENTS", to).Replace(
		`Received: from [192.0.2.1] (helo=acme.test)
 by mx.provider.test with ESMTP id 1MQ@mx.provider.test
From: Kim Park (Acme) <help@acme.test>
References: <ANCHOR>
 <first.1@customer.test>
Message-ID: <MESSAGE>
To: RECIPIENTS
Subject: Re: Printer
`)
}

// failure is what a report says of one recipient.
type failure struct {
	recipient string
	reason    string // words of the server
}

// These are words of servers' reports before the mail that they return.
const (
	ionosWords = `A message that you sent could not be delivered to one or more of its recipients.

ann@customer.test:
SMTP error from remote server for RCPT TO command, host: mx.customer.test reason: 550 5.1.1 no such user


--- The header of the original message is following. ---

`

	zohoWords = `This is a permanent error.

ann@customer.test Invalid Address, ERROR_CODE :550, ERROR_CODE :5.1.1 <ann@customer.test>... User Unknown


`

	mimecastWords = `Your mail could not be delivered to the following address:
-- ann@customer.test

The problem appears to be :
-- Recipient email address is possibly incorrect

Additional information follows :
-- 5.4.1 Recipient address rejected: Access denied.
`

	sqmailWords = `Sorry:

<ann@customer.test>:
From: <help@acme.test> RCPT: <ann@customer.test> refused:
552 5.2.2 box full

<bob@customer.test>:
From: <help@acme.test> RCPT: <bob@customer.test> refused:
550 no such user

`

	hotlineWords = `For further assistance, please contact <support@provider.test>

If you do so, please include this report.

<ann@customer.test>: host mx.customer.test said: 550 User unknown

`

	refusedWords = `Your mail was refused: 550 5.7.1 message content rejected

`

	twoWords = `Sorry:

<ann@customer.test>:
550 no such user

<bob@customer.test>:
552 disk quota exceeded

--- Below this line is a copy of the message.

`

	ownAddressWords = `Your mail was refused: 550 5.7.1 help@acme.test may not send

`

	forwardedWords = `<ann.lee@elsewhere.test>: 550 no such user

------ This is a copy of the message, including all the headers. ------

`
)

// summaryWords begins with the fields of the mail, and has the failed recipients only after them.
func summaryWords() string {
	return `This report relates to a message you sent with the following header fields:

  Message-id: <` + messageID(12, 34) + `>
  From: help@acme.test
  To: ann@customer.test
  Subject: Re: Printer

Your message cannot be delivered to the following recipients:

  <ann@customer.test>: 550 no such user
`
}

// A report in words names the recipients at whom the mail failed. Other addresses in it aren't taken for recipients, such
// as our own Message-ID, ids in the headers that it returns, or a provider's hotline. The forms are those of 629 reports
// of sisimai's collection (set-of-emails, read 2026-11-23).
func TestReportsInWords(t *testing.T) {
	t.Parallel()
	returned := returnedHeader("Ann Lee <ann@customer.test>")
	tests := []struct {
		name  string
		words string
		want  []failure
	}{
		{name: "IONOS", words: ionosWords + returned, want: []failure{{recipient: "ann@customer.test", reason: "SMTP error"}}},
		{
			name:  "Zoho",
			words: zohoWords + returned,
			want:  []failure{{recipient: "ann@customer.test", reason: "ann@customer.test Invalid"}},
		},
		{
			name:  "Mimecast",
			words: mimecastWords + "Message-ID: <" + messageID(12, 34) + ">\n",
			want:  []failure{{recipient: "ann@customer.test", reason: "5.4.1 Recipient address rejected"}},
		},
		{
			name:  "s/qmail, whose replies begin as a field does",
			words: sqmailWords + returnedHeader("ann@customer.test, bob@customer.test"),
			want: []failure{
				{recipient: "ann@customer.test", reason: "From: <help@acme.test> RCPT: <ann@customer.test> refused: 552"},
				{recipient: "bob@customer.test", reason: "From: <help@acme.test> RCPT: <bob@customer.test> refused: 550"},
			},
		},
		{
			name:  "the hotline of a provider",
			words: hotlineWords + returned,
			want:  []failure{{recipient: "ann@customer.test", reason: "host"}},
		},
		{
			name:  "a summary of the mail first",
			words: summaryWords(),
			want:  []failure{{recipient: "ann@customer.test", reason: "550 no such user"}},
		},
		{
			name:  "no recipient is named but in the mail",
			words: refusedWords + returned,
			want:  []failure{{recipient: "ann@customer.test", reason: "Your mail was refused"}},
		},
		{
			name:  "no recipient is named, and the mail had two",
			words: refusedWords + returnedHeader("ann@customer.test, bob@customer.test"),
			want:  []failure{{recipient: "", reason: "Your mail was refused"}},
		},
		{
			name:  "the server names our own address",
			words: ownAddressWords + returned,
			want:  []failure{{recipient: "ann@customer.test", reason: "Your mail was refused"}},
		},
		{
			name:  "no address is named but our own",
			words: "<help@acme.test>: 550 may not send\n\n" + returned,
			want:  []failure{{recipient: "ann@customer.test", reason: "<help@acme.test>: 550"}},
		},
		{
			name:  "the server's reply names the recipient",
			words: "Mail " + messageID(12, 34) + " came back:\n550 5.1.1 <ann@customer.test> is unknown\n",
			want:  []failure{{recipient: "ann@customer.test", reason: "550 5.1.1"}},
		},
		{
			name: "ids and addresses that are no recipients",
			words: "<" + messageID(12, 34) + ">: 550 the mail\n\n<help@acme.test>: 550 its sender\n\n" +
				"<mailer-daemon@provider.test>: 550 this program\n\n<ann@customer.test>: 550 no such user\n",
			want: []failure{{recipient: "ann@customer.test", reason: "550 no such user"}},
		},
		{
			name:  "two of three recipients",
			words: twoWords + returnedHeader("Ann Lee <ann@customer.test>,\n Bob <bob@customer.test>, cy@customer.test"),
			want: []failure{
				{recipient: "ann@customer.test", reason: "550"},
				{recipient: "bob@customer.test", reason: "552"},
			},
		},
		{
			name:  "a recipient to whom the mail was forwarded",
			words: forwardedWords + returned,
			want:  []failure{{recipient: "ann.lee@elsewhere.test", reason: "550"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ins := mustDecode(t, reportInWords(tt.words))
			if len(ins) != len(tt.want) {
				t.Fatalf("reports: got %d, want %d: %+v", len(ins), len(tt.want), ins)
			}
			for i, want := range tt.want {
				got := wantFailed(t, ins[i])
				wantEqual(t, "recipient", got.Recipient, want.recipient)
				wantContains(t, "reason", got.Reason, "The server said: "+want.reason)
			}
		})
	}
}

// 552 means a full mailbox if the server's words say so, and otherwise a mail that is too large.
func TestRoomInReports(t *testing.T) {
	t.Parallel()
	const full, tooLarge = "The mailbox is full.", "The mail is too large for the receiving server."
	tests := []struct {
		words  string
		reason string
		class  channels.Class
	}{
		{words: "552 disk quota exceeded", reason: full, class: channels.BadRecipient},
		{words: "552 Mailbox full", reason: full, class: channels.BadRecipient},
		{words: "552 exceeded storage allocation", reason: full, class: channels.BadRecipient},
		{words: "552 Message size exceeds the limit", reason: tooLarge, class: channels.BadContent},
		{words: "552 5.3.4 Message exceeds its quota", reason: tooLarge, class: channels.BadContent},
	}
	for _, tt := range tests {
		t.Run(tt.words, func(t *testing.T) {
			t.Parallel()
			got := wantFailed(t, decodeOne(t, reportInWords("Sorry:\n\n<ann@customer.test>:\n"+tt.words+
				"\n\n--- Below this line is a copy of the message.\n\n"+returnedHeader("ann@customer.test")+"\nHi")))
			wantContains(t, "reason", got.Reason, tt.reason)
			wantEqual(t, "class", got.Class, tt.class)
		})
	}
}

// The reason follows from the enhanced code, unless the server's words say something else.
func TestCausesInReports(t *testing.T) {
	t.Parallel()
	tests := []struct{ words, reason string }{
		{words: "550 5.4.1 Recipient address rejected: Access denied", reason: "The address does not exist or is refused."}, // Microsoft
		{words: "550 5.4.1 No answer from host", reason: "The receiving mail server could not be reached."},
		{words: "501 5.1.8 Sender address rejected", reason: "The receiving server refused the mail."},
		{words: "550 5.1.7 Sender address rejected", reason: "The receiving server refused the mail."},
		{words: "550 5.7.1 Recipient address rejected: Policy", reason: "The receiving server refused the mail."},
		{words: "550 5.2.1 Mailbox disabled", reason: "The mailbox does not take mail."},
		{words: "550 5.2.3 Too long", reason: "The mail is too large for the receiving server."},
		{words: "554 5.4.6 Too many hops", reason: "Mail to this address goes round in circles."},
		{words: "554 5.4.14 Hop count exceeded", reason: "Mail to this address goes round in circles."},
	}
	for _, tt := range tests {
		got := wantFailed(t, decodeOne(t, reportInWords("Sorry:\n\n<ann@customer.test>:\n"+tt.words+
			"\n\n--- Below this line is a copy of the message.\n\n"+returnedHeader("ann@customer.test")+"\nHi")))
		wantContains(t, tt.words, got.Reason, tt.reason)
	}
}

// A report on a mail to an address outside ASCII has its own types of parts and addresses.
// Source: RFC 6533 sections 3 to 6.
func TestInternationalReport(t *testing.T) {
	t.Parallel()
	report := strings.NewReplacer("MESSAGE", messageID(12, 34), "ANOTHER", messageID(12, 33)).Replace(
		`From: MAILER-DAEMON@provider.test
To: help@acme.test
Subject: Report
Content-Type: multipart/report; report-type=delivery-status; boundary=x

--x

See below.
--x
Content-Type: message/global-delivery-status

Reporting-MTA: dns; provider.test

Original-Recipient: utf-8; j\x{F6}rg@customer.test
Final-Recipient: utf-8; jörg@customer.test
Action: failed
Status: 5.1.1

--x
Content-Type: message/global-headers

Message-ID: <MESSAGE>
From: help@acme.test
References: <ANOTHER>

--x--
`)
	ins := mustDecode(t, report)
	if len(ins) != 1 {
		t.Fatalf("reports: got %+v, want one", ins)
	}
	wantEqual(t, "recipient", wantFailed(t, ins[0]).Recipient, "jörg@customer.test")
}

// reportWithAction returns a report whose field says what became of message 34. It may have further fields.
func reportWithAction(fields string) string {
	return strings.NewReplacer("FIELDS", fields, "MESSAGE", messageID(12, 34)).Replace(`From: MAILER-DAEMON@provider.test
To: help@acme.test
Subject: Report
Content-Type: multipart/report; report-type=delivery-status; boundary=x

--x

See below.
--x
Content-Type: message/delivery-status

Reporting-MTA: dns; provider.test

Final-Recipient: rfc822; ann@customer.test
FIELDS
Diagnostic-Code: Timeout

--x
Content-Type: message/rfc822

Message-ID: <MESSAGE>
From: help@acme.test

Hi
--x--
`)
}

// For a mail that failed, some servers use other words than the five of RFC 3464.
func TestActionsOfFailures(t *testing.T) {
	t.Parallel()
	const again = "Action: failed\n\nFinal-Recipient: Ann@customer.test\nAction: failed" // a field may also lack its type
	for _, fields := range []string{"Action: failed", "Action: expired", "Action: Failure", "Action: bounced\nStatus: 5.1.1", again} {
		got := wantFailed(t, decodeOne(t, crlf(reportWithAction(fields))))
		wantEqual(t, fields+": recipient", got.Recipient, "ann@customer.test")
		wantEqual(t, fields+": it is only delayed", got.Delayed, false)
	}
}

// A mail that is delayed has not failed.
func TestActionsOfDelays(t *testing.T) {
	t.Parallel()
	for _, fields := range []string{"Action: delayed", "Action: deferred\nStatus: 4.4.1"} {
		got := decodeOne(t, reportWithAction(fields)).Status
		if got == nil {
			t.Errorf("%s: got no status, want one", fields)
			continue
		}
		wantEqual(t, fields+": it is only delayed", got.Delayed, true)
	}
}

// A report on a mail that arrived is about no failure and no delay.
func TestActionsOfSuccesses(t *testing.T) {
	t.Parallel()
	for _, fields := range []string{"Action: delivered", "Action: relayed", "Action: expanded", "Action: deliverable\nStatus: 2.1.5"} {
		if got := decodeOne(t, reportWithAction(fields)).Status; got != nil {
			t.Errorf("%s: got the status %+v, want none", fields, *got)
		}
	}
}
