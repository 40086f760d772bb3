package slack

import (
	"strings"
	"testing"
)

// These tests are about events for our app, and about messages that our app wrote itself.

// An event that isn't addressed to our app in our workspace is left to others.
func TestForeignCallbacks(t *testing.T) {
	t.Parallel()
	ours := string(factCallbackOf(msg(`"user":"UANN",`, "x")))
	for _, tt := range []struct {
		name string
		body string
	}{
		{name: "another workspace", body: strings.Replace(ours, "T1", "T9", 1)},
		{name: "another app", body: strings.Replace(ours, "ABOT", "A9", 1)},
		{name: "no address", body: `{"type":"event_callback","event":{"type":"message"}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wantForeign(t, testSelf().SplitEvent(KindEvent, []byte(tt.body)))
		})
	}
}

// A message that our app wrote isn't a fact, under whichever of our names in Slack it comes: user, bot or app.
func TestOurOwnMessageIsNoFact(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		fields string // of the message, that say who wrote it
	}{
		{name: "user", fields: `"user":"UBOT",`},
		{name: "bot", fields: `"bot_id":"BBOT",`},
		{name: "app", fields: `"app_id":"ABOT",`},
		{name: "app, with an earlier user and bot", fields: `"user":"UOLD","bot_id":"BOLD","app_id":"ABOT",`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wantNoFact(t, msg(tt.fields, "x"))
		})
	}
}

// Slack repeats the words of a deleted message. They aren't kept in the journal, neither those of a reply nor those of a
// root, which leaves a tombstone.
// Requirement R-276: Erase and export a person.
func TestDeletedWordsAreNotKept(t *testing.T) {
	t.Parallel()
	const previous = `{
		"ts": "2.0", "thread_ts": "1.0", "user": "UANN",
		"text": "a zebra", "blocks": [{"type": "zebra"}], "files": [{"name": "zebra"}]
	}`
	for _, tt := range []struct {
		name  string
		event string
	}{
		{
			name: "reply",
			event: `{
				"type": "message", "subtype": "message_deleted", "channel": "C1", "deleted_ts": "2.0",
				"previous_message": ` + previous + `
			}`,
		},
		{
			name: "root",
			event: `{
				"type": "message", "subtype": "message_changed", "channel": "C1",
				"message": {"subtype": "tombstone", "ts": "2.0", "thread_ts": "1.0", "text": "This message was deleted."},
				"previous_message": ` + previous + `
			}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			facts := testSelf().SplitEvent(KindEvent, factCallbackOf(tt.event)).Facts
			if len(facts) != 1 {
				t.Fatalf("got %d facts, want one: %+v", len(facts), facts)
			}
			kept := string(facts[0].Payload)
			if strings.Contains(kept, "zebra") {
				t.Errorf("the words are kept: %s", kept)
			}
			withoutBlanks := strings.ReplaceAll(kept, " ", "")
			for _, want := range []string{`"thread_ts":"1.0"`, `"user":"UANN"`} {
				if !strings.Contains(withoutBlanks, want) {
					t.Errorf("kept is %s, want %s in it", kept, want)
				}
			}
		})
	}
}
