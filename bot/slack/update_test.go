package slack

import (
	"testing"

	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/channels"
)

// Posts that change or mark a message, or that one person alone sees.

// goneMessage is the stamp of a message that isn't there any more.
const goneMessage = "1600000000.000100"

// resolvedCard is the card of a resolved conversation in the place of a message.
func (w *world) resolvedCard(message string) bridge.Post {
	p := w.newPost(bridge.PostCard, bridge.Place{}, "t1")
	p.Place = bridge.Place{Channel: w.channel, Message: message}
	p.Facts.Status = bridge.StatusResolved
	return p
}

// newMark makes the mark of a message that was sent to the customer.
func newMark(at bridge.Place) bridge.Post {
	return bridge.Post{Kind: bridge.PostMark, Token: "t2", Mark: bridge.MarkSent, Place: at}
}

// A card is updated in its place, and keeps what it is found by.
func TestCardIsUpdated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.postRoot()
	before := string(w.fake.Message(w.channel, root.Message).Blocks)
	w.mustSend(w.resolvedCard(root.Message))
	m := w.fake.Message(w.channel, root.Message)
	if string(m.Blocks) == before {
		t.Errorf("the card is still %s", before)
	}
	if m.Metadata == nil {
		t.Error("the card has no metadata any more")
	}
	updates := w.fake.Calls("chat.update")
	if len(updates) == 0 {
		t.Fatal("Slack wasn't asked to update the card")
	}
	wantEqual(t, "parse", updates[0].Args["parse"], "none") // Slack is to leave links and words alone
}

func TestCardOfAMessageThatIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.postRoot()
	p := w.resolvedCard(goneMessage)
	_, err := w.surface.Send(w.ctx(), p)
	wantSendErrorIs(t, err, channels.BadContent, bridge.ErrMessageGone)
	w.wantReconciled(p, channels.Absent)
}

// A mark is there once, however often it is sent.
func TestMarkIsThereOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.postRoot()
	ts := w.postAsAnn(root.Message, "done")
	mark := newMark(bridge.Place{Channel: w.channel, Thread: root.Message, Message: ts})
	w.mustSend(mark)
	w.mustSend(mark) // Slack says already_reacted
	wantEqual(t, "reactions", len(w.fake.Message(w.channel, ts).Reactions), 1)
}

// A locked thread takes no marks, and nothing is missed without them. Words go into a thread that begins anew.
func TestPostsInALockedThread(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.postRoot()
	mark := newMark(bridge.Place{Channel: w.channel, Thread: root.Message, Message: w.postAsAnn(root.Message, "done")})
	mark.Clears = bridge.MarkWaiting
	noError(t, w.fake.Admin.LockThread(w.channel, root.Message, true))
	w.mustSend(mark)
	_, err := w.surface.Send(w.ctx(), w.newPost(bridge.PostSaid, root, "t1"))
	wantSendErrorIs(t, err, channels.BadContent, bridge.ErrThreadLost)

	w.fake.Inject(slackfake.Fault{Method: "reactions.remove", Kind: slackfake.FaultError, Error: "thread_locked"})
	w.mustSend(mark)
}

func TestMarkOfAMessageThatIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.postRoot()
	_, err := w.surface.Send(w.ctx(), newMark(bridge.Place{Channel: w.channel, Message: goneMessage}))
	wantSendErrorIs(t, err, channels.BadContent, bridge.ErrMessageGone)
}

// What is shown to one person alone stands in the thread.
func TestWhisperInAThread(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.postRoot()
	p := w.newPost(bridge.PostEphemeral, root, "t1")
	p.To = bridge.SurfaceUser(w.ann)
	w.mustSend(p)
	shown := w.fake.Ephemerals(w.ann)
	if len(shown) != 1 {
		t.Fatalf("Ann alone sees %d messages, want one: %+v", len(shown), shown)
	}
	wantEqual(t, "thread of the message", shown[0].ThreadTS, root.Message)
}

// Case 36: if the app isn't in a channel, it writes to a person directly instead of showing them something there.
func TestWhisperInAChannelWithoutTheApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.fake.Admin.AddChannel(slackfake.Channel{Name: "random", Members: []string{w.ann}})
	p := w.newPost(bridge.PostEphemeral, bridge.Place{Channel: other.ID}, "t1")
	p.To = bridge.SurfaceUser(w.ann)
	w.mustSendDirectly(p)
}

// mustSendDirectly sends what is for Ann alone, and checks that she gets it as a direct message.
func (w *world) mustSendDirectly(p bridge.Post) {
	w.t.Helper()
	sent := w.mustSend(p)
	if w.fake.Message(w.fake.DM(w.ann), sent.Message) == nil || !sent.Elsewhere {
		w.t.Errorf("sent is %+v, want a direct message, which isn't in the channel", sent)
	}
}

// So it does for whatever reason Slack shows them nothing there.
func TestWhisperThatSlackRefuses(t *testing.T) {
	t.Parallel()
	for _, code := range []string{
		"no_permission", "restricted_action", "ekm_access_denied", "restricted_action_thread_locked", "user_not_in_channel",
		"messages_tab_disabled",
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := w.newPost(bridge.PostEphemeral, w.postRoot(), "t1")
			p.To = bridge.SurfaceUser(w.ann)
			w.fake.Inject(slackfake.Fault{Method: "chat.postEphemeral", Kind: slackfake.FaultError, Error: code})
			w.mustSendDirectly(p)
		})
	}
}

// whisperToAnn shows a line to Ann alone.
func (w *world) whisperToAnn(line *bridge.Line) {
	w.t.Helper()
	p := w.newPost(bridge.PostEphemeral, w.postRoot(), "t1")
	p.To, p.Line = bridge.SurfaceUser(w.ann), line
	w.mustSend(p)
}

// pressInWhisper has Ann press a button of the first message that she alone sees.
func (w *world) pressInWhisper(label string) {
	w.t.Helper()
	e := w.fake.Ephemerals(w.ann)[0]
	out, err := w.fake.As(w.ann).Click(w.ctx(), slackfake.Target{Channel: w.channel, TS: e.TS}, buttonID(w.t, e.Blocks, label))
	mustAccept(w.t, "the button "+label, out, err)
}

// snoozedLine is a private answer with one button that only shows something, More, and one that does something, Wake.
func snoozedLine() *bridge.Line {
	return &bridge.Line{
		Content: &bridge.SnoozedLine{},
		Verbs:   []bridge.Verb{bridge.VerbFind, bridge.VerbWake},
		Args:    bridge.Args{Conversation: 12},
	}
}

// What a private answer says holds no longer once one of its buttons did something: then it goes.
func TestPrivateAnswerGoesWhenItWasUsed(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.letAnnSee()
	w.whisperToAnn(snoozedLine())
	w.pressInWhisper("Wake")
	noError(t, w.fake.WaitFor(w.ctx(), func() bool {
		all := w.fake.Ephemerals(w.ann)
		return len(all) == 0 || all[0].Deleted
	}))
	wantEqual(t, "stored action", w.waitAction(interactionFacts).Verb, bridge.VerbWake)
}

// A button that only shows something in a window leaves a private answer, which can be used afterwards.
func TestPrivateAnswerStaysWhenAWindowIsOpened(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.letAnnSee()
	w.whisperToAnn(snoozedLine())
	w.pressInWhisper("More")
	w.waitForWindow(w.ann, func(*slackfake.View) bool { return true })
	wantEqual(t, "the private answer is gone", w.fake.Ephemerals(w.ann)[0].Deleted, false)
	w.pressInWhisper("Wake")
	wantEqual(t, "stored action", w.waitAction(interactionFacts).Verb, bridge.VerbWake)
}

// A button that shows something by an answer of its own leaves a private answer, too.
func TestPrivateAnswerStaysWhenMoreIsAsked(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.whisperToAnn(&bridge.Line{Content: &bridge.HelpLine{}})
	w.pressInWhisper("All commands")
	wantEqual(t, "stored action", w.waitAction(interactionFacts).Verb, bridge.VerbHelp)
	w.stop() // which waits for what the click has begun
	wantEqual(t, "private answers that Ann sees", len(w.fake.Ephemerals(w.ann)), 1)
}
