package engine_test

import (
	"testing"

	"parley/bridge"
)

// Who quotes a colleague, or passes on what was said elsewhere, may speak to the colleague, so the author is asked. Who quotes
// the customer's words answers them.
func TestQuotedColleague(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.reply(thread, "!take")
	w.waitCard(thread, "Ann")
	asked := w.chat.Say("ben", support, thread, "note: he wants a refund again")
	w.waitFate(asked, "inside")
	between := w.reply(thread, "We look into it")
	w.waitFate(between, "out")
	answer := w.reply(thread, "<quote "+asked+"> No, he makes it up")
	w.waitFate(answer, "ask")
	w.waitLine(thread, bridge.LineAsk)
	w.waitFate(w.reply(thread, "<forward> No, he makes that up, too"), "ask")
	customers := w.waitShown("Hello")
	reply := w.reply(thread, "<quote "+customers.ID+"> Yes, gladly")
	w.waitFate(reply, "out")
	w.waitDrained()
	w.provider.WaitTexts(t, "We look into it", "Yes, gladly")
}
