package teams

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/bot/teams/connector"
	"parley/bot/teams/fact"
	"parley/bot/teams/graph"
	"parley/bot/teams/teamsfake"
	"parley/bridge"
	"parley/channels"
)

// A missed message that mentions a channel, a team or a tag is addressed to colleagues, although Graph names no person
// in that mention.
func TestMissedMentionOfAChannel(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	a := w.decodeFromGraph(readMessage(t, w.root, `{
		"id": "1700000000001", "messageType": "message", "from": {"user": {"id": "`+ann+`"}},
		"body": {"contentType": "html", "content": "<p><at id=\"0\">Support</at> who is this fool?</p>"},
		"mentions": [{
			"id": 0, "mentionText": "Support",
			"mentioned": {
				"user": null, "application": null,
				"conversation": {"id": "19:x@thread.tacv2", "conversationIdentityType": "channel"}
			}
		}]
	}`))
	wantEqual(t, "mentions", len(a.Mentions), 1)
	wantEqual(t, "text", a.Text, "@Support who is this fool?")
	wantEqual(t, "actor", a.Actor.Kind, bridge.ActorPerson)
}

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
func readMessage(t *testing.T, root, raw string) (m graph.Message) {
	t.Helper()
	noError(t, json.Unmarshal([]byte(raw), &m))
	m.ReplyToID = root
	return m
}

// teamsEdit is an edit that mentions Ben, as Teams reports it. graphEdit is the same edit as Graph shows it.
func (w *world) teamsEdit() *connector.Activity {
	w.t.Helper()
	var a connector.Activity
	noError(w.t, json.Unmarshal([]byte(`{
		"type": "messageUpdate", "id": "1700000000001", "timestamp": "2023-11-14T22:13:21Z",
		"conversation": {"id": "`+connector.ThreadID(w.channel, w.root)+`"},
		"attachments": [{"contentType": "text/html", "content": "<p>ask <at id=\"0\">Bo &amp; Co</at> now</p>"}],
		"entities": [{"type": "mention", "text": "<at>Bo &amp; Co</at>", "mentioned": {"id": "29:BEN", "name": "Ben Oak"}}]
	}`), &a))
	return &a
}

func (w *world) graphEdit() *connector.Activity {
	w.t.Helper()
	m := readMessage(w.t, w.root, `{
		"id": "1700000000001", "lastEditedDateTime": "2023-11-14T22:13:21Z", "from": {"user": {"id": "`+ann+`"}},
		"body": {"contentType": "html", "content": "<div>ask <at id=\"0\">Bo &amp; Co</at> now</div>"},
		"mentions": [{"id": 0, "mentionText": "Bo & Co", "mentioned": {"user": {"id": "`+ben+`", "displayName": "Ben Oak"}}}]
	}`)
	a := w.surface.org.ActivityOf(fact.EventEdited, w.channel, &m)
	return &a
}

// An edit has the same fact id and the same version whether Teams or Graph reports it, and whatever the replica that
// reads it knows about the people whom it mentions.
func TestEditIsOneWhoeverIsKnown(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	me := w.surface.org.Me
	told := w.teamsEdit()
	at := fact.PlaceOf(told)
	nobodyKnown := fact.Payload{Me: me}
	wantID, wantVersion := nobodyKnown.EditID(at, told), nobodyKnown.VersionDigest(told)

	for _, tt := range []struct {
		name  string
		edit  *connector.Activity
		known map[string]fact.Person
	}{
		{
			name:  "told by Teams, Ben is known",
			edit:  w.teamsEdit(),
			known: map[string]fact.Person{"29:BEN": {User: ben, Name: "Ben Oak", Kind: "person"}},
		},
		{
			name:  "told by Teams, Ben is renamed",
			edit:  w.teamsEdit(),
			known: map[string]fact.Person{"29:BEN": {User: ben, Name: "Ben Elm", Kind: "person"}},
		},
		{
			name:  "told by Graph, Ben is known",
			edit:  w.graphEdit(),
			known: map[string]fact.Person{ben: {User: ben, Name: "Ben Oak", Kind: "person"}},
		},
		{name: "told by Graph, nobody is known", edit: w.graphEdit(), known: nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := fact.Payload{Me: me, Who: tt.known}
			wantEqual(t, "id of the fact", p.EditID(at, tt.edit), wantID)
			wantEqual(t, "version", p.VersionDigest(tt.edit), wantVersion)
		})
	}
}

// A quoted or forwarded message isn't a file, and its words don't become part of the reply.
func TestMissedQuoteIsNoFile(t *testing.T) {
	t.Parallel()
	for _, contentType := range []string{graph.ContentQuote, graph.ContentForward} {
		t.Run(contentType, func(t *testing.T) {
			t.Parallel()
			w := newThreadWorld(t)
			a := w.decodeFromGraph(graph.Message{
				ID: "1700000000001", ReplyToID: w.root, Type: "message",
				From:        &graph.From{User: &graph.Identity{ID: ann}},
				Body:        graph.Body{ContentType: "html", Content: `<attachment id="1700000000000"></attachment><p>yes</p>`},
				Attachments: []graph.Attachment{{ID: "1700000000000", ContentType: contentType, Content: `{"messagePreview":"inside words"}`}},
			})
			wantEqual(t, "text", a.Text, "yes")
			wantEqual(t, "files", len(a.Files), 0)
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

// A message that was typed outside any thread, and that Graph no longer finds in its channel, counts as deleted.
func TestConfirmReplyAtTopLevelThatIsGone(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t)
	id, err := w.ann.Post(teamsfake.Post{Channel: w.channel, Text: "<@bot> #12 reply: hello"})
	noError(t, err)
	a := w.waitAction(fact.MessageID(w.channel, id))
	a.Place = a.TypedPlace()
	w.wantConfirmed("shown", a, bridge.Unchanged)

	w.advance(time.Hour)
	w.failGraph("graph.message", http.StatusNotFound)
	w.wantConfirmed("not in its channel", a, bridge.Gone)
	w.wantFacts(deletionFacts, 1)
}

// If Graph finds neither a reply nor its thread, the reply counts as unchanged and may be sent.
func TestConfirmReplyInAThreadThatIsNotShown(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t)
	a := w.typeAsAnn("hello")
	w.advance(time.Hour)
	w.failGraph("graph.*", http.StatusNotFound)
	w.wantConfirmed("the channel isn't found", a, bridge.Unchanged)

	a.Place.Thread = "" // as for messages of earlier versions, whose thread isn't known
	w.wantConfirmed("the thread isn't known", a, bridge.Unchanged)
	w.wantFacts(deletionFacts, 0)
}

// blankReply lets Ann type a reply, which Graph then shows without words.
func (w *world) blankReply() bridge.Action {
	w.t.Helper()
	a := w.typeAsAnn("hello")
	noError(w.t, w.fake.Admin.Blank(w.channel, a.Place.Message))
	return a
}

// If Graph shows a reply without words just after it was typed, it may show the words later: Parley asks again.
func TestConfirmYoungReplyWithoutWords(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t)
	a := w.blankReply()
	w.wantNotShownYet("typed just now", a)
	w.wantFacts(deletionFacts, 0)
}

// If Graph still shows a reply without words after an hour, the reply was deleted, although Graph doesn't say when.
// Reading the channel again doesn't bring it back.
func TestConfirmOldReplyWithoutWords(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t)
	a := w.blankReply()
	w.advance(time.Hour)
	for range 2 {
		w.wantConfirmed("empty after an hour", a, bridge.Gone)
		w.wantFacts(deletionFacts, 1)
		noError(t, w.catchUp())
	}
	w.wantVerbs(bridge.VerbSay, bridge.VerbDelete)
}

// A reply that is deleted, brought back and deleted again is stored as deleted twice, although Teams reports each
// change two times.
func TestReplyThatIsDeletedAgain(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	a := w.typeAsAnn("hello")
	w.fake.Inject(teamsfake.Fault{Method: "event:*", Kind: teamsfake.FaultDuplicate})
	for _, change := range []changeOfLife{w.deletion(), w.restoration(), w.deletion()} {
		noError(t, change.do(w.channel, a.Place.Message))
		w.waitDelivered()
	}
	w.wantVerbs(bridge.VerbSay, bridge.VerbDelete, restored, bridge.VerbDelete)
}

// Parley keeps nothing of what people say to each other in a thread of theirs, even if it answered there. It keeps a
// message that mentions it.
func TestMissedChatterInAThreadOfOthers(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	root, err := w.ann.Post(teamsfake.Post{Channel: w.channel, Text: "<@bot> help"})
	noError(t, err)
	w.waitAction(fact.MessageID(w.channel, root))
	w.postLine(root, bridge.Line{Content: &bridge.RefusedLine{Why: bridge.Because("none")}})

	w.stopServing()
	for _, text := range []string{"our own chat", "<@bot> once more"} {
		_, err = w.ann.Reply(w.channel, root, text)
		noError(t, err)
	}

	noError(t, w.catchUp())
	var kept strings.Builder
	for _, f := range w.desk.Accepted() {
		kept.Write(f.Payload)
	}
	wantWords(t, kept.String(), "once more")
	wantNoWords(t, kept.String(), "our own chat")
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

// lateRecordDesk is a desk in which a thread's record is written between two lookups: only the second one says that the
// thread is ours.
type lateRecordDesk struct {
	*fakeDesk
	asked int
}

func (d *lateRecordDesk) IsOwnPost(ctx context.Context, at bridge.Place) (bool, error) {
	d.asked++
	if d.asked == 1 {
		return false, nil
	}
	return d.fakeDesk.IsOwnPost(ctx, at)
}

// A thread counts as ours even if its record is written while IsOurs looks it up.
func TestRootThatIsRecordedMeanwhile(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	o := w.surface.opt
	o.Desk = &lateRecordDesk{fakeDesk: w.desk}
	s, err := New(o)
	noError(t, err)
	for range 2 {
		own, err := s.threads.IsOurs(w.ctx(), bridge.Place{Channel: w.channel, Thread: w.root, Message: "1"})
		noError(t, err)
		wantEqual(t, "the thread is ours", own, true)
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

// If Parley can't check that a reply is from Teams, because the keys of Teams can't be read, it looks for the reply
// later.
func TestReplyThatIsNotCheckedIsAGap(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t)
	w.advance(time.Hour)
	noError(t, w.fake.Entra.RotateKeys(false))
	w.fake.Inject(teamsfake.Fault{Method: "keys", Kind: teamsfake.FaultHTTP, Status: http.StatusServiceUnavailable})
	w.wantGapByReply()
}

// If the answer to a change of a line was lost, the line is changed again. Parley needn't look at the thread for that,
// and the line isn't there twice.
func TestLineThatIsChangedAgain(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.fake.Entra.Permit() // nothing: Graph can't be asked
	resolved := bridge.Line{Content: bridge.LineResolved, By: bridge.AgentRef{Name: "Ann Lee"}}
	id := w.postLine(w.root, resolved)
	p := w.newPost(bridge.PostLine, "again")
	p.Attempt, p.Unsure, p.Place.Message, p.Line = 2, true, id, &resolved // the answer to the first attempt was lost

	calls := len(w.fake.Calls(""))
	w.wantReconciled(p, channels.Absent)
	wantEqual(t, "calls of Reconcile", len(w.fake.Calls(""))-calls, 0)
	w.mustSend(p)
	wantNoWords(t, w.fake.Message(w.channel, id).Text, "shown twice")
}

// A replica stores what an event says, even if another replica has stored the opposite since this one last read the
// notes.
func TestReplicasLearnFromEachOther(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	newReplica := func() *Surface {
		s := w.restartedSurface()
		noError(t, s.org.Notes.Load(w.ctx()))
		return s
	}
	tellInstallation := func(s *Surface, action string) {
		t.Helper()
		noError(t, s.door.installation.learn(w.ctx(), &connector.Activity{
			Type: connector.TypeInstallationUpdate, Action: action, ServiceURL: w.fake.ServiceURL(),
			ChannelData: &connector.ChannelData{Team: &connector.TeamRef{ID: w.team}},
		}))
	}

	tellInstallation(newReplica(), "remove")
	wantEqual(t, "teams after the app was removed", len(newReplica().org.Notes.Teams()), 0)
	tellInstallation(w.surface, "add")
	wantEqual(t, "teams after it was added again", len(newReplica().org.Notes.Teams()), 1)
}
