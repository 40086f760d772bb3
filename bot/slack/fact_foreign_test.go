package slack

import "testing"

// miasMessage is a message of Mia, for whom Slack names another workspace.
func miasMessage() string {
	return msg(`"user":"UMIA","team":"T9","user_team":"T9","source_team":"T9",`, "hi")
}

// annsPlainMessage is a message of our own workspace.
func annsPlainMessage() string { return msg(annsMessage, "hi") }

func TestForeignAuthor(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, event, want string }{
		{name: "a message of another workspace's member", event: miasMessage(), want: "UMIA"},
		{name: "a message of our own workspace", event: annsPlainMessage(), want: ""},
		{name: "an edit", event: changed(miasMessage(), annsPlainMessage()), want: "UMIA"},
		{
			name:  "a deletion",
			event: `{"type":"message","subtype":"message_deleted","channel":"C1","deleted_ts":"1.2","previous_message":` + miasMessage() + `}`,
			want:  "UMIA",
		},
		{
			name:  "another workspace's app",
			event: msg(`"subtype":"bot_message","bot_id":"B9","team":"T9",`, "hi"),
			want:  "",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wantEqual(t, "author", testSelf().ForeignAuthor(factCallbackOf(tt.event)), tt.want)
		})
	}
}
