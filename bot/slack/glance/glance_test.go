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

// The few fields are read that decide what becomes of a plain message.
func TestRead(t *testing.T) {
	t.Parallel()
	inThread := glance.Message{Team: "T1", App: "A1", Type: "message", Channel: "C1", User: "U1", TS: "1700000000.000100", Thread: "1600000000.000100"}
	atTopLevel := inThread
	atTopLevel.Thread = ""
	for name, tt := range map[string]struct {
		text string
		want glance.Message
	}{
		"in a thread":  {text: plain, want: inThread},
		"at top level": {text: strings.Replace(plain, `"thread_ts":"1600000000.000100",`, "", 1), want: atTopLevel},
	} {
		if got, ok := glance.Read([]byte(tt.text)); !ok || got != tt.want {
			t.Errorf("%s: got %+v (read: %v), want %+v", name, got, ok, tt.want)
		}
	}
}

// notPlain returns callbacks that are left to others, or are no JSON at all.
func notPlain() map[string]string {
	list := map[string]string{"nothing": "", "null": "null", "two": plain + plain, "cut": plain[:len(plain)-3]}
	for name, change := range map[string]struct{ from, to string }{
		"subtype":               {`"user":"U1"`, `"user":"U1","subtype":"message_changed"`},
		"subtype, other case":   {`"user":"U1"`, `"user":"U1","Subtype":"message_changed"`},
		"key with an escape":    {`"user":"U1"`, `"user":"U1","sub\u0074ype":"message_changed"`},
		"a bot":                 {`"user":"U1"`, `"user":"U1","bot_id":"B1"`},
		"files":                 {`"user":"U1"`, `"user":"U1","files":[{"id":"F1"}]`},
		"nobody":                {`"user":"U1",`, ``},
		"key in another case":   {`"user":"U1"`, `"user":"U1","TS":"2"`},
		"key that stands twice": {`"user":"U1"`, `"user":"U1","ts":"2"`},
		"event inside":          {`"user":"U1"`, `"user":"U1","event":{}`},
		"escape in an id":       {`"channel":"C1"`, `"channel":"\u00431"`},
		"id of another type":    {`"channel":"C1"`, `"channel":{"id":"C1"}`},
		"text of another type":  {`"On \"our\" way \u00fc \/ ü"`, `5`},
		"id not ASCII":          {`"channel":"C1"`, `"channel":"Cü"`},
		"two events":            {`"event_id":"Ev1"`, `"event":{"type":"message"}`},
		"another callback":      {`event_callback`, `url_verification`},
		"reaction":              {`"type":"message"`, `"type":"reaction_added"`},
		"number":                {`-0.5e+3`, `-.5`},
		"number without end":    {`-0.5e+3`, `1e`},
		"two zeros":             {`-0.5e+3`, `00`},
		"minus alone":           {`-0.5e+3`, `-`},
		"cut literal":           {`false`, `fals`},
		"comma":                 {`[]`, `[,]`},
		"comma behind":          {`[]`, `[1,]`},
		"member without value":  {`{}`, `{"a"}`},
		"key that is a number":  {`{}`, `{1:1}`},
		"newline in a string":   {`"5d3f"`, "\"5\nd\""},
		"unknown escape":        {`"5d3f"`, `"\x"`},
		"short escape":          {`"5d3f"`, `"\u12"`},
		"another bracket":       {`[]`, `[}`},
	} {
		list[name] = strings.Replace(plain, change.from, change.to, 1)
	}
	return list
}

func TestReadLeavesTheRest(t *testing.T) {
	t.Parallel()
	for name, text := range notPlain() {
		if m, ok := glance.Read([]byte(text)); ok {
			t.Errorf("%s: read as %+v, want it left to others: %s", name, m, text)
		}
	}
}

// What is read is JSON, and has the values that encoding/json finds.
func FuzzRead(f *testing.F) {
	f.Add([]byte(plain))
	for _, text := range notPlain() {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, ok := glance.Read(text)
		if !ok {
			return
		}
		var all struct {
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
		if err := json.Unmarshal(text, &all); err != nil {
			t.Fatalf("read, but %q is no JSON: %v", text, err)
		}
		e := all.Event
		want := glance.Message{Team: all.Team, App: all.App, Type: e.Type, Channel: e.Channel, User: e.User, TS: e.TS, Thread: e.Thread}
		if got != want {
			t.Errorf("%q is read as %+v, want %+v", text, got, want)
		}
		if e.Subtype+e.Bot != "" {
			t.Errorf("%q is read although it has the subtype %q and the bot %q", text, e.Subtype, e.Bot)
		}
	})
}
