package email

import (
	"errors"
	"slices"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/email/mailfake"
	"parley/channels/email/message"
)

// reply is an ordinary reply to a customer.
func reply() channels.Outbound {
	return channels.Outbound{
		DeliveryID:     7,
		ConversationID: 12,
		MessageID:      34,
		Attempt:        channels.Attempt{Number: 1},
		To:             []channels.Party{{Key: customer, Name: "Ann Lee"}},
		Subject:        "Printer on fire",
		Text:           "On **our** way.",
		Author:         "Kim Park",
		InReplyTo:      "q1@customer.test",
		References:     []string{"q1@customer.test"},
	}
}

// replyWith is reply() with files.
func replyWith(files ...channels.File) channels.Outbound {
	o := reply()
	o.Files = files
	return o
}

// wantClass checks that Send failed with an error of this class that has words for people.
func wantClass(t *testing.T, err error, want channels.Class) {
	t.Helper()
	_ = sendErrorOf(t, err, want)
}

// sendErrorOf is like wantClass, and returns the error.
func sendErrorOf(t *testing.T, err error, want channels.Class) *channels.SendError {
	t.Helper()
	var failed *channels.SendError
	if !errors.As(err, &failed) {
		t.Fatalf("Send: got error %v, want one of class %s", err, want)
	}
	if failed.Class != want {
		t.Fatalf("Send: got error %v of class %s, want class %s", err, failed.Class, want)
	}
	if failed.Text == "" {
		t.Errorf("Send: error %+v has no words for people", failed)
	}
	if failed.Hint == "" {
		t.Errorf("Send: error %+v has no hint for people", failed)
	}
	return failed
}

// wantSendFails sends a mail by a new channel, and checks that it fails with an error of this class.
func (w *world) wantSendFails(o channels.Outbound, want channels.Class) *channels.SendError {
	w.t.Helper()
	_, err := w.channel().Send(testContext(w.t), o)
	return sendErrorOf(w.t, err, want)
}

// wantNothingLeft checks that the server took no mail.
func (w *world) wantNothingLeft() {
	w.t.Helper()
	wantEqual(w.t, "mails that left", len(w.Submissions()), 0)
}

// smtpReply is a fault that answers a command with an SMTP code and an enhanced code.
func smtpReply(op mailfake.Op, code int, enhanced string) mailfake.Fault {
	return smtpReplyText(op, code, enhanced, "")
}

// smtpReplyText is like smtpReply, with the server's words.
func smtpReplyText(op mailfake.Op, code int, enhanced, text string) mailfake.Fault {
	return mailfake.Fault{Op: op, Action: mailfake.ActionReply, Code: code, Enhanced: enhanced, Text: text}
}

// dropBefore is a fault that drops the connection before a command is done.
func dropBefore(op mailfake.Op) mailfake.Fault {
	return mailfake.Fault{Op: op, Action: mailfake.ActionDropBefore}
}

// dropAfter is a fault that drops the connection after a command is done, instead of answering.
func dropAfter(op mailfake.Op) mailfake.Fault {
	return mailfake.Fault{Op: op, Action: mailfake.ActionDropAfter}
}

// A mail arrives with Parley's Message-ID, which the receipt has, too.
func TestSend(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got, err := w.channel().Send(testContext(t), reply())
	noError(t, err)
	id := message.Message(testKeys()[0], 12, 34, "acme.test")
	wantEqual(t, "receipt", got, channels.Receipt{ExternalID: id, State: channels.StateAccepted})

	inbox := w.Inbox(customer)
	if len(inbox) != 1 {
		t.Fatalf("mails that the customer got: %+v, want one", inbox)
	}
	wantEqual(t, "Message-ID", inbox[0].MessageID, "<"+id+">")
	wantEqual(t, "subject", inbox[0].Subject, replySubject)
	wantEqual(t, "sender", inbox[0].From, mailfake.Address{Name: "Kim Park (Acme Support)", Address: support})
}

// The copy of a mail in the folder of sent mail has the same Message-ID, and counts as read.
func TestCopyOfASentMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.send()
	sent := w.Sent(support)
	if len(sent) != 1 {
		t.Fatalf("mails in Sent: got %+v, want one copy", sent)
	}
	wantEqual(t, "Message-ID of the copy", sent[0].MessageID, "<"+message.Message(testKeys()[0], 12, 34, "acme.test")+">")
	wantEqual(t, "the copy is seen", slices.Contains(sent[0].Flags, `\Seen`), true)
}

// A second attempt at a message has the same Message-ID.
func TestSecondAttemptHasTheSameMessageID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.send()

	again := reply()
	again.Attempt.Number = 2
	again.Attempt.FirstAt = time.Now()
	if _, err := w.channel().Send(testContext(t), again); err != nil {
		t.Fatal(err)
	}

	left := w.Submissions()
	if len(left) != 2 {
		t.Fatalf("mails that left: got %+v, want two", left)
	}
	wantEqual(t, "Message-ID of the second attempt", left[1].MessageID, left[0].MessageID)
}

// Each fault of the connection and each refusal has its class. The test also checks whether the mail left.
func TestSendFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault mailfake.Fault
		class channels.Class
		wait  time.Duration // until the next attempt, if the refusal says it
		left  int           // mails that the server took
	}{
		// Faults before the mail is described.
		{name: "dropped at EHLO", fault: dropBefore(mailfake.OpSMTPConnect), class: channels.Retry},
		{name: "421 at EHLO", fault: smtpReply(mailfake.OpSMTPConnect, 421, "4.3.2"), class: channels.Retry},
		{name: "password refused", fault: smtpReply(mailfake.OpAUTH, 535, "5.7.8"), class: channels.AuthBroken},
		{name: "basic sign-in off", fault: smtpReply(mailfake.OpAUTH, 535, "5.7.139"), class: channels.AuthBroken},
		{name: "454 at AUTH", fault: smtpReply(mailfake.OpAUTH, 454, "4.7.0"), class: channels.Retry},
		{name: "dropped at AUTH", fault: dropBefore(mailfake.OpAUTH), class: channels.Retry},

		// Faults at its sender and recipient.
		{name: "sender refused", fault: smtpReply(mailfake.OpMAIL, 550, "5.7.60"), class: channels.AccountBlocked},
		{name: "quota of a day", fault: smtpReply(mailfake.OpMAIL, 550, "5.4.5"), class: channels.Throttled, wait: time.Hour},
		{name: "throttled", fault: smtpReply(mailfake.OpMAIL, 451, "4.3.2"), class: channels.Retry},
		{name: "unknown recipient", fault: smtpReply(mailfake.OpRCPT, 550, "5.1.1"), class: channels.BadRecipient},
		{name: "greylisted", fault: smtpReply(mailfake.OpRCPT, 450, "4.7.1"), class: channels.Retry},
		{name: "dropped at RCPT", fault: dropAfter(mailfake.OpRCPT), class: channels.Retry},

		// Faults at the mail itself.
		{name: "spam", fault: smtpReply(mailfake.OpDATA, 554, "5.6.0"), class: channels.BadContent},
		{name: "too big", fault: smtpReply(mailfake.OpDATA, 552, "5.3.4"), class: channels.BadContent},
		{name: "dropped inside the mail", fault: dropBefore(mailfake.OpDATA), class: channels.Ambiguous},
		{name: "dropped after the dot", fault: dropAfter(mailfake.OpDATA), class: channels.Ambiguous, left: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.addFault(tt.fault)
			failed := w.wantSendFails(reply(), tt.class)
			wantEqual(t, "wait", failed.Wait, tt.wait)
			wantEqual(t, "mails that left", len(w.Submissions()), tt.left)
		})
	}
}

func TestSendWithoutSTARTTLS(t *testing.T) {
	t.Parallel()
	w := newWorld(t) // speaks no TLS
	w.config["smtp.security"] = "starttls"
	w.wantSendFails(reply(), channels.Retry)
}

// If the server refuses one of several recipients, nobody gets the mail, and the error names the refused one.
func TestPartialRefusal(t *testing.T) {
	t.Parallel()
	const refused = "bob@customer.test"
	w := newWorld(t)
	noError(t, w.SetRecipient(mailfake.RecipientRule{Address: refused, Policy: mailfake.PolicyRefuse}))
	o := reply()
	o.Cc = []channels.Party{{Key: refused}, {Key: "cy@customer.test"}}
	failed := w.wantSendFails(o, channels.BadRecipient)
	wantContains(t, "error", failed.Text, refused)
	wantContains(t, "error", failed.Text, "nothing was sent")
	w.wantNothingLeft()
}

// A wrong password breaks the account, and the error has the server's code.
func TestWrongSMTPPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config["smtp.username"] = support
	w.config["smtp.password"] = "wrong"
	failed := w.wantSendFails(reply(), channels.AuthBroken)
	wantContains(t, "error", failed.Text, "535")
}
