package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/channels/channelstest"
)

// A blocked sender's automatic mail is passed over, and opens no thread of a day, until somebody takes
// that back, by the line's button or by address. What a person writes from there, and what belongs to
// a conversation, comes.
//
//
func TestBlockedSender(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	news := func(text string, answers ...string) {
		w.customerSends(mail, channelstest.Event{From: "news@x.test", Subject: text, Text: text, Automatic: "list", References: answers})
	}
	kept := func(text string) int { return w.count(`SELECT count(*) FROM messages WHERE text = '` + text + `'`) }
	news("One")
	w.chat.Press(t, "ann", w.waitShown("list One"), bridge.VerbBlock)
	w.waitShown("One = blocked")
	w.waitDrained()
	w.advance(25 * time.Hour)
	news("Two")
	first := w.customerSends(mail, channelstest.Event{From: "news@x.test", Subject: "In person", Text: "In person"})
	own := w.waitThread("In person")
	news("Away until Monday", first)
	if at := w.waitThread("Away until Monday"); at != own {
		t.Errorf("what belongs to the conversation is in thread %s, want %s", at, own)
	}
	w.waitDrained()
	if n := kept("Two"); n != 0 {
		t.Errorf("the blocked mail is kept %d times, want none", n)
	}
	if n := w.count(`SELECT count(*) FROM conversations WHERE kind = 'automatic'`); n != 1 {
		t.Errorf("there are %d threads of automatic mail, want that of the first day", n)
	}
	w.chat.Say("ann", support, own, "!unblock other@x.test")
	w.waitWhisper("ann", "Nobody of that address is blocked")
	w.chat.Say("ann", support, own, "!unblock News@x.test")
	w.waitWhisper("ann", "unblock news@x.test")
	w.waitDrained()
	news("Three")
	w.chat.Press(t, "ben", w.waitShown("list Three"), bridge.VerbBlock)
	w.chat.Press(t, "ben", w.waitShown("Three = blocked"), bridge.VerbUnblock)
	w.waitShown("Three = unblocked")
	w.waitDrained()
	news("Four")
	w.waitShown("list Four")
	if two, four := kept("Two"), kept("Four"); two != 0 || four != 1 {
		t.Errorf("kept are %d and %d mails", two, four)
	}
}
