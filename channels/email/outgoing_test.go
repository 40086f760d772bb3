package email

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"parley/channels"
)

// A file is read while the mail leaves: one that fails ends the connection before the
// final dot.
func TestUnreadableAttachment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	half := io.MultiReader(bytes.NewReader(make([]byte, 200_000)), iotest.ErrReader(errors.New("gone")))
	for name, tc := range map[string]struct {
		content io.Reader // nil: can't be opened
		want    channels.Class
	}{
		"gone":      {nil, channels.Retry},
		"half gone": {half, channels.Retry},
	} {
		o := reply()
		o.Files = []channels.File{{Name: "a.txt", SizeBytes: 300_000, Open: func(context.Context) (io.ReadCloser, error) {
			if tc.content == nil {
				return nil, errors.New("gone")
			}
			return io.NopCloser(tc.content), nil
		}}}
		_, err := w.channel().Send(within(t, patience), o)
		if se := class(t, err, tc.want); se.Text == "" || se.Hint == "" {
			t.Errorf("%s: %+v", name, se)
		}
	}
	if n := len(w.Submissions()); n != 0 {
		t.Errorf("%d mails left", n)
	}
}

// Files that are longer than they said are not read beyond what a mail may hold.
func TestFilesLongerThanTheySay(t *testing.T) {
	t.Parallel()
	o := reply()
	for range 2 {
		o.Files = append(o.Files, channels.File{Name: "a.bin", SizeBytes: 10, Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(io.LimitReader(zeros{}, maxOutgoingBytes-1)), nil
		}})
	}
	m, err := composer(t).Compose(o)
	if err != nil {
		t.Fatal(err)
	}
	n, err := m.writeTo(t.Context(), io.Discard)
	class(t, err, channels.BadContent)
	if n < maxOutgoingBytes || n > 2*maxOutgoingBytes {
		t.Errorf("%d bytes were written", n)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// BenchmarkWriteFiles measures what a mail with a file of 18 MB holds in memory while
// it leaves.
func BenchmarkWriteFiles(b *testing.B) {
	const size = 18 << 20
	o := reply()
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
		if n, err := m.writeTo(b.Context(), io.Discard); err != nil || n != m.sizeBytes() {
			b.Fatal(n, err)
		}
	}
}
