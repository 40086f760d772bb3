package teams

import (
	"context"
	"encoding/json"
	"slices"
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

// caughtSay is what Parley makes of a message that only Graph tells of.
func caughtSay(t *testing.T, w *world, m graph.Message) bridge.Action {
	t.Helper()
	p, _, err := w.s.org.PayloadOf(within(t), "", w.channel, &m, true)
	must(t, err)
	actions, err := w.s.Decode(p.Fact("m:x", "x").Payload)
	must(t, err)
	return actions[0]
}

// TestCaughtMentions: who speaks to a channel, a team or a tag speaks to colleagues, though
// Graph names nobody then.
func TestCaughtMentions(t *testing.T) {
	t.Parallel()
	w, _, root, _ := talk(t)
	var m graph.Message
	must(t, json.Unmarshal([]byte(`{"id":"1700000000001","messageType":"message","from":{"user":{"id":"`+ann+`"}},
		"body":{"contentType":"html","content":"<p><at id=\"0\">Support</at> who is this fool?</p>"},
		"mentions":[{"id":0,"mentionText":"Support","mentioned":{"user":null,"application":null,"conversation":{"id":"19:x@thread.tacv2","conversationIdentityType":"channel"}}}]}`), &m))
	m.ReplyToID = root
	if a := caughtSay(t, w, m); len(a.Mentions) != 1 || a.Text != "@Support who is this fool?" || a.Actor.Kind != bridge.ActorPerson {
		t.Errorf("%+v", a)
	}
}

// TestEditsAreOneWhoeverIsKnown: an edit is the same fact and the same version, whatever the
// replica that hears of it knows of those whom it mentions, by the webhook or by Graph.
func TestEditsAreOneWhoeverIsKnown(t *testing.T) {
	t.Parallel()
	w, _, root, _ := talk(t)
	var hook connector.Activity
	must(t, json.Unmarshal([]byte(`{"type":"messageUpdate","id":"1700000000001","timestamp":"2023-11-14T22:13:21Z","conversation":{"id":"`+connector.ThreadID(w.channel, root)+`"},
		"attachments":[{"contentType":"text/html","content":"<p>ask <at id=\"0\">Bo &amp; Co</at> now</p>"}],
		"entities":[{"type":"mention","text":"<at>Bo &amp; Co</at>","mentioned":{"id":"29:BEN","name":"Ben Oak"}}]}`), &hook))
	var m graph.Message
	must(t, json.Unmarshal([]byte(`{"id":"1700000000001","lastEditedDateTime":"2023-11-14T22:13:21Z","from":{"user":{"id":"`+ann+`"}},
		"body":{"contentType":"html","content":"<div>ask <at id=\"0\">Bo &amp; Co</at> now</div>"},
		"mentions":[{"id":0,"mentionText":"Bo & Co","mentioned":{"user":{"id":"`+ben+`","displayName":"Ben Oak"}}}]}`), &m))
	m.ReplyToID = root
	caught := w.s.org.ActivityOf(fact.EventEdited, w.channel, &m)
	at := fact.PlaceOf(&hook)
	first := fact.Payload{Me: w.s.org.Me}
	id, version := first.EditID(at, &hook), first.VersionDigest(&hook)
	for name, told := range map[string]struct {
		p fact.Payload
		a *connector.Activity
	}{
		"known":           {fact.Payload{Me: w.s.org.Me, Who: map[string]fact.Who{"29:BEN": {User: ben, Name: "Ben Oak", Kind: "person"}}}, &hook},
		"renamed":         {fact.Payload{Me: w.s.org.Me, Who: map[string]fact.Who{"29:BEN": {User: ben, Name: "Ben Elm", Kind: "person"}}}, &hook},
		"Graph":           {fact.Payload{Me: w.s.org.Me, Who: map[string]fact.Who{ben: {User: ben, Name: "Ben Oak", Kind: "person"}}}, &caught},
		"Graph, stranger": {fact.Payload{Me: w.s.org.Me}, &caught},
	} {
		if got := told.p.EditID(at, told.a); got != id {
			t.Errorf("%s: the fact is %s, first %s", name, got, id)
		}
		if got := told.p.VersionDigest(told.a); got != version {
			t.Errorf("%s: the version is %s, first %s", name, got, version)
		}
	}
}

// TestCaughtQuote: a quoted message is no file, and its words stay where they are.
func TestCaughtQuote(t *testing.T) {
	t.Parallel()
	w, _, root, _ := talk(t)
	m := graph.Message{ID: "1700000000001", ReplyToID: root, Type: "message", From: &graph.From{User: &graph.Identity{ID: ann}},
		Body:        graph.Body{ContentType: "html", Content: `<attachment id="1700000000000"></attachment><p>yes</p>`},
		Attachments: []graph.Attachment{{ID: "1700000000000", ContentType: graph.ContentQuote, Content: `{"messagePreview":"inside words"}`}}}
	if a := caughtSay(t, w, m); a.Text != "yes" || len(a.Files) != 0 {
		t.Errorf("%+v", a)
	}
	m.Attachments[0].ContentType = graph.ContentForward
	if a := caughtSay(t, w, m); a.Text != "yes" || len(a.Files) != 0 {
		t.Errorf("forwarded: %+v", a)
	}
}

// TestConfirmGone: a reply that its thread doesn't show is gone; where nobody shows the thread,
// what was said counts.
func TestConfirmGone(t *testing.T) {
	t.Parallel()
	w, d, root, p, later := talkLater(t)
	a := typed(t, w, d, p, root, "hello")
	later(time.Hour)
	w.fake.Inject(teamsfake.Fault{Method: "graph.*", Kind: teamsfake.FaultHTTP, Status: 404, Code: "NotFound"})
	if got, err := w.s.Confirm(within(t), a.Place, a.Text); got != bridge.Unchanged || err != nil || d.Number("d:") != 0 {
		t.Errorf("the channel isn't found: %v, %v, facts %v", got, err, d.IDs())
	}
	w.fake.ClearFaults()
	w.fake.Inject(teamsfake.Fault{Method: "graph.reply", Kind: teamsfake.FaultHTTP, Status: 404, Code: "NotFound"})
	if got, err := w.s.Confirm(within(t), a.Place, a.Text); got != bridge.Gone || err != nil || d.Number("d:") != 1 {
		t.Errorf("it isn't in its thread: %v, %v", got, err)
	}
}

// TestConfirmBlank: a reply that was deleted is gone, though Graph doesn't say when, and shows only that it has no words any
// more; where it was typed a moment ago, it is asked for again. It isn't brought back by what is read later.
func TestConfirmBlank(t *testing.T) {
	t.Parallel()
	w, d, root, p, later := talkLater(t)
	a := typed(t, w, d, p, root, "hello")
	must(t, w.fake.Admin.Blank(w.channel, a.Place.Message))
	if got, err := w.s.Confirm(within(t), a.Place, a.Text); got != bridge.Unchanged || err == nil || d.Number("d:") != 0 {
		t.Errorf("it may not be shown yet: %v, %v", got, err)
	}
	later(time.Hour)
	for range 2 {
		if got, err := w.s.Confirm(within(t), a.Place, a.Text); got != bridge.Gone || err != nil || d.Number("d:") != 1 {
			t.Errorf("it is empty: %v, %v", got, err)
		}
		must(t, w.s.history.catchUp(within(t)))
	}
	if verbs := w.verbs(d); slices.Contains(verbs, "restored") {
		t.Errorf("it is brought back: %v", verbs)
	}
}

// TestDeletedAgain: what was deleted, brought back and deleted again is deleted twice.
func TestDeletedAgain(t *testing.T) {
	t.Parallel()
	w, d, root, p := talk(t)
	a := typed(t, w, d, p, root, "hello")
	w.fake.Inject(teamsfake.Fault{Method: "event:*", Kind: teamsfake.FaultDuplicate})
	for _, do := range []func(channel, id string) error{p.Delete, p.Undelete, p.Delete} {
		must(t, do(w.channel, a.Place.Message))
		w.settled()
	}
	if got, want := w.verbs(d), []string{"say", "delete", "restored", "delete"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestOthersThread: what people say to each other below our answer isn't kept.
func TestOthersThread(t *testing.T) {
	t.Parallel()
	w, d, _, p := talk(t)
	root, err := p.Post(teamsfake.Post{Channel: w.channel, Text: "<@bot> help"})
	must(t, err)
	w.accepted(d, fact.MessageID(w.channel, root))
	w.line(d, root, bridge.Line{Content: &bridge.RefusedLine{Reason: "none"}})
	w.fake.Activities.SetEndpoint("http://127.0.0.1:1/nobody")
	for _, text := range []string{"our own chat", "<@bot> once more"} {
		_, err = p.Reply(w.channel, root, text)
		must(t, err)
	}
	must(t, w.s.history.catchUp(within(t)))
	var kept []string
	for _, f := range d.Accepted() {
		kept = append(kept, string(f.Payload))
	}
	if all := strings.Join(kept, ""); strings.Contains(all, "our own chat") || !strings.Contains(all, "once more") {
		t.Errorf("kept: %s", all)
	}
}

// lateRoots records the thread's root while it is asked who began it.
type lateRoots struct {
	*desk
	asked int
}

func (d *lateRoots) Posted(ctx context.Context, at bridge.Place) (bool, error) {
	d.asked++
	if d.asked == 1 {
		return false, nil
	}
	return d.desk.Posted(ctx, at)
}

// TestRootRecordedMeanwhile: a thread is ours for good though its record came between two looks.
func TestRootRecordedMeanwhile(t *testing.T) {
	t.Parallel()
	w, d, root, _ := talk(t)
	o := w.s.opt
	o.Desk = &lateRoots{desk: d}
	s, err := New(o)
	must(t, err)
	for range 2 {
		if own, err := s.threads.isOurThread(within(t), bridge.Place{Channel: w.channel, Thread: root, Message: "1"}); !own || err != nil {
			t.Errorf("ours: %v, %v", own, err)
		}
	}
}

// TestFailedStoreIsAGap: what could not be stored is looked for, whether Teams tells it again
// or not.
func TestFailedStoreIsAGap(t *testing.T) {
	t.Parallel()
	w, d, root, p := talk(t)
	d.Refuse(errDown)
	before := d.Gaps()
	_, err := p.Reply(w.channel, root, "hello")
	must(t, err)
	w.settled() // given up
	if _, open := w.s.sweeper.Gap(); !open || d.Gaps() == before {
		t.Error("nobody was told that something is missing")
	}
}

// TestChangeTwice: a line that is changed again needs no look, and isn't there twice.
func TestChangeTwice(t *testing.T) {
	t.Parallel()
	w, d, root, _ := talk(t)
	w.fake.Entra.Permit()
	done := bridge.Line{Content: bridge.LineResolved, By: bridge.AgentRef{Name: "Ann Lee"}}
	id := w.line(d, root, done)
	p := bridge.Post{Kind: bridge.PostLine, Token: "again", Attempt: 2, Unsure: true, Place: bridge.Place{Channel: w.channel, Thread: root, Message: id}, Facts: sampleFacts(), Line: &done}
	calls := len(w.fake.Calls(""))
	if outcome, _, err := w.s.Reconcile(within(t), p); outcome != channels.Absent || err != nil || len(w.fake.Calls("")) != calls {
		t.Errorf("%v, %v after %d calls", outcome, err, len(w.fake.Calls(""))-calls)
	}
	_, err := w.s.Send(within(t), p)
	must(t, err)
	if m := w.fake.Message(w.channel, id); strings.Contains(m.Text, "shown twice") {
		t.Errorf("it says %q", m.Text)
	}
}

// TestReplicasLearn: an event counts, whatever another replica has kept since this one looked.
func TestReplicasLearn(t *testing.T) {
	t.Parallel()
	w, _, _, _ := talk(t)
	replica := func() *Surface {
		s, err := New(w.s.opt)
		must(t, err)
		must(t, s.org.Notes.Load(within(t)))
		return s
	}
	told := func(s *Surface, action string) {
		t.Helper()
		must(t, s.door.installation.learn(within(t), &connector.Activity{Type: connector.TypeInstallationUpdate, Action: action, ServiceURL: w.fake.ServiceURL(),
			ChannelData: &connector.ChannelData{Team: &connector.TeamRef{ID: w.team}}}))
	}
	told(replica(), "remove")
	if len(replica().org.Notes.Teams()) != 0 {
		t.Fatal("nobody knows that the app was removed")
	}
	told(w.s, "add")
	if len(replica().org.Notes.Teams()) != 1 {
		t.Error("that it was added again was not kept")
	}
}

// TestNewestOf: an old thread that was changed today is news.
func TestNewestOf(t *testing.T) {
	t.Parallel()
	now := time.Now()
	if at := lastChange(&graph.Message{CreatedAt: now.Add(-time.Hour), Replies: []graph.Message{{CreatedAt: now.Add(-time.Minute), ModifiedAt: now}}}); !at.Equal(now) {
		t.Errorf("%v", at)
	}
}

// TestLongThreads: threads of which Graph's answer would be too long are read all the same.
func TestLongThreads(t *testing.T) {
	t.Parallel()
	d := newDesk()
	w := newWorld(t, d, func(o *Options, _ *teamsfake.Options) { o.PageBytes = 1 << 20 }).connect()
	d.Open(w.channel)
	p := w.fake.As(ann)
	long, roots := strings.Repeat("y", 3000), []string{}
	w.unheard(func() error {
		for range threadsPerPage {
			roots = append(roots, w.thread(d))
		}
		for _, root := range roots {
			for range 20 {
				if _, err := p.Reply(w.channel, root, long); err != nil {
					return err
				}
			}
		}
		return nil
	})
	must(t, w.s.history.catchUp(within(t)))
	if n := d.Number("m:" + w.channel); n != len(roots)*20 {
		t.Errorf("%d replies found of %d", n, len(roots)*20)
	}
}

// TestWholeChannel: without a cause only the threads of the last days are read; every two hours,
// and at once after a gap, all of them.
func TestWholeChannel(t *testing.T) {
	t.Parallel()
	w, d, oldest, p, later := talkLater(t)
	for range 2 * threadsPerPage {
		w.thread(d)
	}
	later(recentSpan + time.Hour)
	fresh := w.thread(d)
	ctx, cancel := context.WithCancel(t.Context())
	passes, done := make(chan error), make(chan struct{})
	go func() {
		defer close(done)
		w.s.sweeper.Run(ctx, func(ctx context.Context) error {
			err := w.s.history.catchUp(ctx)
			passes <- err
			return err
		})
	}()
	reads := func() int {
		t.Helper()
		before := len(w.fake.Calls("graph.messages"))
		w.s.sweeper.Wake()
		must(t, <-passes)
		return len(w.fake.Calls("graph.messages")) - before
	}
	said := func(root string) {
		t.Helper()
		w.unheard(func() error { _, err := p.Reply(w.channel, root, "hello"); return err })
	}
	found := func(want int, when string) {
		t.Helper()
		if n := d.Number("m:" + w.channel); n != want {
			t.Errorf("%s: %d replies are stored, want %d", when, n, want)
		}
	}
	if n := reads(); n != 3 {
		t.Errorf("the first time %d pages were read, want all 3", n)
	}
	said(fresh)
	later(defaultSweepInterval)
	if n := reads(); n > 2 {
		t.Errorf("ten minutes later %d pages were read", n)
	}
	found(1, "a reply in a thread of today")
	said(oldest)
	later(fullPassInterval)
	reads()
	found(2, "one in an old thread, two hours later")
	said(oldest)
	w.s.sweeper.Announce(w.s.org.Now())
	w.fake.Inject(teamsfake.Fault{Method: "graph.messages", Kind: teamsfake.FaultHTTP, Status: 404, Code: "NotFound", Times: 1})
	reads()
	if n := reads(); n != 3 {
		t.Errorf("after a failure %d pages were read, want all 3", n)
	}
	found(3, "one in an old thread, after a gap")
	if n := reads(); n > 2 {
		t.Errorf("a gap that is filled had %d pages read again", n)
	}
	cancel()
	<-done
}
