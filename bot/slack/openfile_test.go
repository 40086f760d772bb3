package slack

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/channels"
)

// When a reply leaves, Open reads the agents' files in it, with the app's token (case 25).

// readFile opens a file and reads it to its end.
func (w *world) readFile(f bridge.SurfaceFile) (string, error) {
	w.t.Helper()
	r, err := w.surface.Open(w.ctx(), f)
	if err != nil {
		return "", err
	}
	defer r.Close() //nolint:errcheck // read only
	b, err := io.ReadAll(r)
	return string(b), err
}

// shareFile has Ann share a file, and returns it as a message names it.
func (w *world) shareFile(f slackfake.NewFile) bridge.SurfaceFile {
	w.t.Helper()
	ts, err := w.fake.As(w.ann).Post(slackfake.Post{Channel: w.channel, Thread: w.postRoot().Message, Files: []slackfake.NewFile{f}})
	noError(w.t, err)
	shared := w.fake.Message(w.channel, ts).Files[0]
	return SurfaceFile(File{
		ID:         shared.ID,
		Name:       shared.Name,
		Mimetype:   shared.Mimetype,
		Size:       shared.Size,
		Mode:       shared.Mode,
		IsExternal: shared.IsExternal,
		Private:    shared.URLPrivate,
		Download:   shared.URLPrivateDownload,
	})
}

// shareHello has Ann share a file of five bytes.
func (w *world) shareHello() bridge.SurfaceFile {
	w.t.Helper()
	return w.shareFile(slackfake.NewFile{Name: "a.txt", Data: []byte("hello")})
}

func TestOpenFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got, err := w.readFile(w.shareHello())
	noError(t, err)
	wantEqual(t, "content of the file", got, "hello")
}

// If a file can never be read, the error says why.
func TestOpenWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	external := w.shareFile(slackfake.NewFile{Name: "x", ExternalURL: "https://drive.test/x", Mode: "external"})
	canvas := w.shareFile(slackfake.NewFile{Name: "Prices", Data: []byte("canvas"), Mode: "quip"})
	// Earlier versions stored a canvas with an address, as if it were a file.
	canvasAddress := SurfaceFile(File{ID: canvas.ID, Private: w.fake.File(canvas.ID).URLPrivate}).URL
	deleted := w.shareFile(slackfake.NewFile{Name: "late.txt", Data: []byte("late")})
	noError(t, w.fake.Admin.DeleteFile(deleted.ID))

	for _, tt := range []struct {
		name      string
		file      bridge.SurfaceFile
		wantWords string
	}{
		{name: "external", file: external, wantWords: "external link"},
		{name: "canvas", file: canvas, wantWords: "canvas"},
		{name: "canvas by its id", file: bridge.SurfaceFile{ID: canvas.ID}, wantWords: "canvas"},
		{name: "canvas by its address", file: bridge.SurfaceFile{ID: canvas.ID, URL: canvasAddress}, wantWords: "canvas"},
		{name: "deleted", file: deleted, wantWords: "deleted"},
		{name: "deleted by its id", file: bridge.SurfaceFile{ID: deleted.ID, Name: "late.txt"}, wantWords: "deleted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := w.in(t).readFile(tt.file)
			wantErrorWith(t, err, channels.BadContent, tt.wantWords)
		})
	}
}

// The token is sent to Slack only, and to no address that only looks like Slack's.
func TestOpenAsksSlackAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	requests := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests++ }))
	defer other.Close()

	for _, address := range []string{
		other.URL + "/f",
		"http://files.slack.com/f", // without TLS
		"https://slack.com.evil.test/f",
		"https://evilslack.com/f",
		"https://u:p@files.slack.com/f",
		"file:///etc/passwd",
	} {
		t.Run(address, func(t *testing.T) {
			_, err := w.in(t).readFile(bridge.SurfaceFile{ID: "F", Name: "x", URL: address})
			wantErrorWith(t, err, channels.BadContent, "not at Slack")
		})
	}
	wantEqual(t, "requests to another host", requests, 0)
}

// Slack may answer with a web page in place of a file. The page isn't sent to a customer.
func TestOpenGetsAPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hello := w.shareHello()
	for _, tt := range []struct {
		status int
		want   channels.Class
	}{
		{status: http.StatusOK, want: channels.BadContent},
		{status: http.StatusBadGateway, want: channels.Retry},
	} {
		t.Run(fmt.Sprint(tt.status), func(t *testing.T) {
			w.fake.Inject(slackfake.Fault{Method: "download", Kind: slackfake.FaultHTTP, Status: tt.status, Times: 1})
			_, err := w.in(t).readFile(hello)
			wantErrorWith(t, err, tt.want, "can't be read: Slack")
		})
	}
}
