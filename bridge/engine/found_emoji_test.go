package engine_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
	"parley/channels/channelstest"
)

// emojiFinder is a surface (an agents' chat) that finds an emoji on each reply that Parley reads again before sending it.
// No event tells of the emoji.
type emojiFinder struct {
	bridge.Surface
	user     string      // who put it there
	verb     bridge.Verb // the verb that the emoji stands for
	isAbsent atomic.Bool // it isn't there yet

	accept func(ctx context.Context, f channels.Fact) error // stores the emoji; set by newFinderWorld
	reads  int                                              // how often a reply was read again
}

func (f *emojiFinder) Confirm(ctx context.Context, at bridge.Place, text string) (bridge.Confirmation, error) {
	f.reads++
	if f.isAbsent.Load() {
		return f.Surface.Confirm(ctx, at, text)
	}
	event := map[string]any{"type": "react", "catch_up": true, "user": f.user, "by": bridge.ActorPerson,
		"message": bridgetest.Message{Channel: at.Channel, ID: at.Message, User: "ann"}, "button": bridgetest.Button{Verb: f.verb}}
	body, err := json.Marshal(event)
	if err != nil {
		return bridge.Unchanged, err
	}
	fact := channels.Fact{ExternalID: "r:" + at.Message + ":" + f.user, OrderKey: at.Channel + ":" + at.Message, Payload: body}
	if err := f.accept(ctx, fact); err != nil {
		return bridge.Unchanged, err
	}
	return f.Surface.Confirm(ctx, at, text)
}

// newFinderWorld makes a world in which replies are held for an hour. Its chat finds an emoji on each reply that is read
// again.
func newFinderWorld(t *testing.T, f *emojiFinder) *world {
	t.Helper()
	w := newWorld(t, options{hold: time.Hour, surface: func(inner bridge.Surface) bridge.Surface { f.Surface = inner; return f }})
	f.accept = func(ctx context.Context, fact channels.Fact) error { return w.engines[0].Accept(ctx, w.surface, fact) }
	return w
}

// endHoldAfterGap ends the hold of all replies. The chat may have missed events (a gap), so Parley reads the replies
// again.
func (w *world) endHoldAfterGap() {
	w.t.Helper()
	desk := w.engines[0].Desk(w.surface)
	desk.Gap()
	desk.Filled()
	w.advance(2 * time.Hour)
}

// wantNoWhisper checks that a user was told nothing with these words in private.
func (w *world) wantNoWhisper(user, words string) {
	w.t.Helper()
	isTold := func(m bridgetest.Message) bool { return strings.Contains(m.Plain(), words) }
	if whispers := w.chat.Whispers(user); slices.ContainsFunc(whispers, isTold) {
		w.t.Errorf("%s was told %+v, want nothing about %q", user, whispers, words)
	}
}

// If an agent took a reply back with an emoji while events were lost, the reply doesn't leave (requirement R-249).
func TestFoundEmojiTakesBack(t *testing.T) {
	t.Parallel()
	w := newFinderWorld(t, &emojiFinder{user: "ann", verb: bridge.VerbUndo})
	reply := w.replyInHold(w.openThread(), "This one I regret")
	w.endHoldAfterGap()
	w.waitFate(reply, "undone")
	w.waitDrained()
	w.wantNothingSent()
}

// If an agent takes back a reply that was typed outside of its conversation's thread with an emoji while events are lost,
// it doesn't leave.
// Requirement R-249: A reply is read again before it leaves.
func TestFoundEmojiTakesBackElsewhere(t *testing.T) {
	t.Parallel()
	w := newFinderWorld(t, &emojiFinder{user: "ann", verb: bridge.VerbUndo})
	thread := w.openThread()
	w.chat.Say("ann", support, "", "<@"+bridgetest.App+"> #1 reply This one I regret")
	w.waitLine(thread, bridge.LineDone)
	w.endHoldAfterGap()
	w.eventually("it is taken back", func() bool { return w.text(`SELECT fate FROM messages WHERE text = 'This one I regret'`) == "undone" })
	w.waitDrained()
	w.wantNothingSent()
}

// If the chat or the provider was away, a reply may be old when it is sent. Parley still reads it again, so a reply that
// was taken back with an emoji doesn't leave (requirement R-249).
func TestFoundEmojiOnAReplyThatWasTriedForLong(t *testing.T) {
	t.Parallel()
	w := newFinderWorld(t, &emojiFinder{user: "ann", verb: bridge.VerbUndo})
	reply := w.replyInHold(w.openThread(), "This one I regret")
	w.exec(`UPDATE deliveries SET first_at = clock_timestamp() - interval '10 min' WHERE kind = 'reply'`)
	w.endHoldAfterGap()
	w.waitFate(reply, "undone")
	w.waitDrained()
	w.wantNothingSent()
}

// The found emoji may be older than the click that sends a failed reply again, so the click counts.
func TestFoundEmojiOnAReplyThatIsSentAgain(t *testing.T) {
	t.Parallel()
	f := &emojiFinder{user: "ann", verb: bridge.VerbUndo}
	f.isAbsent.Store(true)
	w := newFinderWorld(t, f)
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent})
	thread := w.openThread()
	reply := w.replyInHold(thread, "You get it all back")

	w.advance(2 * time.Hour)
	failed := w.waitLine(thread, bridge.LineFailed)

	f.isAbsent.Store(false)
	desk := w.engines[0].Desk(w.surface)
	desk.Gap()
	desk.Filled()

	w.chat.Press(t, "ann", failed, bridge.VerbSendAgain)
	w.provider.WaitTexts(t, "You get it all back")
	w.waitFate(reply, "out")
}

// If an agent kept a reply inside with an emoji while events were lost, it doesn't leave (requirement R-249).
func TestFoundEmojiKeepsInside(t *testing.T) {
	t.Parallel()
	w := newFinderWorld(t, &emojiFinder{user: "ann", verb: bridge.VerbKeep})
	reply := w.replyInHold(w.openThread(), "This is for colleagues")
	w.endHoldAfterGap()
	w.waitFate(reply, "inside")
	w.waitDrained()
	w.wantNothingSent()
}

// The found emoji may be older than the click that sends a reply after it was taken back, so the click counts.
func TestFoundEmojiOnAReplyThatIsSentByClick(t *testing.T) {
	t.Parallel()
	f := &emojiFinder{user: "ann", verb: bridge.VerbUndo}
	w := newFinderWorld(t, f)
	thread := w.openThread()
	reply := w.replyInHold(thread, "You get it all back")
	w.chat.React("ann", w.chat.Get(support, reply), bridge.VerbUndo)
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineUndone), bridge.VerbSend)
	w.waitFate(reply, "waiting")

	w.endHoldAfterGap()
	w.provider.WaitTexts(t, "You get it all back")
	if f.reads == 0 {
		t.Error("the reply was not read again, so that no emoji was found")
	}
}

// If the emoji is from somebody who may not take replies back, it changes nothing. Its author isn't told again.
func TestFoundEmojiOfNoAgent(t *testing.T) {
	t.Parallel()
	w := newFinderWorld(t, &emojiFinder{user: "dan", verb: bridge.VerbUndo})
	w.replyInHold(w.openThread(), "On our way")
	w.endHoldAfterGap()
	w.provider.WaitTexts(t, "On our way")
	w.waitDrained()
	w.wantNoWhisper("dan", "agents")
}

// A found emoji can only stop a reply. An emoji that means resolve doesn't resolve the conversation.
func TestFoundEmojiOfAnotherVerb(t *testing.T) {
	t.Parallel()
	w := newFinderWorld(t, &emojiFinder{user: "ann", verb: bridge.VerbResolve})
	thread := w.openThread()
	w.replyInHold(thread, "On our way")
	w.endHoldAfterGap()
	w.provider.WaitTexts(t, "On our way")
	w.waitDrained()
	const afterReply = "pending" // the conversation waits for the customer
	if status := w.text(`SELECT status FROM conversations`); status != afterReply {
		t.Errorf("the conversation is %s, want it %s", status, afterReply)
	}
}

// If the event of an emoji comes after Parley has found the emoji, it changes nothing, and nobody is told.
func TestEmojiThatComesAfterItWasFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	reply := w.replyInHold(w.openThread(), "This one I regret")
	w.chat.React("ann", w.chat.Get(support, reply), bridge.VerbUndo)
	w.waitFate(reply, "undone")
	w.chat.React("ann", w.chat.Get(support, reply), bridge.VerbUndo)
	w.waitDrained()
	if whispers := w.chat.Whispers("ann"); len(whispers) != 0 {
		t.Errorf("ann was told %+v, want nothing", whispers)
	}
}
