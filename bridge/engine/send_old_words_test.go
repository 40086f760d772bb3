package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/store"
)

// A note that was edited into a reply, and back into a note, stays inside: the line that asked about the reply has no
// button for it.
func TestNoteEditedToReplyAndBack(t *testing.T) {
	t.Parallel()
	for name, inside := range map[string]string{"note": "note: he is angry", "mention": "<@ben> he is angry"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.opened()
			text := w.chat.Say("ann", support, thread, inside)
			w.fate(text, store.FateInside)
			w.chat.Edit(support, text, "We can do it")
			asked := w.line(thread, bridge.LineAsk)
			w.chat.Edit(support, text, inside)
			w.eventually("the second edit", func() bool {
				return w.count(`SELECT count(*) FROM messages WHERE place = $1 AND text LIKE '%he is angry'`, text) == 1
			})
			w.chat.Press(t, "ann", asked, bridge.VerbSend)
			w.whisper("ann", "[decided]")
			w.fate(text, store.FateInside)
			w.settled()
			if n := w.provider.Calls(); n != 0 {
				t.Errorf("the customer got %q", w.provider.Texts())
			}
		})
	}
}

// What its author deleted is sent by nobody any more: not by the button of a line that told that it stayed inside, not by
// one of a reply that was taken back before, and not by a typed command.
func TestDeletedIsNotSent(t *testing.T) {
	t.Parallel()
	for name, sends := range map[string]func(w *world, thread string){
		"by the button": func(w *world, _ string) {
			w.chat.Press(w.t, "ben", w.whisper("ben", "not_assignee"), bridge.VerbSend)
			w.whisper("ben", "[decided]")
		},
		"by a command": func(w *world, thread string) {
			w.chat.Say("ben", support, thread, "!send")
			w.whisper("ben", "know which")
		},
	} {
		t.Run("kept inside, "+name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.opened()
			w.reply(thread, "!take")
			w.card(thread, "Ann")
			text := w.chat.Say("ben", support, thread, "He lies")
			w.whisper("ben", "not_assignee")
			w.chat.Delete(support, text)
			w.settled()
			sends(w, thread)
			w.settled()
			if n := w.provider.Calls(); n != 0 {
				t.Errorf("the customer got %q", w.provider.Texts())
			}
		})
	}
	for name, undone := range map[string]bool{"deleted in its hold": false, "taken back, then deleted": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{hold: time.Hour})
			thread := w.opened()
			text := w.waits(thread, "He lies")
			var line bridgetest.Message
			if undone {
				w.reply(thread, "!undo")
				line = w.line(thread, bridge.LineUndone)
			}
			w.chat.Delete(support, text)
			w.settled()
			w.reply(thread, "!send")
			w.whisper("ann", "know which")
			if undone {
				w.chat.Press(t, "ann", line, bridge.VerbSend)
				w.whisper("ann", "[decided]")
			}
			w.advance(2 * time.Hour)
			w.settled()
			if n := w.provider.Calls(); n != 0 {
				t.Errorf("the customer got %q", w.provider.Texts())
			}
		})
	}
}
