package slack

import (
	"testing"

	"parley/bot/slack/slackfake"
	"parley/bridge"
)

// In a channel that another organisation shares, a message says nothing of a file but its id. Parley asks Slack
// for the rest: for its kind and size, which customers' channels want to know.

// postPhoto has Ann post a file of which the message says only the id. It returns the message's stamp and that id.
func (w *world) postPhoto(thread string) (ts, fileID string) {
	w.t.Helper()
	ts, err := w.fake.As(w.ann).Post(slackfake.Post{
		Channel: w.channel, Thread: thread, Text: "Look",
		Files: []slackfake.NewFile{{Name: "photo.png", Mimetype: "image/png", Data: []byte("hello"), FileAccess: AskForFile}},
	})
	noError(w.t, err)
	return ts, w.fake.Message(w.channel, ts).Files[0].ID
}

// waitForFile waits until a message is stored, which has to have one file, and returns that file.
func (w *world) waitForFile(ts string) bridge.SurfaceFile {
	w.t.Helper()
	a := w.waitAction(w.messageID(ts))
	if len(a.Files) != 1 {
		w.t.Fatalf("got %d files, want one: %+v", len(a.Files), a.Files)
	}
	return a.Files[0]
}

// If Slack tells nothing of a file, the message is stored all the same, and says why the file can't be read, if
// that is for good.
func TestFileOfWhichSlackTellsNothing(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		code string // Slack's error
		why  string // "" if Slack may tell it later
	}{
		{code: "access_denied", why: "no access"},
		{code: "not_visible", why: "no access"},
		{code: "canvas_disabled_file_team", why: "a Slack canvas or list, which only Slack can show"},
		{code: "slack_connect_canvas_sharing_blocked", why: "a Slack canvas or list, which only Slack can show"},
		{code: "file_deleted", why: bridge.FileDeleted},
		{code: "fatal_error", why: ""},
	} {
		t.Run(tt.code, func(t *testing.T) {
			t.Parallel()
			w := newConnectedWorld(t)
			root := w.postRoot()
			w.fake.Inject(slackfake.Fault{Method: "files.info", Kind: slackfake.FaultError, Error: tt.code})
			ts, id := w.postPhoto(root.Message)
			wantEqual(t, "file", w.waitForFile(ts), bridge.SurfaceFile{ID: id, Name: "file-" + id, Unavailable: tt.why})
		})
	}
}
