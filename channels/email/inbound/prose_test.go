package inbound

import (
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/email/mailid"
)

// A report in words names the recipients at whom the mail failed, and nobody else: not our own Message-ID or other ids in the headers
// that it returns, nor the hotline of a provider. The forms are those of 629 reports of sisimai's collection (set-of-emails, read
// 2026-11-23).
func TestProse(t *testing.T) {
	t.Parallel()
	id := mailid.Message(decodeKeys[0], 12, 34, "acme.test")
	returned := "Received: from [192.0.2.1] (helo=acme.test)\n by mx.provider.test with ESMTP id 1MQ@mx.provider.test\n" +
		"From: Kim Park (Acme) <help@acme.test>\nReferences: <" + mailid.Anchor(decodeKeys[0], 12, "acme.test") + ">\n <first.1@customer.test>\n" +
		"Message-ID: <" + id + ">\nTo: Ann Lee <ann@customer.test>\nSubject: Re: Printer\n"
	tests := []struct{ name, text, want string }{
		{"IONOS", "A message that you sent could not be delivered to one or more of its recipients.\n\nann@customer.test:\n" +
			"SMTP error from remote server for RCPT TO command, host: mx.customer.test reason: 550 5.1.1 no such user\n\n\n" +
			"--- The header of the original message is following. ---\n\n" + returned, "ann@customer.test: SMTP error"},
		{"Zoho", "This is a permanent error.\n\nann@customer.test Invalid Address, ERROR_CODE :550, ERROR_CODE :5.1.1 <ann@customer.test>... User Unknown\n\n\n" +
			returned, "ann@customer.test: ann@customer.test Invalid"},
		{"hotline", "For further assistance, please contact <support@provider.test>\n\nIf you do so, please include this report.\n\n" +
			"<ann@customer.test>: host mx.customer.test said: 550 User unknown\n\n" + returned, "ann@customer.test: host"},
		{"summary first", "This report relates to a message you sent with the following header fields:\n\n  Message-id: <" + id + ">\n" +
			"  From: help@acme.test\n  To: ann@customer.test\n  Subject: Re: Printer\n\n" +
			"Your message cannot be delivered to the following recipients:\n\n  <ann@customer.test>: 550 no such user\n", "ann@customer.test: 550 no such user"},
		{"nobody named", "Your mail was refused: 550 5.7.1 message content rejected\n\n" + returned, "ann@customer.test: Your mail was refused"},
		{"two of three", "Sorry:\n\n<ann@customer.test>:\n550 no such user\n\n<bob@customer.test>:\n552 disk quota exceeded\n\n--- Below this line is a copy of the message.\n\n" +
			strings.Replace(returned, "<ann@customer.test>", "<ann@customer.test>,\n Bob <bob@customer.test>, cy@customer.test", 1),
			"ann@customer.test: 550 | bob@customer.test: 552"},
		{"forwarded", "<ann.lee@elsewhere.test>: 550 no such user\n\n------ This is a copy of the message, including all the headers. ------\n\n" + returned,
			"ann.lee@elsewhere.test: 550"},
	}
	for _, tt := range tests {
		raw := "From: MAILER-DAEMON@provider.test\nReturn-Path: <>\nTo: help@acme.test\nSubject: Undelivered mail\n\n" + tt.text
		ins, err := newTestDecoder().Decode([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		wanted := strings.Split(tt.want, " | ")
		if len(ins) != len(wanted) {
			t.Fatalf("%s: got %d reports, want %d", tt.name, len(ins), len(wanted))
		}
		for i, in := range ins {
			wantFailed(t, in)
			recipient, words, _ := strings.Cut(wanted[i], ": ")
			wantEqual(t, tt.name+": recipient", in.Status.Recipient, recipient)
			wantText(t, tt.name+": reason", in.Status.Reason, "The server said: "+words)
		}
	}
}

// TestRoomInReports: 552 means a full mailbox where the server's words say so, and otherwise a mail that is too large.
func TestRoomInReports(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]struct {
		reason string
		class  channels.Class
	}{
		"552 disk quota exceeded":             {"The mailbox is full.", channels.BadRecipient},
		"552 Mailbox full":                    {"The mailbox is full.", channels.BadRecipient},
		"552 exceeded storage allocation":     {"The mailbox is full.", channels.BadRecipient},
		"552 Message size exceeds the limit":  {"The mail is too large for the receiving server.", channels.BadContent},
		"552 5.3.4 Message exceeds its quota": {"The mail is too large for the receiving server.", channels.BadContent},
	} {
		in := decodeOne(t, "From: MAILER-DAEMON@provider.test\nReturn-Path: <>\nTo: help@acme.test\nSubject: Undelivered mail\n\nSorry:\n\n"+
			"<ann@customer.test>:\n"+words+"\n\n--- Below this line is a copy of the message.\n\n"+
			"Message-ID: <"+mailid.Message(decodeKeys[0], 12, 34, "acme.test")+">\nFrom: help@acme.test\nTo: ann@customer.test\nSubject: Re: Printer\n\nHi")
		wantFailed(t, in)
		wantText(t, words, in.Status.Reason, want.reason)
		wantEqual(t, words+": class", in.Status.Class, want.class)
	}
}

// wantFailed checks that a report says that message 34 of ours failed.
func wantFailed(t *testing.T, in channels.Inbound) {
	t.Helper()
	if in.Status == nil {
		t.Fatalf("got %+v, want a status", in)
	}
	wantEqual(t, "state", in.Status.State, channels.StateFailed)
	wantEqual(t, "message", in.Status.MessageID, 34)
}

// A report on a mail to an address outside ASCII has parts and addresses of its own.
// Source: RFC 6533 sections 3 to 6.
func TestInternationalReport(t *testing.T) {
	t.Parallel()
	ins, err := newTestDecoder().Decode([]byte("From: MAILER-DAEMON@provider.test\nTo: help@acme.test\nSubject: Report\n" +
		"Content-Type: multipart/report; report-type=delivery-status; boundary=x\n\n--x\n\nSee below.\n--x\nContent-Type: message/global-delivery-status\n\n" +
		"Reporting-MTA: dns; provider.test\n\nOriginal-Recipient: utf-8; j\\x{F6}rg@customer.test\nFinal-Recipient: utf-8; jörg@customer.test\nAction: failed\nStatus: 5.1.1\n\n" +
		"--x\nContent-Type: message/global-headers\n\nMessage-ID: <" + mailid.Message(decodeKeys[0], 12, 34, "acme.test") + ">\nFrom: help@acme.test\n" +
		"References: <" + mailid.Message(decodeKeys[0], 12, 33, "acme.test") + ">\n\n--x--\n"))
	if err != nil || len(ins) != 1 {
		t.Fatalf("got %+v, %v; want one report", ins, err)
	}
	wantFailed(t, ins[0])
	wantEqual(t, "recipient", ins[0].Status.Recipient, "jörg@customer.test")
}

// Not all servers keep to the five words of RFC 3464 for what became of a mail.
func TestOddActions(t *testing.T) {
	t.Parallel()
	for action, want := range map[string]string{
		"failed":                     "failed",
		"expired":                    "failed",
		"Failure":                    "failed",
		"bounced\nStatus: 5.1.1":     "failed",
		"delayed":                    "delayed",
		"deferred\nStatus: 4.4.1":    "delayed",
		"delivered":                  "",
		"relayed":                    "",
		"expanded":                   "",
		"deliverable\nStatus: 2.1.5": "",
	} {
		raw := "From: MAILER-DAEMON@provider.test\nTo: help@acme.test\nSubject: Report\n" +
			"Content-Type: multipart/report; report-type=delivery-status; boundary=x\n\n--x\n\nSee below.\n--x\nContent-Type: message/delivery-status\n\n" +
			"Reporting-MTA: dns; provider.test\n\nFinal-Recipient: rfc822; ann@customer.test\nAction: " + action + "\nDiagnostic-Code: Timeout\n\n" +
			"--x\nContent-Type: message/rfc822\n\nMessage-ID: <" + mailid.Message(decodeKeys[0], 12, 34, "acme.test") + ">\nFrom: help@acme.test\n\nHi\n--x--\n"
		ins, err := newTestDecoder().Decode([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if s := ins[0].Status; s != nil && s.Delayed {
			got = "delayed"
		} else if s != nil && s.State == channels.StateFailed && s.Recipient == "ann@customer.test" {
			got = "failed"
		}
		wantEqual(t, action+": reports", len(ins), 1)
		wantEqual(t, action+": what became of the mail", got, want)
	}
}
