package glance_test

import (
	"encoding/json"
	"strings"
	"testing"

	"parley/bot/slack/glance"
)

// plain is a callback with a plain message. It has JSON of every kind in fields that Read doesn't need.
const plain = `{"token":"x","team_id":"T1","context_enterprise_id":null,"api_app_id":"A1",
	"event":{"user":"U1","type":"message","ts":"1700000000.000100","client_msg_id":"5d3f","text":"On \"our\" way \u00fc \/ ü","team":"T1",
	"thread_ts":"1600000000.000100","parent_user_id":"U2","blocks":[{"type":"rich_text","elements":[{"n":[-0.5e+3, 10, 0, true, false, null, [], {}]}]}],
	"channel":"C1","event_ts":"1700000000.000100","channel_type":"channel"},
	"type":"event_callback","event_id":"Ev1","event_time":1700000000,"authorizations":[{"team_id":"T1","is_bot":true}],"event_context":"4-e"} `

// plainMessage returns what Read reads of plain.
func plainMessage() glance.Message {
	return glance.Message{
		Team:    "T1",
		App:     "A1",
		Type:    "message",
		Channel: "C1",
		User:    "U1",
		TS:      "1700000000.000100",
		Thread:  "1600000000.000100",
	}
}

// wantRead checks that Read reads a callback, and what it reads of it.
func wantRead(t *testing.T, callback string, want glance.Message) {
	t.Helper()
	got, ok := glance.Read([]byte(callback))
	if !ok {
		t.Fatalf("left to others, want it read: %s", callback)
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestReadMessageInAThread(t *testing.T) {
	t.Parallel()
	wantRead(t, plain, plainMessage())
}

func TestReadMessageAtTopLevel(t *testing.T) {
	t.Parallel()
	want := plainMessage()
	want.Thread = ""
	wantRead(t, strings.Replace(plain, `"thread_ts":"1600000000.000100",`, "", 1), want)
}

// A callback is a request that Slack posts to us.
type callback struct{ name, text string }

// callbacksLeftToOthers are callbacks that Read leaves to others, because they are not plain or not JSON.
func callbacksLeftToOthers() []callback {
	list := []callback{
		{name: "nothing", text: ""},
		{name: "null", text: "null"},
		{name: "two", text: plain + plain},
		{name: "cut", text: plain[:len(plain)-3]},
	}
	for _, tt := range []struct{ name, old, changed string }{ // old is replaced in plain
		// Events that need more than a glance.
		{name: "subtype", old: `"user":"U1"`, changed: `"user":"U1","subtype":"message_changed"`},
		{name: "subtype, other case", old: `"user":"U1"`, changed: `"user":"U1","Subtype":"message_changed"`},
		{name: "key with an escape", old: `"user":"U1"`, changed: `"user":"U1","sub\u0074ype":"message_changed"`},
		{name: "a bot", old: `"user":"U1"`, changed: `"user":"U1","bot_id":"B1"`},
		{name: "files", old: `"user":"U1"`, changed: `"user":"U1","files":[{"id":"F1"}]`},
		{name: "nobody", old: `"user":"U1",`, changed: ``},
		{name: "another callback", old: `event_callback`, changed: `url_verification`},
		{name: "reaction", old: `"type":"message"`, changed: `"type":"reaction_added"`},

		// Events whose fields can't be told for sure.
		{name: "key in another case", old: `"user":"U1"`, changed: `"user":"U1","TS":"2"`},
		{name: "key that stands twice", old: `"user":"U1"`, changed: `"user":"U1","ts":"2"`},
		{name: "event inside", old: `"user":"U1"`, changed: `"user":"U1","event":{}`},
		{name: "two events", old: `"event_id":"Ev1"`, changed: `"event":{"type":"message"}`},
		{name: "escape in an id", old: `"channel":"C1"`, changed: `"channel":"\u00431"`},
		{name: "id of another type", old: `"channel":"C1"`, changed: `"channel":{"id":"C1"}`},
		{name: "text of another type", old: `"On \"our\" way \u00fc \/ ü"`, changed: `5`},
		{name: "id not ASCII", old: `"channel":"C1"`, changed: `"channel":"Cü"`},

		// Callbacks that are not JSON.
		{name: "number", old: `-0.5e+3`, changed: `-.5`},
		{name: "number without end", old: `-0.5e+3`, changed: `1e`},
		{name: "two zeros", old: `-0.5e+3`, changed: `00`},
		{name: "minus alone", old: `-0.5e+3`, changed: `-`},
		{name: "cut literal", old: `false`, changed: `fals`},
		{name: "comma", old: `[]`, changed: `[,]`},
		{name: "comma behind", old: `[]`, changed: `[1,]`},
		{name: "member without value", old: `{}`, changed: `{"a"}`},
		{name: "key that is a number", old: `{}`, changed: `{1:1}`},
		{name: "newline in a string", old: `"5d3f"`, changed: "\"5\nd\""},
		{name: "unknown escape", old: `"5d3f"`, changed: `"\x"`},
		{name: "short escape", old: `"5d3f"`, changed: `"\u12"`},
		{name: "another bracket", old: `[]`, changed: `[}`},
	} {
		list = append(list, callback{name: tt.name, text: strings.Replace(plain, tt.old, tt.changed, 1)})
	}
	return list
}

func TestReadLeavesTheRest(t *testing.T) {
	t.Parallel()
	for _, tt := range callbacksLeftToOthers() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if m, ok := glance.Read([]byte(tt.text)); ok {
				t.Errorf("read as %+v, want it left to others: %s", m, tt.text)
			}
		})
	}
}

// If Read reads a text, that is JSON, and its values are those that encoding/json finds.
func FuzzRead(f *testing.F) {
	f.Add([]byte(plain))
	for _, c := range callbacksLeftToOthers() {
		f.Add([]byte(c.text))
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
		if e.Subtype != "" {
			t.Errorf("%q is read although it has the subtype %q", text, e.Subtype)
		}
		if e.Bot != "" {
			t.Errorf("%q is read although it is of the bot %q", text, e.Bot)
		}
	})
}
