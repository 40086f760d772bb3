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
	for _, open := range []func(context.Context) (io.ReadCloser, error){
		func(context.Context) (io.ReadCloser, error) { return nil, errors.New("gone") },
		func(context.Context) (io.ReadCloser, error) { return io.NopCloser(half), nil },
	} {
		o := reply()
		o.Files = []channels.File{{Name: "a.txt", SizeBytes: 300_000, Open: open}}
		w.wantSendFails(o, channels.Retry)
	}
	wantEqual(t, "mails that left", len(w.Submissions()), 0)
}
