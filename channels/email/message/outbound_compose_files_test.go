package message

import (
	"context"
	"io"
	"strings"
	"testing"

	"parley/channels"
)

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
