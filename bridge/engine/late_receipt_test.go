package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/relay"
	"parley/channels/channelstest"
	"parley/store"
)

// Nobody could tell for ten minutes whether the second of two files arrived, and then the provider tells it: that is no word on the
// text and the first file. What it tells of the second one later is about that one, too.
func TestReceiptAfterAPersonWasAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{lossy: true, relay: relay.Options{UnclearAfter: 30 * time.Second, MaxWait: 100 * time.Millisecond}})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter, With: "b.txt", Times: 2})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	states := `SELECT string_agg(state, ', ' ORDER BY seq) FROM deliveries WHERE kind = 'reply' AND message_id = $1`
	for i, told := range []string{store.Delivered, store.Failed} {
		reply := w.chat.Say("ann", support, thread, "Two plans", file("a.txt", 1), file("b.txt", 1))
		w.waitFate(reply, "unclear")
		message := w.count(`SELECT id FROM messages WHERE place = $1`, reply)
		second := w.provider.Sent()[2*i+1].ID
		for _, state := range []string{"sent", told} {
			w.reportStatus(channelstest.Event{ID: second, State: state, Message: int64(message), External: []string{second}})
		}
		w.eventually("it is about the second file", func() bool { return w.text(states, message) == "accepted, "+told })
		w.waitFate(reply, map[string]store.Fate{store.Delivered: store.FateOut, store.Failed: store.FateFailed}[told])
	}
}

// The answer to a reply's text was lost, and its receipts tell that it arrived: what belongs behind it leaves, and nobody is asked. If
// they come after somebody was asked, a click doesn't send the text once more.
func TestReceiptOfTheTextAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{stopped: true, relay: relay.Options{ReconcileAfter: time.Minute}})
	w.engines[0].SetChannel(w.accounts[chat], &splitter{Channel: w.live[chat].Load()})
	w.start()
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	state := `SELECT d.state || ' ' || d.part FROM deliveries AS d JOIN messages AS m ON m.id = d.message_id WHERE d.kind = 'reply' AND m.place = $1`
	begins := func(text string) (reply string, tell func()) {
		w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter, Text: text + " 1"})
		reply = w.reply(thread, text)
		w.eventually("the answer is lost", func() bool { return w.text(state, reply) == "unknown 0" })
		sent := w.provider.Sent()
		e := channelstest.Event{ID: text, State: "delivered", Early: true, Message: sent[len(sent)-1].Message, External: []string{sent[len(sent)-1].ID}}
		return reply, func() { w.reportStatus(e) }
	}

	reply, tell := begins("Hi")
	tell()
	w.provider.WaitTexts(t, "Hi 1", "Hi 2")
	w.waitFate(reply, "out")
	if w.countLines(thread, bridge.LineUnclear) != 0 {
		t.Error("a person was asked")
	}

	reply, tell = begins("Bye")
	w.eventually("a person is asked", func() bool {
		w.exec(`UPDATE deliveries SET sent_at = sent_at - interval '1 hour' WHERE state = 'unknown'`)
		w.exec(lookNow)
		return w.text(state, reply) == "needs_decision 0"
	})
	tell()
	w.eventually("the text is there", func() bool { return w.text(state, reply) == "needs_decision 1" })
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineUnclear), bridge.VerbSendAgain)
	w.provider.WaitTexts(t, "Hi 1", "Hi 2", "Bye 1", "Bye 2")
	w.waitFate(reply, "out")
}
