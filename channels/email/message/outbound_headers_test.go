package message

import (
	"fmt"
	"slices"
	"testing"

	"parley/channels"
)

// mustMakeHeaders makes the headers of an answer's thread.
func mustMakeHeaders(t *testing.T, o channels.Outbound) *mailHeaders {
	t.Helper()
	h, err := newComposer(t).newHeaders(o)
	noError(t, err)
	return h
}

// anchor returns the id to which all mails of a conversation refer.
func anchor(conversation int64) string {
	return Anchor(outboundTestKeys()[0], conversation, "acme.test")
}

// An answer refers to the anchor of its conversation, to the mails that it names and, at the end, to the mail that it
// answers, each once. It doesn't refer to the anchor of an earlier conversation, since answers must not arrive there.
func TestReferences(t *testing.T) {
	t.Parallel()
	own := Message(outboundTestKeys()[0], 12, 30, "acme.test")
	o := newAnswer() // of conversation 12
	o.References = []string{"q1@customer.test", anchor(12), anchor(11), own, "q1@customer.test", "q2@customer.test", own}
	o.InReplyTo = "<q1@customer.test>"
	h := mustMakeHeaders(t, o)
	want := []string{anchor(12), own, "q2@customer.test", "q1@customer.test"}
	if !slices.Equal(h.references, want) {
		t.Errorf("references: got %q, want %q", h.references, want)
	}
	wantEqual(t, "In-Reply-To", h.inReplyTo, "q1@customer.test")
}

// The id of a mail contains its conversation and message. It is the same in each attempt to send the mail.
func TestMessageIDOfAnAnswer(t *testing.T) {
	t.Parallel()
	o := newAnswer()
	id := mustMakeHeaders(t, o).id
	token, _ := Parse(outboundTestKeys(), id)
	wantEqual(t, "conversation in the id", token.Conversation, o.ConversationID)
	wantEqual(t, "message in the id", token.Message, o.MessageID)

	o.Attempt.Number = 5
	o.DeliveryID = 99
	wantEqual(t, "id of another attempt", mustMakeHeaders(t, o).id, id)
}

// The subject of an answer begins with one "Re:", in whatever language its former marks were.
func TestSubjectOfAnAnswer(t *testing.T) {
	t.Parallel()
	tests := []struct{ subject, want string }{
		{subject: "Printer", want: "Re: Printer"},
		{subject: "Re: Printer", want: "Re: Printer"},
		{subject: "RE: re: AW: Printer", want: "Re: Printer"},
		{subject: "Re[2]: SV: Printer", want: "Re: Printer"},
		{subject: "回复：打印机", want: "Re: 打印机"},
		{subject: "Fwd: Printer", want: "Re: Fwd: Printer"},
		{subject: "Regarding: x", want: "Re: Regarding: x"},
		{subject: "", want: "Re: (no subject)"},
	}
	for _, tt := range tests {
		got := subjectLine(channels.Outbound{Subject: tt.subject, InReplyTo: "x@y"})
		wantEqual(t, fmt.Sprintf("subject %q", tt.subject), got, tt.want)
	}
}

// The sender's name contains the names of the agent and the account, each once.
func TestSenderName(t *testing.T) {
	t.Parallel()
	tests := []struct{ author, account, want string }{
		{author: "Ann Lee", account: "Acme Support", want: "Ann Lee (Acme Support)"},
		{author: "", account: "Acme Support", want: "Acme Support"},
		{author: "Ann Lee", account: "", want: "Ann Lee"},
		{author: "", account: "", want: ""},
		{author: "Acme", account: "Acme", want: "Acme"},
	}
	for _, tt := range tests {
		got := senderName(tt.author, tt.account)
		wantEqual(t, fmt.Sprintf("senderName(%q, %q)", tt.author, tt.account), got, tt.want)
	}
}

// A mail is sent from the address of ours to which the customer wrote. If that address isn't ours, or no longer, the mail is
// sent from the main address.
func TestSenderAddress(t *testing.T) {
	t.Parallel()
	tests := []struct{ writtenTo, want string }{
		{writtenTo: "", want: "Support@acme.test"},
		{writtenTo: "help@acme.test", want: "help@acme.test"},
		{writtenTo: "Help@Acme.test", want: "Help@Acme.test"},
		{writtenTo: "ceo@acme.test", want: "Support@acme.test"},
		{writtenTo: "ann@customer.test", want: "Support@acme.test"},
	}
	for _, tt := range tests {
		o := newAnswer()
		o.From = tt.writtenTo
		wantEqual(t, fmt.Sprintf("sender of an answer to a mail to %q", tt.writtenTo), mustCompose(t, o).From, tt.want)
	}
}

// A recipient that isn't one address is refused, and so is a mail without recipients.
func TestOutgoingRecipientsAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		to   []channels.Party
	}{
		{name: "nobody", to: nil},
		{name: "empty", to: []channels.Party{{Key: ""}}},
		{name: "no domain", to: []channels.Party{{Key: "nobody"}}},
		{name: "two in one", to: []channels.Party{{Key: "a@b>, <c@d"}}},
		{name: "a header", to: []channels.Party{{Key: "a@b\r\nBcc: c@d"}}},
		{name: "a name", to: []channels.Party{{Key: "Ann <a@b.test>"}}},
		{name: "a blank", to: []channels.Party{{Key: "a b@c.test"}}},
		{name: "two @", to: []channels.Party{{Key: "a@@b"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newAnswer()
			o.To = tt.to
			_, err := newComposer(t).Compose(o)
			wantClass(t, err, channels.BadRecipient)
		})
	}
}

// wantRecipients checks to whom a mail goes.
func wantRecipients(t *testing.T, m *Mail, want ...string) {
	t.Helper()
	if !slices.Equal(m.Recipients, want) {
		t.Errorf("recipients: got %q, want %q", m.Recipients, want)
	}
}

// A mail is sent once to each address. An address outside ASCII needs a server that accepts UTF-8.
func TestOutgoingRecipients(t *testing.T) {
	t.Parallel()
	o := newAnswer()
	o.To = []channels.Party{{Key: "ann@customer.test"}, {Key: `"odd name"@customer.test`}}
	o.Cc = []channels.Party{{Key: "ann@customer.test"}, {Key: "jörg@customer.test"}}
	m := mustCompose(t, o)
	wantRecipients(t, m, "ann@customer.test", "odd name@customer.test", "jörg@customer.test")
	wantEqual(t, "the mail needs a server that takes UTF-8", m.UTF8, true)
}
