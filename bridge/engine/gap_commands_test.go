package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// loseEvents calls typed while the chat's events are lost, and then breaks the connection, so that Parley catches up.
func (w *world) loseEvents(typed func()) {
	w.t.Helper()
	w.missEvents(typed)
	w.chat.Disconnect()
}

// If Parley finds a command while catching up, the command means the text that was typed before it, as usual.
func TestCommandsInAGap(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour, settings: map[string]string{"confirm_send": "on"}})
	thread := w.openThread()
	kept := w.reply(thread, "You get it all back")
	w.waitFate(kept, "ask")

	w.loseEvents(func() { w.reply(thread, "!send") })
	w.waitFate(kept, "waiting")

	w.loseEvents(func() { w.reply(thread, "<@"+bridgetest.App+"> undo") })
	w.waitFate(kept, "undone")

	w.loseEvents(func() { w.reply(thread, "!send") })
	w.waitFate(kept, "waiting")

	w.advance(time.Hour)
	w.provider.WaitTexts(t, "You get it all back")
	w.waitDrained()
	w.provider.WaitTexts(t, "You get it all back")
	const commands = 3
	wantEqual(t, "commands that stay inside", w.countCommandsInside(), commands)
}

// If Parley finds a text while catching up, and the text was edited, it may have been a note. It leaves only after a
// click.
func TestNoteEditedIntoReplyInAGap(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	var edited string
	w.loseEvents(func() {
		edited = w.reply(thread, "note: she never pays")
		w.chat.Edit(support, edited, "We wait for your payment")
	})

	w.waitFate(edited, "parked")
	w.wantNothingSent()
	line := w.waitLine(thread, bridge.LineParked)
	wantWords(t, "the line", line.Plain(), "found_edited")
	w.chat.Press(t, "ann", line, bridge.VerbSend)
	w.provider.WaitTexts(t, "We wait for your payment")
}

// countCommandsInside counts the typed commands that stay inside.
func (w *world) countCommandsInside() int {
	w.t.Helper()
	return w.count(`SELECT count(*) FROM messages WHERE fate = 'inside' AND reason = 'command'`)
}

// newQuietConversation makes a world with a conversation in which nobody has said anything for an hour, and returns its
// thread.
func newQuietConversation(t *testing.T) (w *world, thread string) {
	t.Helper()
	w = newWorld(t, options{})
	thread = w.openThread()
	w.exec(`UPDATE conversations SET last_at = last_at - interval '1 hour'`)
	w.exec(`UPDATE messages SET created_at = created_at - interval '1 hour'`)
	return w, thread
}

// If Parley finds a command late, and the customer has written since, the command does nothing: its author hadn't read
// the customer's words.
func TestCommandFoundLate(t *testing.T) {
	t.Parallel()
	w, thread := newQuietConversation(t)
	w.missOldEvents(func() { w.reply(thread, "!resolve") })
	w.customerWrites("kim", "Or rather, wait")
	w.waitShown("Or rather, wait")
	w.waitDrained()

	w.chat.Disconnect()
	w.waitWhisper("ann", "has written since")
	w.waitCard(thread, "#1 open")
}

// If the chat reports an emoji late, and the customer has written since, the emoji does nothing.
func TestEmojiToldLate(t *testing.T) {
	t.Parallel()
	w, thread := newQuietConversation(t)
	w.customerWrites("kim", "Or rather, wait")
	w.waitShown("Or rather, wait")
	w.waitDrained()

	w.chat.SetNow(func() time.Time { return time.Now().Add(-10 * time.Minute) })
	w.chat.React("ann", w.chat.Get(support, thread), bridge.VerbResolve)
	w.waitWhisper("ann", "has written since")
	w.waitCard(thread, "#1 open")
}

// A snooze that is found late counts from the time at which it was typed. If it is over by now it is refused, else it is
// shorter by that much.
func TestSnoozeFoundLate(t *testing.T) {
	t.Parallel()
	w, thread := newQuietConversation(t)
	w.missOldEvents(func() {
		w.reply(thread, "!snooze 5m")
		w.reply(thread, "!snooze 1h")
	})
	w.chat.Disconnect()
	w.waitWhisper("ann", "which is past")
	w.waitCard(thread, "#1 snoozed")
	short := w.count(`SELECT count(*) FROM conversations WHERE snoozed_until < now() + interval '55 minutes'`)
	wantEqual(t, "conversations that are snoozed for less than 55 minutes from now", short, 1)
}
