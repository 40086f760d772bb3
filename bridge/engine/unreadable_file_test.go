package engine_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
)

// brokenFiles is a surface whose files can't be read.
type brokenFiles struct {
	bridge.Surface
	err  error
	late bool // reading fails only after some bytes
}

// Open implements bridge.Surface.
func (b brokenFiles) Open(context.Context, bridge.SurfaceFile) (io.ReadCloser, error) {
	if b.late {
		return io.NopCloser(io.MultiReader(strings.NewReader("the"), failingReader{b.err})), nil
	}
	return nil, b.err
}

// failingReader is a file's body that ends with an error.
type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }

// If the chat doesn't give a file, the later replies of its conversation wait only some minutes, not the day or two for
// which the channel would try. Then the file's author is told.
func TestFileThatStaysUnreadable(t *testing.T) {
	t.Parallel()
	slow := &channels.SendError{Class: channels.Retry, Text: "plan.txt can't be read: Slack answers 503."}
	for name, c := range map[string]struct {
		files brokenFiles
		words string
	}{
		"not opened":    {brokenFiles{err: errors.New("slack: 503")}, "plan.txt can't be read."},
		"with a reason": {brokenFiles{err: slow}, slow.Text},
		"breaks off":    {brokenFiles{err: io.ErrUnexpectedEOF, late: true}, "plan.txt can't be read."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{caps: func(c *channels.Capabilities) { c.Files.PerMessage = 2 },
				surface: func(s bridge.Surface) bridge.Surface { c.files.Surface = s; return c.files }})

			thread := w.openThread()
			w.reply(thread, "!take")
			w.waitCard(thread, "| Ann |")

			said := w.chat.Say("ann", support, thread, "Here it is", bridgetest.File{Name: "plan.txt", Content: []byte("the plan")})
			w.waitFailedAttempt()
			w.reply(thread, "Later")
			w.waitFate(said, "waiting") // it may get better

			w.exec(`UPDATE deliveries SET first_at = first_at - interval '6 min' WHERE kind = 'reply'`)
			w.waitFate(said, "failed")
			if words := w.waitLine(thread, bridge.LineFailed).Plain(); !strings.Contains(words, c.words) ||
				!strings.Contains(words, "Upload the file again") {
				t.Errorf("its author reads %q", words)
			}
			w.provider.WaitTexts(t, "Later")
		})
	}
}
