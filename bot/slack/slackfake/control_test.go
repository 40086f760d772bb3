package slackfake_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"testing"

	"github.com/slack-go/slack/socketmode"

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

// /_fake refuses what it can't do with a status and a reason.
func TestRefusedOverTheWire(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	var out dict
	status := w.control("POST", "person/U0NOBODY01/post", dict{"post": dict{"channel": w.ch, "text": "x"}}, &out)
	wantEqual(t, "status for nobody", status, http.StatusConflict)
	wantFields(t, "the answer for nobody", out, dict{"error": "user_not_found"})
	wantEqual(t, "status of an unknown verb", w.control("POST", "person/U0NOBODY01/fly", nil, nil), http.StatusNotFound)
	wantEqual(t, "status of an unknown field", w.control("POST", "person/U0NOBODY01/post", dict{"wrong": 1}, nil), http.StatusBadRequest)
}

func TestAdminOverTheWire(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	var out struct {
		OK        bool              `json:"ok"`
		ID        int               `json:"id"`
		User      slackfake.User    `json:"user"`
		Channel   slackfake.Channel `json:"channel"`
		ChannelID string            `json:"channel_id"`
	}
	admin := func(verb string, body dict) {
		t.Helper()
		if status := w.control("POST", "admin/"+verb, body, &out); status != http.StatusOK || !out.OK {
			t.Fatalf("%s = %d %+v", verb, status, out)
		}
	}

	// Each act of an administrator reaches the app as an event.
	admin("add_user", dict{"user": dict{"name": "cleo", "email": "cleo@acme.test"}})
	a.waitRaw("team_join")
	admin("add_channel", dict{"new_channel": dict{"name": "vip", "members": []string{out.User.ID, w.srv.BotUserID()}}})
	admin("change_channel_id", dict{"channel": out.Channel.ID})
	a.waitRaw("channel_id_changed")
	admin("kick", dict{"channel": out.ChannelID, "id": w.srv.BotUserID()})
	a.waitRaw("channel_left")
	admin("deactivate", dict{"id": out.User.ID})
	a.waitRaw("user_change")
	admin("send_event", dict{"name": "odd", "channel": w.ch, "event": dict{"type": "odd", "ts": 7}})
	if ev := a.waitEvent(socketmode.EventTypeErrorBadMessage); ev.Request != nil {
		t.Errorf("slack-go read the unknown event as %+v, want it refused", ev.Request)
	}
	admin("disconnect", dict{"name": "refresh_requested"})
	a.waitEvent(socketmode.EventTypeHello)

	// A fault fires until it is deleted.
	w.control("POST", "faults", slackfake.Fault{Method: "auth.test", Kind: slackfake.FaultError}, &out)
	wantEqual(t, "id of the fault", out.ID, 1)
	if _, err := w.api.AuthTestContext(w.ctx); err == nil {
		t.Error("auth.test succeeded, want the fault's error")
	}
	wantEqual(t, "status for a misspelt fault", w.control("POST", "faults", dict{"method": "auth.test", "kind": "rate_limit"}, nil),
		http.StatusBadRequest)
	w.control("DELETE", "faults?id=1", nil, nil)
	must(w.api.AuthTestContext(w.ctx))(t)

	// A reset leaves the workspace as it began, and usable.
	w.postAsBot("gone after reset")
	w.control("POST", "reset", nil, nil)
	wantEqual(t, "messages after the reset", len(w.srv.Messages(w.ch)), 0)
	wantEqual(t, "users after the reset", len(w.srv.Users()), allUsers)
	wantEqual(t, "recorded calls after the reset", len(w.srv.Calls("")), 0)
	w.postAsBot("usable after reset")
	if m := a.waitMessage(""); m["text"] == "gone after reset" { // it was on its way
		a.waitMessage("")
	}
}

// A program reads the changes of a workspace as a subscriber and by a long poll over HTTP.
func TestChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	sub := w.srv.Subscribe()
	ts := w.postAs(w.ann, "", "x")
	got := must(sub.Next(w.ctx))(t)
	wantEqual(t, "kind", got[0].Kind, "message")
	wantEqual(t, "message", got[0].TS, ts)
	wantEqual(t, "channel", got[0].Channel, w.ch)
	wantEqual(t, "person", got[0].User, w.ann.ID())
	seen := got[len(got)-1].Seq

	var list []slackfake.Change
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.control("GET", "changes?wait=10&since="+strconv.FormatInt(seen, 10), nil, &list)
	}()
	noError(t, w.ann.React(w.ch, ts, "eyes"))
	<-done
	if len(list) == 0 || list[0].Seq != seen+1 {
		t.Errorf("the long poll gave %+v, want what came after %d", list, seen)
	}

	ended, stop := context.WithCancel(w.ctx)
	stop()
	if _, err := w.srv.Subscribe().Next(ended); err == nil {
		t.Error("a subscription goes on after its context's end, want an error")
	}
}
