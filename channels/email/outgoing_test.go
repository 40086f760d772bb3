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

// A file is read while the mail is sent. If it can't be opened, or fails in the middle, the connection ends before the
// final dot. Then nothing was sent, and the mail may be tried again.
func TestUnreadableAttachment(t *testing.T) {
	t.Parallel()
	gone := errors.New("gone")
	tests := []struct {
		name string
		open func(context.Context) (io.ReadCloser, error)
	}{
		{
			name: "can't be opened",
			open: func(context.Context) (io.ReadCloser, error) { return nil, gone },
		},
		{
			name: "fails in the middle",
			open: func(context.Context) (io.ReadCloser, error) {
				half := bytes.NewReader(make([]byte, 200_000))
				return io.NopCloser(io.MultiReader(half, iotest.ErrReader(gone))), nil
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			o := reply()
			o.Files = []channels.File{{Name: "a.txt", SizeBytes: 300_000, Open: tt.open}}
			w.wantSendFails(o, channels.Retry)
			wantEqual(t, "mails that left", len(w.Submissions()), 0)
		})
	}
}
