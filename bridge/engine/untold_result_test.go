package engine_test

import (
	"slices"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which customers
// write and are answered, and a fake chat, in whose channel "support" agents work.

// An attempt to send a reply has ended, but what became of it waits to be applied, for example behind a flood of customers: agents
// who change the reply meanwhile are told what is so.

// sayUntold lets ann reply by an account of which nothing is applied any more until release is called. It returns her message once the
// attempt to send it has ended in a state.
func (w *world) sayUntold(thread string, state store.DeliveryState) (said string, release func()) {
	w.t.Helper()
	release = w.holdQueues(w.accounts[chat])
	said = w.reply(thread, "Your lamp is repaired.")
	w.repeatUntil("the attempt has ended", w.ageUntilNobodyCanTell, func() bool {
		return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'reply' AND state = $1`, state) == 1
	})
	return said, release
}

// Who deletes a reply that was refused isn't told that the customer has it, and nobody is asked to send it again.
func TestDeletionOfAReplyThatWasRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent})
	said, release := w.sayUntold(thread, store.Failed)
	w.chat.Delete(support, said)
	w.waitFate(said, "dropped")
	release()
	w.waitDrained()
	wantEqual(t, "lines that the customer has it", w.countLines(thread, bridge.LineDeleteLate), 0)
	wantEqual(t, "lines that it failed", w.countLines(thread, bridge.LineFailed), 0)
	w.waitCard(thread, "#1 open")
}

// Who deletes a reply of which nobody can tell whether it was sent is told so, and a click on Send again sends it.
func TestDeletionOfAReplyOfWhichNobodyCanTell(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropBefore})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	said, release := w.sayUntold(thread, store.NeedsDecision)
	w.chat.Delete(support, said)
	wantWords(t, "what ann is told", w.waitLine(thread, bridge.LineDeleteLate).Plain(), "unclear")
	release()
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineUnclear), bridge.VerbSendAgain)
	w.provider.WaitTexts(t, "Your lamp is repaired.")
}

// Who deletes a reply whose text was refused, and whose second file has left, is told of the file alone.
func TestDeletionOfAReplyWhoseTextWasRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.provider.AddFault(badFile("a.txt"))
	release := w.holdQueues(w.accounts[chat])
	said := w.sayPlans(thread, 2)
	w.waitFate(said, "waiting")
	w.eventually("the second file has left", func() bool { return slices.Contains(w.statesOf(said), store.Accepted) })
	w.chat.Delete(support, said)
	w.waitFate(said, "undone")
	release()
	w.waitDrained()
	wantWords(t, "what ann is told", w.waitLine(thread, bridge.LineDeleteLate).Plain(), "b.txt")
	wantEqual(t, "lines that the customer has it", w.countLines(thread, bridge.LineDeleteLate), 1)
}

// Nobody can tell whether the second file of a reply has left, whose text was refused, and its author deletes it. She is asked about the
// file alone: its deleted words are neither sent again nor offered.
func TestDeletionOfARefusedReplyOfWhichAFileIsUnclear(t *testing.T) {
	t.Parallel()
	for _, class := range []channels.Class{channels.BadContent, channels.WindowClosed} {
		t.Run(string(class), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{caps: withWindow(0)})
			thread := w.openThread()
			w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: class, With: "a.txt"})
			w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropBefore, With: "b.txt"})
			w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
			release := w.holdQueues(w.accounts[chat])
			said := w.sayPlans(thread, 2)
			w.waitFate(said, "waiting")
			w.repeatUntil("nobody can tell", w.ageUntilNobodyCanTell, func() bool {
				return slices.Contains(w.statesOf(said), store.NeedsDecision)
			})
			w.chat.Delete(support, said)
			w.waitFate(said, "unclear")
			release()
			w.waitDrained()
			w.waitFate(said, "unclear")
			wantEqual(t, "lines with its words", w.countLines(thread, bridge.LineFailed)+w.countLines(thread, bridge.LineOffered), 0)
			wantEqual(t, "lines that ask about the file", w.countLines(thread, bridge.LineUnclear), 1)
		})
	}
}

// Who edits a reply of which nobody can tell whether it was sent is told so, too.
func TestEditOfAReplyOfWhichNobodyCanTell(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropBefore})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	said, release := w.sayUntold(thread, store.NeedsDecision)
	w.chat.Edit(support, said, "Your lamp is broken.")
	wantWords(t, "what ann is told", w.waitLine(thread, bridge.LineEditLate).Plain(), "unclear")
	release()
}

// Who takes back a reply that was refused, or keeps it inside, isn't told that it is on its way to the customer, and nobody is asked to
// send it again.
func TestRefusedReplyIsTakenBack(t *testing.T) {
	t.Parallel()
	for verb, fate := range map[bridge.Verb]store.Fate{bridge.VerbUndo: "undone", bridge.VerbKeep: "inside"} {
		t.Run(string(verb), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.openThread()
			w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent})
			said, release := w.sayUntold(thread, store.Failed)
			w.chat.Choose("ann", support, said, verb)
			w.waitFate(said, fate)
			release()
			w.waitDrained()
			wantEqual(t, "lines that it failed", w.countLines(thread, bridge.LineFailed), 0)
			wantEqual(t, "who spoke last", w.text(`SELECT last_from FROM conversations`), string(store.FromCustomer))

			w.chat.Choose("ann", support, said, bridge.VerbSend)
			w.provider.WaitTexts(t, "Your lamp is repaired.")
			w.waitFate(said, "out")
		})
	}
}

// Who wants to take back a reply of which nobody can tell whether it was sent is told so.
func TestUndoOfAReplyOfWhichNobodyCanTell(t *testing.T) {
	t.Parallel()
	for _, verb := range []bridge.Verb{bridge.VerbUndo, bridge.VerbKeep} {
		t.Run(string(verb), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.openThread()
			w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropBefore})
			w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
			said, release := w.sayUntold(thread, store.NeedsDecision)
			w.chat.Choose("ann", support, said, verb)
			w.waitWhisper("ann", "Nobody can tell whether the customer has it.")
			release()
			w.waitLine(thread, bridge.LineUnclear)
		})
	}
}

// Nobody is told that a reply is tried again and again which was taken back: the line about that keeps its button.
func TestUndoOfAReplyThatIsLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{relay: lateAtOnce(), backoff: []time.Duration{10 * time.Millisecond, time.Hour}})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, Times: 2})
	release := w.holdQueues(w.accounts[chat])
	said := w.reply(thread, "Your lamp is repaired.")
	w.waitLateAttempt()
	w.chat.Choose("ann", support, said, bridge.VerbUndo)
	undone := w.waitLine(thread, bridge.LineUndone)
	release()
	w.waitDrained()
	wantEqual(t, "lines that it is tried again", w.countLines(thread, bridge.LineRetrying), 0)
	wantButtons(t, "the line that it was taken back", w.chat.Get(support, undone.ID), bridge.VerbSend)
}

// Nor is anybody told so of a reply of which the provider has said that the customer has it.
func TestReceiptOfAReplyThatWasLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{relay: lateAtOnce(), backoff: []time.Duration{10 * time.Millisecond, time.Hour}})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, Times: 2})
	release := w.holdQueuesWhere(`NEW.key LIKE '1/%'`)
	said := w.reply(thread, "Your lamp is repaired.")
	w.waitLateAttempt()
	w.advance(2 * time.Hour)
	sent := w.waitSent(1)[0]
	w.waitDeliveryState(said, store.Accepted)
	w.reportStatus(channelstest.Event{State: "delivered", Message: sent.Message, External: []string{sent.ID}})
	w.waitFate(said, "out")
	release()
	w.waitDrained()
	wantEqual(t, "lines that it is tried again", w.countLines(thread, bridge.LineRetrying), 0)
}

// The customer waits on for an answer if a reply that was refused is made a note.
func TestNoteMadeOfAReplyThatWasRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent})
	said, release := w.sayUntold(thread, store.Failed)
	w.chat.Edit(support, said, "note: is it repaired?")
	w.waitFate(said, "inside")
	release()
	w.waitDrained()
	wantEqual(t, "who spoke last", w.text(`SELECT last_from FROM conversations`), string(store.FromCustomer))
	wantEqual(t, "what was said last", w.text(`SELECT last_preview FROM conversations`), "Hello")
}

// waitLateAttempt waits until an attempt has failed by which a reply is late.
func (w *world) waitLateAttempt() {
	w.t.Helper()
	w.eventually("the reply is late", func() bool {
		return w.count(`SELECT count(*) FROM deliveries AS d JOIN lanes AS l ON l.id = d.lane_id
			WHERE d.warned_at IS NOT NULL AND l.leased_until IS NULL`) == 1
	})
}

// Ann deletes a reply whose text has just left, before this is noted with the reply, while its second file waits. She is told once
// that the customer has the text. When she restores the reply, she is asked about the file, which the deletion has stopped.
func TestReplyWhoseTextHasJustLeftIsRestored(t *testing.T) {
	t.Parallel()
	for name, isRestoredLate := range map[string]bool{"while the file waits": false, "after the file was stopped": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{backoff: hourBackoff()})
			thread := w.openThread()
			w.provider.AddFault(retriedFile("b.txt"))
			release := w.holdQueues(w.accounts[chat])
			said := w.sayPlans(thread, 2)
			w.waitFailedAttempt()
			w.chat.Delete(support, said)
			w.waitLine(thread, bridge.LineDeleteLate)
			release()
			w.waitFate(said, "out")

			if isRestoredLate {
				w.advance(2 * time.Hour)
				w.waitDrained()
			}
			w.chat.Restore(support, said)
			ask := w.waitLine(thread, bridge.LineAsk)
			w.advance(2 * time.Hour)
			w.waitDrained()
			w.wantSent(withFiles("Plans", "a.txt"))

			w.chat.Press(t, "ann", ask, bridge.VerbSend)
			w.eventually("b.txt is sent", func() bool { return len(w.provider.Sent()) == 2 })
			w.waitFate(said, "out")
			w.wantSent(withFiles("Plans", "a.txt"), withFiles("", "b.txt"))
			wantEqual(t, "lines that it was deleted too late", w.countLines(thread, bridge.LineDeleteLate), 1)
		})
	}
}

// Ann edits a reply whose text has just left, before this is noted with the reply, while its second file waits, and deletes it, which
// stops the file. When she restores it, she is offered the new text together with that file, which the customer lacks as well.
func TestEditedReplyIsRestoredWithItsStoppedFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{backoff: hourBackoff()})
	thread := w.openThread()
	w.provider.AddFault(retriedFile("b.txt"))
	release := w.holdQueues(w.accounts[chat])
	said := w.sayPlans(thread, 2)
	w.waitFailedAttempt()
	w.chat.Edit(support, said, "Our plans")
	w.waitLine(thread, bridge.LineEditLate)
	w.chat.Delete(support, said)
	w.waitLine(thread, bridge.LineDeleteLate)
	release()
	w.waitFate(said, "out")

	w.chat.Restore(support, said)
	w.eventually("a correction is offered", func() bool { return w.countLines(thread, bridge.LineEditLate) == 2 })
	w.advance(2 * time.Hour)
	w.waitDrained()
	offer := w.waitLineAbout(thread, bridge.LineEditLate, "b.txt")
	w.chat.Press(t, "ann", offer, bridge.VerbSend)
	w.waitSent(2)
	w.wantSent(withFiles("Plans", "a.txt"), withFiles("Our plans", "b.txt"))
}
