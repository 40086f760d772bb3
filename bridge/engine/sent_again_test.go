package engine_test

import (
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
)

// Nobody knows whether a reply has left. It is to be sent again and waits behind another one. If its author takes it back
// now, only the next attempt is stopped. Parley can't say that the reply never left, so it asks a person once more
// (invariant 4).
func TestSentAgainAndTakenBack(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		takeBack func(w *world, message string)
	}{
		{"by Undo", func(w *world, message string) { w.chat.Choose("ann", support, message, bridge.VerbUndo) }},
		{"by Keep inside", func(w *world, message string) { w.chat.Choose("ann", support, message, bridge.VerbKeep) }},
		{"by a deletion", func(w *world, message string) { w.chat.Delete(support, message) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, thread, one := sendUnclearReplyAgain(t)

			tt.takeBack(w, one)

			w.waitFate(one, "unclear")
			w.advance(2 * time.Hour)
			w.waitDrained()
			w.provider.WaitTexts(t, "One", "Two")
			wantEqual(t, "lines that ask whether it left", w.countLines(thread, bridge.LineUnclear), 2)
			wantEqual(t, "lines that say that it did not leave", w.countLines(thread, bridge.LineUndone), 0)
		})
	}
}

// If the provider refuses the second attempt for certain, the first one may still have succeeded. So Undo doesn't say
// that the reply never left.
func TestSentAgainRefusedAndTakenBack(t *testing.T) {
	t.Parallel()
	w, thread, reply := newUnclearReply(t)
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, Times: -1})
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineUnclear), bridge.VerbSendAgain)
	w.waitFate(reply, "waiting")
	w.eventually("another attempt has failed", func() bool {
		return w.count(`SELECT count(*) FROM deliveries WHERE error_class = 'retry'`) == 1
	})

	w.eventually("it is taken back", func() bool {
		w.chat.Choose("ann", support, reply, bridge.VerbUndo) // refused while an attempt runs
		return w.text(`SELECT fate FROM messages WHERE place = $1`, reply) != "waiting"
	})

	w.waitFate(reply, "unclear")
	wantEqual(t, "lines that say that it did not leave", w.countLines(thread, bridge.LineUndone), 0)
}

// Nobody knows whether a reply has left, and its author has deleted it. An agent who clicks Send again has decided to
// send it.
func TestUnclearReplyDeletedAndSentAgain(t *testing.T) {
	t.Parallel()
	w, thread, reply := newUnclearReply(t)
	w.chat.Delete(support, reply)
	w.waitLineAbout(thread, bridge.LineDeleteLate, "unclear")
	w.provider.ClearFaults()
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineUnclear), bridge.VerbSendAgain)
	w.waitFate(reply, "out")
	w.provider.WaitTexts(t, "One", "One")
}

// A reply is taken back while it waits to be sent again, and then sent again after all. Its token stays the same, so a
// provider that takes each message once doesn't deliver it twice.
func TestSentAgainTakenBackAndSent(t *testing.T) {
	t.Parallel()
	w, thread, one := sendUnclearReplyAgain(t)
	w.chat.Choose("ann", support, one, bridge.VerbUndo)
	w.waitFate(one, "unclear")

	w.eventually("a second line asks", func() bool { return w.countLines(thread, bridge.LineUnclear) == 2 })
	w.chat.Press(t, "ann", w.waitLineAbout(thread, bridge.LineUnclear, ""), bridge.VerbSendAgain)

	w.waitFate(one, "waiting")
	w.advance(2 * time.Hour)
	w.waitFate(one, "out")
	w.provider.WaitTexts(t, "One", "Two")
}

// A reply that waits to be sent again can be edited. A provider that takes each message once treats the edited text as
// another message.
func TestSentAgainAndEdited(t *testing.T) {
	t.Parallel()
	w, thread, one := sendUnclearReplyAgain(t)

	w.chat.Edit(support, one, "Uno")

	w.eventually("the new words wait", func() bool {
		return w.text(`SELECT fate || ' ' || text FROM messages WHERE place = $1`, one) == "waiting Uno"
	})
	w.advance(2 * time.Hour)
	w.waitDrained()
	w.provider.WaitTexts(t, "One", "Two", "Uno")
	wantEqual(t, "lines that say that it was too late", w.countLines(thread, bridge.LineEditLate), 0)
}

// If a lost attempt turned out not to have sent the reply, its author can delete the reply until it is sent again.
func TestDeletedAfterAnAbsentAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	said := w.replyInHold(thread, "See you")
	// Parley leaves it so after looking for it, while the gate is closed.
	w.exec(`UPDATE deliveries SET attempt = 1 WHERE kind = 'reply'`)
	w.chat.Delete(support, said)
	w.waitFate(said, "undone")
}

// A click on "Send again" that names a part of an earlier sending is refused, since the customer got that part by the
// later sending. The page names the part of the latest sending, even if an earlier one has a higher id.
func TestPartOfAnEarlierSendingIsNotSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread, p := w.openThread(), w.inboxPage()
	rejectOnce := func(name string) {
		w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent, With: name})
	}
	partWith := func(state store.DeliveryState, place int) store.DeliveryID {
		return store.DeliveryID(w.count(`
			SELECT id FROM deliveries WHERE kind = 'reply' AND state = $1 ORDER BY seq OFFSET $2 LIMIT 1`, state, place))
	}

	// The first sending fails.
	rejectOnce("a.txt")
	rejectOnce("b.txt")
	said := w.chat.Say("ann", support, thread, "Two plans", file("a.txt", 1), file("b.txt", 2))
	w.waitFate(said, "failed")
	w.waitDrained()
	w.exec(`UPDATE deliveries SET id = id + 1000 WHERE kind = 'reply'`)
	earlierFile := partWith(store.Failed, 1)

	// The second sending delivers one file and fails for the rest.
	rejectOnce("a.txt")
	w.chooseVerb(thread, said, bridge.VerbSend)
	w.eventually("the file has left", func() bool { return len(w.provider.Sent()) == 1 })
	w.waitFate(said, "failed")
	w.waitDrained()
	const inFirstSending = 2
	latestText := partWith(store.Failed, inFirstSending)

	wantEqual(t, "the part that the page offers to send again", p.newest("ann").Delivery, latestText)
	w.chat.Submit("ann", support, thread,
		bridgetest.Button{Verb: bridge.VerbSendAgain, Args: bridge.Args{Conversation: 1, Delivery: earlierFile}}, "")
	w.waitDrained()

	w.wantSent(withFiles("", "b.txt"))
	wantEqual(t, "parts that wait", w.count(`SELECT count(*) FROM deliveries WHERE kind = 'reply' AND state = 'queued'`), 0)
}

// A reply that waits to be sent again is edited into a remark for colleagues. The remark stays inside, and a line without
// buttons tells that the customer may have the earlier words.
func TestSentAgainAndEditedIntoARemark(t *testing.T) {
	t.Parallel()
	w, thread, one := sendUnclearReplyAgain(t)

	w.chat.Edit(support, one, "note: the customer is angry")

	w.waitFate(one, "inside")
	w.eventually("a second line tells that nobody knows", func() bool { return w.countLines(thread, bridge.LineUnclear) == 2 })
	var told bridgetest.Message // the last one
	for _, m := range w.chat.Messages(support, thread) {
		if strings.HasPrefix(m.Plain(), "["+string(bridge.LineUnclear)+"]") {
			told = m
		}
	}
	wantEqual(t, "buttons under it", len(told.Buttons), 0)
	wantWords(t, "what the customer may have", told.Plain(), "One")
	w.advance(2 * time.Hour)
	w.waitDrained()
	w.provider.WaitTexts(t, "One", "Two")
}

// A reply that waits to be sent again is edited into a text that may be meant for a colleague. Its author is asked with
// buttons, and a second line tells that the customer may have the earlier words.
func TestSentAgainAndEditedIntoAQuestion(t *testing.T) {
	t.Parallel()
	w, thread, one := sendUnclearReplyAgain(t)

	w.chat.Edit(support, one, "Ben, is that right?")

	w.waitFate(one, "ask")
	w.eventually("a second line tells that nobody knows", func() bool { return w.countLines(thread, bridge.LineUnclear) == 2 })
	wantButtons(t, "the question", w.waitLine(thread, bridge.LineAsk), bridge.VerbKeep, bridge.VerbSend)
}
