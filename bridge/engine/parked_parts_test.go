package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which customers
// write and are answered, and a fake chat, in whose channel "support" agents work.

// sayPlansWhileClosed lets ann reply with two files, of which the provider refuses the first, with the text, because the window is
// closed. This is applied only when an attempt at the second has ended in a state.
func (w *world) sayPlansWhileClosed(thread string, second store.DeliveryState) (said string) {
	w.t.Helper()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.WindowClosed, With: "a.txt"})
	release := w.holdQueues(w.accounts[chat])
	said = w.sayPlans(thread, 2)
	w.repeatUntil("the second part has ended", w.ageUntilNobodyCanTell, func() bool {
		return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'reply' AND state = $1 AND payload->'span'->>'from' = '1'`, second) == 1
	})
	release()
	w.waitDrained()
	return said
}

// The provider refuses the text of a reply because the window is closed, and accepts its second file, for example because the customer
// has just written. The reply stays parked, since the customer lacks its text. A click sends what is missing.
func TestWindowIsClosedForTheTextAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0)})
	thread := w.openThread()
	said := w.sayPlansWhileClosed(thread, store.Accepted)
	w.waitFate(said, "parked")

	w.customerWrites("kim", "Hello?")
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineOffered), bridge.VerbSend)
	w.waitFate(said, "out")
	w.wantSent(withFiles("", "b.txt"), withFiles("Plans", "a.txt"))
}

// It refuses the second file for good: the reply stays parked, and is offered as a whole.
func TestWindowIsClosedAndAFileIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0)})
	thread := w.openThread()
	w.provider.AddFault(badFile("b.txt"))
	said := w.sayPlansWhileClosed(thread, store.Failed)
	w.waitFate(said, "parked")

	w.customerWrites("kim", "Hello?")
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineOffered), bridge.VerbSend)
	w.waitFate(said, "out")
	w.wantSent(withFiles("Plans", "a.txt"), withFiles("", "b.txt"))
}

// Nobody can tell whether it has the second file: the reply stays parked, and whoever sends its text is asked about the file.
func TestWindowIsClosedAndAFileIsUnclear(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0)})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropBefore, With: "b.txt"})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	said := w.sayPlansWhileClosed(thread, store.NeedsDecision)
	w.waitFate(said, "parked")
	wantWords(t, "the line about the file", w.waitLine(thread, bridge.LineUnclear).Plain(), "b.txt")

	w.customerWrites("kim", "Hello?")
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineOffered), bridge.VerbSend)
	w.eventually("she is asked", func() bool { return w.countLines(thread, bridge.LineUnclear) == 2 })
	w.chat.Press(t, "ann", w.waitLineAbout(thread, bridge.LineUnclear, "b.txt"), bridge.VerbSendAgain)
	w.waitFate(said, "out")
	w.wantSent(withFiles("Plans", "a.txt"), withFiles("", "b.txt"))
}

// The provider refuses the text before the second file is attempted. The card says that the window is closed, and the reply waits for
// the customer.
func TestWindowIsClosedBeforeTheSecondFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0), backoff: hourBackoff()})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.WindowClosed, With: "a.txt"})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultThrottle, Times: -1, With: "b.txt"})
	said := w.sayPlans(thread, 2)
	w.waitFate(said, "parked")
	w.waitCard(thread, "| window closed")
	w.waitDrained()
	wantEqual(t, "lines that offer it", w.countLines(thread, bridge.LineOffered), 0)
	w.wantSent()
}

// The provider has the second file of a parked reply, and somebody drops the reply: a line says that the customer has that file.
func TestParkedReplyOfWhichAFileHasLeftIsDropped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0)})
	thread := w.openThread()
	said := w.sayPlansWhileClosed(thread, store.Accepted)
	w.waitFate(said, "parked")
	w.chooseVerb(thread, said, bridge.VerbDrop)
	w.waitFate(said, "dropped")
	w.waitLineAbout(thread, bridge.LineUndone, "The customer has b.txt.")
	w.wantSent(withFiles("", "b.txt"))
}
