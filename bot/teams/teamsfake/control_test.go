package teamsfake_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/tenant"
)

// control calls an address below /_fake/, as a driver in another process does. A list in the answer is found under "list".
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

// newControlled makes a world whose app was connected by an address below /_fake/, with a thread that Ann answered.
func newControlled(t *testing.T) (w *world, root, reply string) {
	t.Helper()
	w = newServer(t, teamsfake.Options{})
	w.bot = listen(t)
	if status, got := w.control("POST", "admin/connect", teamsfake.Admin{Endpoint: w.bot.url}); status != http.StatusOK {
		t.Fatalf("connect: status %d, want 200; answer %v", status, got)
	}

	root = w.start(withActions(card(textBlock("hello")), execute("Go", "go", nil)))
	_, got := w.control("POST", "person/"+ann+"/reply", teamsfake.Act{Channel: tickets, Root: root, Text: "hi"})
	reply, isText := got["id"].(string)
	if !isText {
		t.Fatalf("reply: %v", got)
	}
	return w, root, reply
}

// TestControlPerson: what a person does by an address below /_fake/ reaches the bot, and its answer comes back.
func TestControlPerson(t *testing.T) {
	w, root, _ := newControlled(t)
	w.answering("adaptiveCard/action", obj{"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": "Done."})
	_, got := w.control("POST", "person/"+ann+"/click", teamsfake.Act{Channel: tickets, Message: root, Name: "Go"})
	want(t, got, "outcome.message", "Done.")
}

// TestControlReset: reset empties the channels.
func TestControlReset(t *testing.T) {
	w, _, _ := newControlled(t)
	w.until("nothing pending", func() bool { return w.srv.Activities.Pending() == 0 })
	if status, got := w.control("POST", "reset", nil); status != http.StatusOK {
		t.Errorf("reset: status %d, want 200; answer %v", status, got)
	}
	if left := w.srv.Messages(tickets); len(left) != 0 {
		t.Errorf("%d messages are left after reset", len(left))
	}
}

// TestControlAnswers: each address below /_fake/ answers a good request with what it did, and a bad one with its status.
func TestControlAnswers(t *testing.T) {
	w, root, id := newControlled(t)
	asAnn, asBen := "person/"+ann, "person/"+ben
	zoe := teamsfake.User{ID: "zoe", Name: "Zoe"}
	for _, tt := range []struct {
		name   string
		verb   string // of HTTP
		path   string // below /_fake/
		body   any
		status int
		field  string // of the answer, as dig reads it
		want   any
	}{
		{
			name: "edit", verb: "POST", path: asAnn + "/edit", body: teamsfake.Act{Channel: tickets, Message: id, Text: "ho"},
			status: 200, field: "ok", want: true,
		},
		{
			name: "not theirs", verb: "POST", path: asBen + "/delete", body: teamsfake.Act{Channel: tickets, Message: id},
			status: 409, field: "ok", want: false,
		},
		{name: "no verb", verb: "POST", path: asBen + "/fly", status: 404, field: "ok", want: false},
		{name: "bad body", verb: "POST", path: asBen + "/say", body: obj{"txt": "x"}, status: 400, field: "ok", want: false},
		{name: "no dialog", verb: "POST", path: asBen + "/submit", status: 409, field: "error", want: "no dialog is open"},
		{
			name: "rename", verb: "POST", path: "admin/rename", body: teamsfake.Admin{Channel: tickets, Name: "cases"},
			status: 200, field: "ok", want: true,
		},
		{
			name: "add user", verb: "POST", path: "admin/add_user", body: teamsfake.Admin{User: zoe},
			status: 200, field: "user.name", want: "Zoe",
		},
		{
			name: "unknown app", verb: "POST", path: "admin/uninstall", body: teamsfake.Admin{Names: []string{"x"}},
			status: 409, field: "ok", want: false,
		},
		{name: "admin verb", verb: "POST", path: "admin/fly", status: 404, field: "ok", want: false},
		{
			name: "fault", verb: "POST", path: "faults", body: teamsfake.Fault{Method: "graph.*", Kind: teamsfake.FaultHTTP},
			status: 200, field: "id", want: 1,
		},
		{
			name: "own fault", verb: "POST", path: "faults", body: teamsfake.Fault{Method: "graph.*", Kind: teamsfake.FaultGarbage},
			status: 200, field: "id", want: 2,
		},
		{
			name: "misspelt fault", verb: "POST", path: "faults", body: teamsfake.Fault{Method: "graph.*", Kind: "rate_limit"},
			status: 400, field: "ok", want: false,
		},
		{name: "clear", verb: "DELETE", path: "faults", status: 200, field: "ok", want: true},
		{name: "info", verb: "GET", path: "info", status: 200, field: "app_id", want: w.srv.AppID()},
		{name: "state", verb: "GET", path: "state?channel=" + tickets, status: 200, field: "channels.0.messages.0.id", want: root},
		{name: "thread", verb: "GET", path: "thread?channel=" + tickets + "&root=" + root, status: 200, field: "list.1.id", want: id},
		{name: "calls", verb: "GET", path: "calls?method=conversations.*", status: 200, field: "list.0.status", want: 201},
		{name: "changes", verb: "GET", path: "changes?since=0", status: 200, field: "list.0.seq", want: 1},
		{name: "bad changes", verb: "GET", path: "changes?since=x", status: 400, field: "ok", want: false},
		{name: "problems", verb: "GET", path: "problems", status: 200, field: "list", want: nil},
		{name: "file", verb: "GET", path: "file?id=x", status: 404, field: "ok", want: false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, got := w.control(tt.verb, tt.path, tt.body)
			if status != tt.status {
				t.Errorf("%s %s: status %d, want %d; answer %v", tt.verb, tt.path, status, tt.status, got)
			}
			want(t, got, tt.field, tt.want)
		})
	}
}

// heard waits until the bot is told of a change, and returns what it is told.
func (w *world) heard(event string) obj {
	w.t.Helper()
	a := w.next("conversationUpdate")
	want(w.t, a, "channelData.eventType", event)
	return a
}

// checkReply checks how a reply of the bot in a thread is answered. An empty code means any.
func (w *world) checkReply(root string, status int, wantCode string) {
	w.t.Helper()
	got, answer := w.reply(root, obj{"text": "x"})
	hasCode := wantCode == "" || code(answer) == wantCode
	if got != status || !hasCode {
		w.t.Errorf("reply: status %d, code %s; want %d, %s", got, code(answer), status, wantCode)
	}
}

// check ends the test if an administrator's act failed.
func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestChannelsChange: the bot is told of a channel that is renamed, deleted or restored; a deleted one takes no replies.
func TestChannelsChange(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	root := w.start(card(textBlock("hello")))
	check(t, w.srv.Admin.RenameChannel(tickets, "cases"))
	want(t, w.heard("channelRenamed"), "channelData.channel.name", "cases")
	check(t, w.srv.Admin.DeleteChannel(tickets))
	w.heard("channelDeleted")
	w.checkReply(root, http.StatusNotFound, "ConversationNotFound")
	check(t, w.srv.Admin.RestoreChannel(tickets))
	w.heard("channelRestored")
	w.checkReply(root, http.StatusCreated, "")
}

// TestArchivedTeam: a team that is archived takes no replies until it is unarchived; the bot is told of both.
func TestArchivedTeam(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	root := w.start(card(textBlock("hello")))
	check(t, w.srv.Admin.ArchiveTeam(team, true))
	w.heard("teamArchived")
	w.checkReply(root, http.StatusForbidden, "MessageWritesBlocked")
	check(t, w.srv.Admin.ArchiveTeam(team, false))
	w.heard("teamUnarchived")
	w.checkReply(root, http.StatusCreated, "")
}

// TestMembersChange: whoever is taken out of a team can't write there, and the bot is told.
func TestMembersChange(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	root := w.start(card(textBlock("hello")))
	check(t, w.srv.Admin.SetMembers(team, []string{ben}))
	u, _ := w.srv.User(ann)
	want(t, w.heard("teamMemberRemoved"), "membersRemoved.0.id", u.TeamsID)
	if _, err := w.ann.Reply(tickets, root, "x"); err == nil {
		t.Error("Ann wrote without being a member")
	}
}

// TestPrivateChannel: the bot can post in a private channel once the app was added to it.
func TestPrivateChannel(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	private := w.srv.Admin.AddChannel(teamsfake.Channel{Team: team, Name: "hush", Kind: tenant.KindPrivate, Members: []string{ben}})
	body := w.thread(obj{"type": "message", "text": "x"})
	body["channelData"] = obj{"channel": obj{"id": private.ID}}
	if status, got := w.call("POST", "conversations", body); status != http.StatusForbidden {
		t.Errorf("a thread in a private channel without the app: status %d, want 403; %v", status, got)
	}
	check(t, w.srv.Admin.AddApp(private.ID, true))
	want(t, w.heard("channelMemberAdded"), "channelData.channel.id", private.ID)
	if status, got := w.call("POST", "conversations", body); status != http.StatusCreated {
		t.Errorf("a thread in a private channel with the app: status %d, want 201; %v", status, got)
	}
}

// TestErase: a message that an owner deletes is gone with its words, and the bot is told.
func TestErase(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	root := w.start(card(textBlock("hello")))
	check(t, w.srv.Admin.Erase(tickets, root))
	want(t, w.next("messageDelete"), "id", root)
	if m := w.srv.Message(tickets, root); !m.Deleted() || strings.Contains(string(m.Raw), "hello") {
		t.Errorf("the message is still there: %+v", m)
	}
}
