package outbound

import (
	"bytes"
	"context"
	"io"
	"mime"
	"mime/multipart"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"

	"parley/channels"
)

// zeros is an endless file.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// newZeroFile returns a file of zeros whose real size differs from the said one.
func newZeroFile(said, size int64) channels.File {
	return channels.File{
		Name:      "a.bin",
		SizeBytes: said,
		Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(io.LimitReader(zeros{}, size)), nil
		},
	}
}

// If files are longer than they claim, they are not read beyond the maximum size of a mail.
func TestFilesThatAreLongerThanSaid(t *testing.T) {
	t.Parallel()
	o := newAnswer()
	o.Files = slices.Repeat([]channels.File{newZeroFile(10, MaxBytes-1)}, 2)
	n, err := mustCompose(t, o).Copy(t.Context(), io.Discard)
	wantClass(t, err, channels.BadContent)
	if n < MaxBytes || n > 2*MaxBytes {
		t.Errorf("bytes that were written: got %d, want %d to %d", n, MaxBytes, 2*MaxBytes)
	}
}

// The name of a file is quoted. Python's package email, which many helpdesks use, finds no name in filename=O'Brien.pdf.
func TestNameOfAFileIsQuoted(t *testing.T) {
	t.Parallel()
	o := newAnswer()
	o.Files = []channels.File{newFile("O'Brien.pdf", []byte("x"))}
	mail := string(write(t, mustCompose(t, o)))
	for _, want := range []string{`filename="O'Brien.pdf"`, `name="O'Brien.pdf"`} {
		if !strings.Contains(mail, want) {
			t.Errorf("the mail does not have %s", want)
		}
	}
}

// A file with a type of which mails themselves consist is sent as application/octet-stream. Python's package email finds no
// content in a message/delivery-status in base64.
func TestFileOfATypeOfMails(t *testing.T) {
	t.Parallel()
	o := newAnswer()
	o.Files = []channels.File{newFileOfType("report.txt", "message/delivery-status", []byte("Action: failed"))}
	mail := string(write(t, mustCompose(t, o)))
	if want := `application/octet-stream; name="report.txt"`; !strings.Contains(mail, want) {
		t.Errorf("the mail does not have %s", want)
	}
}

// Servers refuse a mail with a line of more than 998 characters. So a long file name is written on several lines.
func TestLinesOfALongFileName(t *testing.T) {
	t.Parallel()
	o := newAnswer()
	o.Files = []channels.File{newFile(strings.Repeat("😀", 90)+" 1.png", []byte("x"))}
	raw := write(t, mustCompose(t, o))
	for line := range strings.SplitSeq(string(raw), "\r\n") {
		if len(line) > maxLineBytes {
			t.Errorf("got a line of %d bytes, want at most %d: %.60s…", len(line), maxLineBytes, line)
		}
	}
	wantEqual(t, "name of the file as it is read", nameOfFile(t, raw), o.Files[0].Name)
}

// nameOfFile returns the name of the file that follows a mail's text.
func nameOfFile(t *testing.T, raw []byte) string {
	t.Helper()
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	noError(t, err)
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	noError(t, err)
	parts := multipart.NewReader(m.Body, params["boundary"])
	_, err = parts.NextPart() // the text
	noError(t, err)
	file, err := parts.NextPart()
	noError(t, err)
	return file.FileName()
}

// If a file is gone, its mail fails for good. If it can't be read for another reason, it is tried again.
func TestUnreadableFile(t *testing.T) {
	t.Parallel()
	gone := &channels.SendError{Class: channels.BadContent, Text: "a.bin can't be read: deleted"}
	tests := []struct {
		name  string
		cause error
		want  channels.Class
	}{
		{name: "gone", cause: gone, want: channels.BadContent},
		{name: "lost connection", cause: io.ErrUnexpectedEOF, want: channels.Retry},
		{name: "unclear to who keeps it", cause: &channels.SendError{Class: channels.Ambiguous}, want: channels.Retry},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newAnswer()
			o.Files = []channels.File{{
				Name:      "a.bin",
				SizeBytes: 1,
				Open:      func(context.Context) (io.ReadCloser, error) { return nil, tt.cause },
			}}
			_, err := mustCompose(t, o).Copy(t.Context(), io.Discard)
			wantEqual(t, "class of the error", channels.ClassOf(err), tt.want)
		})
	}
}

// BenchmarkWriteFiles measures the memory that a mail with a file of 18 MB needs while it is sent.
func BenchmarkWriteFiles(b *testing.B) {
	const size = 18 << 20
	o := newAnswer()
	o.Files = []channels.File{newZeroFile(size, size)}
	c := newComposer(b)
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		m, err := c.Compose(o)
		noError(b, err)
		n, err := m.Copy(b.Context(), io.Discard)
		noError(b, err)
		if n != m.SizeBytes() {
			b.Fatalf("%d bytes were written, want %d", n, m.SizeBytes())
		}
	}
}
