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

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which customers
// write and are answered, and a fake chat, in whose channel "support" agents work.
//
// These tests press the buttons that a line has in the thread now, not those that it had when it was posted.

// pressNow lets an agent press a button that a line has now.
func (w *world) pressNow(agent string, line bridgetest.Message, verb bridge.Verb) {
	w.t.Helper()
	w.chat.Press(w.t, agent, w.chat.Get(support, line.ID), verb)
}

// askedParts are the lines that ask about the two parts of a reply.
type askedParts struct {
	said            string // the reply
	unclear, failed bridgetest.Message
}

// askAboutBothParts makes a world in which a reply has left in two parts: nobody knows whether the one with the file unclear has left, and
// the one with the file failed did not.
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

// The line about a part of which nobody knows goes on asking after another part was sent again and has left, whichever comes first.
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

// retryForever lets the provider refuse a file for now, until its faults are cleared.
func (w *world) retryForever(name string) {
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, With: name, Times: -1})
}

// A part is decided about by the buttons of its line also while another part waits to be sent again.
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

// A line about a part that is sent again says that this part waits, though a later line asks about another part.
func TestPartThatIsSentAgainWaits(t *testing.T) {
	t.Parallel()
	w, parts := askAboutBothParts(t, "b.txt", "a.txt")
	w.retryForever("a.txt")
	w.pressNow("ann", parts.failed, bridge.VerbSendAgain)
	w.waitOutcome(parts.failed, bridge.OutcomeWaiting)
}

// A reply that was taken back, sent by the button of the line that says so, and then deleted in its hold, is taken back for that line, too.
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

// A text that stayed inside, was sent by the button of the line that says so, and was then made a note, is inside for that line, too.
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

// A text about which its author is asked, and that she deleted before Parley looked at it, is not asked about any more.
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

// A parked reply is kept for later, and the customer writes at once: what offers the reply then has its buttons, though both are applied
// together.
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

// A reply of which nobody knows whether it left goes on asking when an edit is told that came too late, and that is no correction, and
// when it is deleted. Nothing says then that the customer has it.
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

// While a file is sent, its author deletes the reply. Nothing says that the customer did not get the text, of which nobody knows that.
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
	w.waitLineAbout(thread, bridge.LineDeleteLate, "unclear")
	w.waitOutcome(unclear, bridge.OutcomeUnclear)
	close(release)
}

// What an edit could not stop any more is still said once the reply has left.
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

// What ann deletes is taken back by her, though a colleague had sent it.
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

// The line about a reply that failed shows what Send again sends, after an edit, too.
func TestFailedLineShowsWhatIsSentAgain(t *testing.T) {
	t.Parallel()
	w, _, reply, failed := newFailedReply(t)
	w.chat.Edit(support, reply, "One")
	w.chat.Wait(t, "the line shows the new words", func() bool { return strings.Contains(w.chat.Get(support, failed.ID).Plain(), "One") })
	w.pressNow("ben", failed, bridge.VerbSendAgain)
	w.waitFate(reply, "out")
	wantList(t, "what the customer got", w.sentTexts(), []string{"One"})
}

// Who types drop after a reply that failed learns that it isn't sent anyhow. An older text, about which its author is asked, isn't dropped
// in its place.
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

// Who presses Send again under words that were edited meanwhile is shown the new ones first.
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
