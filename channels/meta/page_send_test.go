package meta

import (
	"testing"

	"parley/channels"
)

// Markdown becomes what people read where there is no formatting, with the signature below it. The message names what it answers.
func TestPageSendText(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	question := r.customer.Text("How?")
	o := r.outbound(1, "")
	o.Text = "**Open** the [page](https://acme.test/a_b) & *wait*"
	o.Signature.Text = "_Acme_"
	o.ReplyTo = question
	receipts := r.mustSendAll(t, o)
	if len(receipts) != 1 {
		t.Fatalf("got the receipts %+v, want one", receipts)
	}
	got := r.takeInbox(t, 1)[0]
	wantEqual(t, "text", got.Text, "Open the page: https://acme.test/a_b & wait\n\nAcme")
	wantEqual(t, "message that it answers", got.ReplyTo, question)
	wantEqual(t, "id", got.ID, receipts[0].ExternalID)
	wantEqual(t, "tag", got.Tag, "")
	wantEqual(t, "version of Graph that was called", r.meta.RequestsTo("messenger.messages")[0].Version, "v26.0")
}

// wantOnePart checks that a message is sent as one text.
func wantOnePart(t *testing.T, o channels.Outbound, text string) {
	t.Helper()
	parts, err := composeParts(o)
	noError(t, err)
	if len(parts) != 1 {
		t.Fatalf("composed as %+v, want one part", parts)
	}
	wantEqual(t, "text", parts[0].text, text)
}

// The settings site shows a signature as it leaves here.
func TestPageSignatureLeavesAsShown(t *testing.T) {
	t.Parallel()
	const signature = `**Acme** Support, *Monday* to Friday

[acme.test](https://acme.test/a_b)

- one
- two`
	wantOnePart(t, channels.Outbound{Text: "Hi", Signature: channels.Signature{Text: signature}}, "Hi\n\n"+Messenger().Signature(signature))
}

// Attending to a message shows the customer that the Page has seen it, and that somebody is typing until the answer comes.
// Requirement R-240: The customer sees that somebody reads.
func TestPageAttend(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	noError(t, r.Attend(t.Context(), channels.Party{Key: r.customer.ID()}, "m_1"))
	wantEqual(t, "somebody is typing", r.customer.Typing(), true)
	if r.customer.Seen().IsZero() {
		t.Error("the Page hasn't seen the messages")
	}
	r.mustSend(t, r.outbound(1, "Hi"))
	wantEqual(t, "somebody is typing after the answer", r.customer.Typing(), false)
}
