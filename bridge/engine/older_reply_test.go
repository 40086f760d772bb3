package engine_test

import (
	"testing"
	"time"

	"parley/channels/channelstest"
	"parley/store"
)

// A reply lands after the customer has asked again. It answers only the first question, so the customer waits and lists
// show the new question, even if a further reply was taken back meanwhile.
func TestOlderReplyLandsAfterANewQuestion(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		takeBack func(w *world, thread, reply string)
		fate     store.Fate
	}{
		"undone":  {takeBack: func(w *world, thread, _ string) { w.reply(thread, "!undo") }, fate: store.FateUndone},
		"deleted": {takeBack: func(w *world, _, reply string) { w.chat.Delete(support, reply) }, fate: store.FateUndone},
		"edited into a note": {
			takeBack: func(w *world, _, reply string) { w.chat.Edit(support, reply, "// for colleagues") }, fate: store.FateInside,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.openThread()
			release := make(chan struct{})
			w.provider.AddFault(channelstest.Fault{Until: release})
			first := w.reply(thread, "One")
			w.provider.WaitCalls(t, 1)

			w.customerWrites("kim", "And where is my lamp?")
			w.waitShown("And where is my lamp?")
			second := w.reply(thread, "Two")
			w.waitFate(second, "waiting")
			tt.takeBack(w, thread, second)
			w.waitFate(second, tt.fate)

			close(release)
			w.waitFate(first, "out")
			w.waitDrained()
			if n := w.count(`SELECT count(*) FROM conversations WHERE status = 'open' AND waiting_since IS NOT NULL`); n != 1 {
				t.Errorf("the customer doesn't wait: %s", w.dump())
			}
			last := w.annsFacts().LastMessage
			wantEqual(t, "who spoke last, in lists", last.From, "customer")
			wantEqual(t, "what was said last, in lists", last.Preview, "And where is my lamp?")
		})
	}
}

// The chat tells Parley late of a reply, and the customer has asked again since it was typed. The reply leaves, and the
// customer waits on.
func TestReplyToldLateBehindANewQuestion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.customerWrites("kim", "And where is my lamp?")
	w.waitShown("And where is my lamp?")
	w.waitDrained()

	w.chat.SetNow(func() time.Time { return time.Now().Add(-time.Minute) })
	reply := w.reply(thread, "One")
	w.waitFate(reply, "out")
	w.waitDrained()
	w.waitCard(thread, "#1 open")
	wantEqual(t, "customers who wait", w.countWaiting(), 1)
	last := w.annsFacts().LastMessage
	wantEqual(t, "who spoke last, in lists", last.From, "customer")
	wantEqual(t, "what was said last, in lists", last.Preview, "And where is my lamp?")
}
