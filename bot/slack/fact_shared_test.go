package slack

import (
	"testing"

	"parley/bridge"
)

// sharedOf is the callback of an event in a channel that another organisation shares with ours: Slack names the
// organisation in which it happened, and among the authorizations the one in which the app is installed.
// Source: docs.slack.dev/apis/events-api, read 2026-11; @slack/bolt 5.1.0 looks at the authorizations first, too.
func sharedOf(ev, authorizations string) []byte {
	return []byte(`{"type":"event_callback","team_id":"T9","context_team_id":"T9","api_app_id":"ABOT","event_id":"Ev1",` +
		`"authorizations":` + authorizations + `,"is_ext_shared_channel":true,"event":` + ev + `}`)
}

// installedWithUs are authorizations of the app's installation in our organisation.
const installedWithUs = `[{"enterprise_id":null,"team_id":"T1","user_id":"UBOT","is_bot":true,"is_enterprise_install":false}]`

// hiOfAnn is a colleague's message with Slack's short form of its author.
func hiOfAnn() string { return msg(`"user":"UANN","team":"T1",`, "hi") }

// An event in a channel that belongs to another organisation is for us if it names our installation of the app. Its
// author may still be one of theirs.
func TestSharedChannel(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		event string
		want  bridge.ActorKind
	}{
		{
			name:  "a colleague",
			event: msg(`"user":"UANN","team":"T1","user_team":"T1","source_team":"T1",`, "hi"),
			want:  bridge.ActorPerson,
		},
		{name: "a colleague, told briefly", event: hiOfAnn(), want: bridge.ActorPerson},
		{
			name: "a colleague's edit",
			event: `{"type":"message","subtype":"message_changed","channel":"C1","event_ts":"1700000009.000000","message":{"type":"message",` +
				`"user":"UANN","team":"T1","ts":"1700000002.000200","edited":{"user":"UANN","ts":"1700000005.000000"},"text":"new"}}`,
			want: bridge.ActorPerson,
		},
		{
			name:  "somebody of theirs",
			event: msg(`"user":"UEVE","team":"T9","user_team":"T9","source_team":"T9",`, "hi"),
			want:  bridge.ActorForeign,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			split := testSelf().SplitEvent(KindEvent, sharedOf(tt.event, installedWithUs))
			if split.ForOthers {
				t.Fatal("it isn't for us, want it to be")
			}
			if len(split.Facts) != 1 {
				t.Fatalf("got %d facts, want one: %+v", len(split.Facts), split.Facts)
			}
			if why := split.Facts[0].Quarantine; why != "" {
				t.Fatalf("the fact is in quarantine: %s", why)
			}
			as, err := decodeStored(split.Facts[0].Payload)
			if err != nil {
				t.Fatal(err)
			}
			if len(as) != 1 {
				t.Fatalf("got %d actions, want one: %+v", len(as), as)
			}
			wantEqual(t, "kind of the actor", as[0].Actor.Kind, tt.want)
		})
	}
}
