package engine_test

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
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
