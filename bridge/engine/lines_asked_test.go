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

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.
//
// A line is a remark of Parley's in a thread. These tests press the buttons that a line has now, not those that it was
// posted with.

// pressNow lets an agent press a button that a line has at this moment.
func (w *world) pressNow(agent string, line bridgetest.Message, verb bridge.Verb) {
	w.t.Helper()
	w.chat.Press(w.t, agent, w.chat.Get(support, line.ID), verb)
}

// askedParts are the lines that ask about the two parts of a reply.
type askedParts struct {
	said            string // the reply
	unclear, failed bridgetest.Message
}

// askAboutBothParts makes a world in which a reply with two files left in two parts. It is unknown whether the part with
// the file unclear has arrived, and the part with the file failed was refused.
func askAboutBothParts(t *testing.T, unclear, failed string) (w *world, parts askedParts) {
	t.Helper()
	w = newWorld(t, lossyOptions())
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter, With: unclear})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	w.provider.AddFault(badFile(failed))
	parts.said = w.sayPlans(thread, 2)
	parts.unclear = w.waitLine(thread, bridge.LineUnclear)
	parts.failed = w.waitLine(thread, bridge.LineFailed)
	w.waitDrained()
	return w, parts
}

// It is unknown whether one part of a reply has left. The line about it keeps its buttons after the other part was sent
// again and has left, whichever part comes first.
func TestUnclearPartIsAskedAboutAfterAnotherOneLeft(t *testing.T) {
	t.Parallel()
	for name, files := range map[string][2]string{
		"the first part is unclear":  {"a.txt", "b.txt"},
		"the second part is unclear": {"b.txt", "a.txt"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, parts := askAboutBothParts(t, files[0], files[1])
			w.pressNow("ann", parts.failed, bridge.VerbSendAgain)
			w.waitSent(2)
			w.waitOutcome(parts.failed, bridge.OutcomeSent)
			w.waitFate(parts.said, "unclear")
			w.waitDrained()
			wantButtons(t, "while nobody knows", w.chat.Get(support, parts.unclear.ID), bridge.VerbSendAgain, bridge.VerbMarkSent)

			w.pressNow("ben", parts.unclear, bridge.VerbMarkSent)
			w.waitFate(parts.said, "out")
		})
	}
}

// retryForever makes the provider refuse a file for now, each time, until its faults are cleared.
func (w *world) retryForever(name string) {
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, With: name, Times: -1})
}

// An agent decides about an unclear part by the buttons of its line, also while another part waits to be sent again.
func TestUnclearPartIsMarkedWhileAnotherOneWaits(t *testing.T) {
	t.Parallel()
	w, parts := askAboutBothParts(t, "a.txt", "b.txt")
	w.retryForever("b.txt")
	w.pressNow("ann", parts.failed, bridge.VerbSendAgain)
	w.waitOutcome(parts.failed, bridge.OutcomeWaiting)
	w.pressNow("ben", parts.unclear, bridge.VerbMarkSent)
	w.waitOutcome(parts.unclear, bridge.OutcomeSent)
	w.waitFate(parts.said, "waiting")
	w.provider.ClearFaults()
	w.waitFate(parts.said, "out")
}

// The line about a part that is sent again says that this part waits, although a later line asks about another part.
func TestPartThatIsSentAgainWaits(t *testing.T) {
	t.Parallel()
	w, parts := askAboutBothParts(t, "b.txt", "a.txt")
	w.retryForever("a.txt")
	w.pressNow("ann", parts.failed, bridge.VerbSendAgain)
	w.waitOutcome(parts.failed, bridge.OutcomeWaiting)
}

// A reply is taken back, sent by the button of the line that says so, and then deleted in its hold: that line says again
// that it was taken back.
func TestTakenBackTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	said := w.replyInHold(thread, "See you")
	w.reply(thread, "!undo")
	undone := w.waitLine(thread, bridge.LineUndone)
	w.pressNow("ann", undone, bridge.VerbSend)
	w.waitOutcome(undone, bridge.OutcomeWaiting)
	w.chat.Delete(support, said)
	wantButtons(t, "once it was deleted", w.waitOutcome(undone, bridge.OutcomeUndone))
}

// A text stays inside, is sent by the button of the line that says so, and is then edited into a note: that line says
// again that it is inside.
func TestKeptInsideTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour, account: func(a *store.Account) { a.ReplyMode = "explicit" }})
	thread := w.openThread()
	said := w.reply(thread, "See you")
	inside := w.waitLine(thread, bridge.LineInside)
	w.pressNow("ann", inside, bridge.VerbSend)
	w.waitOutcome(inside, bridge.OutcomeWaiting)
	w.chat.Edit(support, said, "note: he lies")
	wantButtons(t, "once it is a note", w.waitOutcome(inside, bridge.OutcomeInside))
}

// An author deletes a text before Parley has applied it, so that Parley asks about it and learns of its deletion in one
// batch: the question loses its buttons.
func TestAskedAndDeletedInOneBatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	release := w.holdQueues(w.surface)
	said := w.reply(thread, "resolve")
	w.chat.Delete(support, said)
	w.waitQueued(2)
	release()
	w.waitFate(said, "dropped")
	wantButtons(t, "the question", w.waitOutcome(w.waitLine(thread, bridge.LineAsk), bridge.OutcomeDropped))
}

// An agent keeps a parked reply for later, and the customer writes at the same moment, which offers the reply again. Both
// are applied in one batch: the offer has its buttons all the same.
func TestKeptAndOfferedInOneBatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0)})
	thread := w.openThread()
	w.advance(25 * time.Hour)
	said := w.reply(thread, "Still there?")
	w.waitFate(said, "parked")
	parked := w.waitLine(thread, bridge.LineParked)
	w.eventually("the window's timer fired", func() bool { return w.count(`SELECT count(*) FROM timers WHERE due_at <= parley_now()`) == 0 })
	w.waitDrained()

	release := w.holdQueuesWhere(`true`)
	w.pressNow("ann", parked, bridge.VerbKeep)
	w.waitQueued(1)
	w.customerWrites("kim", "Yes")
	w.waitQueued(2)
	w.stops[0]()
	release()
	w.startReplica() // it finds both at once

	offered := w.waitLine(thread, bridge.LineOffered)
	w.waitDrained()
	w.pressNow("ann", offered, bridge.VerbSend)
	w.waitFate(said, "out")
}

// It is unknown whether a reply has left. The line about it keeps its buttons after the reply was edited into a note and
// then deleted. The lines about these changes don't say that the customer has the reply.
func TestUnclearReplyIsAskedAboutAfterALateEdit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, lossyOptions())
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	said := w.reply(thread, "See yuo")
	unclear := w.waitLine(thread, bridge.LineUnclear)
	w.waitDrained()

	w.chat.Edit(support, said, "note: see you")
	w.waitLineAbout(thread, bridge.LineEditLate, "unclear")
	w.chat.Delete(support, said)
	w.waitLineAbout(thread, bridge.LineDeleteLate, "unclear")
	w.waitDrained()

	w.pressNow("ann", unclear, bridge.VerbMarkSent)
	w.waitFate(said, "out")
}

// It is unknown whether the text of a reply has left, and its author deletes it while the file is being sent. No line
// says that the customer did not get the text.
func TestUnclearReplyIsDeletedWhileItsFileIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, lossyOptions())
	thread := w.openThread()
	release := make(chan struct{})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter, With: "a.txt"})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	w.provider.AddFault(channelstest.Fault{Until: release, With: "b.txt"})
	said := w.sayPlans(thread, 2)
	unclear := w.waitLine(thread, bridge.LineUnclear)
	w.provider.WaitCalls(t, 2)

	w.chat.Delete(support, said)
	late := w.waitLineAbout(thread, bridge.LineDeleteLate, "unclear")
	w.waitOutcome(unclear, bridge.OutcomeUnclear)

	close(release)
	w.waitDrained()
	w.waitOutcome(unclear, bridge.OutcomeUnclear)
	wantWords(t, "the line about the deletion", w.chat.Get(support, late.ID).Plain(), "unclear")
}

// A line says that a.txt had left before an edit removed it. It still says so when the rest of the reply has left, too.
func TestLateEditIsStillSaidOnceTheReplyHasLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	release := make(chan struct{})
	w.provider.AddFault(channelstest.Fault{Until: release, With: "b.txt"})
	said := w.sayPlans(thread, 2)
	w.provider.WaitCalls(t, 2)
	w.chat.RemoveFile(support, said, "a.txt")
	late := w.waitLineAbout(thread, bridge.LineEditLate, "left a.txt")

	close(release)
	w.waitFate(said, "out")
	w.waitDrained()
	wantWords(t, "the line about the edit", w.chat.Get(support, late.ID).Plain(), "left a.txt")
	wantEqual(t, "the line shows what became of the reply", strings.Contains(w.chat.Get(support, late.ID).Plain(), " = "), false)
}

// Ben sends a text of ann's, and ann takes it back: the line that asked about the text names her.
func TestWhoTookBackWhatAColleagueSent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(w *world, said string)
		want   bridge.OutcomeState
	}{
		"deleted":     {func(w *world, said string) { w.chat.Delete(support, said) }, bridge.OutcomeUndone},
		"made a note": {func(w *world, said string) { w.chat.Edit(support, said, "note: he lies") }, bridge.OutcomeInside},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{hold: time.Hour})
			thread := w.openThread()
			said := w.reply(thread, "resolve")
			asked := w.waitLine(thread, bridge.LineAsk)
			w.waitDrained()
			w.sendAsBen(asked)
			w.waitFate(said, "waiting")
			w.waitOutcome(asked, bridge.OutcomeAsked)

			c.change(w, said)
			wantSuffix(t, "the line that asked", w.waitOutcome(asked, c.want).Plain(), "= "+string(c.want)+" Ann")
		})
	}
}

// sendAsBen lets ben send ann's text by the button of a line, and confirm that it leaves in her name.
func (w *world) sendAsBen(line bridgetest.Message) {
	w.t.Helper()
	w.pressNow("ben", line, bridge.VerbSend)
	w.chat.Press(w.t, "ben", w.waitWhisper("ben", "[send_as]"), bridge.VerbSend)
}

// The line about a failed reply shows the words that Send again will send, also after an edit.
func TestFailedLineShowsWhatIsSentAgain(t *testing.T) {
	t.Parallel()
	w, _, reply, failed := newFailedReply(t)
	w.chat.Edit(support, reply, "One")
	w.chat.Wait(t, "the line shows the new words", func() bool { return strings.Contains(w.chat.Get(support, failed.ID).Plain(), "One") })
	w.pressNow("ben", failed, bridge.VerbSendAgain)
	w.waitFate(reply, "out")
	wantList(t, "what the customer got", w.sentTexts(), []string{"One"})
}

// After a reply has failed, !drop tells its author that it isn't sent again by itself. It doesn't drop an older text that
// waits for a click.
func TestDropAfterAFailedReply(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	asked := w.reply(thread, "resolve")
	w.waitFate(asked, "ask")
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent})
	failed := w.reply(thread, "Uno")
	w.waitFate(failed, "failed")
	w.reply(thread, "!drop")
	w.waitWhisper("ann", "isn't sent again by itself")
	w.waitFate(asked, "ask")
	w.waitFate(failed, "failed")
}

// An agent presses Send again below words that were edited meanwhile: the new words are shown first, with a button of
// their own.
func TestSendAgainUnderOldWordsAsks(t *testing.T) {
	t.Parallel()
	w, _, reply, failed := newFailedReply(t)
	w.chat.Edit(support, reply, "One")
	w.waitText(reply, "One")
	w.chat.Press(t, "ann", failed, bridge.VerbSendAgain)
	shown := w.waitWhisper("ann", "One")
	w.waitFate(reply, "failed")
	w.chat.Press(t, "ann", shown, bridge.VerbSendAgain)
	w.waitFate(reply, "out")
	wantList(t, "what the customer got", w.sentTexts(), []string{"One"})
}
