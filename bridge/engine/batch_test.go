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
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	w.waitFate(w.reply(thread, "On it"), "out")
	w.waitDrained()
	held.Store(true)
	waiting := func(n int) {
		w.eventually("facts wait", func() bool { return w.count(`SELECT count(*) FROM queued`) == n })
	}
	w.chat.Say("ben", support, thread, "I know them")
	waiting(1)
	w.customerWrites("kim", "Hurry")
	waiting(2)
	reply := w.reply(thread, "Coming")
	waiting(3)
	held.Store(false)
	w.waitFate(reply, "out")
}
