package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
)

// Undo takes back the newest waiting reply of its author, and only during its hold (the time before it leaves).
func TestUndo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour, settings: map[string]string{"who_replies": "any_agent"}})
	thread := w.openThread()
	first := w.reply(thread, "One")
	second := w.reply(thread, "Two")
	bens := w.chat.Say("ben", support, thread, "Three")
	w.waitFate(bens, "waiting")
	w.chat.Edit(support, bens, "Three!")
	w.eventually("lists show the new words", func() bool { return w.annsFacts().LastMessage.Preview == "Three!" })

	// Ann takes back her second reply, and the others leave.
	w.reply(thread, "!undo")
	w.waitFate(second, "undone")
	line := w.waitLine(thread, bridge.LineUndone)
	w.advance(time.Hour)
	w.provider.WaitTexts(t, "One", "Three!")
	w.waitFate(first, "out")

	// After the hold there is nothing to take back. The reply that was taken back can still be sent.
	w.reply(thread, "!undo")
	w.waitWhisper("ann", "no reply of yours")
	w.chat.Press(t, "ann", line, bridge.VerbSend)
	w.waitFate(second, "waiting")
	w.advance(time.Hour)
	w.provider.WaitTexts(t, "One", "Three!", "Two")

	if n := w.count(`SELECT count(*) FROM deliveries WHERE state = $1 AND kind <> 'mark'`, store.Cancelled); n != 1 {
		t.Errorf("%d cancelled deliveries, want 1", n)
	}
}

// A reply that was asked about is told in one place: the question shows that it was taken back, and sends it after all.
func TestUndoOfWhatWasAskedAbout(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	text := w.reply(thread, "internal: hm")
	question := w.waitLine(thread, bridge.LineAsk)
	w.chat.Press(t, "ann", question, bridge.VerbSend)
	w.waitFate(text, "waiting")
	w.reply(thread, "!undo")
	w.waitFate(text, "undone")
	w.waitDrainedBut(0)
	wantEqual(t, "further lines that it was taken back", w.countLines(thread, bridge.LineUndone), 0)

	w.pressNow("ann", question, bridge.VerbSend)
	w.waitFate(text, "waiting")
}

// !undo takes back the text that its author sent last. That may be a colleague's text, even if a reply of the author's
// own was sent earlier.
func TestUndoOfWhatWasSentAs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	w.waitFate(w.reply(thread, "Mine"), "waiting")
	remark := w.chat.Say("ben", support, thread, "A remark")
	w.waitFate(remark, "inside")
	w.chat.Choose("ann", support, remark, bridge.VerbSend)
	w.chat.Press(t, "ann", w.waitWhisper("ann", "[send_as] Ben"), bridge.VerbSend)
	w.waitFate(remark, "waiting")

	w.reply(thread, "!undo")
	w.waitFate(remark, "undone")
	w.advance(time.Hour)
	w.provider.WaitTexts(t, "Mine")
}

// Undo from a message's menu takes back just that reply, or the reply that a line is about.
func TestUndoChosen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	first := w.reply(thread, "One")
	w.waitFate(first, "waiting")
	w.chat.Submit("ann", support, thread, formOf(bridge.VerbReply), "By a form")
	formed := w.waitShown("By a form")
	second := w.reply(thread, "Two")
	w.waitFate(second, "waiting")

	w.chat.Choose("ann", support, thread, bridge.VerbUndo)
	w.waitWhisper("ann", "no reply of yours")

	w.chat.Choose("ann", support, first, bridge.VerbUndo)
	w.waitFate(first, "undone")
	w.chat.Choose("ann", support, first, bridge.VerbUndo)
	w.waitWhisper("ann", "= undone")

	w.chat.Choose("ann", support, formed.ID, bridge.VerbUndo)
	w.eventually("the reply of the form is undone", func() bool { return w.countLines(thread, bridge.LineUndone) == 2 })

	w.waitFate(second, "waiting")
	w.advance(time.Hour)
	w.provider.WaitTexts(t, "Two")
}

// If a reply was undone and is deleted afterwards, no line says that the customer has it.
func TestDeletedAfterUndo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	reply := w.reply(thread, "One")
	w.waitFate(reply, "waiting")
	w.reply(thread, "!undo")
	w.waitFate(reply, "undone")
	w.chat.Delete(support, reply)

	w.waitFate(w.reply(thread, "Two"), "waiting")
	w.reply(thread, "!undo")
	w.eventually("what came behind the deletion is told", func() bool { return w.countLines(thread, bridge.LineUndone) == 2 })
	if n := w.countLines(thread, bridge.LineDeleteLate); n != 0 {
		t.Errorf("%d lines say that the customer has it, want none", n)
	}
}

// If a reply is deleted, its files that still wait don't leave, even if its text failed or may have left (invariant 4).
func TestDeletionStopsWhatWaits(t *testing.T) {
	t.Parallel()
	refused := func(name string, times int) channelstest.Fault {
		return channelstest.Fault{Kind: channelstest.FaultRefuse, With: name, Times: times}
	}
	rejected := func(name string) channelstest.Fault {
		return channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent, With: name}
	}
	for name, c := range map[string]struct {
		faults []channelstest.Fault
		wait   func(w *world, thread string) // until the second file waits, and the first one doesn't
		late   string                        // what a line says of what the customer has, or ""
		fate   string
		sent   []sentMessage
	}{
		"its text is unclear": {
			faults: []channelstest.Fault{{Kind: channelstest.FaultDropAfter, With: "a.txt"}, {Kind: channelstest.FaultBlind, Times: -1},
				refused("b.txt", -1)},
			wait: func(w *world, thread string) {
				w.repeatUntil("nobody can tell", func() {
					w.exec(ageUnclear)
					w.exec(`UPDATE deliveries SET sent_at = sent_at - interval '1 hour' WHERE state = 'unknown'`)
					w.exec(lookNow)
				}, func() bool { return w.countLines(thread, bridge.LineUnclear) == 1 })
			},
			late: "unclear",
			fate: "unclear",
			sent: []sentMessage{withFiles("Two plans", "a.txt")},
		},
		"its text failed": {
			faults: []channelstest.Fault{rejected("a.txt"), rejected("b.txt"), refused("b.txt", -1)},
			wait: func(w *world, thread string) {
				w.waitLine(thread, bridge.LineFailed)
				w.eventually("both failed", func() bool { return w.countLines(thread, bridge.LineFailed) == 2 })
				w.chat.Press(w.t, "ann", w.waitLineAbout(thread, bridge.LineFailed, "b.txt"), bridge.VerbSendAgain)
			},
			fate: "undone",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{lossy: true, backoff: []time.Duration{time.Hour}})
			thread := w.openThread()
			for _, f := range c.faults {
				w.provider.AddFault(f)
			}

			said := w.chat.Say("ann", support, thread, "Two plans", file("a.txt", 1), file("b.txt", 2))
			c.wait(w, thread)
			w.waitFailedAttempt()
			w.chat.Delete(support, said)
			w.eventually("the deletion is applied", func() bool { return w.chat.Taken() && w.count(`SELECT count(*) FROM queued`) == 0 })

			w.provider.ClearFaults()
			w.advance(2 * time.Hour)
			w.wantSent(c.sent...)
			wantEqual(t, "what became of the reply", w.text(`SELECT fate FROM messages WHERE place = $1`, said), c.fate)

			if c.late == "" {
				wantEqual(t, "lines that say that it was too late", w.countLines(thread, bridge.LineDeleteLate), 0)
				return
			}
			w.waitLineAbout(thread, bridge.LineDeleteLate, c.late)
			w.pressNow("ann", w.waitLine(thread, bridge.LineUnclear), bridge.VerbMarkSent)
			w.waitFate(said, "out")
		})
	}
}
