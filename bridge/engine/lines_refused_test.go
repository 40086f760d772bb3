package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/channels"
	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which customers
// write and are answered, and a fake chat, in whose channel "support" agents work.

// Lines of a refused message that are sent again leave one by one, however they wait: of each is told that it was refused once more.
func TestLinesRefusedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: lineHold})
	w.waitRunsAllowed()
	thread := w.openThread()
	for _, text := range []string{"One", "Two"} {
		w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent, Text: text, Times: -1})
	}
	one, two := w.replyInHold(thread, "One"), w.replyInHold(thread, "Two")
	w.advance(2 * lineHold)
	w.waitFate(one, "failed")
	w.waitFate(two, "failed")
	w.waitDrained()

	// The second line is sent again alone, and refused.
	w.chooseVerb(thread, two, bridge.VerbSendAgain)
	w.eventually("the second attempt", func() bool {
		return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'reply' AND attempt = 2`) == 1
	})
	w.waitFate(two, "failed")
	w.waitDrained()

	// Both are sent again, and wait behind another line.
	w.replyInHold(thread, "Three")
	w.chooseVerb(thread, one, bridge.VerbSendAgain)
	w.chooseVerb(thread, two, bridge.VerbSendAgain)
	w.waitFate(one, "waiting")
	w.waitFate(two, "waiting")
	w.advance(2 * lineHold)
	w.waitDrained()
	wantEqual(t, "the fate of the first line", w.text(`SELECT fate FROM messages WHERE place = $1`, one), "failed")
	wantEqual(t, "the fate of the second line", w.text(`SELECT fate FROM messages WHERE place = $1`, two), "failed")
}
