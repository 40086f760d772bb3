package teams

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/bridge"
)

// Parley finds a missed message that was edited with its edited text only. It marks the message as edited and doesn't
// send it by itself, because it can't know what the message said before.
func TestMissedMessageThatWasEdited(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	for edited, want := range map[string]bool{"null": false, `"2023-11-14T22:13:21Z"`: true} {
		a := w.decodeFromGraph(readMessage(t, w.root, `{
			"id": "1700000000001", "messageType": "message", "from": {"user": {"id": "`+ann+`"}},
			"lastEditedDateTime": `+edited+`, "body": {"contentType": "text", "content": "You pay."}
		}`))
		wantEqual(t, "edited, where Graph says "+edited, a.Edited, want)
	}
}

// readMessage reads a message in a thread as Graph shows it.
func readMessage(t *testing.T, root, raw string) (m Message) {
	t.Helper()
	noError(t, json.Unmarshal([]byte(raw), &m))
	m.ReplyToID = root
	return m
}

// teamsEdit is an edit that mentions Ben, as Teams reports it. graphEdit is the same edit as Graph shows it.
func (w *world) teamsEdit() *Activity {
	w.t.Helper()
	var a Activity
	noError(w.t, json.Unmarshal([]byte(`{
		"type": "messageUpdate", "id": "1700000000001", "timestamp": "2023-11-14T22:13:21Z",
		"conversation": {"id": "`+ThreadID(w.channel, w.root)+`"},
		"attachments": [{"contentType": "text/html", "content": "<p>ask <at id=\"0\">Bo &amp; Co</at> now</p>"}],
		"entities": [{"type": "mention", "text": "<at>Bo &amp; Co</at>", "mentioned": {"id": "29:BEN", "name": "Ben Oak"}}]
	}`), &a))
	return &a
}

func (w *world) graphEdit() *Activity {
	w.t.Helper()
	m := readMessage(w.t, w.root, `{
		"id": "1700000000001", "lastEditedDateTime": "2023-11-14T22:13:21Z", "from": {"user": {"id": "`+ann+`"}},
		"body": {"contentType": "html", "content": "<div>ask <at id=\"0\">Bo &amp; Co</at> now</div>"},
		"mentions": [{"id": 0, "mentionText": "Bo & Co", "mentioned": {"user": {"id": "`+ben+`", "displayName": "Ben Oak"}}}]
	}`)
	a := w.surface.org.ActivityOf(EventEdited, w.channel, &m)
	return &a
}

// An edit has the same fact id and the same version whether Teams or Graph reports it, and whatever the replica that
// reads it knows about the people whom it mentions.
func TestEditIsOneWhoeverIsKnown(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	me := w.surface.org.Me
	told := w.teamsEdit()
	at := PlaceOf(told)
	nobodyKnown := Payload{Me: me}
	wantID, wantVersion := nobodyKnown.EditID(at, told), nobodyKnown.VersionDigest(told)

	for _, tt := range []struct {
		name  string
		edit  *Activity
		known map[string]Person
	}{
		{
			name:  "told by Teams, Ben is known",
			edit:  w.teamsEdit(),
			known: map[string]Person{"29:BEN": {User: ben, Name: "Ben Oak", Kind: "person"}},
		},
		{
			name:  "told by Teams, Ben is renamed",
			edit:  w.teamsEdit(),
			known: map[string]Person{"29:BEN": {User: ben, Name: "Ben Elm", Kind: "person"}},
		},
		{
			name:  "told by Graph, Ben is known",
			edit:  w.graphEdit(),
			known: map[string]Person{ben: {User: ben, Name: "Ben Oak", Kind: "person"}},
		},
		{name: "told by Graph, nobody is known", edit: w.graphEdit(), known: nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := Payload{Me: me, Who: tt.known}
			wantEqual(t, "id of the fact", p.EditID(at, tt.edit), wantID)
			wantEqual(t, "version", p.VersionDigest(tt.edit), wantVersion)
		})
	}
}

// A reply that Graph no longer finds in its thread counts as deleted.
func TestConfirmReplyThatIsGone(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t)
	a := w.typeAsAnn("hello")
	w.advance(time.Hour)
	w.failGraph("graph.reply", http.StatusNotFound)
	w.wantConfirmed("not in its thread", a, bridge.Gone)
	w.wantFacts(deletionFacts, 1)
}

// If Teams didn't report a message outside any thread, Parley finds it by reading: its author may think that a customer
// gets it. It finds no message that is older than an hour, unless the message falls into a gap (a time in which events
// may have been lost).
func TestMissedTextAtTopLevel(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		age, gap time.Duration // how long ago it was typed, and the gap began
		want     int
	}{
		{name: "young", age: 59 * time.Minute, gap: time.Second, want: 1},
		{name: "old", age: 61 * time.Minute, gap: time.Second, want: 0},
		{name: "old, in a gap", age: 61 * time.Minute, gap: 2 * time.Hour, want: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newClockedWorld(t).run()
			w.desk.Connected(t, 1)
			w.withoutEvents(func() error {
				_, err := w.ann.Post(teamsfake.Post{Channel: w.channel, Text: "You get a refund"})
				return err
			})

			w.advance(tt.age)
			w.surface.CatchUp(w.surface.org.Now().Add(-tt.gap))
			w.desk.Connected(t, 2)
			w.wantFacts(messageFacts, tt.want)
		})
	}
}

// wantGapByReply lets Ann type a reply that Teams fails to deliver, and checks that Parley will look for it.
func (w *world) wantGapByReply() {
	w.t.Helper()
	before := w.desk.Gaps()
	w.replyAsAnn("hello")
	w.waitDelivered() // Teams has given up
	wantEqual(w.t, "the surface has a gap to fill", w.hasGap(), true)
	wantEqual(w.t, "the engine was told of a gap", w.desk.Gaps() > before, true)
}

// If Parley can't store a reply, it looks for the reply later, whether or not Teams sends it again.
func TestReplyThatIsNotStoredIsAGap(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.desk.Refuse(errDown)
	w.wantGapByReply()
}
