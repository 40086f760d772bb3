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

// TestSharedChannel: what is said in a channel that belongs to another organisation is for us if the app's installation
// with us is named, and for nobody else. Who says it still decides what becomes of it.
func TestSharedChannel(t *testing.T) {
	t.Parallel()
	const ours = `[{"enterprise_id":null,"team_id":"T1","user_id":"UBOT","is_bot":true,"is_enterprise_install":false}]`
	edit := `{"type":"message","subtype":"message_changed","channel":"C1","event_ts":"1700000009.000000",` +
		`"message":{"type":"message","user":"UANN","team":"T1","ts":"1700000002.000200","edited":{"user":"UANN","ts":"1700000005.000000"},"text":"new"}}`
	for name, c := range map[string]struct {
		event, authorizations string
		want                  bridge.ActorKind // "" = it isn't for us
	}{
		"a colleague":               {msg(`"user":"UANN","team":"T1","user_team":"T1","source_team":"T1",`, "On our way"), ours, bridge.ActorPerson},
		"a colleague, briefly":      {msg(`"user":"UANN","team":"T1",`, "On our way"), ours, bridge.ActorPerson},
		"a colleague's edit":        {edit, ours, bridge.ActorPerson},
		"somebody of theirs":        {msg(`"user":"UEVE","team":"T9","user_team":"T9","source_team":"T9",`, "hi"), ours, bridge.ActorForeign},
		"the app elsewhere":         {msg(`"user":"UANN","team":"T1",`, "hi"), `[{"team_id":"T9","user_id":"UBOT9","is_bot":true}]`, ""},
		"nobody's":                  {msg(`"user":"UANN","team":"T1",`, "hi"), `[]`, ""},
		"an organisation, no team":  {msg(`"user":"UANN","team":"T1",`, "hi"), `[{"enterprise_id":"E1","team_id":null}]`, ""},
		"authorizations of no kind": {msg(`"user":"UANN","team":"T1",`, "hi"), `{"team_id":"T1"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := testSelf().SplitEvent(KindEvent, sharedOf(c.event, c.authorizations))
			if c.want == "" {
				if !a.Foreign || len(a.Facts) != 0 {
					t.Errorf("got %+v", a)
				}
				return
			}
			if a.Foreign || len(a.Facts) != 1 || a.Facts[0].Quarantine != "" {
				t.Fatalf("got %+v", a)
			}
			as, err := decodeStored(a.Facts[0].Payload)
			if err != nil || len(as) != 1 || as[0].Actor.Kind != c.want {
				t.Errorf("%+v, %v", as, err)
			}
		})
	}
	other := strings.Replace(string(sharedOf(msg(`"user":"UANN",`, "hi"), ours)), "ABOT", "AOTHER", 1)
	if a := testSelf().SplitEvent(KindEvent, []byte(other)); !a.Foreign || len(a.Facts) != 0 {
		t.Errorf("for another app: %+v", a)
	}
}
