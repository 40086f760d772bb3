package teamsfake_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"parley/bot/teams/teamsfake"
)

// control calls an address below /_fake/, as a driver in another process does. If the answer is a list, it is returned
// under "list".
func (w *world) control(verb, path string, body any) (status int, answer obj) {
	w.t.Helper()
	var raw []byte
	if body != nil {
		raw = mustJSON(w.t, body)
	}
	status, got := w.request(verb, w.srv.URL()+"/_fake/"+path, "", "application/json", raw)
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

	root = w.postCard(withActions(card(textBlock("hello")), execute("Go", "go", nil)))
	_, got := w.control("POST", "person/"+ann+"/reply", teamsfake.Act{Channel: tickets, Root: root, Text: "hi"})
	reply, isText := got["id"].(string)
	if !isText {
		t.Fatalf("reply: %v", got)
	}
	return w, root, reply
}

// TestControlAnswers: each address below /_fake/ answers a good request with its result, and a bad one with an error
// status.
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
			wantField(t, got, tt.field, tt.want)
		})
	}
}
