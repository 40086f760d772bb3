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
)

// fake calls /_fake as a driver in another process would.
func (w *world) fake(method, path string, body, into any) int {
	w.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		w.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(w.ctx, method, w.srv.URL()+"/_fake/"+path, bytes.NewReader(b))
	if err != nil {
		w.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	if into != nil {
		if err := json.NewDecoder(res.Body).Decode(into); err != nil {
			w.t.Fatalf("%s: %v", path, err)
		}
	}
	return res.StatusCode
}

type dict = map[string]any

// TestDriveOverTheWire does a conversation with nothing but /_fake.
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
		if status := w.fake("POST", "person/"+w.ann.ID()+"/"+verb, body, &out); status != http.StatusOK || !out.OK {
			t.Fatalf("%s = %d %+v", verb, status, out)
		}
	}
	person("post", dict{"post": dict{"channel": w.ch, "thread": ts, "text": "hi", "files": []dict{{"name": "a.txt", "data": []byte("abc")}}}})
	reply := out.TS
	person("edit", dict{"channel": w.ch, "ts": reply, "text": "hello"})
	person("react", dict{"channel": w.ch, "ts": reply, "name": "eyes"})
	person("click", dict{"channel": w.ch, "ts": ts, "action": "take"})
	if out.Outcome.Error != "" {
		t.Errorf("click = %+v", out.Outcome)
	}
	person("command", dict{"channel": w.ch, "command": "/helpdesk", "text": "list"})
	person("shortcut", dict{"callback": "new"})
	person("shortcut", dict{"callback": "note", "channel": w.ch, "ts": reply})
	person("home", dict{})
	a.inner("app_home_opened")

	var thread []slackfake.Message
	w.fake("GET", "thread?channel="+w.ch+"&ts="+ts, nil, &thread)
	if len(thread) != 2 || thread[1].Text != "hello" || len(thread[1].Files) != 1 || len(thread[1].Reactions) != 1 {
		t.Errorf("thread = %+v", thread)
	}
	var file slackfake.File
	w.fake("GET", "file?id="+thread[1].Files[0].ID, nil, &file)
	if file.Shares["public"][w.ch][0].ThreadTS != ts || file.Size != 3 {
		t.Errorf("file = %+v", file)
	}
	var state slackfake.Snapshot
	w.fake("GET", "state", nil, &state)
	if len(state.Channels) < 1 || len(state.Users) != 4 || len(state.Files) != 1 {
		t.Errorf("state = %+v", state)
	}
	if status := w.fake("POST", "person/U0NOBODY01/post", dict{"post": dict{"channel": w.ch, "text": "x"}}, &out); status != http.StatusConflict || out.Error != "user_not_found" {
		t.Errorf("nobody = %d %+v", status, out)
	}
	if status := w.fake("POST", "person/U0NOBODY01/fly", nil, nil); status != http.StatusNotFound {
		t.Errorf("unknown verb = %d", status)
	}
	if status := w.fake("POST", "person/U0NOBODY01/post", dict{"wrong": 1}, nil); status != http.StatusBadRequest {
		t.Errorf("unknown field = %d", status)
	}
	person("delete", dict{"channel": w.ch, "ts": reply})
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
		if status := w.fake("POST", "admin/"+verb, body, &out); status != http.StatusOK || !out.OK {
			t.Fatalf("%s = %d %+v", verb, status, out)
		}
	}
	admin("add_user", dict{"user": dict{"name": "cleo", "email": "cleo@acme.test"}})
	a.inner("team_join")
	admin("add_channel", dict{"new_channel": dict{"name": "vip", "members": []string{out.User.ID, w.srv.BotUserID()}}})
	admin("change_channel_id", dict{"channel": out.Channel.ID})
	a.inner("channel_id_changed")
	admin("kick", dict{"channel": out.ChannelID, "id": w.srv.BotUserID()})
	a.inner("channel_left")
	admin("deactivate", dict{"id": out.User.ID})
	a.inner("user_change")
	admin("send_event", dict{"name": "odd", "channel": w.ch, "event": dict{"type": "odd", "ts": 7}})
	if ev := a.next(socketmode.EventTypeErrorBadMessage); ev.Request != nil {
		t.Error("slack-go knows the unknown event now")
	}
	admin("disconnect", dict{"name": "refresh_requested"})
	a.next(socketmode.EventTypeHello)
	w.fake("POST", "faults", slackfake.Fault{Method: "auth.test", Kind: slackfake.FaultError}, &out)
	if _, err := w.api.AuthTestContext(w.ctx); err == nil || out.ID != 1 {
		t.Errorf("fault %d did not fire: %v", out.ID, err)
	}
	if status := w.fake("POST", "faults", dict{"method": "auth.test", "kind": "rate_limit"}, nil); status != http.StatusBadRequest {
		t.Errorf("a misspelt fault = %d", status)
	}
	w.fake("DELETE", "faults?id=1", nil, nil)
	if _, err := w.api.AuthTestContext(w.ctx); err != nil {
		t.Error(err)
	}
	w.post("gone after reset")
	w.fake("POST", "reset", nil, nil)
	if len(w.srv.Messages(w.ch)) != 0 || len(w.srv.Users()) != 4 || len(w.srv.Calls("")) != 0 {
		t.Error("reset left something")
	}
	w.post("usable after reset")
	if m := a.message(""); m["text"] == "gone after reset" {
		a.message("")
	}
}

// TestChanges reads the change log in both ways.
func TestChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	sub := w.srv.Subscribe()
	ts := w.say(w.ann, "", "x")
	got, err := sub.Next(w.ctx)
	if err != nil || len(got) == 0 || got[0].Kind != "message" || got[0].TS != ts || got[0].Channel != w.ch || got[0].User != w.ann.ID() {
		t.Errorf("changes = %+v, %v", got, err)
	}
	var list []slackfake.Change
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.fake("GET", "changes?wait=10&since="+strconv.FormatInt(got[len(got)-1].Seq, 10), nil, &list)
	}()
	if err := w.ann.React(w.ch, ts, "eyes"); err != nil {
		t.Fatal(err)
	}
	<-done
	if len(list) == 0 || list[0].Seq != got[len(got)-1].Seq+1 {
		t.Errorf("long poll = %+v", list)
	}
	ended, stop := context.WithCancel(w.ctx)
	stop()
	if _, err := w.srv.Subscribe().Next(ended); err == nil {
		t.Error("a subscription must end with its context")
	}
}
