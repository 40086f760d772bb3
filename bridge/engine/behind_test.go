package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// Something happens in a thread while a reply is held, and the appliers are so far behind that the hold ends before they
// have read it. The reply waits until they have, so that it counts.
func TestReplyWaitsForItsThread(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		happen   func(w *world, missed, reply bridgetest.Message) // which the appliers don't read yet
		wantSent []string
	}{
		{
			name:     "an earlier text, told late",
			happen:   func(w *world, missed, _ bridgetest.Message) { w.journalSurfaceFact("say", missed) },
			wantSent: []string{"First", "Second"},
		},
		{
			name:     "an edit",
			happen:   func(w *world, _, reply bridgetest.Message) { w.chat.Edit(support, reply.ID, "Second, mended") },
			wantSent: []string{"Second, mended"},
		},
		{
			name:     "its deletion",
			happen:   func(w *world, _, reply bridgetest.Message) { w.chat.Delete(support, reply.ID) },
			wantSent: nil,
		},
		{
			name: "an emoji that takes it back",
			happen: func(w *world, _, reply bridgetest.Message) {
				withoutThread := bridgetest.Message{Channel: support, ID: reply.ID, User: "ann"} // chats don't tell the thread of an emoji
				w.chat.React("ann", withoutThread, bridge.VerbUndo)
			},
			wantSent: nil,
		},
		{
			name:     "a remark of a colleague",
			happen:   func(w *world, _, reply bridgetest.Message) { w.chat.Say("zoe", support, reply.Thread, "I wonder") },
			wantSent: []string{"Second"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{hold: behindHold})
			thread := w.openThread()
			w.chat.Mute(true) // Parley doesn't hear of the first text
			missed := w.chat.Get(support, w.reply(thread, "First"))
			w.chat.Mute(false)
			reply := w.chat.Get(support, w.replyInHold(thread, "Second"))
			w.waitDrainedBut(1)

			release := w.holdQueues(w.surface)
			tt.happen(w, missed, reply)
			w.waitSurfaceQueue()

			w.advance(behindHold)
			w.waitReplyPutOff()
			wantEqual(t, "calls to the provider before the thread was read", w.provider.Calls(), 0)

			release()
			w.waitQueued(0)
			w.advance(behindHold) // a text or edit that was read now may have begun a hold of its own
			w.provider.WaitTexts(t, tt.wantSent...)
			w.waitDrained()
			w.provider.WaitTexts(t, tt.wantSent...)
		})
	}
}

// behindHold is the hold of replies in these tests.
const behindHold = time.Hour

// waitSurfaceQueue waits until an event from the chat is stored that isn't applied yet.
func (w *world) waitSurfaceQueue() {
	w.t.Helper()
	w.eventually("it is stored", func() bool { return w.count(`SELECT count(*) FROM queues WHERE account_id = $1`, w.surface) == 1 })
}

// waitReplyPutOff waits until the reply was postponed because its thread wasn't read yet.
func (w *world) waitReplyPutOff() {
	w.t.Helper()
	w.eventually("the reply was put off", func() bool {
		return w.count(`SELECT count(*) FROM deliveries
			WHERE kind = 'reply' AND attempt > 1 AND error_text LIKE '%Waiting for what was said%'`) == 1
	})
}
