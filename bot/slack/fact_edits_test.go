package slack

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/bridge"
)

// changed is the event of an edit, with the message as it is now and as it was before.
func changed(now, before string) string {
	return `{"type":"message","subtype":"message_changed","channel":"C1","event_ts":"1700000009.000000",` +
		`"message":` + now + `,"previous_message":` + before + `}`
}

// version is a message inside the event of an edit. more are further fields, each followed by a comma.
func version(more, text string) string {
	return `{"type":"message","user":"UANN","ts":"1700000002.000200","thread_ts":"1700000001.000100","parent_user_id":"UBOT",` +
		more + fmt.Sprintf(`"text":%q}`, text)
}

// deleted is the event of a deletion, with the id of the message and its former form.
func deleted(id, before string) string {
	return fmt.Sprintf(`{"type":"message","subtype":"message_deleted","channel":"C1","ts":"1700000009.000000","deleted_ts":%q,`+
		`"previous_message":%s}`, id, before)
}

// toldAt returns an edit that is told at another time.
func toldAt(event, stamp string) string { return strings.Replace(event, "1700000009.000000", stamp, 1) }

// withoutTime returns an edit without the time at which Slack told it, as an edit found in a channel's history has none.
func withoutTime(event string) string {
	return strings.Replace(event, `"event_ts":"1700000009.000000",`, "", 1)
}

// inHistory returns an edit as a channel's history has it: without a time, and without the message as it was before.
func inHistory(event string) string {
	return strings.Replace(toldAt(event, ""), `,"previous_message":{`, `,"other":{`, 1)
}

// Times of an edit, which Slack gives in whole seconds: one second, and the next.
const (
	edited5 = `"edited":{"user":"UANN","ts":"1700000005.000000"},`
	edited6 = `"edited":{"user":"UANN","ts":"1700000006.000000"},`
)

// Case 1.
func TestDecodeEdit(t *testing.T) {
	t.Parallel()
	id, a := oneAction(t, changed(version(edited5, "new"), version("", "old")))
	wantEqual(t, "verb", a.Verb, bridge.VerbEdit)
	wantEqual(t, "text", a.Text, "new")
	wantEqual(t, "version", a.Version, "1700000005.000000+1700000009.000000")
	if want := "e:C1:1700000002.000200:"; !strings.HasPrefix(id, want) {
		t.Errorf("the fact is %q, want it to begin with %q", id, want)
	}
}

// An edit back to earlier words, in another second, is another fact (edge case 1).
func TestEditBackIsAnotherFact(t *testing.T) {
	t.Parallel()
	first, _ := oneAction(t, changed(version(edited5, "x"), version("", "y")))
	back, _ := oneAction(t, changed(version(edited6, "x"), version(edited5, "z")))
	if first == back {
		t.Errorf("both edits are the fact %s", first)
	}
}

// The versions of edits in one second are in the order of the edits, also for an edit found in the channel's history.
func TestVersionsOfEditsInOneSecondAreInOrder(t *testing.T) {
	t.Parallel()
	var versions []string
	for _, event := range []string{
		changed(version(edited5, "second"), version("", "first")),
		toldAt(changed(version(edited5, "third"), version(edited5, "second")), "1700000009.000100"),
		withoutTime(changed(version(edited5, "fourth"), version(edited5, "third"))),
		changed(version(edited6, "last"), version(edited5, "fourth")),
	} {
		_, as := actionsOf(t, event)
		if len(as) == 0 {
			t.Fatalf("%s isn't an action, want an edit", event)
		}
		versions = append(versions, as[0].Version)
	}
	for i := 1; i < len(versions); i++ {
		if versions[i] <= versions[i-1] {
			t.Errorf("version %d is %q, want a greater one than %q", i+1, versions[i], versions[i-1])
		}
	}
}

// editsInOneSecond are three edits in one second. The third one goes back to the words of the first.
func editsInOneSecond() []string {
	return []string{
		changed(version(edited5, "second"), version("", "first")),
		toldAt(changed(version(edited5, "third"), version(edited5, "second")), "1700000009.000100"),
		toldAt(changed(version(edited5, "second"), version(edited5, "third")), "1700000009.000200"),
	}
}

// An edit found in the channel's history is one of the facts that it was when Slack told it.
func TestEditInHistoryIsAFactThatIsKnown(t *testing.T) {
	t.Parallel()
	for i, event := range editsInOneSecond() {
		ids, _ := actionsOf(t, event)
		found, _ := actionsOf(t, inHistory(event))
		if len(found) != 1 {
			t.Errorf("edit %d is in history the facts %v, want one", i+1, found)
			continue
		}
		if !slices.Contains(ids, found[0]) {
			t.Errorf("edit %d is in history the fact %s, want one of %v", i+1, found[0], ids)
		}
	}
}

// Case 35.
func TestDecodeEditIntoANote(t *testing.T) {
	t.Parallel()
	_, a := oneAction(t, changed(version(edited5, "note: he is rude"), version("", "Dear customer")))
	wantEqual(t, "verb", a.Verb, bridge.VerbEdit)
	wantEqual(t, "marker", a.Marker, bridge.MarkNote)
}

// Slack also reports changes of messages that nobody edited, such as an unfurled link. They aren't edits.
func TestChangeThatIsNoEdit(t *testing.T) {
	t.Parallel()
	const ourCard = `{"type":"message","user":"UBOT","bot_id":"BBOT","app_id":"ABOT","ts":"1700000001.000100","text":"card"}`
	const huddle = `"subtype":"huddle_thread",`
	for _, tt := range []struct {
		name  string
		event string
	}{
		{
			name:  "3 a link that Slack unfurls",
			event: changed(version(`"attachments":[{"id":1}],`, "see https://x.test"), version("", "see https://x.test")),
		},
		{
			name:  "3 a link that Slack unfurls after an edit",
			event: changed(version(`"attachments":[{"id":1}],`+edited5, "x"), version(edited5, "x")),
		},
		{name: "our own card", event: changed(ourCard, strings.Replace(ourCard, "card", "older card", 1))},
		{name: "a huddle that has ended", event: changed(version(huddle, "A huddle happened"), version(huddle, "A huddle started"))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wantNoFact(t, tt.event)
		})
	}
}

// A deleted root with replies becomes a tombstone, which counts as a deletion (edge case 7).
func TestDecodeDeletedRoot(t *testing.T) {
	t.Parallel()
	const tombstone = `{
		"type": "message", "subtype": "tombstone", "user": "USLACKBOT", "ts": "1700000001.000100",
		"thread_ts": "1700000001.000100", "text": "This message was deleted."
	}`
	const before = `{
		"type": "message", "user": "UBOT", "bot_id": "BBOT", "ts": "1700000001.000100",
		"thread_ts": "1700000001.000100", "text": "card"
	}`
	id, a := oneAction(t, changed(tombstone, before))
	wantEqual(t, "id of the fact", id, "d:C1:1700000001.000100")
	wantEqual(t, "verb", a.Verb, bridge.VerbDelete)
	wantEqual(t, "place", a.Place, bridge.Place{Channel: "C1", Message: "1700000001.000100"})
	wantEqual(t, "kind of the actor", a.Actor.Kind, bridge.ActorSelf)
}

// Case 2.
func TestDecodeDeletedReply(t *testing.T) {
	t.Parallel()
	id, a := oneAction(t, deleted("1700000002.000200", version("", "x")))
	wantEqual(t, "id of the fact", id, "d:C1:1700000002.000200")
	wantEqual(t, "verb", a.Verb, bridge.VerbDelete)
	wantEqual(t, "thread", a.Place.Thread, "1700000001.000100")
	wantEqual(t, "message", a.Place.Message, "1700000002.000200")
	wantEqual(t, "actor", a.Actor.ID, "UANN")
	wantEqual(t, "in a thread of ours", a.OwnThread, true)
}

// Replies, edits and deletions have the order key of their thread.
func TestOrderOfAThread(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, event, want string }{
		{name: "a reply", event: msg(annsMessage, "x"), want: "C1:1700000001.000100"},
		{name: "an edit", event: changed(version(edited5, "new"), version("", "old")), want: "C1:1700000001.000100"},
		{name: "a deletion", event: deleted("1700000002.000200", version("", "x")), want: "C1:1700000001.000100"},
		{name: "a deletion at top level", event: deleted("1700000002.000200", `{"ts":"1700000002.000200"}`), want: "C1:1700000002.000200"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			facts := testSelf().SplitEvent(KindEvent, factCallbackOf(tt.event)).Facts
			if len(facts) != 1 {
				t.Fatalf("got %d facts, want one: %+v", len(facts), facts)
			}
			wantEqual(t, "order key", facts[0].OrderKey, tt.want)
		})
	}
}

// An event that lacks the place of its message, or has another form than Slack's, is kept in quarantine.
func TestEventThatCannotBeRead(t *testing.T) {
	t.Parallel()
	emoji := reaction("reaction_added", "UANN", "eyes")
	for _, tt := range []struct{ name, event string }{
		{name: "no type", event: `{"channel":"C1","ts":"1.2"}`},
		{name: "a text that is none", event: strings.Replace(msg(annsMessage, "x"), `"x"`, `{}`, 1)},
		{name: "a message without its channel", event: strings.Replace(msg(annsMessage, "x"), `"channel"`, `"other"`, 1)},
		{name: "a message without its stamp", event: strings.Replace(msg(annsMessage, "x"), `"ts"`, `"other"`, 1)},
		{name: "a change without its message", event: `{"type":"message","subtype":"message_changed","channel":"C1"}`},
		{name: "a change without its stamp", event: changed(`{"user":"UANN","text":"new"}`, version("", "old"))},
		{name: "a deletion without its stamp", event: deleted("", version("", "x"))},
		{name: "an emoji without its message", event: strings.Replace(emoji, `"ts"`, `"other"`, 1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			facts := testSelf().SplitEvent(KindEvent, factCallbackOf(tt.event)).Facts
			if len(facts) != 1 || facts[0].Quarantine == "" {
				t.Errorf("got the facts %+v, want one in quarantine", facts)
			}
		})
	}
}
