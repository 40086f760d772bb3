package engine_test

import (
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/bridge/relay"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
)

// waitFailedAttempt waits until an attempt has failed for certain, and its reply waits for the next one.
func (w *world) waitFailedAttempt() {
	w.t.Helper()
	w.eventually("the attempt has failed", func() bool {
		return w.count(`SELECT count(*) FROM deliveries AS d JOIN lanes AS l ON l.id = d.lane_id
			WHERE d.error_class = 'retry' AND l.leased_until IS NULL`) == 1
	})
}

// chooseVerb lets ann choose a verb in the menu of a message.
func (w *world) chooseVerb(thread, message string, verb bridge.Verb) {
	w.t.Helper()
	w.chat.Submit("ann", support, thread, bridgetest.Button{Verb: verb,
		Args: bridge.Args{Conversation: 1, Message: store.MessageID(w.count(`SELECT id FROM messages WHERE place = $1`, message))}}, "")
}

// A reply is taken back while its attempt fails, so that another attempt would follow. When it is then sent by a click,
// it leaves once.
func TestSendBesideARetry(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		takeBack func(w *world, message string)
		send     func(w *world, thread, message string)
	}{
		"edited": {
			takeBack: func(w *world, m string) { w.chat.Edit(support, m, "Ben, see you") },
			send: func(w *world, thread, _ string) {
				w.chat.Press(w.t, "ann", w.waitLine(thread, bridge.LineAsk), bridge.VerbSend)
			},
		},
		"deleted": {
			takeBack: func(w *world, m string) { w.chat.Delete(support, m) },
			send:     func(w *world, thread, m string) { w.chooseVerb(thread, m, bridge.VerbSend) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{backoff: []time.Duration{time.Hour}})
			thread := w.openThread()
			release := make(chan struct{})
			w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, Until: release})
			said := w.reply(thread, "See you")
			w.provider.WaitCalls(t, 1)

			c.takeBack(w, said)
			w.eventually("it is taken back", func() bool { return w.text(`SELECT fate FROM messages WHERE place = $1`, said) != "waiting" })
			close(release)
			w.waitFailedAttempt()

			c.send(w, thread, said)
			w.eventually("it is sent", func() bool { return len(w.provider.Sent()) == 1 })
			w.advance(2 * time.Hour)
			w.waitFate(said, "out")
			w.waitDrained()
			if got := w.provider.Texts(); len(got) != 1 {
				t.Errorf("the customer got %q, want one alone", got)
			}
		})
	}
}

// One file of a reply has failed. Sending the reply again sends that file only.
func TestSendAfterOneFileFailed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent, With: "b.txt"})
	said := w.chat.Say("ann", support, thread, "Three plans", file("a.txt", 1), file("b.txt", 2), file("c.txt", 3))
	w.waitLine(thread, bridge.LineFailed)
	w.waitDrained()
	w.chooseVerb(thread, said, bridge.VerbSend)
	w.waitFate(said, "out")
	w.waitDrained()
	w.wantSent(withFiles("Three plans", "a.txt"), withFiles("", "c.txt"), withFiles("", "b.txt"))
}

// An agent marks one part of a reply as sent. The other part has failed, and can still be sent again. As a text and its
// file may be several messages in a chat, the line tells the agent to look for all of them.
func TestOneOfTwoFilesMarkedAsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{lossy: true, relay: relay.Options{UnclearAfter: 30 * time.Second, MaxWait: 100 * time.Millisecond}})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter, With: "a.txt"})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent, With: "b.txt"})
	said := w.chat.Say("ann", support, thread, "Two plans", file("a.txt", 1), file("b.txt", 2))
	unclear := w.waitLineAbout(thread, bridge.LineUnclear, "Mark it as sent only if all of it is there")
	w.waitLine(thread, bridge.LineFailed)
	w.waitDrained()

	w.chat.Press(t, "ann", w.chat.Get(support, unclear.ID), bridge.VerbMarkSent) // the line still asks about its own part
	w.waitFate(said, "failed")
	w.waitDrained()
	wantWords(t, "the line about the part that was marked", w.chat.Get(support, unclear.ID).Plain(), "= sent Ann")

	w.chooseVerb(thread, said, bridge.VerbSend)
	w.waitFate(said, "out")
	w.waitDrained()
	w.wantSent(withFiles("Two plans", "a.txt"), withFiles("", "b.txt"))
}

// A part that failed can be sent again by its own button, also if it was unknown whether a later part has left.
func TestFailedPartBesideAnUnclearOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{lossy: true, relay: relay.Options{UnclearAfter: 30 * time.Second, MaxWait: 100 * time.Millisecond}})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent, With: "a.txt"})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter, With: "b.txt"})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	said := w.chat.Say("ann", support, thread, "Two plans", file("a.txt", 1), file("b.txt", 2))
	failed := w.waitLineAbout(thread, bridge.LineFailed, "")
	unclear := w.waitLineAbout(thread, bridge.LineUnclear, "")
	w.waitDrained()

	w.chat.Press(t, "ann", w.chat.Get(support, unclear.ID), bridge.VerbMarkSent)
	w.waitFate(said, "failed")
	w.waitDrained()
	w.chat.Press(t, "ann", w.chat.Get(support, failed.ID), bridge.VerbSendAgain)
	w.waitFate(said, "out")
	w.wantSent(withFiles("", "b.txt"), withFiles("Two plans", "a.txt"))
}

// It is unknown whether the first part of a reply has left. A click that sends the whole reply sends the other part only.
// The first part has buttons of its own for that.
func TestSendBesideAnUnclearPart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{lossy: true, relay: relay.Options{UnclearAfter: 30 * time.Second, MaxWait: 100 * time.Millisecond}})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter, With: "a.txt"})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent, With: "b.txt"})
	said := w.chat.Say("ann", support, thread, "Two plans", file("a.txt", 1), file("b.txt", 2))
	w.waitLine(thread, bridge.LineUnclear)
	w.waitLine(thread, bridge.LineFailed)
	w.waitDrained()

	w.chooseVerb(thread, said, bridge.VerbSend)
	w.eventually("the other part leaves", func() bool { return len(w.provider.Sent()) == 2 })
	w.waitFate(said, "unclear")
	w.waitDrained()

	var asked bridgetest.Message
	for _, m := range w.chat.Messages(support, thread) {
		if strings.HasPrefix(m.Plain(), "["+string(bridge.LineUnclear)+"]") {
			asked = m
		}
	}
	w.chat.Press(t, "ann", asked, bridge.VerbMarkSent)
	w.waitFate(said, "out")
	w.wantSent(withFiles("Two plans", "a.txt"), withFiles("", "b.txt"))
}

// An edit has removed one file of a reply, and another one has failed. Sending the reply again doesn't wait for the
// removed file.
func TestSendAgainWithoutTheFileThatAnEditRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent, With: "b.txt"})
	said := w.chat.Say("ann", support, thread, "Plans", file("a.txt", 1), file("b.txt", 2), file("c.txt", 3))
	w.waitFate(said, "waiting")
	w.chat.RemoveFile(support, said, "c.txt")
	w.eventually("the edit", func() bool { return w.count(`SELECT count(*) FROM deliveries WHERE state = 'cancelled'`) == 1 })
	w.advance(2 * time.Hour)
	w.waitLine(thread, bridge.LineFailed)
	w.waitDrained()
	w.chooseVerb(thread, said, bridge.VerbSend)
	w.advance(2 * time.Hour)
	w.waitFate(said, "out")
	w.wantSent(withFiles("Plans", "a.txt"), withFiles("", "b.txt"))
}

// A file that an edit removes after the text has left isn't sent.
func TestFileRemovedAfterTheTextHasLeft(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]channelstest.Fault{
		"while another is sent": {With: "b.txt"},
		"while it is tried":     {Kind: channelstest.FaultRefuse, With: "c.txt"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{backoff: []time.Duration{time.Hour}})
			thread := w.openThread()
			release := make(chan struct{})
			fault.Until = release
			w.provider.AddFault(fault)
			said := w.chat.Say("ann", support, thread, "Plans", file("a.txt", 1), file("b.txt", 2), file("c.txt", 3))
			if fault.Kind == channelstest.FaultNone {
				w.provider.WaitCalls(t, 2)
			} else {
				close(release)
				w.waitFailedAttempt()
			}

			w.chat.RemoveFile(support, said, "c.txt")
			w.waitLine(thread, bridge.LineEditLate)
			if fault.Kind == channelstest.FaultNone {
				close(release)
			}
			w.waitFate(said, "out")
			w.advance(2 * time.Hour)
			w.waitDrained()
			w.wantSent(withFiles("Plans", "a.txt"), withFiles("", "b.txt"))
		})
	}
}

// In Slack a deleted file keeps its place in the message. Deleting it removes it from the reply all the same.
func TestFileDeletedAfterTheTextHasLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{backoff: []time.Duration{time.Hour}})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, With: "b.txt"})
	said := w.chat.Say("ann", support, thread, "Plans", file("a.txt", 1), file("b.txt", 2))
	w.waitFailedAttempt()
	w.chat.DeleteFile(support, said, "b.txt")
	w.waitLineAbout(thread, bridge.LineEditLate, "stopped b.txt")
	w.waitFate(said, "out")
	w.advance(2 * time.Hour)
	w.waitDrained()
	w.wantSent(withFiles("Plans", "a.txt"))
}

// newSplittingWorld makes a world whose channel sends each reply as two messages, one after the other.
func newSplittingWorld(t *testing.T, o options) *world {
	t.Helper()
	o.stopped = true
	w := newWorld(t, o)
	w.engines[0].SetChannel(w.accounts[chat], &splitter{Channel: w.live[chat].Load()})
	w.start()
	return w
}

// The text of a reply is sent as two messages, of which the first has left and the second has failed. An edit doesn't
// change the text any more, and its author is told what the customer has.
func TestEditAfterTheTextHasLeft(t *testing.T) {
	t.Parallel()
	w := newSplittingWorld(t, options{})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent, Text: "Uno 2"})
	said := w.reply(thread, "Uno")
	failed := w.waitLine(thread, bridge.LineFailed)
	w.chat.Edit(support, said, "One")
	w.waitLineAbout(thread, bridge.LineEditLate, "Uno")
	w.chat.Press(t, "ann", failed, bridge.VerbSendAgain)
	w.waitFate(said, "out")
	w.provider.WaitTexts(t, "Uno 1", "Uno 2")
	if text := w.text(`SELECT text FROM messages WHERE place = $1`, said); text != "Uno" {
		t.Errorf("the thread says that the customer has %q, want \"Uno\"", text)
	}
}

// A file that is added to a held reply leaves with the others. If the channel doesn't take the file, the reply stays
// inside.
func TestFileAddedInTheHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	one := w.chat.Say("ann", support, thread, "One plan", file("a.txt", 1))
	two := w.chat.Say("ann", support, thread, "Two plans", file("b.txt", 1), file("c.txt", 2))
	large := w.replyInHold(thread, "A small plan")
	w.waitFate(two, "waiting")

	w.chat.Edit(support, one, "Two plans at first", file("d.txt", 3))
	w.chat.Edit(support, two, "Three plans", file("e.txt", 3))
	w.chat.Edit(support, large, "A large plan", file("f.txt", 1<<20+1))
	w.waitFate(large, "inside")
	w.waitEdited("Three plans")
	w.advance(2 * time.Hour)
	w.waitFate(one, "out")
	w.waitFate(two, "out")
	w.waitDrained()
	w.wantSent(
		withFiles("Two plans at first", "a.txt"), withFiles("", "d.txt"),
		withFiles("Three plans", "b.txt"), withFiles("", "c.txt"), withFiles("", "e.txt"))
}

// An edit adds a file to a failed reply. When the reply is sent again, the file leaves after the text. That holds also
// while another reply is in the lane between them, of which nobody knows yet whether it has left. A lane is the queue of
// what goes to one customer.
func TestFileAddedToAFailedReplyFollowsItsText(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{lossy: true})
	thread := w.openThread()
	w.provider.AddFault(badFile("a.txt"))
	one := w.chat.Say("ann", support, thread, "Two plans", file("a.txt", 1))
	w.waitLine(thread, bridge.LineFailed)
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	w.reply(thread, "Anything else?")
	w.eventually("its answer is lost", func() bool { return w.count(`SELECT count(*) FROM deliveries WHERE state = 'unknown'`) == 1 })

	w.chat.Edit(support, one, "Two plans", file("b.txt", 2))
	w.eventually("the file is added, and the line tells it", func() bool {
		return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'line' AND state = 'accepted' AND payload ? 'changes'`) == 1
	})
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineFailed), bridge.VerbSendAgain)
	w.waitFate(one, "waiting")
	w.provider.ClearFaults()
	w.exec(lookNow)
	w.waitFate(one, "out")
	w.wantSent(sentMessage{Text: "Anything else?"}, withFiles("Two plans", "a.txt"), withFiles("", "b.txt"))
}

// waitEdited waits until one message has the text of an edit.
func (w *world) waitEdited(text string) {
	w.t.Helper()
	w.eventually("the edit", func() bool { return w.count(`SELECT count(*) FROM messages WHERE text = $1`, text) == 1 })
}

// Typing !undo takes back the last reply that waits, even if many messages came after it.
func TestUndoBehindManyMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	said := w.replyInHold(thread, "See you")
	const more = 6
	for range more {
		w.customerWrites("kim", "Are you there?")
	}
	const all = 1 + 1 + more // kim's first message, the reply, what kim writes then
	w.eventually("all are there", func() bool { return w.count(`SELECT count(*) FROM messages`) == all })
	w.reply(thread, "!undo")
	w.waitFate(said, "undone")
}

// An agent wants to undo a text that doesn't wait to be sent. A whisper tells what became of it, and doesn't say that it
// is on its way.
func TestUndoOfAKeptText(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"confirm_send": "on"}})
	thread := w.openThread()
	said := w.reply(thread, "See you")
	w.waitLine(thread, bridge.LineAsk)
	w.chat.Choose("ann", support, said, bridge.VerbUndo)
	w.waitWhisper("ann", "[decided]")
}

// A deletion counts even if Parley reads an earlier edit, and the message itself, after it.
func TestEarlyDeletionBeforeAnEdit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.chat.Mute(true)
	id := w.reply(thread, "Go away")
	said := w.chat.Get(support, id)
	w.chat.Edit(support, id, "Go home")
	edited := w.chat.Get(support, id)
	w.chat.Delete(support, id)
	deleted := w.chat.Get(support, id)
	deleted.Version = 0 // chats give deletions none
	w.journalSurfaceFact("delete", deleted)
	w.journalSurfaceFact("edit", edited)
	w.journalSurfaceFact("say", said)
	w.chat.Mute(false)
	w.waitFate(id, "undone")
	w.waitDrained()
	w.wantNothingSent()
}

// Two held lines would leave together, and the chat can't be reached. An agent looks at the first one on the inbox page
// and sends it: only that one leaves.
func TestOneLineSentAsItStands(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: lineHold, gapWait: time.Millisecond, backoff: []time.Duration{time.Hour}})
	w.waitRunsAllowed()
	thread, p := w.openThread(), w.inboxPage()
	first := w.replyInHold(thread, "One")
	w.replyInHold(thread, "Two")
	back := w.cutChatOff()
	w.advance(2 * lineHold)
	var waiting bridge.SpokenMessage
	w.repeatUntil("the page says that the first waits for the chat", w.makeQueuesDue, func() bool {
		list := must(p.inbox.ReadSpoken(t.Context(), w.agents["ann"], 1, bridge.SpokenBefore{}))(t).List
		waiting = list[len(list)-2]
		return waiting.Unread
	})

	p.actUntilDone("ann", bridge.Act{Verb: bridge.VerbSend, Args: bridge.Args{Message: waiting.ID, SendArgs: bridge.SendArgs{Sure: true}}})
	w.provider.WaitTexts(t, "One")
	back()
	w.waitFate(first, "out")
	w.advance(2 * time.Hour)
	w.provider.WaitTexts(t, "One", "Two")
}
