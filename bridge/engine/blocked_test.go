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
		w.customer(mail, channelstest.Event{From: "news@x.test", Subject: text, Text: text, Automatic: "list", References: answers})
	}
	kept := func(text string) int { return w.count(`SELECT count(*) FROM messages WHERE text = '` + text + `'`) }
	news("One")
	w.chat.Press(t, "ann", w.shown("list One"), bridge.VerbBlock)
	w.shown("One = blocked")
	w.settled()
	w.advance(25 * time.Hour)
	news("Two")
	first := w.customer(mail, channelstest.Event{From: "news@x.test", Subject: "In person", Text: "In person"})
	own := w.thread("In person")
	news("Away until Monday", first)
	if at := w.thread("Away until Monday"); at != own {
		t.Errorf("what belongs to the conversation is in thread %s, want %s", at, own)
	}
	w.settled()
	if n := kept("Two"); n != 0 {
		t.Errorf("the blocked mail is kept %d times", n)
	}
	if n := w.count(`SELECT count(*) FROM conversations WHERE kind = 'automatic'`); n != 1 {
		t.Errorf("there are %d threads of automatic mail, want that of the first day", n)
	}
	w.chat.Say("ann", support, own, "!unblock other@x.test")
	w.whisper("ann", "Nobody of that address is blocked")
	w.chat.Say("ann", support, own, "!unblock News@x.test")
	w.whisper("ann", "unblock news@x.test")
	w.settled()
	news("Three")
	w.chat.Press(t, "ben", w.shown("list Three"), bridge.VerbBlock)
	w.chat.Press(t, "ben", w.shown("Three = blocked"), bridge.VerbUnblock)
	w.shown("Three = unblocked")
	w.settled()
	news("Four")
	w.shown("list Four")
	if two, four := kept("Two"), kept("Four"); two != 0 || four != 1 {
		t.Errorf("kept are %d and %d mails", two, four)
	}
}
