package engine_test

import (
	"sync/atomic"
	"testing"

	"parley/bridge/relay"
)

// A reply is judged by all that was said before it, also by what is applied together with it.
func TestReplyAfterTheCustomerInOneBatch(t *testing.T) {
	t.Parallel()
	var held atomic.Bool
	w := newWorld(t, options{relay: relay.Options{Held: held.Load}})
	w.writes("kim", "Hello")
	thread := w.thread("Hello")
	w.fate(w.reply(thread, "On it"), "out")
	w.settled()
	held.Store(true)
	waiting := func(n int) {
		w.eventually("facts wait", func() bool { return w.count(`SELECT count(*) FROM queued`) == n })
	}
	w.chat.Say("ben", support, thread, "I know them")
	waiting(1)
	w.writes("kim", "Hurry")
	waiting(2)
	reply := w.reply(thread, "Coming")
	waiting(3)
	held.Store(false)
	w.fate(reply, "out")
}
