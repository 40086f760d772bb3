package slackfake_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"

	"parley/bot/slack/slackfake"
	"parley/channels/emulator"
)

// These tests drive the emulator from outside, by JSON over HTTP below /_fake/, as a program in another process
// would. world (helper_test.go) is an emulated workspace with Ann, Ben and the channel #support, and clients of
// the app.

// control calls /_fake as a driver in another process would, and reads the answer into a value, if there is
// one. It gives the status.
func (w *world) control(method, path string, body, into any) int {
	w.t.Helper()
	b := must(json.Marshal(body))(w.t)
	req := must(http.NewRequestWithContext(w.ctx, method, w.srv.URL()+"/_fake/"+path, bytes.NewReader(b)))(w.t)
	res := must(emulator.NewClient().Do(req))(w.t)
	defer res.Body.Close()
	if into != nil {
		if err := json.NewDecoder(res.Body).Decode(into); err != nil {
			w.t.Fatalf("%s: %v", path, err)
		}
	}
	return res.StatusCode
}

// A program drives and reads a whole conversation, its thread, its file and the state by /_fake alone.
func TestDriveOverTheWire(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	ts := w.postCard("")
	var out struct {
		OK      bool              `json:"ok"`
		TS      string            `json:"ts"`
		Error   string            `json:"error"`
		Outcome slackfake.Outcome `json:"outcome"`
	}
	person := func(verb string, body dict) {
		t.Helper()
		out.Error = ""
		if status := w.control("POST", "person/"+w.ann.ID()+"/"+verb, body, &out); status != http.StatusOK || !out.OK {
			t.Fatalf("%s = %d %+v", verb, status, out)
		}
	}

	person("post", dict{"post": dict{"channel": w.ch, "thread": ts, "text": "hi", "files": []dict{{"name": "a.txt", "data": []byte("abc")}}}})
	reply := out.TS
	person("edit", dict{"channel": w.ch, "ts": reply, "text": "hello"})
	person("react", dict{"channel": w.ch, "ts": reply, "name": "eyes"})
	person("click", dict{"channel": w.ch, "ts": ts, "action": "take"})
	wantEqual(t, "outcome of the click", out.Outcome.Error, "")
	person("command", dict{"channel": w.ch, "command": "/helpdesk", "text": "list"})
	person("shortcut", dict{"callback": "new"})
	person("shortcut", dict{"callback": "note", "channel": w.ch, "ts": reply})
	person("home", dict{})
	a.waitRaw("app_home_opened")

	var thread []slackfake.Message
	w.control("GET", "thread?channel="+w.ch+"&ts="+ts, nil, &thread)
	if len(thread) != 2 || len(thread[1].Files) != 1 || len(thread[1].Reactions) != 1 {
		t.Fatalf("the thread is %+v, want two messages, the second with a file and a reaction", thread)
	}
	wantEqual(t, "text of the reply", thread[1].Text, "hello")

	var file slackfake.File
	w.control("GET", "file?id="+thread[1].Files[0].ID, nil, &file)
	wantEqual(t, "thread of the file", file.Shares["public"][w.ch][0].ThreadTS, ts)
	wantEqual(t, "size of the file", int(file.Size), len("abc"))

	var state slackfake.Snapshot
	w.control("GET", "state", nil, &state)
	wantEqual(t, "the state has channels", len(state.Channels) > 0, true)
	wantEqual(t, "users in the state", len(state.Users), allUsers)
	wantEqual(t, "files in the state", len(state.Files), 1)

	person("delete", dict{"channel": w.ch, "ts": reply})
}
