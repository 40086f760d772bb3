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
	thread := w.openThread()
	first := w.reply(thread, "One")
	second := w.reply(thread, "Two")
	bens := w.chat.Say("ben", support, thread, "Three")
	w.waitFate(bens, "waiting")
	w.chat.Edit(support, bens, "Three!")
	w.eventually("lists show the new words", func() bool { return w.annsFacts().LastMessage.Preview == "Three!" })
	w.reply(thread, "!undo")
	w.waitFate(second, "undone")
	line := w.waitLine(thread, bridge.LineUndone)
	w.advance(time.Hour)
	w.provider.WaitTexts(t, "One", "Three!")
	w.waitFate(first, "out")
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

// !undo takes back what its author sent last: also a colleague's text, before a reply of the author's own that was sent
// earlier.
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

// Undo from a message's menu means that reply, or the one that a line is about, and no other.
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

// A deletion of what was undone before says nothing of the customer, who never got it.
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
