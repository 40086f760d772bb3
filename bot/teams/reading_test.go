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

// decodeFromGraph returns what Parley makes of a message that only Graph tells of.
func (w *world) decodeFromGraph(m graph.Message) bridge.Action {
	w.t.Helper()
	p, _, err := w.surface.org.PayloadOf(w.ctx(), "", w.channel, &m, true)
	must(w.t, err)
	actions := w.decode(p.Fact("m:x", "x"))
	return actions[0]
}

// Whoever mentions a channel, a team or a tag speaks to colleagues, though Graph names no person then.
func TestCaughtMentions(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	var m graph.Message
	must(t, json.Unmarshal([]byte(`{"id":"1700000000001","messageType":"message","from":{"user":{"id":"`+ann+`"}},
		"body":{"contentType":"html","content":"<p><at id=\"0\">Support</at> who is this fool?</p>"},
		"mentions":[{"id":0,"mentionText":"Support","mentioned":{"user":null,"application":null,"conversation":{"id":"19:x@thread.tacv2","conversationIdentityType":"channel"}}}]}`), &m))
	m.ReplyToID = w.root
	a := w.decodeFromGraph(m)
	wantEqual(t, "mentions", len(a.Mentions), 1)
	wantEqual(t, "text", a.Text, "@Support who is this fool?")
	wantEqual(t, "actor", a.Actor.Kind, bridge.ActorPerson)
}

// An edit is the same fact and the same version whether Teams or Graph tells of it, and whatever the replica that hears of it knows
// of the people whom it mentions.
func TestEditsAreOneWhoeverIsKnown(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	var hook connector.Activity
	must(t, json.Unmarshal([]byte(`{"type":"messageUpdate","id":"1700000000001","timestamp":"2023-11-14T22:13:21Z","conversation":{"id":"`+connector.ThreadID(w.channel, w.root)+`"},
		"attachments":[{"contentType":"text/html","content":"<p>ask <at id=\"0\">Bo &amp; Co</at> now</p>"}],
		"entities":[{"type":"mention","text":"<at>Bo &amp; Co</at>","mentioned":{"id":"29:BEN","name":"Ben Oak"}}]}`), &hook))
	var m graph.Message
	must(t, json.Unmarshal([]byte(`{"id":"1700000000001","lastEditedDateTime":"2023-11-14T22:13:21Z","from":{"user":{"id":"`+ann+`"}},
		"body":{"contentType":"html","content":"<div>ask <at id=\"0\">Bo &amp; Co</at> now</div>"},
		"mentions":[{"id":0,"mentionText":"Bo & Co","mentioned":{"user":{"id":"`+ben+`","displayName":"Ben Oak"}}}]}`), &m))
	m.ReplyToID = w.root
	caught := w.surface.org.ActivityOf(fact.EventEdited, w.channel, &m)
	at := fact.PlaceOf(&hook)
	first := fact.Payload{Me: w.surface.org.Me}
	id, version := first.EditID(at, &hook), first.VersionDigest(&hook)
	payload := func(who map[string]fact.Who) fact.Payload { return fact.Payload{Me: w.surface.org.Me, Who: who} }
	for name, tt := range map[string]struct {
		payload  fact.Payload
		activity *connector.Activity
	}{
		"known":           {payload: payload(map[string]fact.Who{"29:BEN": {User: ben, Name: "Ben Oak", Kind: "person"}}), activity: &hook},
		"renamed":         {payload: payload(map[string]fact.Who{"29:BEN": {User: ben, Name: "Ben Elm", Kind: "person"}}), activity: &hook},
		"Graph":           {payload: payload(map[string]fact.Who{ben: {User: ben, Name: "Ben Oak", Kind: "person"}}), activity: &caught},
		"Graph, stranger": {payload: payload(nil), activity: &caught},
	} {
		wantEqual(t, name+": id of the fact", tt.payload.EditID(at, tt.activity), id)
		wantEqual(t, name+": version", tt.payload.VersionDigest(tt.activity), version)
	}
}

// A quoted or forwarded message is no file, and its words stay where they are.
func TestCaughtQuote(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	for _, contentType := range []string{graph.ContentQuote, graph.ContentForward} {
		a := w.decodeFromGraph(graph.Message{ID: "1700000000001", ReplyToID: w.root, Type: "message", From: &graph.From{User: &graph.Identity{ID: ann}},
			Body:        graph.Body{ContentType: "html", Content: `<attachment id="1700000000000"></attachment><p>yes</p>`},
			Attachments: []graph.Attachment{{ID: "1700000000000", ContentType: contentType, Content: `{"messagePreview":"inside words"}`}}})
		wantEqual(t, contentType+": text", a.Text, "yes")
		wantEqual(t, contentType+": files", len(a.Files), 0)
	}
}

// wantConfirmed checks what is found of a reply before it leaves.
func (w *world) wantConfirmed(when string, a bridge.Action, want bridge.Confirmation) {
	w.t.Helper()
	got, err := w.surface.Confirm(w.ctx(), a.Place, a.Text)
	if err != nil {
		w.t.Errorf("%s: Confirm fails: %v", when, err)
	}
	wantEqual(w.t, when+": the reply is", got, want)
}

// wantAskedAgain checks that nothing can be said yet of a reply before it leaves.
func (w *world) wantAskedAgain(when string, a bridge.Action) {
	w.t.Helper()
	if got, err := w.surface.Confirm(w.ctx(), a.Place, a.Text); got != bridge.Unchanged || err == nil || !strings.Contains(err.Error(), "yet") {
		w.t.Errorf("%s: got %v and error %v, want %v and that it is not shown yet", when, got, err, bridge.Unchanged)
	}
}

// A reply that isn't in its thread is gone. If Graph doesn't show the thread at all, what was said counts.
func TestConfirmGone(t *testing.T) {
	t.Parallel()
	w := newClockedTalk(t)
	a := w.annTypes("hello")
	w.later(time.Hour)
	w.fake.Inject(teamsfake.Fault{Method: "graph.*", Kind: teamsfake.FaultHTTP, Status: 404, Code: "NotFound"})
	w.wantConfirmed("the channel isn't found", a, bridge.Unchanged)
	w.wantFacts("d:", 0)
	w.fake.ClearFaults()
	w.fake.Inject(teamsfake.Fault{Method: "graph.reply", Kind: teamsfake.FaultHTTP, Status: 404, Code: "NotFound"})
	w.wantConfirmed("it isn't in its thread", a, bridge.Gone)
	w.wantFacts("d:", 1)
}

// A reply that Graph shows without words was deleted, though Graph doesn't say when. If it was typed a moment ago, it is asked for
// again. What is read later doesn't bring it back.
func TestConfirmBlank(t *testing.T) {
	t.Parallel()
	w := newClockedTalk(t)
	a := w.annTypes("hello")
	must(t, w.fake.Admin.Blank(w.channel, a.Place.Message))
	w.wantAskedAgain("it was typed just now", a)
	w.wantFacts("d:", 0)
	w.later(time.Hour)
	for range 2 {
		w.wantConfirmed("it is empty after an hour", a, bridge.Gone)
		w.wantFacts("d:", 1)
		must(t, w.surface.history.catchUp(w.ctx()))
	}
	w.wantVerbs("say", "delete")
}

// What was deleted, brought back and deleted again is deleted twice.
func TestDeletedAgain(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	a := w.annTypes("hello")
	w.fake.Inject(teamsfake.Fault{Method: "event:*", Kind: teamsfake.FaultDuplicate})
	for _, do := range []func(channel, id string) error{w.ann.Delete, w.ann.Undelete, w.ann.Delete} {
		must(t, do(w.channel, a.Place.Message))
		w.waitDelivered()
	}
	w.wantVerbs("say", "delete", "restored", "delete")
}

// What people say to each other below our answer isn't kept, unless they mention us.
func TestOthersThread(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	root, err := w.ann.Post(teamsfake.Post{Channel: w.channel, Text: "<@bot> help"})
	must(t, err)
	w.waitAction(fact.MessageID(w.channel, root))
	w.postLine(root, bridge.Line{Content: &bridge.RefusedLine{Reason: "none"}})
	w.fake.Activities.SetEndpoint("http://127.0.0.1:1/nobody")
	for _, text := range []string{"our own chat", "<@bot> once more"} {
		_, err = w.ann.Reply(w.channel, root, text)
		must(t, err)
	}
	must(t, w.surface.history.catchUp(w.ctx()))
	var kept strings.Builder
	for _, f := range w.desk.Accepted() {
		kept.Write(f.Payload)
	}
	wantWords(t, kept.String(), "once more")
	wantEqual(t, "their own chat is kept", strings.Contains(kept.String(), "our own chat"), false)
}

// lateRecord is a desk where a thread is recorded while somebody asks who began it: it says so only the second time.
type lateRecord struct {
	*desk
	asked int
}

func (d *lateRecord) Posted(ctx context.Context, at bridge.Place) (bool, error) {
	d.asked++
	if d.asked == 1 {
		return false, nil
	}
	return d.desk.Posted(ctx, at)
}

// A thread is ours for good though its record came between two looks.
func TestRootRecordedMeanwhile(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	o := w.surface.opt
	o.Desk = &lateRecord{desk: w.desk}
	s, err := New(o)
	must(t, err)
	for range 2 {
		own, err := s.threads.isOurThread(w.ctx(), bridge.Place{Channel: w.channel, Thread: w.root, Message: "1"})
		must(t, err)
		wantEqual(t, "the thread is ours", own, true)
	}
}

// What could not be stored is looked for, whether Teams tells it again or not.
func TestFailedStoreIsAGap(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	w.desk.Refuse(errDown)
	before := w.desk.Gaps()
	_, err := w.ann.Reply(w.channel, w.root, "hello")
	must(t, err)
	w.waitDelivered() // given up
	_, open := w.surface.sweeper.Gap()
	wantEqual(t, "the sweeper has a gap to fill", open, true)
	wantEqual(t, "the engine was told of a gap", w.desk.Gaps() > before, true)
}

// What could not be checked, because the keys of Teams could not be read, is looked for, too.
func TestUncheckedIsAGap(t *testing.T) {
	t.Parallel()
	w := newClockedTalk(t)
	w.later(time.Hour)
	must(t, w.fake.Entra.RotateKeys(false))
	w.fake.Inject(teamsfake.Fault{Method: "keys", Kind: teamsfake.FaultHTTP, Status: http.StatusServiceUnavailable})
	before := w.desk.Gaps()
	_, err := w.ann.Reply(w.channel, w.root, "hello")
	must(t, err)
	w.waitDelivered() // given up
	_, open := w.surface.sweeper.Gap()
	wantEqual(t, "the sweeper has a gap to fill", open, true)
	wantEqual(t, "the engine was told of a gap", w.desk.Gaps() > before, true)
}

// A line that is changed again needs no look, and isn't there twice.
func TestChangeTwice(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	w.fake.Entra.Permit()
	done := bridge.Line{Content: bridge.LineResolved, By: bridge.AgentRef{Name: "Ann Lee"}}
	id := w.postLine(w.root, done)
	p := w.newPost(bridge.PostLine, "again")
	p.Attempt, p.Unsure, p.Place.Message, p.Line = 2, true, id, &done
	calls := len(w.fake.Calls(""))
	w.wantReconciled(p, channels.Absent)
	wantEqual(t, "calls for that", len(w.fake.Calls(""))-calls, 0)
	w.mustSend(p)
	wantEqual(t, "it says that it is shown twice", strings.Contains(w.fake.Message(w.channel, id).Text, "shown twice"), false)
}

// An event counts, whatever another replica has kept since this one looked.
func TestReplicasLearn(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	newReplica := func() *Surface {
		s, err := New(w.surface.opt)
		must(t, err)
		must(t, s.org.Notes.Load(w.ctx()))
		return s
	}
	tell := func(s *Surface, action string) {
		t.Helper()
		must(t, s.door.installation.learn(w.ctx(), &connector.Activity{Type: connector.TypeInstallationUpdate, Action: action, ServiceURL: w.fake.ServiceURL(),
			ChannelData: &connector.ChannelData{Team: &connector.TeamRef{ID: w.team}}}))
	}
	tell(newReplica(), "remove")
	wantEqual(t, "teams after the app was removed", len(newReplica().org.Notes.Teams()), 0)
	tell(w.surface, "add")
	wantEqual(t, "teams after it was added again", len(newReplica().org.Notes.Teams()), 1)
}

// An old thread that was changed today is news.
func TestLastChange(t *testing.T) {
	t.Parallel()
	now := time.Now()
	got := lastChange(&graph.Message{CreatedAt: now.Add(-time.Hour), Replies: []graph.Message{{CreatedAt: now.Add(-time.Minute), ModifiedAt: now}}})
	if !got.Equal(now) {
		t.Errorf("got %v, want %v, when its reply was changed", got, now)
	}
}

// Threads of which Graph's answer would be too long are read all the same.
func TestLongThreads(t *testing.T) {
	t.Parallel()
	const repliesPerThread = 20
	w := newTalk(t, func(o *Options, _ *teamsfake.Options) { o.PageBytes = 1 << 20 })
	long, roots := strings.Repeat("y", 3000), []string{}
	w.withoutEvents(func() error {
		for range threadsPerPage {
			roots = append(roots, w.openThread())
		}
		for _, root := range roots {
			for range repliesPerThread {
				if _, err := w.ann.Reply(w.channel, root, long); err != nil {
					return err
				}
			}
		}
		return nil
	})
	must(t, w.surface.history.catchUp(w.ctx()))
	wantEqual(t, "replies that are found", w.desk.Number("m:"+w.channel), len(roots)*repliesPerThread)
}

// Without a cause only the threads of the last days are read. Every two hours, and at once after a gap, all of them are.
func TestWholeChannel(t *testing.T) {
	t.Parallel()
	w := newClockedTalk(t)
	for range 2 * threadsPerPage {
		w.openThread()
	}
	w.later(recentSpan + time.Hour)
	fresh := w.openThread()
	ctx, cancel := context.WithCancel(t.Context())
	passes, done := make(chan error), make(chan struct{})
	go func() {
		defer close(done)
		w.surface.sweeper.Run(ctx, func(ctx context.Context) error {
			err := w.surface.history.catchUp(ctx)
			passes <- err
			return err
		})
	}()
	pagesRead := func() int {
		t.Helper()
		before := len(w.fake.Calls("graph.messages"))
		w.surface.sweeper.Wake()
		must(t, <-passes)
		return len(w.fake.Calls("graph.messages")) - before
	}
	replyUnheard := func(root string) {
		t.Helper()
		w.withoutEvents(func() error { _, err := w.ann.Reply(w.channel, root, "hello"); return err })
	}
	wantStored := func(what string, want int) {
		t.Helper()
		wantEqual(t, "replies that are stored after "+what, w.desk.Number("m:"+w.channel), want)
	}
	const allPages = 3 // two full ones, and one with the thread of newClockedTalk and the fresh one
	wantEqual(t, "pages the first time", pagesRead(), allPages)

	replyUnheard(fresh)
	w.later(defaultSweepInterval)
	if n := pagesRead(); n >= allPages {
		t.Errorf("ten minutes later %d pages were read, want fewer than all %d", n, allPages)
	}
	wantStored("one in a thread of today", 1)

	replyUnheard(w.root)
	w.later(fullPassInterval)
	pagesRead()
	wantStored("one in an old thread, two hours later", 2)

	// After a gap a pass that fails is made again, whole.
	replyUnheard(w.root)
	w.surface.sweeper.Announce(w.surface.org.Now())
	w.fake.Inject(teamsfake.Fault{Method: "graph.messages", Kind: teamsfake.FaultHTTP, Status: 404, Code: "NotFound", Times: 1})
	pagesRead()
	wantEqual(t, "pages after a failure", pagesRead(), allPages)
	wantStored("one in an old thread, after a gap", 3)
	if n := pagesRead(); n >= allPages {
		t.Errorf("after the gap was filled %d pages were read, want fewer than all %d", n, allPages)
	}
	cancel()
	<-done
}
