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
)

func (w *world) upload(thread string) *slack.FileSummary {
	w.t.Helper()
	f, err := w.api.UploadFileContext(w.ctx, slack.UploadFileParameters{
		Reader: strings.NewReader("hello file"), FileSize: 10, Filename: "note.txt", Title: "Note", Channel: w.ch,
		ThreadTimestamp: thread, InitialComment: "see file",
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return f
}

// TestUploadIsSharedLater walks the three steps; the message comes after the answer.
func TestUploadIsSharedLater(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := newWorld(t, slackfake.Options{Clock: c.now})
	a := w.listen(nil)
	root := w.post("root")
	f := w.upload(root)
	info, _, _, err := w.api.GetFileInfoContext(w.ctx, f.ID, 0, 0)
	if err != nil || len(info.Shares.Public) != 0 || info.Name != "note.txt" || info.Title != "Note" || info.Size != 10 {
		t.Errorf("before sharing: %+v, %v", info, err)
	}
	c.advance(time.Second)
	raw := a.message("file_share")
	files, _ := raw["files"].([]any)
	if raw["thread_ts"] != root || raw["text"] != "see file" || len(files) != 1 || files[0].(map[string]any)["id"] != f.ID || raw["bot_id"] != w.srv.BotID() {
		t.Errorf("share = %v", raw)
	}
	info, _, _, err = w.api.GetFileInfoContext(w.ctx, f.ID, 0, 0)
	if err != nil || len(info.Shares.Public[w.ch]) != 1 || info.Shares.Public[w.ch][0].Ts != raw["ts"] || info.Shares.Public[w.ch][0].ThreadTs != root {
		t.Errorf("after sharing: %+v, %v", info, err)
	}
	var got bytes.Buffer
	if err := w.api.GetFileContext(w.ctx, info.URLPrivateDownload, &got); err != nil || got.String() != "hello file" {
		t.Errorf("download = %q, %v", got.String(), err)
	}
}

func TestUploadNeverShared(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{FileShareDelay: time.Nanosecond})
	root := w.post("root")
	w.srv.Inject(slackfake.Fault{Method: "files.completeUploadExternal", Kind: slackfake.FaultNeverShare, Times: 1})
	lost := w.upload(root)
	kept := w.upload(root)
	w.until("the second file", func() bool { return len(w.srv.Thread(w.ch, root)) == 2 })
	if f := w.srv.Thread(w.ch, root)[1].Files[0]; f.ID != kept.ID {
		t.Errorf("posted %s, want %s and not %s", f.ID, kept.ID, lost.ID)
	}
}

// TestAgentsFile is a file that a person posts, and who may read it.
func TestAgentsFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	root := w.post("root")
	data := []byte("%PDF-1.4 fake")
	_, err := w.ann.Post(slackfake.Post{Channel: w.ch, Thread: root, Text: "invoice", Files: []slackfake.NewFile{
		{Name: "Invoice 7.pdf", Mimetype: "application/pdf", Data: data},
		{Name: "doc", Mode: "external", ExternalURL: "https://drive.example.test/x"},
		{Name: "old.png", Mode: "hidden_by_limit"},
		{Name: "slow.png", Data: []byte("x"), FileAccess: "check_file_info"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	var m *slackevents.MessageEvent
	for m == nil || m.SubType != "file_share" {
		ev, _ := a.inner("message")
		m = ev.InnerEvent.Data.(*slackevents.MessageEvent)
	}
	files := m.Message.Files
	if len(files) != 4 || files[0].Mimetype != "application/pdf" || files[0].Size != len(data) || files[1].Mode != "external" ||
		files[2].Mode != "hidden_by_limit" || files[2].URLPrivate != "" || files[3].FileAccess != "check_file_info" {
		t.Fatalf("files = %+v", files)
	}
	if f, _, _, err := w.api.GetFileInfoContext(w.ctx, files[3].ID, 0, 0); err != nil || f.FileAccess != "visible" {
		t.Errorf("files.info = %+v, %v", f, err)
	}
	get := func(token string) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(w.ctx, http.MethodGet, files[0].URLPrivateDownload, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { res.Body.Close() })
		return res
	}
	if res := get("xoxb-wrong"); res.StatusCode != http.StatusFound || !strings.HasPrefix(res.Header.Get("Location"), "/signin?redir=") {
		t.Errorf("stranger: %d %s", res.StatusCode, res.Header.Get("Location"))
	}
	res := get(w.srv.BotToken())
	if body, err := io.ReadAll(res.Body); err != nil || !bytes.Equal(body, data) {
		t.Errorf("bot: %q, %v", body, err)
	}
	w.srv.Admin.SetScopes("chat:write")
	if res := get(w.srv.BotToken()); res.StatusCode != http.StatusFound {
		t.Errorf("without files:read: %d", res.StatusCode)
	}
	if err := w.srv.Admin.DeleteFile(files[0].ID); err != nil || w.srv.Thread(w.ch, root)[1].Files[0].Mode != "tombstone" {
		t.Errorf("deleted file: %v", err)
	}
}

// TestTransferFaults spoils the two transfers that are not API methods.
func TestTransferFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	w.srv.Inject(slackfake.Fault{Method: "upload", Kind: slackfake.FaultHTTP, Times: 1})
	_, err := w.api.UploadFileContext(w.ctx, slack.UploadFileParameters{Reader: strings.NewReader("x"), FileSize: 1, Filename: "a", Channel: w.ch})
	if err == nil {
		t.Error("a failed upload must show")
	}
	_, _ = w.ann.Post(slackfake.Post{Channel: w.ch, Files: []slackfake.NewFile{{Name: "a", Data: bytes.Repeat([]byte("x"), 1000)}}})
	w.srv.Inject(slackfake.Fault{Method: "download", Kind: slackfake.FaultDrop, After: true, Times: 1})
	var got bytes.Buffer
	address := w.srv.Messages(w.ch)[0].Files[0].URLPrivateDownload
	if err := w.api.GetFileContext(w.ctx, address, &got); err == nil {
		t.Errorf("a cut download must show, got %d bytes", got.Len())
	}
	w.srv.Inject(slackfake.Fault{Method: "download", Kind: slackfake.FaultHTTP, Times: 1})
	if err := w.api.GetFileContext(w.ctx, address, &got); err == nil {
		t.Error("a 502 must show")
	}
}
