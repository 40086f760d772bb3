package teamsfake_test

import (
	"encoding/json"
	"strings"
	"testing"

	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/tenant"
)

func (w *world) control(verb, path string, body any) (status int, answer obj) {
	w.t.Helper()
	var raw []byte
	if body != nil {
		raw = mustJSON(w.t, body)
	}
	status, got := w.do(verb, w.srv.URL()+"/_fake/"+path, "", "application/json", raw)
	var v any
	if err := json.Unmarshal(got, &v); err != nil {
		w.t.Fatalf("%s: %s", path, got)
	}
	answer, ok := v.(obj)
	if !ok {
		answer = obj{"list": v}
	}
	return status, answer
}

func TestControl(t *testing.T) {
	w := newServer(t, teamsfake.Options{})
	w.bot = listen(t)
	if status, got := w.control("POST", "admin/connect", teamsfake.Admin{Endpoint: w.bot.url}); status != 200 {
		t.Fatal(status, got)
	}
	root := w.start(withActions(card(textBlock("hello")), execute("Go", "go", nil)))
	_, got := w.control("POST", "person/"+ann+"/reply", teamsfake.Act{Channel: tickets, Root: root, Text: "hi"})
	id := got["id"].(string)
	w.answering("adaptiveCard/action", obj{"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": "Done."})
	_, got = w.control("POST", "person/"+ann+"/click", teamsfake.Act{Channel: tickets, Message: root, Name: "Go"})
	want(t, got, "outcome.message", "Done.")
	for name, x := range map[string]struct {
		verb, path string
		body       any
		status     int
		path2      string
		want       any
	}{
		"edit":        {"POST", "person/" + ann + "/edit", teamsfake.Act{Channel: tickets, Message: id, Text: "ho"}, 200, "ok", true},
		"not theirs":  {"POST", "person/" + ben + "/delete", teamsfake.Act{Channel: tickets, Message: id}, 409, "ok", false},
		"no verb":     {"POST", "person/" + ben + "/fly", nil, 404, "ok", false},
		"bad body":    {"POST", "person/" + ben + "/say", obj{"txt": "x"}, 400, "ok", false},
		"no dialog":   {"POST", "person/" + ben + "/submit", nil, 409, "error", "no dialog is open"},
		"rename":      {"POST", "admin/rename", teamsfake.Admin{Channel: tickets, Name: "cases"}, 200, "ok", true},
		"add user":    {"POST", "admin/add_user", teamsfake.Admin{User: teamsfake.User{ID: "zoe", Name: "Zoe"}}, 200, "user.name", "Zoe"},
		"fault":       {"POST", "faults", teamsfake.Fault{Method: "graph.*", Kind: teamsfake.FaultHTTP}, 200, "id", 1},
		"clear":       {"DELETE", "faults", nil, 200, "ok", true},
		"admin verb":  {"POST", "admin/fly", nil, 404, "ok", false},
		"unknown":     {"POST", "admin/uninstall", teamsfake.Admin{Names: []string{"x"}}, 409, "ok", false},
		"info":        {"GET", "info", nil, 200, "app_id", w.srv.AppID()},
		"state":       {"GET", "state?channel=" + tickets, nil, 200, "channels.0.messages.0.id", root},
		"thread":      {"GET", "thread?channel=" + tickets + "&root=" + root, nil, 200, "list.1.id", id},
		"calls":       {"GET", "calls?method=conversations.*", nil, 200, "list.0.status", 201},
		"changes":     {"GET", "changes?since=0", nil, 200, "list.0.seq", 1},
		"bad changes": {"GET", "changes?since=x", nil, 400, "ok", false},
		"problems":    {"GET", "problems", nil, 200, "list", nil},
		"file":        {"GET", "file?id=x", nil, 404, "ok", false},
	} {
		t.Run(name, func(t *testing.T) {
			status, got := w.control(x.verb, x.path, x.body)
			if status != x.status {
				t.Errorf("%d %v", status, got)
			}
			want(t, got, x.path2, x.want)
		})
	}
	w.until("nothing pending", func() bool { return w.srv.Activities.Pending() == 0 })
	if status, _ := w.control("POST", "reset", nil); status != 200 || len(w.srv.Messages(tickets)) != 0 {
		t.Error("not reset")
	}
}

func TestManage(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	root := w.start(card(textBlock("hello")))
	update := func(event string) obj {
		t.Helper()
		a := w.next("conversationUpdate")
		want(t, a, "channelData.eventType", event)
		return a
	}
	try := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	say := func(status int, text string) {
		t.Helper()
		if got, answer := w.reply(root, obj{"text": "x"}); got != status || text != "" && code(answer) != text {
			t.Errorf("%d %v", got, answer)
		}
	}
	try(w.srv.Admin.RenameChannel(tickets, "cases"))
	want(t, update("channelRenamed"), "channelData.channel.name", "cases")
	try(w.srv.Admin.DeleteChannel(tickets))
	update("channelDeleted")
	say(404, "ConversationNotFound")
	try(w.srv.Admin.RestoreChannel(tickets))
	update("channelRestored")
	try(w.srv.Admin.ArchiveTeam(team, true))
	update("teamArchived")
	say(403, "MessageWritesBlocked")
	try(w.srv.Admin.ArchiveTeam(team, false))
	update("teamUnarchived")
	say(201, "")
	try(w.srv.Admin.SetMembers(team, []string{ben}))
	u, _ := w.srv.User(ann)
	want(t, update("teamMemberRemoved"), "membersRemoved.0.id", u.TeamsID)
	if _, err := w.ann.Reply(tickets, root, "x"); err == nil {
		t.Error("wrote without being a member")
	}
	private := w.srv.Admin.AddChannel(teamsfake.Channel{Team: team, Name: "hush", Kind: tenant.KindPrivate, Members: []string{ben}})
	body := w.thread(obj{"type": "message", "text": "x"})
	body["channelData"] = obj{"channel": obj{"id": private.ID}}
	if status, got := w.call("POST", "conversations", body); status != 403 {
		t.Errorf("%d %v", status, got)
	}
	try(w.srv.Admin.AddApp(private.ID, true))
	want(t, update("channelMemberAdded"), "channelData.channel.id", private.ID)
	if status, got := w.call("POST", "conversations", body); status != 201 {
		t.Errorf("%d %v", status, got)
	}
	try(w.srv.Admin.Erase(tickets, root))
	want(t, w.next("messageDelete"), "id", root)
	if m := w.srv.Message(tickets, root); !m.Deleted() || strings.Contains(string(m.Raw), "hello") {
		t.Errorf("%+v", m)
	}
}
