package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/store"
)

// A text that quotes a colleague, a line of Parley's or an unknown message, or that forwards one, may be for colleagues,
// so its author is asked. A text that quotes the customer's words is an answer to her.
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
	line := w.waitLine(thread, bridge.LineAsk)
	w.waitFate(w.reply(thread, "<forward> No, he makes that up, too"), "ask")
	w.waitFate(w.reply(thread, "<quote "+line.ID+"> Who, he?"), "ask")
	w.waitFate(w.reply(thread, "<quote 99999.000001> No, not that one"), "ask")

	customers := w.waitShown("Hello")
	reply := w.reply(thread, "<quote "+customers.ID+"> Yes, gladly")
	w.waitFate(reply, "out")

	w.waitDrained()
	w.provider.WaitTexts(t, "We look into it", "Yes, gladly")
}

// If a colleague's note asks something, the next text waits for a click, since it may answer the note.
func TestAnswerToANoteWaitsForAClick(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	w.reply(thread, "!take")
	w.waitCard(thread, "| Ann |")

	for _, c := range []struct {
		note string
		fate store.Fate
	}{
		{"note: he paid late, see https://shop.test/?order=7", "waiting"},
		{"note: is that right?", "ask"},
		{"// (Did you *really* send it?)", "ask"},
		{"note: Ann, please look at it", "ask"},
		{"note: he calls again, @ann", "ask"},
	} {
		w.waitFate(w.chat.Say("ben", support, thread, c.note), "inside")
		w.waitFate(w.reply(thread, "Yes, since Monday"), c.fate)
		w.customerWrites("kim", "And after "+c.note)
		w.waitShown("And after " + c.note)
	}

	w.waitFate(w.reply(thread, "note: who knows?"), "inside") // one's own note doesn't count
	w.waitFate(w.reply(thread, "We look into it"), "waiting")
}
