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
	sendNews := func(text string, answers ...string) {
		w.customerSends(mail, channelstest.Event{From: "news@x.test", Subject: text, Text: text, Automatic: "list", References: answers})
	}
	countKept := func(text string) int { return w.count(`SELECT count(*) FROM messages WHERE text = $1`, text) }

	// Once the sender is blocked, automatic mail is dropped, while a person's mail and what answers it come.
	sendNews("One")
	w.chat.Press(t, "ann", w.waitShown("list One"), bridge.VerbBlock)
	w.waitShown("One = blocked")
	w.waitDrained()
	w.advance(25 * time.Hour)
	sendNews("Two")
	first := w.customerSends(mail, channelstest.Event{From: "news@x.test", Subject: "In person", Text: "In person"})
	own := w.waitThread("In person")
	sendNews("Away until Monday", first)
	if at := w.waitThread("Away until Monday"); at != own {
		t.Errorf("what belongs to the conversation is in thread %s, want %s", at, own)
	}
	w.waitDrained()
	wantEqual(t, "how often the blocked mail is kept", countKept("Two"), 0)
	if n := w.count(`SELECT count(*) FROM conversations WHERE kind = 'automatic'`); n != 1 {
		t.Errorf("there are %d threads of automatic mail, want that of the first day", n)
	}

	// The block is taken back by the sender's address.
	w.chat.Say("ann", support, own, "!unblock other@x.test")
	w.waitWhisper("ann", "Nobody of that address is blocked")
	w.chat.Say("ann", support, own, "!unblock News@x.test")
	w.waitWhisper("ann", "unblock news@x.test")
	w.waitDrained()
	sendNews("Three")

	// It is set and taken back by the line's buttons.
	w.chat.Press(t, "ben", w.waitShown("list Three"), bridge.VerbBlock)
	w.chat.Press(t, "ben", w.waitShown("Three = blocked"), bridge.VerbUnblock)
	w.waitShown("Three = unblocked")
	w.waitDrained()
	sendNews("Four")
	w.waitShown("list Four")
	wantEqual(t, "how often the mail is kept that was blocked", countKept("Two"), 0)
	wantEqual(t, "how often the mail is kept that came after the block", countKept("Four"), 1)
}
