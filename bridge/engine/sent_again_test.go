package engine_test

import (
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
