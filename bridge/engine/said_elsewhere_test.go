package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/store"
)

// A reply can be typed outside of its conversation's thread, with the conversation's number. If its author deletes it
// during its hold, it is taken back. If she edits it, Parley asks her, and if she makes it a note, it stays inside.
func TestReplyTypedElsewhere(t *testing.T) {
	t.Parallel()
	const mention = "<@" + bridgetest.App + "> #1 "
	for name, c := range map[string]struct {
		change func(w *world, message string)
		fate   store.Fate
	}{
		"deleted": {change: func(w *world, m string) { w.chat.Delete(support, m) }, fate: store.FateUndone},
		"edited":  {change: func(w *world, m string) { w.chat.Edit(support, m, mention+"reply On Tuesday") }, fate: store.FateAsk},
		"noted":   {change: func(w *world, m string) { w.chat.Edit(support, m, "note: on Monday") }, fate: store.FateInside},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{hold: time.Hour})
			thread := w.openThread()
			typed := w.chat.Say("ann", support, "", mention+"reply On Monday")
			w.waitLine(thread, bridge.LineDone)
			c.change(w, typed)
			waitBecomes := func(fate store.Fate) { // waitFate only looks in the thread
				t.Helper()
				w.eventually("it is "+string(fate), func() bool {
					return w.text(`SELECT m.fate FROM messages AS m JOIN posts AS p ON p.message_id = m.id WHERE p.message = $1`, typed) == string(fate)
				})
			}
			waitBecomes(c.fate)

			w.advance(2 * time.Hour)
			w.waitDrained()
			w.wantNothingSent()

			if c.fate == store.FateAsk {
				w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineAsk), bridge.VerbSend)
				waitBecomes(store.FateWaiting)
				w.advance(2 * time.Hour)
				w.provider.WaitTexts(t, "On Tuesday")
			}
		})
	}
}

// The first words of a new conversation can be taken back by deleting the message, even if Parley hears of the deletion
// before the message.
func TestStartTypedAndDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	const begin = "<@" + bridgetest.App + "> new " + mail + " eve@x.test "
	typed := w.chat.Say("ann", support, "", begin+"Wrong words")
	w.eventually("it is begun", func() bool { return w.count(`SELECT count(*) FROM messages WHERE text = 'Wrong words'`) == 1 })
	w.chat.Delete(support, typed)
	w.eventually("it is taken back", func() bool { return w.text(`SELECT fate FROM messages WHERE text = 'Wrong words'`) == "undone" })

	// Parley hears of the deletion first.
	w.chat.Mute(true)
	early := w.chat.Get(support, w.chat.Say("ann", support, "", begin+"More of them"))
	w.chat.Delete(support, early.ID)
	w.journalSurfaceFact("delete", w.chat.Get(support, early.ID))
	w.journalSurfaceFact("say", early)
	w.chat.Mute(false)

	w.advance(2 * time.Hour)
	w.waitDrained()
	w.provider.WaitTexts(t)
	if n := w.count(`SELECT count(*) FROM conversations`); n != 1 {
		t.Errorf("%d conversations, want 1", n)
	}
}
