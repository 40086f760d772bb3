package fact

import (
	"testing"

	"parley/bridge"
)

// miasMessage is a message of Mia, for whom Slack names another workspace.
func miasMessage() string {
	return msg(`"user":"UMIA","team":"T9","user_team":"T9","source_team":"T9",`, "hi")
}

// annsPlainMessage is a message of our own workspace.
func annsPlainMessage() string { return msg(annsMessage, "hi") }

// actorKind decodes an event and returns the kind of its actor. self says which people are known.
func actorKind(t *testing.T, self *Self, event string) bridge.ActorKind {
	t.Helper()
	actions, err := self.DecodeEvent(KindEvent, callbackOf(event))
	if err != nil {
		t.Fatal(err)
	}
	if len(actions) != 1 {
		t.Fatalf("got %d actions, want one: %+v", len(actions), actions)
	}
	return actions[0].Actor.Kind
}

// A known colleague counts as a person of ours, whichever workspace Slack names.
func TestMessageOfAColleagueOfSeveralWorkspaces(t *testing.T) {
	t.Parallel()
	self := testSelf()
	self.Colleagues = []string{"UMIA"}
	wantEqual(t, "kind of the actor", actorKind(t, self, miasMessage()), bridge.ActorPerson)
}

// Knowing one colleague doesn't make another person a colleague.
func TestMessageOfAStrangerBesideAColleague(t *testing.T) {
	t.Parallel()
	self := testSelf()
	self.Colleagues = []string{"UANN"}
	wantEqual(t, "kind of the actor", actorKind(t, self, miasMessage()), bridge.ActorForeign)
}

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
			wantEqual(t, "author", testSelf().ForeignAuthor(callbackOf(tt.event)), tt.want)
		})
	}
}
