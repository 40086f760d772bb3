package slack

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"parley/bot/slack/slackfake"
	"parley/bridge"
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

// A file without bytes, which Slack refuses, is named without its folder, beside those that are shown.
func TestEmptyFileIsNamed(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	root := w.postRoot()
	sent := w.mustSendAll(w.newFilesPost(root, textFile("a.txt", "one"), textFile("", "two"), textFile("../../empty", "")))
	m := w.wantMessage(sent.Message, root.Message, 2)
	wantWords(t, m.Text, "empty (0 bytes)", "Eve &amp; Co")
}

// If all files are without bytes, they are named in a message without files.
func TestOnlyEmptyFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.postRoot()
	sent := w.mustSendAll(w.newFilesPost(root, textFile("a", ""), textFile("b", "")))
	w.wantMessage(sent.Message, root.Message, 0)
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

// A file that Slack doesn't take is named with the reason, whether it is a picture or not.
func TestFilesThatSlackDoesNotTakeAreNamed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name        string
		contentType string
		size        int64
		reason      string
	}{
		{name: "empty.png", contentType: "image/png", size: 0, reason: "(0 bytes)"},
		{name: "film.mp4", contentType: "video/mp4", size: maxFileBytes + 1, reason: "1 GB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newConnectedWorld(t)
			root := w.postRoot()
			f := textFile(tt.name, "") // its content isn't read
			f.ContentType, f.SizeBytes = tt.contentType, tt.size

			m := w.wantMessage(w.mustSendAll(w.newFilesPost(root, f)).Message, root.Message, 0)
			wantWords(t, m.Text, tt.name, tt.reason)
		})
	}
}

// A file with a very long name keeps its ending, by which agents' computers know how to open it.
func TestLongFileNameKeepsItsEnding(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.postRoot()
	sent := w.mustSendAll(w.newFilesPost(root, textFile("Rechnung_"+strings.Repeat("y", 120)+".pdf", "one")))
	m := w.wantMessage(sent.Message, root.Message, 1)
	wantEqual(t, "name of the file", m.Files[0].Name, "Rechnung_"+strings.Repeat("y", 66)+"….pdf")
}

// Each of many files that Parley can't get, or that Slack doesn't take, is named with the reason. This holds beside
// files that are shown, and if none is.
func TestManyMissingFilesAreNamed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		shown []channels.File
	}{
		{name: "beside a file", shown: []channels.File{textFile("shown.txt", "one")}},
		{name: "without a file", shown: nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			root := w.postRoot()
			p := w.newFilesPost(root, tt.shown...)

			var want []string
			for i := range 30 {
				empty, lost := fmt.Sprintf("empty-%d-%s.png", i, strings.Repeat("n", 40)), fmt.Sprintf("lost-%d.pdf", i)
				longReason := strings.Repeat("the provider doesn't have it any more, ", 5) + "says " + lost
				p.Files = append(p.Files, textFile(empty, ""))
				p.Missing = append(p.Missing, bridge.Missing{Name: lost, Reason: longReason})
				want = append(want, empty+" (0 bytes)", lost+" from Eve", "says "+lost)
			}

			m := w.wantMessage(w.mustSendAll(p).Message, root.Message, len(tt.shown))
			for _, words := range want {
				if !strings.Contains(m.Text, words) {
					t.Fatalf("want %q in %q", words, m.Text)
				}
			}
		})
	}
}

// uploadURL is the method that has to be called for each file before its upload.
const uploadURL = "files.getUploadURLExternal"

// A workspace may take no files until a person changes that. Then the agent reads which files came and why they
// aren't there, and what the customer writes next is shown. Nothing is posted twice if the answer is lost.
func TestWorkspaceTakesNoFiles(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		code   string
		reason string
	}{
		{code: "file_uploads_disabled", reason: "file uploads are switched off in Slack"},
		{code: "storage_limit_reached", reason: "the Slack workspace's file storage is full"},
	} {
		t.Run(tt.code, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			root := w.postRoot()
			w.fake.Inject(slackfake.Fault{Method: uploadURL, Kind: slackfake.FaultError, Error: tt.code})
			p := w.newFilesPost(root, textFile("plan.pdf", "one"))
			sent := w.mustSendAll(p)
			wantWords(t, w.wantMessage(sent.Message, root.Message, 0).Text, "plan.pdf ("+tt.reason+")")

			found := w.wantReconciled(p, channels.Landed)
			wantEqual(t, "message that Reconcile finds", found.Message, sent.Message)
			wantEqual(t, "more follows", found.More, false)
		})
	}
}

// A file of a kind or size that a workspace forbids is named with the reason, and the other files are shown.
func TestForbiddenFileAmongOthers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		code   string
		reason string
	}{
		{code: "file_type_not_allowed", reason: "files of this kind are not allowed in Slack"},
		{code: "file_uploads_except_images_disabled", reason: "only pictures are allowed in Slack"},
		{code: "file_upload_size_restricted", reason: "larger than the Slack workspace allows"},
	} {
		t.Run(tt.code, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			root := w.postRoot()
			w.fake.Inject(slackfake.Fault{Method: uploadURL, Kind: slackfake.FaultError, Error: tt.code, Skip: 1, Times: 1}) // the second file

			sent := w.mustSendAll(w.newFilesPost(root, textFile("plan.png", "one"), textFile("setup.exe", "bad"), textFile("photo.png", "two")))
			m := w.wantMessage(sent.Message, root.Message, 2)
			wantWords(t, m.Text, "plan.png, setup.exe ("+tt.reason+"), photo.png")
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

// If a workspace allows only pictures, Slack refuses all files of a post when they are to be shown. Then the pictures
// are shown alone.
func TestPicturesAreShownWithoutTheOtherFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.postRoot()
	w.fake.Inject(refusedTogether("file_uploads_except_images_disabled"))
	p := w.newFilesPost(root, textFile("plan.png", "one"), textFile("setup.exe", "bad"))
	p.Files[0].ContentType = "image/png"
	m := w.wantMessage(w.mustSendAll(p).Message, root.Message, 1)
	wantWords(t, m.Text, "plan.png, setup.exe (only pictures are allowed in Slack)")
}

// Slack may refuse all files of a post when they are to be shown. It doesn't say which file is the cause, or the
// cause is the workspace. Then all files are named with the reason.
func TestFilesRefusedTogetherAreNamed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		code   string
		reason string
	}{
		{code: "file_type_not_allowed", reason: "(not shown: Slack allows no files of one of these kinds)"},
		{code: "file_upload_size_restricted", reason: "(not shown: one of these is larger than the Slack workspace allows)"},
		{code: "storage_limit_reached", reason: "(the Slack workspace's file storage is full)"},
	} {
		t.Run(tt.code, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			root := w.postRoot()
			w.fake.Inject(refusedTogether(tt.code))
			p := w.newFilesPost(root, textFile("plan.png", "one"), textFile("setup.exe", "bad"))
			p.Files[0].ContentType = "image/png"

			m := w.wantMessage(w.mustSendAll(p).Message, root.Message, 0)
			wantWords(t, m.Text, "plan.png "+tt.reason+", setup.exe "+tt.reason)
		})
	}
}

// An empty file isn't uploaded. If the only other file is refused, the reason doesn't speak of "one of these".
func TestFileRefusedBesideAnEmptyFile(t *testing.T) {
	t.Parallel()
	for _, code := range []string{
		"file_uploads_except_images_disabled",
		"file_type_not_allowed",
		"file_upload_size_restricted",
		"storage_limit_reached",
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			root := w.postRoot()
			w.fake.Inject(refusedTogether(code))
			sent := w.mustSendAll(w.newFilesPost(root, textFile("setup.exe", "bad"), textFile("empty.png", "")))

			m := w.wantMessage(sent.Message, root.Message, 0)
			wantWords(t, m.Text, "setup.exe")
			wantNoWords(t, m.Text, "one of these")
		})
	}
}

// A file whose upload fails is shown to nobody. So it is certain that the post may be tried again.
func TestUploadFailureIsCertain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fake.Inject(slackfake.Fault{Method: "upload", Kind: slackfake.FaultHTTP, Times: 1})
	_, err := w.surface.Send(w.ctx(), w.newFilesPost(w.postRoot(), textFile("a.txt", "one")))
	_ = wantSendError(t, err, channels.Retry)
}
