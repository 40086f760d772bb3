package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/channels"
	"parley/channels/channelstest"
)

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
	w.chooseVerb(thread, two, bridge.VerbSendAgain)
	w.eventually("the second attempt", func() bool {
		return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'reply' AND attempt = 2`) == 1
	})
	w.waitFate(two, "failed")
	w.waitDrained()
	w.replyInHold(thread, "Three")
	w.chooseVerb(thread, one, bridge.VerbSendAgain)
	w.chooseVerb(thread, two, bridge.VerbSendAgain)
	w.waitFate(one, "waiting")
	w.waitFate(two, "waiting")
	w.advance(2 * lineHold)
	w.waitDrained()
	for _, message := range []string{one, two} {
		if fate := w.text(`SELECT fate FROM messages WHERE place = $1`, message); fate != "failed" {
			t.Errorf("%s is %q after it was refused again, want \"failed\"", message, fate)
		}
	}
}
