package engine_test

import (
	"sync/atomic"
	"testing"

	"parley/bridge/relay"
)

// A colleague's remark makes the next reply doubtful, unless the customer has written since: also if all three are applied in one
// batch.
func TestReplyAfterTheCustomerInOneBatch(t *testing.T) {
	t.Parallel()
	var held atomic.Bool
	w := newWorld(t, options{relay: relay.Options{Held: held.Load}})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	w.waitFate(w.reply(thread, "On it"), "out")
	w.waitDrained()
	held.Store(true)
	w.chat.Say("ben", support, thread, "I know them")
	w.waitQueued(1)
	w.customerWrites("kim", "Hurry")
	w.waitQueued(2)
	reply := w.reply(thread, "Coming")
	w.waitQueued(3)
	held.Store(false)
	w.waitFate(reply, "out")
}
