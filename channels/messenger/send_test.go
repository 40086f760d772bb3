package messenger

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/graphfake"
)

func attached(name, contentType string, content []byte) channels.File {
	return channels.File{Name: name, ContentType: contentType, SizeBytes: int64(len(content)), Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(content)), nil
	}}
}

// Canonical Markdown becomes what people read where there is no formatting, with the
// signature below it, and answers the one message.
func TestSendText(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	question := r.customer.Text("How?")
	o := r.outbound(1, "")
	o.Text, o.Signature.Text, o.ReplyTo = "**Open** the [page](https://acme.test/a_b) & *wait*", "_Acme_", question
	receipts, err := r.sendAll(t.Context(), o)
	if err != nil || len(receipts) != 1 {
		t.Fatalf("sent with the receipts %+v, %v; want one and no error", receipts, err)
	}
	got := r.customer.Inbox()[0]
	wantEqual(t, "text", got.Text, "Open the page: https://acme.test/a_b & wait\n\nAcme")
	wantEqual(t, "message that it answers", got.ReplyTo, question)
	wantEqual(t, "id", got.ID, receipts[0].ExternalID)
	wantEqual(t, "tag", got.Tag, "")
	wantEqual(t, "version of Graph that was called", r.meta.RequestsTo("messenger.messages")[0].Version, "v26.0")
}

// A text that was short enough when it was typed leaves, without the signature where that has no
// room below it.
func TestNoRoomForTheSignature(t *testing.T) {
	t.Parallel()
	const signature = "Yours, Acme"
	text := strings.Repeat("x", maxText-len("\n\n"+signature)+1)
	wantOnePart(t, channels.Outbound{Text: text, Signature: channels.Signature{Text: signature}}, text)
}

// wantOnePart checks that a message is sent as one text.
func wantOnePart(t *testing.T, o channels.Outbound, text string) {
	t.Helper()
	parts, err := composeParts(o)
	if err != nil || len(parts) != 1 {
		t.Fatalf("composed as %+v, %v; want one part and no error", parts, err)
	}
	wantEqual(t, "text", parts[0].text, text)
}

// A text with a file is two messages, in order; when the file fails for certain after the
// text left, another attempt sends the file only.
//
func TestSendTextAndFile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.outbound(1, "Here it is")
	o.Files = []channels.File{attached("plan ä.pdf", "application/pdf", []byte("%PDF"))}

	// The text leaves, and the receipt announces the file.
	text, err := r.Send(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "there is more to send after the text", text.More, true)

	// The file fails once, and leaves with the next attempt.
	o.Attempt.Part = 1
	r.addFault(t, graphfake.Fault{Route: "messenger.messages", Action: graphfake.ActionError, Code: 2, Status: 500})
	_, err = r.Send(t.Context(), o)
	wantClass(t, "the first attempt at the file", err, channels.Retry)
	o.Attempt.Number = 2
	file, err := r.Send(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "there is more to send after the file", file.More, false)
	if file.ExternalID == text.ExternalID {
		t.Errorf("file and text have the same id %s, want two", file.ExternalID)
	}
	wantEqual(t, "uploads of the file", len(r.meta.RequestsTo("messenger.attachments")), 1)

	// The customer got both.
	got := r.customer.Inbox()
	if len(got) != 2 {
		t.Fatalf("the customer got %+v, want the text and the file", got)
	}
	wantEqual(t, "text of the first", got[0].Text, "Here it is")
	wantEqual(t, "kind of the first", got[0].Kind, "")
	wantEqual(t, "text of the second", got[1].Text, "")
	wantEqual(t, "kind of the second", got[1].Kind, "file")
	wantEqual(t, "name of the file", got[1].Name, "plan ä.pdf")
	wantEqual(t, "content of the file", string(got[1].File), "%PDF")

	// Both echoes name the message, and that of the last part says that all of it has arrived.
	var echoes []channels.Inbound
	for _, in := range r.takeInbound(t) {
		if in.Kind == channels.InboundOwn {
			echoes = append(echoes, in)
		}
	}
	if len(echoes) != 2 {
		t.Fatalf("got the echoes %+v, want one for each part", echoes)
	}
	wantEqual(t, "message of the text's echo", echoes[0].Answers.Message, messageID(1))
	wantEqual(t, "message of the file's echo", echoes[1].Answers.Message, messageID(1))
	wantEqual(t, "the text's echo has a status", echoes[0].Status != nil, false)
	wantEqual(t, "the file's echo has a status", echoes[1].Status != nil, true)

	o.Attempt.Part = 2
	_, err = r.Send(t.Context(), o)
	wantClass(t, "a part that isn't there", err, channels.BadContent)
}

// A reply that was edited between two attempts sends its new file, also under the old one's
// name and size.
func TestSendAnotherFileOfTheSameName(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.outbound(1, "")
	o.Files = []channels.File{attached("price.pdf", "application/pdf", []byte("wrong"))}
	r.addFault(t, graphfake.Fault{Route: "messenger.messages", Action: graphfake.ActionError, Code: 2, Status: 500})
	_, err := r.Send(t.Context(), o)
	wantClass(t, "the first attempt", err, channels.Retry)
	o.Attempt.Number, o.Files = 2, []channels.File{attached("price.pdf", "application/pdf", []byte("right"))}
	if _, err := r.sendAll(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if got := r.customer.Inbox(); len(got) != 1 || string(got[0].File) != "right" {
		t.Errorf("the customer got %+v, want the new file alone", got)
	}
}

// A file that can't be read, is too large or isn't taken stops the text as well.
func TestSendNoTextWithoutItsFile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	unreadable := attached("gone.png", "image/png", []byte("x"))
	unreadable.Open = func(context.Context) (io.ReadCloser, error) { return nil, errors.New("gone") }
	ofUnknownSize := attached("big.png", "image/png", make([]byte, maxImageBytes+1))
	ofUnknownSize.SizeBytes = 0
	for name, c := range map[string]struct {
		file  channels.File
		class channels.Class
	}{
		"unreadable":                  {file: unreadable, class: channels.Retry},
		"large image":                 {file: attached("big.png", "image/png", make([]byte, maxImageBytes+1)), class: channels.BadContent},
		"large image of unknown size": {file: ofUnknownSize, class: channels.BadContent},
		"large film": {
			file:  channels.File{Name: "film.mp4", ContentType: "video/mp4", SizeBytes: maxFileBytes + 1},
			class: channels.BadContent,
		},
		"empty": {file: attached("empty.txt", "text/plain", nil), class: channels.BadContent},
	} {
		o := r.outbound(1, "see the file")
		o.Files = []channels.File{c.file}
		_, err := r.Send(t.Context(), o)
		wantClass(t, name, err, c.class)
		if sendError(t, err).Text == "" {
			t.Errorf("%s: the error has no words for people: %v", name, err)
		}
	}

	// A lost upload shows nobody anything, so it may be repeated.
	r.addFault(t, graphfake.Fault{Route: "messenger.attachments", Action: graphfake.ActionDropAfter})
	o := r.outbound(2, "see the file")
	o.Files = []channels.File{attached("a.png", "image/png", []byte("PNG"))}
	_, err := r.Send(t.Context(), o)
	wantClass(t, "an upload whose answer was lost", err, channels.Retry)
	if got := r.customer.Inbox(); len(got) != 0 {
		t.Errorf("the customer got %+v, want nothing before the file is uploaded", got)
	}
	if _, err := r.sendAll(t.Context(), o); err != nil {
		t.Errorf("the upload again: %v", err)
	}
}

// What Messenger's apps can't show as a picture, film or sound goes as a file.
func TestAttachmentType(t *testing.T) {
	t.Parallel()
	for contentType, want := range map[string]string{
		"image/jpeg":       "image",
		"IMAGE/PNG; x=y":   "image",
		"image/heic":       "file",
		"image/svg+xml":    "file",
		"image/webp":       "file",
		"video/mp4":        "video",
		"video/x-matroska": "file",
		"audio/mpeg":       "audio",
		"audio/flac":       "file",
		"application/pdf":  "file",
		"":                 "file",
	} {
		if got := attachmentType(contentType); got != want {
			t.Errorf("%q goes as %s, want %s", contentType, got, want)
		}
	}
}

// The customer sees that somebody reads and writes.
//
func TestAttend(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	noError(t, r.Attend(t.Context(), channels.Party{Key: r.customer.ID()}, "m_1"))
	wantEqual(t, "somebody is typing", r.customer.Typing(), true)
	wantEqual(t, "the Page has seen her messages", !r.customer.Seen().IsZero(), true)
	if _, err := r.Send(t.Context(), r.outbound(1, "Hi")); err != nil {
		t.Error(err)
	}
	wantEqual(t, "somebody is typing after the answer", r.customer.Typing(), false)
	if err := r.Attend(t.Context(), channels.Party{Key: "42"}, ""); err == nil {
		t.Error("attending to nobody succeeded, want an error")
	}
}

// Receipts, reactions and edits of a customer come back as she made them.
func TestCustomerDoes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	sent, err := r.Send(t.Context(), r.outbound(1, "Hi"))
	if err != nil {
		t.Fatal(err)
	}

	delivered := r.takeOne(t, channels.InboundStatus)
	wantEqual(t, "customer of the receipt", delivered.From.Key, r.customer.ID())
	wantEqual(t, "state", delivered.Status.State, channels.StateDelivered)
	if at := r.customer.Inbox()[0].At.Truncate(time.Millisecond); delivered.Status.UpTo.Before(at) {
		t.Errorf("delivered up to %s, want %s or later", delivered.Status.UpTo, at)
	}
	r.customer.Read()
	read := r.takeOne(t, channels.InboundStatus).Status
	wantEqual(t, "state", read.State, channels.StateRead)
	wantEqual(t, "the receipt has a time", !read.UpTo.IsZero(), true)

	r.customer.React(sent.ExternalID, "👍")
	reaction := r.takeOne(t, channels.InboundReaction)
	wantEqual(t, "message of the reaction", reaction.Change.Target, sent.ExternalID)
	wantEqual(t, "emoji of the reaction", reaction.Change.Emoji, "👍")
	wantEqual(t, "the reaction opens the window", reaction.Opens, true)
	r.customer.React(sent.ExternalID, "")
	wantEqual(t, "emoji of a reaction taken back", r.takeOne(t, channels.InboundReaction).Change.Emoji, "")

	written := r.customer.Text("wrng")
	r.takeFacts(t)
	r.customer.Edit(written, "wrong")
	r.customer.Edit(written, "right")
	var edits []string
	for _, in := range r.takeInbound(t) {
		edits = append(edits, string(in.Kind), in.Change.Target, in.Text)
	}
	if want := []string{"edit", written, "wrong", "edit", written, "right"}; !slices.Equal(edits, want) {
		t.Errorf("got the edits %q, want %q", edits, want)
	}
}

// The settings site shows a signature as it leaves here.
func TestSignatureLeavesAsShown(t *testing.T) {
	t.Parallel()
	const signature = "**Acme** Support, *Monday* to Friday\n\n[acme.test](https://acme.test/a_b)\n\n- one\n- two"
	wantOnePart(t, channels.Outbound{Text: "Hi", Signature: channels.Signature{Text: signature}}, "Hi\n\n"+Spec().Signature(signature))
}

// The first call that an app refuses without the proof of its secret may be an upload, which isn't repeated by itself. The
// secret isn't wrong: the next attempt proves that Parley knows it, and the file leaves.
func TestUploadWhereTheAppRequiresItsSecret(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.meta.RequireProof()
	o := r.outbound(1, "")
	o.Files = []channels.File{attached("a.png", "image/png", []byte("PNG"))}
	_, err := r.sendAll(t.Context(), o)
	wantClass(t, "the first attempt", err, channels.Retry)
	if _, err := r.sendAll(t.Context(), o); err != nil {
		t.Errorf("the second attempt: %v", err)
	}
	wantEqual(t, "messages that the customer got", len(r.customer.Inbox()), 1)
}
