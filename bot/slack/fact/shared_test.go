package fact

import (
	"strings"
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

// What is said in a channel that belongs to another organisation is for us if the app's installation with us is named, and for
// nobody else. Who says it still decides what becomes of it.
func TestSharedChannel(t *testing.T) {
	t.Parallel()
	const ours = `[{"enterprise_id":null,"team_id":"T1","user_id":"UBOT","is_bot":true,"is_enterprise_install":false}]`
	hi := msg(`"user":"UANN","team":"T1",`, "hi")
	edit := `{"type":"message","subtype":"message_changed","channel":"C1","event_ts":"1700000009.000000",` +
		`"message":{"type":"message","user":"UANN","team":"T1","ts":"1700000002.000200","edited":{"user":"UANN","ts":"1700000005.000000"},"text":"new"}}`
	for name, tt := range map[string]struct {
		event          string
		authorizations string
		want           bridge.ActorKind // "" if it isn't for us
	}{
		"a colleague":                      {event: msg(`"user":"UANN","team":"T1","user_team":"T1","source_team":"T1",`, "hi"), authorizations: ours, want: bridge.ActorPerson},
		"a colleague, told briefly":        {event: hi, authorizations: ours, want: bridge.ActorPerson},
		"a colleague's edit":               {event: edit, authorizations: ours, want: bridge.ActorPerson},
		"somebody of theirs":               {event: msg(`"user":"UEVE","team":"T9","user_team":"T9","source_team":"T9",`, "hi"), authorizations: ours, want: bridge.ActorForeign},
		"the app's installation elsewhere": {event: hi, authorizations: `[{"team_id":"T9","user_id":"UBOT9","is_bot":true}]`},
		"nobody's":                         {event: hi, authorizations: `[]`},
		"an organisation without a team":   {event: hi, authorizations: `[{"enterprise_id":"E1","team_id":null}]`},
		"authorizations of no kind":        {event: hi, authorizations: `{"team_id":"T1"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			split := testSelf().SplitEvent(KindEvent, sharedOf(tt.event, tt.authorizations))
			if tt.want == "" {
				wantForeign(t, split)
				return
			}
			if split.Foreign || len(split.Facts) != 1 || split.Facts[0].Quarantine != "" {
				t.Fatalf("got %+v, want one fact of ours", split)
			}
			as, err := decodeStored(split.Facts[0].Payload)
			if err != nil || len(as) != 1 {
				t.Fatalf("decoded as %+v, %v, want one action", as, err)
			}
			wantEqual(t, "kind of the actor", as[0].Actor.Kind, tt.want)
		})
	}
	t.Run("another app", func(t *testing.T) {
		t.Parallel()
		wantForeign(t, testSelf().SplitEvent(KindEvent, []byte(strings.Replace(string(sharedOf(hi, ours)), "ABOT", "AOTHER", 1))))
	})
}
