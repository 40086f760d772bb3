package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
)

// What was said in a thread while a reply was held counts, also if the appliers fall so far behind that
// the hold ends before they have read it: the reply waits for it.
func TestReplyWaitsForItsThread(t *testing.T) {
	t.Parallel()
	const hold = time.Hour
	for name, c := range map[string]struct {
		happens func(w *world, missed, reply bridgetest.Message)
		want    []string // that the customer gets
	}{
		"an earlier text, told late": {
			happens: func(w *world, missed, _ bridgetest.Message) { w.journalSurfaceFact("say", missed) },
			want:    []string{"First", "Second"},
		},
		"an edit": {
			happens: func(w *world, _, reply bridgetest.Message) { w.chat.Edit(support, reply.ID, "Second, mended") },
			want:    []string{"Second, mended"},
		},
		"its deletion": {
			happens: func(w *world, _, reply bridgetest.Message) { w.chat.Delete(support, reply.ID) },
			want:    nil,
		},
		"an emoji that takes it back": {
			happens: func(w *world, _, reply bridgetest.Message) {
				w.chat.React("ann", bridgetest.Message{Channel: support, ID: reply.ID, User: "ann"}, bridge.VerbUndo) // nobody tells in which thread
			},
			want: nil,
		},
		"a remark of a colleague": {
			happens: func(w *world, _, reply bridgetest.Message) { w.chat.Say("zoe", support, reply.Thread, "I wonder") },
			want:    []string{"Second"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{hold: hold})
			thread := w.openThread()
			w.chat.Mute(true)
			missed := w.chat.Get(support, w.reply(thread, "First"))
			w.chat.Mute(false)
			reply := w.chat.Get(support, w.reply(thread, "Second"))
			w.waitFate(reply.ID, "waiting")
			w.waitDrainedBut(1)
			release := w.holdQueues(w.surface)
			c.happens(w, missed, reply)
			w.eventually("it is stored", func() bool { return w.count(`SELECT count(*) FROM queues WHERE account_id = $1`, w.surface) == 1 })
			w.advance(hold)
			w.eventually("the reply was put off", func() bool {
				return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'reply' AND attempt > 1 AND error_text LIKE '%Waiting for what was said%'`) == 1
			})
			if n := w.provider.Calls(); n != 0 {
				t.Errorf("%d calls before the thread was read, want none", n)
			}
			release()
			w.waitQueued(0)
			w.advance(hold) // that of what was read now
			w.provider.WaitTexts(t, c.want...)
			w.waitDrained()
			w.provider.WaitTexts(t, c.want...)
		})
	}
}

// While replicas of two versions run, a reply waits also for what the newer one accepted in its thread and will read in
// a moment. After a minute nobody may be there who can read it, and the reply leaves.
func TestReplyWaitsForTheNewerVersion(t *testing.T) {
	t.Parallel()
	const hold = time.Hour
	w := newWorld(t, options{hold: hold})
	thread := w.openThread()
	reply := w.chat.Get(support, w.reply(thread, "Second"))
	w.waitFate(reply.ID, "waiting")
	w.waitDrainedBut(1)
	release := w.holdQueues(w.surface)
	w.chat.Edit(support, reply.ID, "Second, mended")
	w.eventually("it is stored", func() bool { return w.count(`SELECT count(*) FROM queues WHERE account_id = $1`, w.surface) == 1 })
	w.exec(`UPDATE queues SET version = version + 1 WHERE account_id = $1`, w.surface)
	release()
	w.advance(hold)
	w.eventually("the reply was put off", func() bool {
		return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'reply' AND attempt > 1 AND error_text LIKE '%Waiting for what was said%'`) == 1
	})
	if n := w.provider.Calls(); n != 0 {
		t.Errorf("%d calls before the newer version had its time, want none", n)
	}
	w.exec(`UPDATE events SET received_at = received_at - interval '1 minute' WHERE id = (SELECT first_event FROM queues WHERE account_id = $1)`, w.surface)
	w.provider.WaitTexts(t, "Second")
}
