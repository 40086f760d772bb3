package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/store"
)

// Undo takes back the newest waiting reply of its author, and only in its hold.
func TestUndo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour, settings: map[string]string{"who_replies": "any_agent"}})
	thread := w.opened()
	first := w.reply(thread, "One")
	second := w.reply(thread, "Two")
	bens := w.chat.Say("ben", support, thread, "Three")
	w.fate(bens, "waiting")
	w.chat.Edit(support, bens, "Three!")
	w.eventually("lists show the new words", func() bool { return w.facts().LastMessage.Preview == "Three!" })
	w.reply(thread, "!undo")
	w.fate(second, "undone")
	line := w.line(thread, bridge.LineUndone)
	w.advance(time.Hour)
	w.provider.WaitTexts(t, "One", "Three!")
	w.fate(first, "out")
	w.reply(thread, "!undo")
	w.whisper("ann", "no reply of yours")
	w.chat.Press(t, "ann", line, bridge.VerbSend)
	w.fate(second, "waiting")
	w.advance(time.Hour)
	w.provider.WaitTexts(t, "One", "Three!", "Two")
	if n := w.count(`SELECT count(*) FROM deliveries WHERE state = $1 AND kind <> 'mark'`, store.Cancelled); n != 1 {
		t.Errorf("%d cancelled deliveries, want 1", n)
	}
}

// Who sent what a colleague wrote takes that back by the same words as an own reply, before the own one
// that was sent earlier.
func TestUndoOfWhatWasSentAs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.opened()
	w.fate(w.reply(thread, "Mine"), "waiting")
	remark := w.chat.Say("ben", support, thread, "A remark")
	w.fate(remark, "inside")
	w.chat.Choose("ann", support, remark, bridge.VerbSend)
	w.chat.Press(t, "ann", w.whisper("ann", "[send_as] Ben"), bridge.VerbSend)
	w.fate(remark, "waiting")
	w.reply(thread, "!undo")
	w.fate(remark, "undone")
	w.advance(time.Hour)
	w.provider.WaitTexts(t, "Mine")
}

// Undo from a message's menu means that reply, or the one that a line is about, and no other.
func TestUndoChosen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.opened()
	first := w.reply(thread, "One")
	w.fate(first, "waiting")
	w.chat.Submit("ann", support, thread, submit(bridge.VerbReply), "By a form")
	formed := w.shown("By a form")
	second := w.reply(thread, "Two")
	w.fate(second, "waiting")
	w.chat.Choose("ann", support, thread, bridge.VerbUndo)
	w.whisper("ann", "no reply of yours")
	w.chat.Choose("ann", support, first, bridge.VerbUndo)
	w.fate(first, "undone")
	w.chat.Choose("ann", support, first, bridge.VerbUndo)
	w.whisper("ann", "= undone")
	w.chat.Choose("ann", support, formed.ID, bridge.VerbUndo)
	w.eventually("the reply of the form is undone", func() bool { return w.lines(thread, bridge.LineUndone) == 2 })
	w.fate(second, "waiting")
	w.advance(time.Hour)
	w.provider.WaitTexts(t, "Two")
}

// A deletion of what was undone before says nothing of the customer, who never got it.
func TestDeletedAfterUndo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.opened()
	reply := w.reply(thread, "One")
	w.fate(reply, "waiting")
	w.reply(thread, "!undo")
	w.fate(reply, "undone")
	w.chat.Delete(support, reply)
	w.fate(w.reply(thread, "Two"), "waiting")
	w.reply(thread, "!undo")
	w.eventually("what came behind the deletion is told", func() bool { return w.lines(thread, bridge.LineUndone) == 2 })
	if n := w.lines(thread, bridge.LineDeleteLate); n != 0 {
		t.Errorf("%d lines say that the customer has it", n)
	}
}
