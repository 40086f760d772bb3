package slack

import (
	"testing"

	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/channels"
)

// These tests send posts that change or mark a message, or that only one person sees.

// goneMessage is the stamp of a message that doesn't exist any more.
const goneMessage = "1600000000.000100"

// resolvedCard is a post that makes a message the card of a resolved conversation.
func (w *world) resolvedCard(message string) bridge.Post {
	p := w.newPost(bridge.PostCard, bridge.Place{}, "t1")
	p.Place = bridge.Place{Channel: w.channel, Message: message}
	p.Facts.Status = bridge.StatusResolved
	return p
}

// newMark makes a mark, which is an emoji, for a message that was sent to the customer.
func newMark(at bridge.Place) bridge.Post {
	return bridge.Post{Kind: bridge.PostMark, Token: "t2", Mark: bridge.MarkSent, Place: at}
}

// A card is updated in its place, and keeps the metadata by which it is found.
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

// A mark that is sent twice is on its message once.
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

// A locked thread takes no marks. That isn't an error, because they aren't needed there. A post with words fails, so
// that the thread begins anew elsewhere.
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

// A message that only one person sees is shown in the thread.
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

// If the app isn't in a channel, it sends a person a direct message, instead of showing something to this person
// alone there (case 36).
func TestWhisperInAChannelWithoutTheApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.fake.Admin.AddChannel(slackfake.Channel{Name: "random", Members: []string{w.ann}})
	p := w.newPost(bridge.PostEphemeral, bridge.Place{Channel: other.ID}, "t1")
	p.To = bridge.SurfaceUser(w.ann)
	w.mustSendDirectly(p)
}

// mustSendDirectly sends a post that only Ann may see, and checks that she gets it as a direct message.
func (w *world) mustSendDirectly(p bridge.Post) {
	w.t.Helper()
	sent := w.mustSend(p)
	if w.fake.Message(w.fake.DM(w.ann), sent.Message) == nil || !sent.Elsewhere {
		w.t.Errorf("sent is %+v, want a direct message, which isn't in the channel", sent)
	}
}

// If Slack refuses to show something to one person alone in a channel, the app sends this person a direct message.
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

// pressInWhisper has Ann press a button of the first message that only she sees.
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

// Once a button of a private answer has done something, its text isn't true any more, so it is deleted.
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

// A button that only shows something in a window leaves the private answer, whose buttons can be used afterwards.
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

// A button that shows something in another private answer leaves the first one, too.
func TestPrivateAnswerStaysWhenMoreIsAsked(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.whisperToAnn(&bridge.Line{Content: &bridge.HelpLine{}})
	w.pressInWhisper("All commands")
	wantEqual(t, "stored action", w.waitAction(interactionFacts).Verb, bridge.VerbHelp)
	w.stop() // which waits for what the click has begun
	wantEqual(t, "private answers that Ann sees", len(w.fake.Ephemerals(w.ann)), 1)
}
