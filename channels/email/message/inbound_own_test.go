package message

import (
	"fmt"
	"testing"

	"parley/channels"
)

// These tests are about mails of our own: what Parley sent, and what somebody wrote in the mailbox itself.

// A mail is a copy of what Parley sent if it has both our token and our address.
func TestOwnCopy(t *testing.T) {
	t.Parallel()
	in := decodeSample(t, "own-copy")[0]
	wantEqual(t, "kind", in.Kind, channels.InboundOwn)
	wantEqual(t, "why it is automatic", in.Automatic, "")
	wantAnswers(t, in, 12, 35)
}

// If a colleague writes a mail in the mailbox itself, it is an answer to the customer.
func TestWrittenInTheMailbox(t *testing.T) {
	t.Parallel()
	in := decodeSample(t, "foreign-sent")[0]
	wantEqual(t, "kind", in.Kind, channels.InboundElsewhere)
	wantEqual(t, "conversation", in.Answers.Conversation, 12)
	wantKeys(t, "recipients", in.Envelope.To, "ann@customer.test")
	wantEqual(t, "why it is automatic", in.Automatic, "")
}

// A stranger's mail with our token, or a mail from our address without a token, may be forged. It is read as a
// customer's mail.
func TestMailThatIsOursByHalf(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, raw string }{
		{name: "token from a stranger", raw: "From: eve@x.test\r\nMessage-ID: <" + messageID(1, 2) + ">\r\n\r\nHi"},
		{name: "own address without a token", raw: "From: help@acme.test\r\nMessage-ID: <x@y>\r\n\r\nHi"},
	}
	for _, tt := range tests {
		wantEqual(t, tt.name+": kind", decodeOne(t, tt.raw).Kind, channels.InboundMessage)
	}
}

// inFolder returns a payload: a mail that lies in the folder of sent mail, or in another one.
func inFolder(isSent bool, mail string) string {
	return fmt.Sprintf(`{"v":1,"folder":"Sent","uid":1,"uidvalidity":1,"sent":%t}`+"\n", isSent) + mail
}

// sentMail is a mail with a header of its own, beside what each of them has.
func sentMail(header string) string {
	return crlf(header + "To: ann@customer.test\nIn-Reply-To: <q@customer.test>\n\nHello")
}

const (
	fromAcme  = "From: Acme <help@acme.test>\n"
	foreignID = "Message-ID: <a1@acme.test>\n" // which Parley didn't make
)

// checkKinds decodes each mail in the folder of sent mail and checks the kind of what comes of it. In another folder
// the same mail counts as one that arrived.
func checkKinds(t *testing.T, want channels.InboundKind, tests []sentTest) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sent := mustDecode(t, inFolder(true, sentMail(tt.header)))
			if len(sent) == 0 {
				t.Fatal("in the folder of sent mail: got nothing, want one thing")
			}
			wantEqual(t, "kind in the folder of sent mail", sent[0].Kind, want)
			wantArrived(t, sentMail(tt.header))
		})
	}
}

// sentTest is a mail in the folder of sent mail.
type sentTest struct {
	name   string
	header string
}

// wantArrived checks that a mail counts as one that arrived when it lies in another folder than that of sent mail.
func wantArrived(t *testing.T, mail string) {
	t.Helper()
	arrived := mustDecode(t, inFolder(false, mail))
	if len(arrived) == 0 {
		t.Fatal("in another folder: got nothing, want one thing")
	}
	if got := arrived[0].Kind; got == channels.InboundElsewhere || got == "" {
		t.Errorf("kind in another folder: got %q, want that of a mail that arrived", got)
	}
}

// Mails in the folder of sent mail that somebody of the team wrote are answers.
func TestAnswersInTheSentFolder(t *testing.T) {
	t.Parallel()
	checkKinds(t, channels.InboundElsewhere, []sentTest{
		{name: "an answer", header: fromAcme + foreignID},
		{name: "from another address of ours", header: "From: Billing@acme.test\n" + foreignID},
		{name: "with blind copies", header: fromAcme + foreignID + "Bcc: boss@acme.test\n"},
		{name: "with a forged id of ours", header: fromAcme + foreignID + MessageHeader + ": <c12.m34.00000000@acme.test>\n"},
		{name: "an answer to a message of ours", header: fromAcme + foreignID + "References: <" + messageID(12, 34) + ">\n"},
	})
}

// A mail in the folder of sent mail that nobody of the team wrote isn't an answer. An example is one that was moved
// there from the inbox.
func TestNoAnswersInTheSentFolder(t *testing.T) {
	t.Parallel()
	const receipt = `Content-Type: multipart/report; report-type=disposition-notification; boundary=b

--b

Seen
--b
Content-Type: message/disposition-notification

Disposition: manual-action/MDN-sent-manually; displayed
--b--
`
	tests := []sentTest{
		{name: "moved from the inbox", header: "From: ann@customer.test\n" + foreignID},
		{name: "a colleague's own mail", header: "From: kim@acme.test\n" + foreignID},
		{name: "out of office", header: fromAcme + foreignID + "Auto-Submitted: auto-replied\n"},
		{name: "vacation", header: fromAcme + foreignID + "Subject: Automatic reply: Hi\n"},
		{name: "newsletter", header: fromAcme + foreignID + "List-Unsubscribe: <mailto:x@acme.test>\n"},
		{name: "read receipt", header: fromAcme + foreignID + "To: ann@customer.test\n" + receipt},
		{name: "a bounce", header: "From: MAILER-DAEMON@acme.test\n" + foreignID},
		{name: "no sender", header: foreignID},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := mustDecode(t, inFolder(true, sentMail(tt.header))); len(got) > 0 {
				t.Errorf("in the folder of sent mail: got %+v, want nothing", got)
			}
			wantArrived(t, sentMail(tt.header))
		})
	}
}

// A form that mails from an address of ours, with the customer in Reply-To, is that customer's mail. What may be our own mail
// that comes back, a colleague's or a program's isn't.
func TestFormThatMailsFromOurAddress(t *testing.T) {
	t.Parallel()
	const luis = "Reply-To: Luis Gil <luis@customer.test>\n"
	decode := func(mail string) channels.Inbound {
		return mustDecode(t, inFolder(false, crlf(fromAcme+foreignID+"To: help@acme.test\n"+mail)))[0]
	}
	form := decode(luis + "\nDo you ship to Chile?")
	wantEqual(t, "author", form.From.Key, "luis@customer.test")
	wantEqual(t, "name", form.From.Name, "Luis Gil")
	wantEqual(t, "why it is automatic", form.Automatic, "")
	wantKeys(t, "addresses for answers", form.Envelope.ReplyTo)

	for name, mail := range map[string]string{
		"no other address":      "Reply-To: help@acme.test\n\nHello",
		"an answer":             luis + "In-Reply-To: <q@customer.test>\n\nHello",
		"our own header":        luis + MessageHeader + ": <" + messageID(12, 34) + ">\n\nHello",
		"our own mail inside":   luis + "\n> Message-ID: <" + messageID(12, 34) + ">\n> Hello",
		"an automatic reply":    luis + "Auto-Submitted: auto-replied\n\nHello",
		"a newsletter of ours":  luis + "List-Unsubscribe: <mailto:x@acme.test>\n\nHello",
		"nobody reads Reply-To": "Reply-To: no-reply@shop.test\n\nHello",
	} {
		if in := decode(mail); in.Automatic == "" && in.Kind == channels.InboundMessage {
			t.Errorf("%s: it is taken for a mail of %s", name, in.From.Key)
		}
	}
}
