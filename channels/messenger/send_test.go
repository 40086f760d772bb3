package messenger

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/channels"
)

// Markdown becomes what people read where there is no formatting, with the signature below it. The message names what it answers.
func TestSendText(t *testing.T) {
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

// A text that has no room for the signature below it leaves without.
func TestNoRoomForTheSignature(t *testing.T) {
	t.Parallel()
	const signature = "Yours, Acme"
	text := strings.Repeat("x", maxText-len("\n\n"+signature)+1)
	wantOnePart(t, channels.Outbound{Text: text, Signature: channels.Signature{Text: signature}}, text)
}

// The settings site shows a signature as it leaves here.
func TestSignatureLeavesAsShown(t *testing.T) {
	t.Parallel()
	const signature = `**Acme** Support, *Monday* to Friday

[acme.test](https://acme.test/a_b)

- one
- two`
	wantOnePart(t, channels.Outbound{Text: "Hi", Signature: channels.Signature{Text: signature}}, "Hi\n\n"+Spec().Signature(signature))
}

// Attending to a message shows the customer that the Page has seen it, and that somebody is typing until the answer comes.
// Requirement R-240: The customer sees that somebody reads.
func TestAttend(t *testing.T) {
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

// Requirement R-240: The customer sees that somebody reads.
func TestAttendToUnknownCustomer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if err := r.Attend(t.Context(), channels.Party{Key: "42"}, ""); err == nil {
		t.Error("attending to an unknown customer succeeded, want an error")
	}
}

// A receipt says up to which time messages were delivered.
func TestDelivered(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.mustSend(t, r.outbound(1, "Hi"))
	delivered := r.takeOne(t, channels.InboundStatus)
	wantEqual(t, "customer of the receipt", delivered.From.Key, r.customer.ID())
	wantEqual(t, "state", delivered.Status.State, channels.StateDelivered)
	if sentAt := r.takeInbox(t, 1)[0].At.Truncate(time.Millisecond); delivered.Status.UpTo.Before(sentAt) {
		t.Errorf("delivered up to %s, want %s or later", delivered.Status.UpTo, sentAt)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.mustSend(t, r.outbound(1, "Hi"))
	r.takeFacts(t)
	r.customer.Read()
	read := r.takeOne(t, channels.InboundStatus).Status
	wantEqual(t, "state", read.State, channels.StateRead)
	if read.UpTo.IsZero() {
		t.Error("the receipt has no time")
	}
}

// A reaction names its message, and opens the reply window. Taken back, it has no emoji.
func TestReaction(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	sent := r.mustSend(t, r.outbound(1, "Hi"))
	r.takeFacts(t)
	r.customer.React(sent.ExternalID, "👍")
	reaction := r.takeOne(t, channels.InboundReaction)
	wantEqual(t, "message", reaction.Change.Target, sent.ExternalID)
	wantEqual(t, "emoji", reaction.Change.Emoji, "👍")
	wantEqual(t, "opens the window", reaction.Opens, true)

	r.customer.React(sent.ExternalID, "")
	wantEqual(t, "emoji when it is taken back", r.takeOne(t, channels.InboundReaction).Change.Emoji, "")
}

// Each edit of a message is told, in order.
func TestEdits(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	written := r.customer.Text("wrng")
	r.takeFacts(t)
	r.customer.Edit(written, "wrong")
	r.customer.Edit(written, "right")

	type edit struct {
		kind    channels.InboundKind
		message string
		text    string
	}
	var got []edit
	for _, in := range r.takeInbound(t) {
		got = append(got, edit{kind: in.Kind, message: in.Change.Target, text: in.Text})
	}
	want := []edit{
		{kind: channels.InboundEdit, message: written, text: "wrong"},
		{kind: channels.InboundEdit, message: written, text: "right"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got the edits %+v, want %+v", got, want)
	}
}
