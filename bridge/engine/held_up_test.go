package engine_test

import (
	"testing"
	"time"

	"parley/bridge/relay"
	"parley/channels"
	"parley/channels/channelstest"
)

// replyAfterBrokenDays makes a reply whose account the provider refused for days, which is longer than any reply is tried
// again. The faults in then come after that.
func replyAfterBrokenDays(t *testing.T, then ...channelstest.Fault) (w *world, reply string) {
	t.Helper()
	w = newWorld(t, options{relay: relay.Options{MaxWait: 100 * time.Millisecond}})
	thread := w.openThread()
	days := make(chan struct{})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.AuthBroken, Until: days})
	for _, fault := range then {
		w.provider.AddFault(fault)
	}
	reply = w.reply(thread, "See you")
	w.provider.WaitCalls(t, 1)
	w.exec(`UPDATE deliveries SET first_at = first_at - interval '5 days' WHERE kind = 'reply'`)
	close(days)
	return w, reply
}

// While an account is broken its replies wait. When it works again, a passing failure at the next attempt doesn't end a
// reply.
func TestReplyAfterABrokenAccountIsTriedAgain(t *testing.T) {
	t.Parallel()
	w, reply := replyAfterBrokenDays(t, channelstest.Fault{Kind: channelstest.FaultRefuse})

	w.provider.WaitTexts(t, "See you")
	w.waitFate(reply, "out")
}

// After the days of a broken account, a reply isn't tried for ever. The second failure in a row ends it.
func TestReplyAfterABrokenAccountFails(t *testing.T) {
	t.Parallel()
	w, reply := replyAfterBrokenDays(t, channelstest.Fault{Kind: channelstest.FaultRefuse, Times: 2})

	w.waitFate(reply, "failed")
	wantEqual(t, "messages that the customer got", len(w.provider.Sent()), 0)
}

// If a provider refuses the account, it hasn't looked at the message. Such an attempt doesn't count as a try.
func TestRefusedAccountDoesNotCountAsTry(t *testing.T) {
	t.Parallel()
	w, reply := replyAfterBrokenDays(t)
	w.waitFate(reply, "out")

	uncounted := w.count(`SELECT coalesce((payload ->> 'uncounted')::int, 0) FROM deliveries WHERE kind = 'reply'`)
	wantEqual(t, "attempts that don't count", uncounted, 1)
}
