package slackfake_test

import (
	"testing"

	"parley/bot/slack/slackfake"
)

// api.test says the arguments again, and fails as it is told to. It needs no token.
func TestAPITest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	tests := []struct {
		name  string
		token string
		args  []string // names and values
		want  dict     // fields of the answer
		said  dict     // arguments that the answer says
	}{
		{name: "no arguments", want: dict{"ok": true, "args": nil}},
		{name: "an argument", args: []string{"foo", "bar"}, want: dict{"ok": true}, said: dict{"foo": "bar"}},
		{
			name: "an error", args: []string{"error", "my_error", "foo", "bar"},
			want: dict{"ok": false, "error": "my_error"}, said: dict{"error": "my_error", "foo": "bar"},
		},
		{name: "a token", token: w.srv.BotToken(), args: []string{"foo", "bar"}, want: dict{"ok": true}, said: dict{"foo": "bar"}},
		{name: "a wrong token", token: "xoxb-wrong", args: []string{"foo", "bar"}, want: dict{"ok": true}, said: dict{"foo": "bar"}},
	}
	for _, tt := range tests {
		_, _, body := w.call("api.test", tt.token, args(tt.args...))
		wantFields(t, tt.name, body, tt.want)
		wantFields(t, "the arguments of "+tt.name, field(body, "args"), tt.said)
	}
}
