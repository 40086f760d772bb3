package meta

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"parley/channels"
	"parley/channels/graphfake"
)

// attached makes a file to send.
func attached(name, contentType string, content []byte) channels.File {
	return channels.File{
		Name:        name,
		ContentType: contentType,
		SizeBytes:   int64(len(content)),
		Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(content)), nil
		},
	}
}

// textAndFile returns a message of two parts, a text and a file.
func (r *rig) textAndFile() channels.Outbound {
	o := r.outbound(1, "Here it is")
	o.Files = []channels.File{attached("plan ä.pdf", "application/pdf", []byte("%PDF"))}
	return o
}

// A text with a file becomes two messages, in order.
// Requirement R-058: Messenger's buttons, lists and cards.
func TestSendTextAndFile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	receipts := r.mustSendAll(t, r.textAndFile())
	if len(receipts) != 2 {
		t.Fatalf("got the receipts %+v, want one for each part", receipts)
	}
	if receipts[0].ExternalID == receipts[1].ExternalID {
		t.Errorf("text and file have the same id %s, want two", receipts[0].ExternalID)
	}
	got := r.takeInbox(t, 2)
	text, file := got[0], got[1]
	wantEqual(t, "text of the first", text.Text, "Here it is")
	wantEqual(t, "kind of the first", text.Kind, "")
	wantEqual(t, "text of the second", file.Text, "")
	wantEqual(t, "kind of the second", file.Kind, "file")
	wantEqual(t, "name of the file", file.Name, "plan ä.pdf")
	wantEqual(t, "content of the file", string(file.File), "%PDF")
}

// If the file is refused after the text was sent, another attempt sends only the file, without uploading it again.
// Requirement R-058: Messenger's buttons, lists and cards.
func TestSendFileAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.textAndFile()
	wantEqual(t, "more to send after the text", r.mustSend(t, o).More, true)

	o.Attempt.Part = 1
	r.addFault(t, graphfake.Fault{Route: "messenger.messages", Action: graphfake.ActionError, Code: 2, Status: 500})
	_ = r.wantSendFails(t, o, channels.Retry)
	o.Attempt.Number = 2
	wantEqual(t, "more to send after the file", r.mustSend(t, o).More, false)
	wantEqual(t, "number of uploads", len(r.meta.RequestsTo("messenger.attachments")), 1)
	r.takeInbox(t, 2)
}

// If a file can't be read, is too large or is empty, the text isn't sent either.
func TestSendBadFile(t *testing.T) {
	t.Parallel()
	unreadable := attached("gone.png", "image/png", []byte("x"))
	unreadable.Open = func(context.Context) (io.ReadCloser, error) { return nil, errors.New("gone") }
	ofUnknownSize := attached("big.png", "image/png", make([]byte, maxImageBytes+1))
	ofUnknownSize.SizeBytes = 0
	tests := []struct {
		name string
		file channels.File
		want channels.Class
	}{
		{name: "unreadable", file: unreadable, want: channels.Retry},
		{name: "large picture", file: attached("big.png", "image/png", make([]byte, maxImageBytes+1)), want: channels.BadContent},
		{name: "large picture of unknown size", file: ofUnknownSize, want: channels.BadContent},
		{
			name: "large video",
			file: channels.File{Name: "film.mp4", ContentType: "video/mp4", SizeBytes: maxFileBytes + 1},
			want: channels.BadContent,
		},
		{name: "empty file", file: attached("empty.txt", "text/plain", nil), want: channels.BadContent},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			o := r.outbound(1, "see the file")
			o.Files = []channels.File{tt.file}
			if se := r.wantSendFails(t, o, tt.want); se.Text == "" {
				t.Errorf("the error %+v has no words for people", se)
			}
			r.takeInbox(t, 0)
		})
	}
}
