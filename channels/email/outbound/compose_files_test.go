package outbound

import (
	"context"
	"io"
	"strings"
	"testing"

	"parley/channels"
)

// Files that are longer than they said are not read beyond what a mail may hold.
func TestFilesLongerThanTheySay(t *testing.T) {
	t.Parallel()
	o := answer()
	for range 2 {
		o.Files = append(o.Files, channels.File{Name: "a.bin", SizeBytes: 10, Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(io.LimitReader(zeros{}, MaxBytes-1)), nil
		}})
	}
	m, err := composer(t).Compose(o)
	if err != nil {
		t.Fatal(err)
	}
	n, err := m.Copy(t.Context(), io.Discard)
	wantClass(t, err, channels.BadContent)
	if n < MaxBytes || n > 2*MaxBytes {
		t.Errorf("%d bytes were written, want %d to %d", n, MaxBytes, 2*MaxBytes)
	}
}

// Names and types of files are written so that all programs understand them. Python's package email, of which many helpdesks are
// made, finds no name in filename=O'Brien.pdf and no content in a message/delivery-status in base64; servers refuse lines that are
// longer than 998 characters.
func TestFilesForOtherPrograms(t *testing.T) {
	t.Parallel()
	o := answer()
	o.Files = []channels.File{attached("O'Brien.pdf", []byte("x")), attached("report.txt", []byte("Action: failed")), attached(strings.Repeat("😀", 100)+".png", []byte("x"))}
	o.Files[1].ContentType = "message/delivery-status"
	m, err := composer(t).Compose(o)
	if err != nil {
		t.Fatal(err)
	}
	mail := string(write(t, m))
	for _, want := range []string{`filename="O'Brien.pdf"`, `name="O'Brien.pdf"`, `application/octet-stream; name="report.txt"`} {
		if !strings.Contains(mail, want) {
			t.Errorf("the mail does not have %s", want)
		}
	}
	for line := range strings.SplitSeq(mail, "\r\n") {
		if len(line) > maxLineBytes {
			t.Errorf("got a line of %d bytes, want at most %d: %.60s…", len(line), maxLineBytes, line)
		}
	}
}

// A file that is gone makes its mail fail at once; one that can't be read for another reason may be readable later.
func TestUnreadableFile(t *testing.T) {
	t.Parallel()
	gone := &channels.SendError{Class: channels.BadContent, Text: "a.bin can't be read: deleted"}
	for want, cause := range map[channels.Class]error{channels.BadContent: gone, channels.Retry: io.ErrUnexpectedEOF} {
		o := answer()
		o.Files = []channels.File{{Name: "a.bin", SizeBytes: 1, Open: func(context.Context) (io.ReadCloser, error) { return nil, cause }}}
		m, err := composer(t).Compose(o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Copy(t.Context(), io.Discard); channels.ClassOf(err) != want {
			t.Errorf("%v: got %v, want class %s", cause, err, want)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// BenchmarkWriteFiles measures what a mail with a file of 18 MB holds in memory while
// it leaves.
func BenchmarkWriteFiles(b *testing.B) {
	const size = 18 << 20
	o := answer()
	o.Files = []channels.File{{Name: "a.bin", SizeBytes: size, Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(io.LimitReader(zeros{}, size)), nil
	}}}
	c := composer(b)
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		m, err := c.Compose(o)
		if err != nil {
			b.Fatal(err)
		}
		if n, err := m.Copy(b.Context(), io.Discard); err != nil || n != m.SizeBytes() {
			b.Fatal(n, err)
		}
	}
}
