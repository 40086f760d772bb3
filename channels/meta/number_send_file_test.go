package meta

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	"parley/channels"
	"parley/channels/graphfake"
)

// shown is what the customer sees of a message with a file.
type shown struct {
	kind string // of the message
	text string
}

// A file that WhatsApp doesn't show as a picture, a video or a sound is sent as a document. The text is its caption if
// WhatsApp allows that, and otherwise a message before it.
// Requirement R-059: Pictures, videos, sound and documents by WhatsApp.
func TestSendFileKinds(t *testing.T) {
	t.Parallel()
	x := []byte("x")
	tooLong := long(maxCaption + 1)
	tests := []struct {
		name string
		file channels.File
		text string
		want []shown
	}{
		{name: "JPEG", file: file("a.jpg", "image/jpeg", x), text: "look", want: []shown{{"image", "look"}}},
		{name: "PNG with a parameter in its type, no text", file: file("a.png", "IMAGE/PNG; x=y", x), want: []shown{{"image", ""}}},
		{
			name: "WebP, which is for stickers alone", file: file("a.webp", "image/webp", x), text: "look",
			want: []shown{{"document", "look"}},
		},
		{
			name: "picture too large for a picture", file: file("a.jpg", "image/jpeg", make([]byte, 5<<20+1)), text: "look",
			want: []shown{{"document", "look"}},
		},
		{name: "CSV", file: file("a.csv", "text/csv", x), text: "look", want: []shown{{"document", "look"}}},
		{name: "calendar", file: file("a.ics", "text/calendar; charset=utf-8", x), text: "look", want: []shown{{"document", "look"}}},
		{name: "video", file: file("a.mp4", "video/mp4", x), text: "look", want: []shown{{"video", "look"}}},
		{
			name: "video too large for a video", file: file("a.mp4", "video/mp4", make([]byte, 16<<20+1)), text: "look",
			want: []shown{{"document", "look"}},
		},
		{
			name: "sound, which has no caption", file: file("a.ogg", "audio/ogg", x), text: "listen",
			want: []shown{{"text", "listen"}, {"audio", ""}},
		},
		{name: "sound without a text", file: file("a.mp3", "audio/mpeg", x), want: []shown{{"audio", ""}}},
		{name: "sound under an unofficial type", file: file("a.m4a", "audio/x-m4a", x), want: []shown{{"audio", ""}}},
		{name: "PDF", file: file("ü.pdf", "application/pdf", x), text: "read", want: []shown{{"document", "read"}}},
		{name: "no type, known by its name", file: file("a.PDF", "", x), want: []shown{{"document", ""}}},
		{
			name: "type of any bytes, known by its name",
			file: file("a.xls", "application/octet-stream", x),
			want: []shown{{"document", ""}},
		},
		{
			name: "text too long for a caption", file: file("a.pdf", "application/pdf", x), text: tooLong,
			want: []shown{{"text", tooLong}, {"document", ""}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.openWindow()
			o := outbound(12, tt.text)
			o.Files = []channels.File{tt.file}
			receipts := w.sendAll(o)
			wantEqual(t, "number of receipts", len(receipts), len(tt.want))

			inbox := w.ann.Inbox()
			var got []shown
			for _, m := range inbox {
				got = append(got, shown{m.Type, m.Text})
			}
			if !slices.Equal(got, tt.want) {
				t.Fatalf("the customer got %.60q, want %.60q", got, tt.want)
			}
			checkFile(t, inbox[len(inbox)-1], tt.file)

			// The statuses of the last part are those of the message. A status of a text before the file says that it is of one.
			arrived := w.takeInbound()
			wantStates(t, arrived, 12, channels.StateSent, channels.StateDelivered)
			hasTextBefore := len(tt.want) > 1
			wantEqual(t, "a status of a text before the file arrived", slices.ContainsFunc(arrived, isOfFirstPart), hasTextBefore)
		})
	}
}

// isOfFirstPart reports whether a status is that of a first part, with other parts after it.
func isOfFirstPart(in channels.Inbound) bool {
	return in.Status != nil && in.Status.Early && in.Status.Piece == 0
}

// checkFile checks that a message carries a file as it was, and a document its name.
func checkFile(t *testing.T, m graphfake.Message, want channels.File) {
	t.Helper()
	if m.File == nil {
		t.Fatalf("got the message %+v, want one with a file", m)
	}
	f, err := want.Open(t.Context())
	noError(t, err)
	content, err := io.ReadAll(f)
	noError(t, err)
	if !bytes.Equal(m.File.Content, content) {
		t.Errorf("got %d bytes, want the %d of the file", len(m.File.Content), len(content))
	}
	if m.Type == "document" {
		wantEqual(t, "name of the document", m.File.Name, want.Name)
	}
}

// sound is a message of two parts: a text, and a sound that can't carry it.
func sound() channels.Outbound {
	o := outbound(12, "listen")
	o.Files = []channels.File{file("a.ogg", "audio/ogg", []byte("x"))}
	return o
}

// The text before a file is not sent again when the file fails and is tried once more.
func TestSendPartAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.openWindow()
	o := sound()
	wantEqual(t, "more to send after the text", w.send(o).More, true)

	o.Attempt.Part = 1
	w.addFault(graphfake.Fault{Route: "whatsapp.upload", Action: graphfake.ActionDropAfter})
	w.wantSendFails(o, channels.Retry)
	w.addFault(graphfake.Fault{Route: "whatsapp.messages", Action: graphfake.ActionError, Status: 500, Code: codeUnavailable})
	w.wantSendFails(o, channels.Retry)

	o.Attempt.Number = 3
	wantEqual(t, "more to send after the file", w.send(o).More, false)
	var got []string
	for _, m := range w.number.Sent() {
		got = append(got, m.Type)
	}
	if want := []string{"text", "audio"}; !slices.Equal(got, want) {
		t.Errorf("sent messages of the types %v, want %v", got, want)
	}
}

// If the text before a file fails later, the status says that the message has failed, and that it is of an earlier part.
func TestFailedFirstPartFailsTheMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.openWindow()
	w.sendAll(sound())
	w.takeFacts()
	w.number.Fail(w.number.Sent()[0].ID, codeUndeliverable)
	failure := w.takeOne().Status
	if failure == nil {
		t.Fatal("no status arrived")
	}
	wantEqual(t, "state", failure.State, channels.StateFailed)
	wantEqual(t, "message", failure.MessageID, 12)
	wantEqual(t, "is of an earlier part", failure.Early, true)
}

// If a file can't be read, its text doesn't leave either. The reason, where it is known, decides whether it is tried again.
func TestSendUnreadableFile(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		openErr error
		text    string
		want    channels.Class
	}{
		{name: "unknown reason, text as a caption", openErr: errors.New("gone"), text: "short", want: channels.Retry},
		{name: "unknown reason, text before the file", openErr: errors.New("gone"), text: long(maxCaption + 1), want: channels.Retry},
		{
			name:    "deleted, text as a caption",
			openErr: &channels.SendError{Class: channels.BadContent, Text: "It was deleted."},
			text:    "short",
			want:    channels.BadContent,
		},
		{
			name:    "deleted, text before the file",
			openErr: &channels.SendError{Class: channels.BadContent, Text: "It was deleted."},
			text:    long(maxCaption + 1),
			want:    channels.BadContent,
		},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.openWindow()
			o := outbound(12, tt.text)
			o.Files = []channels.File{{
				Name:        "a.pdf",
				ContentType: "application/pdf",
				SizeBytes:   1,
				Open:        func(context.Context) (io.ReadCloser, error) { return nil, tt.openErr },
			}}
			w.wantSendFails(o, tt.want)
			wantEqual(t, "number of sent messages", len(w.number.Sent()), 0)
		})
	}
}
