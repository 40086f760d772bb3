package glance_test

import (
	"encoding/json"
	"strings"
	"testing"

	"parley/bot/slack/glance"
)

const plain = `{"token":"x","team_id":"T1","context_enterprise_id":null,"api_app_id":"A1",
	"event":{"user":"U1","type":"message","ts":"1700000000.000100","client_msg_id":"5d3f","text":"On \"our\" way \u00fc \/ ü","team":"T1",
	"thread_ts":"1600000000.000100","parent_user_id":"U2","blocks":[{"type":"rich_text","elements":[{"n":[-0.5e+3, 10, 0, true, false, null, [], {}]}]}],
	"channel":"C1","event_ts":"1700000000.000100","channel_type":"channel"},
	"type":"event_callback","event_id":"Ev1","event_time":1700000000,"authorizations":[{"team_id":"T1","is_bot":true}],"event_context":"4-e"} `

func TestRead(t *testing.T) {
	t.Parallel()
	want := glance.Message{Team: "T1", App: "A1", Type: "message", Channel: "C1", User: "U1", TS: "1700000000.000100", Thread: "1600000000.000100"}
	if m, ok := glance.Read([]byte(plain)); !ok || m != want {
		t.Errorf("%v %+v", ok, m)
	}
	want.Thread = ""
	if m, ok := glance.Read([]byte(strings.Replace(plain, `"thread_ts":"1600000000.000100",`, "", 1))); !ok || m != want {
		t.Errorf("at the top level: %v %+v", ok, m)
	}
}

// odd changes the plain callback into what is left to others, or is no JSON at all.
func odd() map[string]string {
	list := map[string]string{"nothing": "", "null": "null", "two": plain + plain, "cut": plain[:len(plain)-3]}
	for name, c := range map[string][2]string{
		"subtype":             {`"user":"U1"`, `"user":"U1","subtype":"message_changed"`},
		"subtype, other case": {`"user":"U1"`, `"user":"U1","Subtype":"message_changed"`},
		"key with an escape":  {`"user":"U1"`, `"user":"U1","sub\u0074ype":"message_changed"`},
		"a bot":               {`"user":"U1"`, `"user":"U1","bot_id":"B1"`},
		"files":               {`"user":"U1"`, `"user":"U1","files":[{"id":"F1"}]`},
		"nobody":              {`"user":"U1",`, ``},
		"other case":          {`"user":"U1"`, `"user":"U1","TS":"2"`},
		"twice":               {`"user":"U1"`, `"user":"U1","ts":"2"`},
		"empty, then again":   {`"user":"U1"`, `"user":"U1","event":{}`},
		"escape in an id":     {`"channel":"C1"`, `"channel":"\u00431"`},
		"id of another type":  {`"channel":"C1"`, `"channel":{"id":"C1"}`},
		"text of another":     {`"On \"our\" way \u00fc \/ ü"`, `5`},
		"id not ASCII":        {`"channel":"C1"`, `"channel":"Cü"`},
		"two events":          {`"event_id":"Ev1"`, `"event":{"type":"message"}`},
		"another callback":    {`event_callback`, `url_verification`},
		"reaction":            {`"type":"message"`, `"type":"reaction_added"`},
		"number":              {`-0.5e+3`, `-.5`}, "number without end": {`-0.5e+3`, `1e`}, "two zeros": {`-0.5e+3`, `00`}, "minus": {`-0.5e+3`, `-`},
		"literal": {`false`, `fals`}, "comma": {`[]`, `[,]`}, "comma behind": {`[]`, `[1,]`}, "member": {`{}`, `{"a"}`}, "key": {`{}`, `{1:1}`},
		"newline in a string": {`"5d3f"`, "\"5\nd\""}, "escape": {`"5d3f"`, `"\x"`}, "short escape": {`"5d3f"`, `"\u12"`}, "bracket": {`[]`, `[}`},
	} {
		list[name] = strings.Replace(plain, c[0], c[1], 1)
	}
	return list
}

func TestReadLeaves(t *testing.T) {
	t.Parallel()
	for name, text := range odd() {
		if m, ok := glance.Read([]byte(text)); ok {
			t.Errorf("%s: %+v of %s", name, m, text)
		}
	}
}

// FuzzRead: what is read is JSON, and has the values that encoding/json finds.
func FuzzRead(f *testing.F) {
	f.Add([]byte(plain))
	for _, text := range odd() {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, ok := glance.Read(text)
		if !ok {
			return
		}
		var want struct {
			Team  string `json:"team_id"`
			App   string `json:"api_app_id"`
			Event struct {
				Type    string `json:"type"`
				Channel string `json:"channel"`
				User    string `json:"user"`
				TS      string `json:"ts"`
				Thread  string `json:"thread_ts"`
				Subtype string `json:"subtype"`
				Bot     string `json:"bot_id"`
			} `json:"event"`
		}
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		e := want.Event
		if got := (glance.Message{Team: want.Team, App: want.App, Type: e.Type, Channel: e.Channel, User: e.User, TS: e.TS, Thread: e.Thread}); got != m || e.Subtype+e.Bot != "" {
			t.Errorf("%q: %+v, want %+v", text, m, got)
		}
	})
}
