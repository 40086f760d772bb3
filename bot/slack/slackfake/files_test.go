package slackfake_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"

	"parley/bot/slack/slackfake"
	"parley/channels/emulator"
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

// The app uploads a file in three steps. The message with the file comes only after the answer.
func TestUploadIsSharedLater(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := newWorld(t, slackfake.Options{Clock: c.now})
	a := w.listen(nil)
	root := w.postAsBot("root")
	f := w.upload(root)
	info := w.fileInfo(f.ID)
	wantEqual(t, "name", info.Name, "note.txt")
	wantEqual(t, "title", info.Title, "Note")
	wantEqual(t, "size", info.Size, len("hello file"))
	wantEqual(t, "shares at once", len(info.Shares.Public), 0)

	c.advance(time.Second)
	raw := a.waitMessage("file_share")
	wantFields(t, "the message", raw, dict{"thread_ts": root, "text": "see file", "bot_id": w.srv.BotID()})
	files, _ := raw["files"].([]any)
	if len(files) != 1 {
		t.Fatalf("the message has the files %v, want one", files)
	}
	wantFields(t, "the message's file", files[0].(dict), dict{"id": f.ID})
	shares := w.fileInfo(f.ID).Shares.Public[w.ch]
	if len(shares) != 1 {
		t.Fatalf("the file is shared %d times, want once: %+v", len(shares), shares)
	}
	wantEqual[any](t, "message that shares the file", shares[0].Ts, raw["ts"])
	wantEqual(t, "thread in which the file is shared", shares[0].ThreadTs, root)
	var got bytes.Buffer
	noError(t, w.api.GetFileContext(w.ctx, info.URLPrivateDownload, &got))
	wantEqual(t, "content", got.String(), "hello file")
}

func TestUploadNeverShared(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{FileShareDelay: time.Nanosecond})
	root := w.postAsBot("root")
	w.srv.Inject(slackfake.Fault{Method: "files.completeUploadExternal", Kind: slackfake.FaultNeverShare, Times: 1})
	lost := w.upload(root)
	kept := w.upload(root)
	w.waitFor("the second file", func() bool { return len(w.srv.Thread(w.ch, root)) == 2 })
	if f := w.srv.Thread(w.ch, root)[1].Files[0]; f.ID != kept.ID {
		t.Errorf("posted the file %s, want %s and not the lost %s", f.ID, kept.ID, lost.ID)
	}
}

// The app hears of files that a person posts, and reads them with its token and the scope for files.
func TestAgentsFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	root := w.postAsBot("root")
	data := []byte("%PDF-1.4 fake")
	must(w.ann.Post(slackfake.Post{Channel: w.ch, Thread: root, Text: "invoice", Files: []slackfake.NewFile{
		{Name: "Invoice 7.pdf", Mimetype: "application/pdf", Data: data},
		{Name: "doc", Mode: "external", ExternalURL: "https://drive.example.test/x"},
		{Name: "old.png", Mode: "hidden_by_limit"},
		{Name: "slow.png", Data: []byte("x"), FileAccess: "check_file_info"},
	}}))(t)

	var m *slackevents.MessageEvent
	for m == nil || m.SubType != "file_share" {
		ev, _ := a.waitInner("message")
		m = ev.InnerEvent.Data.(*slackevents.MessageEvent)
	}
	files := m.Message.Files
	if len(files) != 4 {
		t.Fatalf("the message has %d files, want 4: %+v", len(files), files)
	}

	wantEqual(t, "type of the PDF", files[0].Mimetype, "application/pdf")
	wantEqual(t, "size of the PDF", files[0].Size, len(data))
	wantEqual(t, "mode of the file elsewhere", files[1].Mode, "external")
	wantEqual(t, "mode of the file over the limit", files[2].Mode, "hidden_by_limit")
	wantEqual(t, "address of the file over the limit", files[2].URLPrivate, "")
	wantEqual(t, "access to the slow file in the event", files[3].FileAccess, "check_file_info")
	wantEqual(t, "mode of the slow file in the event", files[3].Mode, "file_access")
	wantEqual(t, "what the event says of the slow file", files[3].Name+files[3].Mimetype+files[3].URLPrivate+files[3].User, "")
	wantEqual(t, "size of the slow file in the event", files[3].Size, 0)

	slow := w.fileInfo(files[3].ID)
	wantEqual(t, "access to the slow file by files.info", slow.FileAccess, "visible")
	wantEqual(t, "its name by files.info", slow.Name, "slow.png")
	wantEqual(t, "its mode by files.info", slow.Mode, "hosted")

	// A client without the bot's token, or without the scope, is sent to sign in.
	get := func(token string) *http.Response {
		t.Helper()
		req := must(http.NewRequestWithContext(w.ctx, http.MethodGet, files[0].URLPrivateDownload, nil))(t)
		req.Header.Set("Authorization", "Bearer "+token)
		res := must(emulator.NewClient().Transport.RoundTrip(req))(t)
		t.Cleanup(func() { res.Body.Close() })
		return res
	}
	res := get("xoxb-wrong")
	wantEqual(t, "status for a stranger", res.StatusCode, http.StatusFound)
	if to := res.Header.Get("Location"); !strings.HasPrefix(to, "/signin?redir=") {
		t.Errorf("a stranger is sent to %s, want the sign-in", to)
	}
	wantEqual(t, "content for the bot", string(must(io.ReadAll(get(w.srv.BotToken()).Body))(t)), string(data))
	w.srv.Admin.SetScopes("chat:write")
	wantEqual(t, "status without files:read", get(w.srv.BotToken()).StatusCode, http.StatusFound)

	// A file that is deleted stays in its message as a tombstone.
	noError(t, w.srv.Admin.DeleteFile(files[0].ID))
	wantEqual(t, "mode of the deleted file", w.srv.Thread(w.ch, root)[1].Files[0].Mode, "tombstone")
}

// Uploads and downloads aren't methods of the API, but faults can be injected into them, too.
func TestTransferFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	w.srv.Inject(slackfake.Fault{Method: "upload", Kind: slackfake.FaultHTTP, Times: 1})
	_, err := w.api.UploadFileContext(w.ctx, slack.UploadFileParameters{
		Reader:   strings.NewReader("x"),
		FileSize: 1,
		Filename: "a",
		Channel:  w.ch,
	})
	if err == nil {
		t.Error("an upload answered 502 succeeded, want an error")
	}

	must(w.ann.Post(slackfake.Post{Channel: w.ch, Files: []slackfake.NewFile{{Name: "a", Data: bytes.Repeat([]byte("x"), 1000)}}}))(t)
	w.srv.Inject(slackfake.Fault{Method: "download", Kind: slackfake.FaultDrop, After: true, Times: 1})
	var got bytes.Buffer
	address := w.srv.Messages(w.ch)[0].Files[0].URLPrivateDownload
	if err := w.api.GetFileContext(w.ctx, address, &got); err == nil {
		t.Errorf("a download that was cut succeeded with %d bytes, want an error", got.Len())
	}

	w.srv.Inject(slackfake.Fault{Method: "download", Kind: slackfake.FaultHTTP, Times: 1})
	if err := w.api.GetFileContext(w.ctx, address, &got); err == nil {
		t.Error("a download answered 502 succeeded, want an error")
	}
}
