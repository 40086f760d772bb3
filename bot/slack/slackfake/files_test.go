package slackfake_test

import (
	"strings"

	"github.com/slack-go/slack"
)

// These tests upload files by the app and by people, and check how they are shown and read. world
// (helper_test.go) is an emulated workspace with Ann, Ben and the channel #support, and clients of the app.

func (w *world) upload(thread string) *slack.FileSummary {
	w.t.Helper()
	return must(w.api.UploadFileContext(w.ctx, slack.UploadFileParameters{
		Reader: strings.NewReader("hello file"), FileSize: len("hello file"), Filename: "note.txt", Title: "Note", Channel: w.ch,
		ThreadTimestamp: thread, InitialComment: "see file",
	}))(w.t)
}

func (w *world) fileInfo(id string) *slack.File {
	w.t.Helper()
	info, _, _, err := w.api.GetFileInfoContext(w.ctx, id, 0, 0)
	noError(w.t, err)
	return info
}
