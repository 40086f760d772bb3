package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// sendNews sends automatic mail of a list. It answers the given mails, or none.
func (w *world) sendNews(text string, answered ...string) {
	w.t.Helper()
	w.customerSends(mail, channelstest.Event{From: "news@x.test", Subject: text, Text: text, Automatic: "list", References: answered})
}

// blockNews sends the list's automatic mail "One", and lets an agent block its sender with the button below it.
func (w *world) blockNews(agent string) {
	w.t.Helper()
	w.sendNews("One")
	w.chat.Press(w.t, agent, w.waitShown("list One"), bridge.VerbBlock)
	w.waitShown("One = blocked")
	w.waitDrained()
}

// countKept counts the stored messages with this text.
func (w *world) countKept(text string) int {
	w.t.Helper()
	return w.count(`SELECT count(*) FROM messages WHERE text = $1`, text)
}

// Automatic mail of a blocked sender is ignored, and opens no daily thread (the thread that collects a day's automatic
// mail).
// Requirement R-254: Automatic mail in a thread of its own.
func TestBlockedSendersAutomaticMailIsDropped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.blockNews("ann")

	w.advance(25 * time.Hour) // another day, which would have a thread of its own
	w.sendNews("Two")
	w.waitDrained()
	wantEqual(t, "how often the blocked mail is kept", w.countKept("Two"), 0)
	wantEqual(t, "threads of automatic mail: that of the first day", w.countConversations("automatic"), 1)
}

// A sender who was silenced is shown again after an agent takes that back, with the line's button or by the address.
// Requirement R-254: Automatic mail in a thread of its own.
func TestUnblockSilencedSender(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.sendNews("One")
	w.chat.Press(t, "ann", w.waitShown("list One"), bridge.VerbSilence)

	w.chat.Press(t, "ann", w.waitShown("One = silenced"), bridge.VerbUnblock)
	w.waitShown("One = unblocked")
	w.waitDrained()
	w.sendNews("Two")

	w.chat.Press(t, "ann", w.waitShown("list Two"), bridge.VerbSilence)
	w.waitDrained()

	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Lamp", Text: "It is dark"})
	w.reply(w.waitThread("It is dark"), "!unblock news@x.test")
	w.waitWhisper("ann", "unblock news@x.test")
	w.waitDrained()
	w.sendNews("Three")
	w.waitShown("list Three")
}
