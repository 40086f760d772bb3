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
