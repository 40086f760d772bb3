package message

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
