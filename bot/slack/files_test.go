package slack

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"parley/bot/slack/slackfake"
	"parley/channels"
)

// These tests send a customer's files into Slack: they are uploaded, and shown as one message in the
// conversation's thread. world (harness_test.go) puts a Surface between slackfake, which plays Slack and its
// people, and fakeDesk, which plays the engine.

// Files become one message. While Parley is connected, an event tells which (cases 8 and 24).
func TestFilesBecomeOneMessage(t *testing.T) {
	t.Parallel()
	checkFilesBecomeOneMessage(t, newConnectedWorld(t))
}

// Without a connection Parley finds the message of the files in their thread (case 24).
func TestFilesBecomeOneMessageWithoutConnection(t *testing.T) {
	t.Parallel()
	checkFilesBecomeOneMessage(t, newWorld(t))
}

func checkFilesBecomeOneMessage(t *testing.T, w *world) {
	t.Helper()
	root := w.postRoot()
	sent := w.mustSendAll(w.newFilesPost(root, textFile("a.txt", "one"), textFile("", "two")))
	m := w.wantMessage(sent.Message, root.Message, 2)
	wantWords(t, m.Text, "Eve &amp; Co")
	first := w.fake.File(m.Files[0].ID)
	wantEqual(t, "title of the first file", first.Title, "a.txt")
	wantEqual(t, "content of the first file", string(first.Data), "one")
}

// Files of all kinds and sizes that a customer sends are shown to the agent.
func TestFilesOfAllKindsAreShown(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name        string
		contentType string
		size        int
	}{
		{name: "photo.png", contentType: "image/png", size: 1},
		{name: "phone.jpg", contentType: "image/jpeg", size: 400_000},
		{name: "heavy.jpg", contentType: "image/jpeg", size: 1<<20 + 1},
		{name: "moving.gif", contentType: "image/gif", size: 10},
		{name: "sticker.webp", contentType: "image/webp", size: 10},
		{name: "photo.heic", contentType: "image/heic", size: 10},
		{name: "drawing.svg", contentType: "image/svg+xml", size: 10},
		{name: "plan.pdf", contentType: "application/pdf", size: 10},
		{name: "unknown", size: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			w := newConnectedWorld(t)
			root := w.postRoot()
			f := textFile(tt.name, strings.Repeat("x", tt.size))
			f.ContentType = tt.contentType

			m := w.wantMessage(w.mustSendAll(w.newFilesPost(root, f)).Message, root.Message, 1)
			wantWords(t, m.Text, tt.name)
			wantEqual(t, "bytes of the file", len(w.fake.File(m.Files[0].ID).Data), tt.size)
		})
	}
}

// A file may never get into Slack because its bytes are gone, or because something on the way to Slack forbids it. It
// is named with the reason, and the other files are shown. Other failures may pass, so the file is tried again, and
// named after some minutes.
func TestFileThatNeverGetsIntoSlackIsNamed(t *testing.T) {
	t.Parallel()
	fails := func(err error) channels.File {
		f := textFile("setup.exe", "bad")
		f.Open = func(context.Context) (io.ReadCloser, error) { return nil, err }
		return f
	}

	for _, tt := range []struct {
		name   string
		file   channels.File
		status int    // of the answer to its upload
		failed int    // how many uploads have failed before
		reason string // "" if it is tried again
	}{
		{name: "gone", file: fails(&channels.SendError{Class: channels.BadContent}), reason: "not there any more"},
		{name: "forbidden", file: textFile("setup.exe", "bad"), status: http.StatusForbidden,
			reason: "its upload is answered with 403 Forbidden"},
		{name: "unreadable", file: fails(io.ErrUnexpectedEOF), failed: 5},
		{name: "unreadable for long", file: fails(io.ErrUnexpectedEOF), failed: 50, reason: "Parley can't read it"},
		{name: "broken", file: textFile("setup.exe", "bad"), status: http.StatusBadGateway, failed: 5},
		{name: "taken too slowly", file: textFile("setup.exe", "bad"), status: http.StatusRequestTimeout, failed: 5},
		{name: "broken for long", file: textFile("setup.exe", "bad"), status: http.StatusBadGateway, failed: 50,
			reason: "its upload is answered with 502 Bad Gateway"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			root := w.postRoot()
			if tt.status != 0 {
				w.fake.Inject(slackfake.Fault{Method: "upload", Kind: slackfake.FaultHTTP, Status: tt.status, Skip: 1, Times: 1})
			}

			p := w.newFilesPost(root, textFile("plan.png", "one"), tt.file)
			p.Progress = uploadProgress{Failed: tt.failed}.encode()

			if tt.reason == "" {
				sent, err := w.surface.Send(w.ctx(), p)
				_ = wantSendError(t, err, channels.Retry)
				wantEqual(t, "what the next attempt knows", sent.Progress, uploadProgress{Failed: tt.failed + 1}.encode())
				return
			}

			m := w.wantMessage(w.mustSendAll(p).Message, root.Message, 1)
			wantWords(t, m.Text, "plan.png, setup.exe ("+tt.reason+")")
		})
	}
}

// refusedTogether is a fault: Slack refuses all files of a post when they are to be shown.
func refusedTogether(code string) slackfake.Fault {
	return slackfake.Fault{Method: showFiles, Kind: slackfake.FaultError, Error: code, Times: 1}
}

// A file whose upload fails is shown to nobody. So it is certain that the post may be tried again.
func TestUploadFailureIsCertain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fake.Inject(slackfake.Fault{Method: "upload", Kind: slackfake.FaultHTTP, Times: 1})
	_, err := w.surface.Send(w.ctx(), w.newFilesPost(w.postRoot(), textFile("a.txt", "one")))
	_ = wantSendError(t, err, channels.Retry)
}
