package messenger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/channelstest"
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

// The echoes of both parts name the message. Only the last part's echo says that the whole message was sent.
// Requirement R-058: Messenger's buttons, lists and cards.
func TestEchoesOfTextAndFile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.mustSendAll(t, r.textAndFile())

	var echoes []channels.Inbound
	for _, in := range r.takeInbound(t) {
		if in.Kind == channels.InboundOwn {
			echoes = append(echoes, in)
		}
	}
	if len(echoes) != 2 {
		t.Fatalf("got the echoes %+v, want one for each part", echoes)
	}

	text, file := echoes[0], echoes[1]
	wantEqual(t, "message of the text's echo", text.Answers.Message, messageID(1))
	wantEqual(t, "message of the file's echo", file.Answers.Message, messageID(1))
	if text.Status != nil {
		t.Errorf("the text's echo has the status %+v, want none", text.Status)
	}
	if file.Status == nil {
		t.Error("the file's echo has no status")
	}
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

// A part that the message doesn't have is refused.
func TestSendPartThatIsNotThere(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.textAndFile()
	o.Attempt.Part = 2
	_ = r.wantSendFails(t, o, channels.BadContent)
}

// If a reply is edited between two attempts, the new file is sent, even if it has the name and size of the old one.
func TestSendAnotherFileOfTheSameName(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.outbound(1, "")
	o.Files = []channels.File{attached("price.pdf", "application/pdf", []byte("wrong"))}
	r.addFault(t, graphfake.Fault{Route: "messenger.messages", Action: graphfake.ActionError, Code: 2, Status: 500})
	_ = r.wantSendFails(t, o, channels.Retry)

	o.Attempt.Number = 2
	o.Files = []channels.File{attached("price.pdf", "application/pdf", []byte("right"))}
	r.mustSendAll(t, o)
	wantEqual(t, "content of the file", string(r.takeInbox(t, 1)[0].File), "right")
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

// An upload without an answer may be repeated, since the customer sees nothing of it. The text waits for the upload.
func TestUploadWithoutAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.addFault(t, graphfake.Fault{Route: "messenger.attachments", Action: graphfake.ActionDropAfter})
	o := r.outbound(2, "see the file")
	o.Files = []channels.File{attached("a.png", "image/png", []byte("PNG"))}
	_ = r.wantSendFails(t, o, channels.Retry)
	r.takeInbox(t, 0)
	r.mustSendAll(t, o)
}

// An app may require a proof of its secret with each request, and Parley learns it from the first refused one. If that is an
// upload, it fails and is repeated with the proof by the next attempt, although the secret isn't wrong.
func TestUploadWhereTheAppRequiresItsSecret(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.meta.RequireProof()
	o := r.outbound(1, "")
	o.Files = []channels.File{attached("a.png", "image/png", []byte("PNG"))}
	_ = r.wantSendFails(t, o, channels.Retry)
	r.mustSendAll(t, o)
	r.takeInbox(t, 1)
}

// A file that Messenger's apps can't show as a picture, a video or a sound is sent as a file.
func TestAttachmentType(t *testing.T) {
	t.Parallel()
	tests := []struct {
		contentType string
		want        string
	}{
		{contentType: "image/jpeg", want: "image"},
		{contentType: "IMAGE/PNG; x=y", want: "image"},
		{contentType: "image/heic", want: "file"},
		{contentType: "image/svg+xml", want: "file"},
		{contentType: "image/webp", want: "file"},
		{contentType: "video/mp4", want: "video"},
		{contentType: "video/x-matroska", want: "file"},
		{contentType: "audio/mpeg", want: "audio"},
		{contentType: "audio/flac", want: "file"},
		{contentType: "application/pdf", want: "file"},
		{contentType: "", want: "file"},
	}
	for _, tt := range tests {
		if got := attachmentType(tt.contentType); got != tt.want {
			t.Errorf("attachmentType(%q) = %q, want %q", tt.contentType, got, tt.want)
		}
	}
}

// A file may be larger than a picture.
func TestSizeOfFiles(t *testing.T) {
	t.Parallel()
	for size, want := range map[int64]bool{maxImageBytes + 1: true, maxFileBytes: true, maxFileBytes + 1: false} {
		_, err := fileParts([]channels.File{{Name: "a.pdf", ContentType: "application/pdf", SizeBytes: size}})
		wantEqual(t, fmt.Sprintf("a PDF of %d bytes is taken", size), err == nil, want)
	}
	_, err := fileParts([]channels.File{{Name: "a.png", ContentType: "image/png", SizeBytes: maxImageBytes + 1}})
	wantClass(t, "a picture of that size", err, channels.BadContent)
}

// fileThatRuns makes a file that calls onOpen when it is opened.
func fileThatRuns(onOpen func()) channels.File {
	f := attached("a.pdf", "application/pdf", []byte("x"))
	open := f.Open
	f.Open = func(ctx context.Context) (io.ReadCloser, error) {
		onOpen()
		return open(ctx)
	}
	return f
}

// At most maxInMemory files are in memory at a time. A file that gets no place in time isn't opened, and is sent with the
// next attempt.
func TestFilesInMemory(t *testing.T) {
	t.Parallel()
	r := newRig(t)

	// Take all places, until release is called.
	var sending sync.WaitGroup
	opened, released := make(chan struct{}, maxInMemory), make(chan struct{})
	release := sync.OnceFunc(func() { close(released) })
	t.Cleanup(func() { release(); sending.Wait() })
	for id := range int64(maxInMemory) {
		o := r.outbound(id+1, "")
		o.Files = []channels.File{fileThatRuns(func() {
			opened <- struct{}{}
			<-released
		})}
		sending.Go(func() {
			if _, err := r.Send(t.Context(), o); err != nil {
				t.Error(err)
			}
		})
	}
	for range maxInMemory {
		channelstest.Receive(t, opened, "all places are taken")
	}

	// One more file finds no place.
	var isOpened atomic.Bool
	o := r.outbound(100, "")
	o.Files = []channels.File{fileThatRuns(func() { isOpened.Store(true) })}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := r.Send(ctx, o)
	wantClass(t, "one file too many", err, channels.Retry)
	wantEqual(t, "the file was opened", isOpened.Load(), false)

	// The places become free.
	release()
	sending.Wait()
	r.mustSend(t, o)
	r.takeInbox(t, maxInMemory+1)
}
