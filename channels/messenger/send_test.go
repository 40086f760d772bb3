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
	asked := r.customer.Text("How?")
	o := r.out(1, "")
	o.Text, o.Signature.Text, o.ReplyTo = "**Open** the [page](https://acme.test/a_b) & *wait*", "_Acme_", asked
	receipts, err := r.sendAll(t.Context(), o)
	if err != nil || len(receipts) != 1 {
		t.Fatalf("%v, %v", receipts, err)
	}
	got := r.customer.Inbox()[0]
	if got.Text != "Open the page: https://acme.test/a_b & wait\n\nAcme" || got.ReplyTo != asked || got.ID != receipts[0].ExternalID || got.Tag != "" {
		t.Errorf("the customer got %+v", got)
	}
	if r.meta.RequestsTo("messenger.messages")[0].Version != "v26.0" {
		t.Error("another version of Graph was called")
	}
}

// A text that was short enough when it was typed leaves, without the signature where that has no
// room below it.
func TestNoRoomForTheSignature(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("x", maxText-8)
	parts, err := composeParts(channels.Outbound{Text: text, Signature: channels.Signature{Text: "Yours, Acme"}})
	if err != nil || len(parts) != 1 || parts[0].text != text {
		t.Errorf("%d parts, %v", len(parts), err)
	}
}

// A text with a file is two messages, in order; when the file fails for certain after the
// text left, another attempt sends the file only.
//
func TestSendTextAndFile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.out(1, "Here it is")
	o.Files = []channels.File{attached("plan ä.pdf", "application/pdf", []byte("%PDF"))}
	first, err := r.Send(t.Context(), o)
	if err != nil || !first.More {
		t.Fatalf("%+v, %v", first, err)
	}
	o.Attempt.Part = 1
	r.fault(t, graphfake.Fault{Route: "messenger.messages", Action: graphfake.ActionError, Code: 2, Status: 500})
	if _, err := r.Send(t.Context(), o); channels.ClassOf(err) != channels.Retry {
		t.Fatal(err)
	}
	o.Attempt.Number = 2
	second, err := r.Send(t.Context(), o)
	if err != nil || second.More || second.ExternalID == first.ExternalID {
		t.Fatalf("%+v, %v", second, err)
	}
	got := r.customer.Inbox()
	if len(got) != 2 || got[0].Text != "Here it is" || got[0].Kind != "" || got[1].Kind != "file" || got[1].Name != "plan ä.pdf" || string(got[1].File) != "%PDF" || got[1].Text != "" {
		t.Errorf("the customer got %+v", got)
	}
	if n := len(r.meta.RequestsTo("messenger.attachments")); n != 1 {
		t.Errorf("the file was uploaded %d times", n)
	}
	var own []channels.Inbound
	for _, in := range r.inbound(t) {
		if in.Kind == channels.InboundOwn {
			own = append(own, in)
		}
	}
	if len(own) != 2 || own[0].Status != nil || own[1].Status == nil || own[0].Answers.Message != 1001 || own[1].Answers.Message != 1001 {
		t.Errorf("echoes of the parts: %+v", own)
	}
	o.Attempt.Part = 2
	if _, err := r.Send(t.Context(), o); channels.ClassOf(err) != channels.BadContent {
		t.Errorf("a part that isn't there: %v", err)
	}
}

// A reply that was edited between two attempts sends its new file, also under the old one's
// name and size.
func TestSendAnotherFileOfTheSameName(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.out(1, "")
	o.Files = []channels.File{attached("price.pdf", "application/pdf", []byte("wrong"))}
	r.fault(t, graphfake.Fault{Route: "messenger.messages", Action: graphfake.ActionError, Code: 2, Status: 500})
	if _, err := r.Send(t.Context(), o); channels.ClassOf(err) != channels.Retry {
		t.Fatal(err)
	}
	o.Attempt.Number, o.Files = 2, []channels.File{attached("price.pdf", "application/pdf", []byte("right"))}
	if _, err := r.sendAll(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if got := r.customer.Inbox(); len(got) != 1 || string(got[0].File) != "right" {
		t.Errorf("the customer got %+v", got)
	}
}

// A file that can't be read, is too large or isn't taken stops the text as well.
func TestSendNoTextWithoutItsFile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	unreadable := attached("gone.png", "image/png", []byte("x"))
	unreadable.Open = func(context.Context) (io.ReadCloser, error) { return nil, errors.New("gone") }
	lying := attached("big.png", "image/png", make([]byte, maxImageBytes+1))
	lying.SizeBytes = 0
	for name, c := range map[string]struct {
		file  channels.File
		class channels.Class
	}{
		"unreadable":       {unreadable, channels.Retry},
		"large image":      {attached("big.png", "image/png", make([]byte, maxImageBytes+1)), channels.BadContent},
		"large of no size": {lying, channels.BadContent},
		"large film":       {channels.File{Name: "film.mp4", ContentType: "video/mp4", SizeBytes: maxFileBytes + 1}, channels.BadContent},
		"empty":            {attached("empty.txt", "text/plain", nil), channels.BadContent},
	} {
		o := r.out(1, "see the file")
		o.Files = []channels.File{c.file}
		_, err := r.Send(t.Context(), o)
		if se := sendError(t, err); se.Class != c.class || se.Text == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	r.fault(t, graphfake.Fault{Route: "messenger.attachments", Action: graphfake.ActionDropAfter})
	o := r.out(2, "see the file")
	o.Files = []channels.File{attached("a.png", "image/png", []byte("PNG"))}
	if _, err := r.Send(t.Context(), o); channels.ClassOf(err) != channels.Retry {
		t.Errorf("a lost upload shows nobody anything, so it may be repeated: %v", err)
	}
	if got := r.customer.Inbox(); len(got) != 0 {
		t.Errorf("the customer got %+v", got)
	}
	if _, err := r.sendAll(t.Context(), o); err != nil {
		t.Error(err)
	}
}

// What Messenger's apps can't show as a picture, film or sound goes as a file.
func TestAttachmentType(t *testing.T) {
	t.Parallel()
	for contentType, want := range map[string]string{"image/jpeg": "image", "IMAGE/PNG; x=y": "image", "image/heic": "file", "image/svg+xml": "file", "image/webp": "file",
		"video/mp4": "video", "video/x-matroska": "file", "audio/mpeg": "audio", "audio/flac": "file", "application/pdf": "file", "": "file"} {
		if got := attachmentType(contentType); got != want {
			t.Errorf("%q goes as %s, want %s", contentType, got, want)
		}
	}
}

// Answers to tap: the customer sees them, taps, and the answer says which one.
//
func TestSendButtons(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.out(1, "Which one?")
	o.Rich = &channels.Rich{Buttons: []channels.Button{{ID: "b-1", Title: "Red"}, {ID: "b-2", Title: "Blue"}}}
	o.Files = []channels.File{attached("both.png", "image/png", []byte("PNG"))}
	if _, err := r.sendAll(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	got := r.customer.Inbox()
	if len(got) != 2 || got[0].Kind != "image" || len(got[1].QuickReplies) != 2 {
		t.Fatalf("answers must be below the last message: %+v", got)
	}
	r.take(t)
	if err := r.customer.Tap("Blue"); err != nil {
		t.Fatal(err)
	}
	if in := r.one(t, channels.InboundMessage); in.Text != "Blue" || in.Chosen != "b-2" {
		t.Errorf("the answer became %+v", in)
	}
	o = r.out(2, "Pay here")
	o.Rich = &channels.Rich{Buttons: []channels.Button{{Title: "Pay", URL: "https://pay.acme.test/1"}, {ID: "later", Title: "Later"}}}
	if _, err := r.sendAll(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	got = r.customer.Inbox()
	if last := got[len(got)-1]; last.Text != "Pay here" || len(last.Buttons) != 2 || last.Buttons[0].URL != "https://pay.acme.test/1" {
		t.Errorf("links among answers: %+v", last)
	}
	r.take(t)
	if err := r.customer.Tap("Later"); err != nil {
		t.Fatal(err)
	}
	if in := r.one(t, channels.InboundMessage); in.Text != "Later" || in.Chosen != "later" {
		t.Errorf("the button became %+v", in)
	}
	o = r.out(3, strings.Repeat("long ", 200))
	o.Rich = &channels.Rich{Buttons: []channels.Button{{Title: "Pay", URL: "https://pay.acme.test/1"}, {ID: "later", Title: "Later"}}}
	if _, err := r.sendAll(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	got = r.customer.Inbox()
	if last := got[len(got)-1]; !strings.HasSuffix(last.Text, "\nPay: https://pay.acme.test/1") || len(last.QuickReplies) != 1 {
		t.Errorf("a text too long for a button template: %+v", last)
	}
}

// A carousel, and what Messenger has no form for: it becomes words.
//
func TestSendRich(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.out(1, "Our shoes")
	o.Rich = &channels.Rich{Cards: []channels.RichCard{
		{Title: "Red", Text: "Size 41", ImageURL: "https://acme.test/red.png", Buttons: []channels.Button{{ID: "red", Title: "Take red"}}},
		{Title: "Blue", Text: "Size 42", Buttons: []channels.Button{{Title: "Look", URL: "https://acme.test/blue"}}}}}
	if _, err := r.sendAll(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	got := r.customer.Inbox()
	if len(got) != 2 || got[0].Text != "Our shoes" || len(got[1].Cards) != 2 || got[1].Cards[0].Subtitle != "Size 41" {
		t.Fatalf("the customer got %+v", got)
	}
	r.take(t)
	if err := r.customer.Tap("Take red"); err != nil {
		t.Fatal(err)
	}
	if in := r.one(t, channels.InboundMessage); in.Chosen != "red" {
		t.Errorf("the card's button became %+v", in)
	}
	for want, rich := range map[string]*channels.Rich{
		"The office\nMain street 1\nhttps://www.openstreetmap.org/?mlat=48.1&mlon=11.5#map=17/48.1/11.5": {Location: &channels.Location{Latitude: 48.1, Longitude: 11.5, Name: "The office", Address: "Main street 1"}},
		"Kim\n+15550100\nkim@acme.test": {Contact: &channels.ContactCard{Name: "Kim", Phones: []string{"+15550100"}, Emails: []string{"kim@acme.test"}}},
		"Sizes\n\n1. 41 – small\n2. 42": {List: &channels.List{Button: "Choose", Sections: []channels.ListSection{{Title: "Sizes", Rows: []channels.ListRow{
			{ID: "1", Title: "41", Description: "small"}, {ID: "2", Title: "42"}}}}}},
	} {
		o := r.out(2, "")
		o.Rich = rich
		if _, err := r.sendAll(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		if got := r.texts(); got[len(got)-1] != want {
			t.Errorf("the customer got %q, want %q", got[len(got)-1], want)
		}
	}
}

// What Messenger would refuse is refused here, in words, before a part of it leaves.
func TestComposeRefuses(t *testing.T) {
	t.Parallel()
	button := func(change func(*channels.Button)) *channels.Rich {
		b := channels.Button{ID: "1", Title: "One"}
		change(&b)
		return &channels.Rich{Buttons: []channels.Button{b}}
	}
	card := func(change func(*channels.RichCard)) *channels.Rich {
		c := channels.RichCard{Title: "One", Text: "text"}
		change(&c)
		return &channels.Rich{Cards: []channels.RichCard{c}}
	}
	for name, o := range map[string]channels.Outbound{
		"buttons without a text": {Rich: button(func(*channels.Button) {})},
		"button without words":   {Text: "x", Rich: button(func(b *channels.Button) { b.Title = " " })},
		"long button":            {Text: "x", Rich: button(func(b *channels.Button) { b.Title = strings.Repeat("é", 21) })},
		"long id":                {Text: "x", Rich: button(func(b *channels.Button) { b.ID = strings.Repeat("x", 1001) })},
		"link to a file":         {Text: "x", Rich: button(func(b *channels.Button) { b.URL = "file:///etc/passwd" })},
		"card without title":     {Rich: card(func(c *channels.RichCard) { c.Title = "" })},
		"card of a title":        {Rich: card(func(c *channels.RichCard) { c.Text = "" })},
		"long card":              {Rich: card(func(c *channels.RichCard) { c.Text = strings.Repeat("x", 81) })},
		"card with a bad image":  {Rich: card(func(c *channels.RichCard) { c.ImageURL = "red.png" })},
		"card of four buttons":   {Rich: card(func(c *channels.RichCard) { c.Buttons = make([]channels.Button, 4) })},
		"eleven cards":           {Rich: &channels.Rich{Cards: make([]channels.RichCard, 11)}},
		"two files":              {Text: "x", Files: make([]channels.File, 2)},
		"links make it too long": {Text: strings.Repeat("x", 1990), Rich: button(func(b *channels.Button) { b.URL = "https://acme.test/" })},
	} {
		parts, err := composeParts(o)
		if se := sendError(t, err); se.Class != channels.BadContent || se.Text == "" || se.Hint == "" || parts != nil {
			t.Errorf("%s: %+v, %v", name, parts, err)
		}
	}
}

// The customer sees that somebody reads and writes.
//
func TestAttend(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if err := r.Attend(t.Context(), channels.Party{Key: r.customer.ID()}, "m_1"); err != nil {
		t.Fatal(err)
	}
	if !r.customer.Typing() || r.customer.Seen().IsZero() {
		t.Error("the customer sees nothing of it")
	}
	if _, err := r.Send(t.Context(), r.out(1, "Hi")); err != nil || r.customer.Typing() {
		t.Errorf("%v, still typing: %v", err, r.customer.Typing())
	}
	if err := r.Attend(t.Context(), channels.Party{Key: "42"}, ""); err == nil {
		t.Error("attending to nobody works")
	}
}

// Reactions, edits, receipts: what the customer does comes back as it is.
func TestCustomerDoes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first, err := r.Send(t.Context(), r.out(1, "Hi"))
	if err != nil {
		t.Fatal(err)
	}
	delivered := r.one(t, channels.InboundStatus)
	if s := delivered.Status; s.State != channels.StateDelivered || s.UpTo.Before(r.customer.Inbox()[0].At.Truncate(time.Millisecond)) || delivered.From.Key != r.customer.ID() {
		t.Errorf("delivered %+v", delivered)
	}
	r.customer.Read()
	if s := r.one(t, channels.InboundStatus).Status; s.State != channels.StateRead || s.UpTo.IsZero() {
		t.Errorf("read %+v", s)
	}
	r.customer.React(first.ExternalID, "👍")
	if in := r.one(t, channels.InboundReaction); in.Change.Target != first.ExternalID || in.Change.Emoji != "👍" || !in.Opens {
		t.Errorf("reaction %+v", in)
	}
	r.customer.React(first.ExternalID, "")
	if in := r.one(t, channels.InboundReaction); in.Change.Emoji != "" {
		t.Errorf("taken back %+v", in)
	}
	said := r.customer.Text("wrng")
	r.take(t)
	r.customer.Edit(said, "wrong")
	r.customer.Edit(said, "right")
	var texts []string
	for _, in := range r.inbound(t) {
		texts = append(texts, string(in.Kind), in.Change.Target, in.Text)
	}
	if !slices.Equal(texts, []string{"edit", said, "wrong", "edit", said, "right"}) {
		t.Errorf("edits %q", texts)
	}
}

// The settings site shows a signature as it leaves here.
func TestSignatureLeavesAsShown(t *testing.T) {
	t.Parallel()
	const signature = "**Acme** Support, *Monday* to Friday\n\n[acme.test](https://acme.test/a_b)\n\n- one\n- two"
	parts, err := composeParts(channels.Outbound{Text: "Hi", Signature: channels.Signature{Text: signature}})
	if want := "Hi\n\n" + Spec().Signature(signature); err != nil || len(parts) != 1 || parts[0].text != want {
		t.Errorf("%+v, %v, want %q", parts, err, want)
	}
}

// The first call that an app refuses without the proof of its secret may be an upload, which isn't repeated by itself. The
// secret isn't wrong: the next attempt proves that Parley knows it, and the file leaves.
func TestUploadWhereTheAppRequiresItsSecret(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.meta.RequireProof()
	o := r.out(1, "")
	o.Files = []channels.File{attached("a.png", "image/png", []byte("PNG"))}
	if _, err := r.sendAll(t.Context(), o); channels.ClassOf(err) != channels.Retry {
		t.Fatalf("the first attempt: %v", err)
	}
	if _, err := r.sendAll(t.Context(), o); err != nil || len(r.customer.Inbox()) != 1 {
		t.Errorf("the second: %v, %d messages", err, len(r.customer.Inbox()))
	}
}
