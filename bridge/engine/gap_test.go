package engine_test

import (
	"slices"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
)

// what was deleted or edited while the events were lost does not leave as it was.
func TestGapInTheHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	deleted, edited := w.reply(thread, "Go away"), w.reply(thread, "Hi Kin")
	w.waitFate(deleted, "waiting")
	w.waitFate(edited, "waiting")
	w.chat.Mute(true)
	w.chat.Delete(support, deleted)
	w.chat.Edit(support, edited, "Hi Kim")
	w.chat.Mute(false)
	release := make(chan struct{})
	w.chat.AddFault(bridgetest.Fault{Call: "since", Until: release})
	looks := w.chat.Calls("since")
	w.chat.Disconnect()
	w.chat.Wait(t, "the gap is being filled", func() bool { return w.chat.Calls("since") > looks })
	w.advance(2 * time.Hour)
	w.eventually("the reply waits for the gap", func() bool {
		return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'reply' AND error_class = 'retry'`) > 0
	})
	w.wantNothingSent()
	close(release)
	w.eventually("the deletion", func() bool { return w.text(`SELECT fate FROM messages WHERE place = $1`, deleted) == "undone" })
	w.eventually("the edit", func() bool { return w.text(`SELECT text FROM messages WHERE place = $1`, edited) == "Hi Kim" }) // it begins the hold anew
	w.advance(2 * time.Hour)
	w.provider.WaitTexts(t, "Hi Kim")
	w.waitDrained()
	w.provider.WaitTexts(t, "Hi Kim")
}

// A reply that was taken back in its hold, and is sent after all, is read again after a gap like any other: what was deleted meanwhile
// doesn't leave.
//
func TestGapAfterUndoAndSend(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	deleted := w.replyInHold(thread, "Go away")
	w.chat.Choose("ann", support, deleted, bridge.VerbUndo)
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineUndone), bridge.VerbSend)
	w.waitFate(deleted, "waiting")
	w.chat.Mute(true)
	w.chat.Delete(support, deleted)
	w.chat.Mute(false)
	release := make(chan struct{})
	w.chat.AddFault(bridgetest.Fault{Call: "since", Until: release})
	looks := w.chat.Calls("since")
	w.chat.Disconnect()
	w.chat.Wait(t, "the gap is being filled", func() bool { return w.chat.Calls("since") > looks })
	w.advance(2 * time.Hour)
	w.eventually("it was tried, or left", func() bool {
		return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'reply' AND attempt > 0 AND state <> 'sending'`) > 0
	})
	w.wantNothingSent()
	close(release)
	w.waitFate(deleted, "undone")
	w.waitDrained()
	w.wantNothingSent()
}

// While a gap is being filled no reply leaves, not even one that turns out unchanged.
//
func TestRepliesWaitForTheGap(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	w.waitFate(w.reply(thread, "Unchanged"), "waiting")
	release := make(chan struct{})
	w.chat.AddFault(bridgetest.Fault{Call: "since", Until: release})
	looks := w.chat.Calls("since")
	w.chat.Disconnect()
	w.chat.Wait(t, "the gap is being filled", func() bool { return w.chat.Calls("since") > looks })
	w.advance(2 * time.Hour)
	w.eventually("it was tried, or left", func() bool {
		return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'reply' AND attempt > 0 AND state <> 'sending'`) > 0
	})
	w.wantNothingSent()
	close(release)
	w.provider.WaitTexts(t, "Unchanged")
}

// a reply that is found late in a conversation that moved on is parked.
func TestLateReplyIsParked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.reply(thread, "!take")
	w.waitCard(thread, "| Ann |")
	w.chat.Mute(true)
	w.chat.SetNow(func() time.Time { return time.Now().Add(-10 * time.Minute) })
	late := w.reply(thread, "Are you there?")
	w.chat.SetNow(time.Now)
	w.chat.Mute(false)
	w.customerWrites("kim", "It works again")
	w.waitShown("It works again")
	w.chat.Disconnect()
	w.waitFate(late, "parked")
	line := w.waitLine(thread, bridge.LineParked)
	w.chat.Press(t, "ann", line, bridge.VerbDrop)
	w.waitFate(late, "dropped")
	w.waitDrained()
	w.wantNothingSent()
}

// What a colleague typed who had nothing to say to the customer then stays inside, also if it is found when the
// conversation has become theirs.
func TestLateRemarkOfTheNextOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.reply(thread, "!take")
	card := w.waitCardWith("| Ann |")
	w.exec(`UPDATE conversations SET last_at = last_at - interval '1 hour'`)
	w.chat.Mute(true)
	w.chat.SetNow(func() time.Time { return time.Now().Add(-10 * time.Minute) })
	remark := w.chat.Say("ben", support, thread, "I doubt that she pays")
	w.chat.SetNow(time.Now)
	w.chat.Mute(false)
	w.chat.Press(t, "ann", card, bridge.VerbUnassign)
	w.chat.Press(t, "ben", card, bridge.VerbTake)
	w.waitCard(thread, "| Ben |")
	w.chat.Disconnect()
	w.waitFate(remark, "parked")
	w.waitDrained()
	w.wantNothingSent()
}

// A surface may lose a message and tell of its edit: then its author is offered the edit after some minutes, as
// what comes late is, once. What was typed as a command or as a note, or was deleted, is offered to nobody.
//
func TestEditWhoseMessageNeverCame(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.reply(thread, "!take")
	w.waitCard(thread, "| Ann |")
	w.chat.Mute(true)
	lost := w.reply(thread, "Hi Kin")
	noted := w.reply(thread, "note: she is nice")
	command := w.reply(thread, "!tag VPI")
	gone := w.reply(thread, "Nonsense")
	w.chat.Mute(false)
	w.chat.Edit(support, lost, "Hi Kim")
	w.chat.Edit(support, noted, "note: she is very nice")
	w.chat.Edit(support, command, "!tag VIP")
	w.chat.Edit(support, gone, "More nonsense")
	w.chat.Delete(support, gone)
	w.eventually("the edits are kept", func() bool { return w.count(`SELECT count(*) FROM posts WHERE kind = 'early'`) == 4 })
	w.waitDrained()
	w.advance(6 * time.Minute)
	w.waitFate(lost, "parked")
	w.waitFate(noted, "inside")
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineParked), bridge.VerbSend)
	w.provider.WaitTexts(t, "Hi Kim")
	w.chat.Disconnect() // now the messages come after all, by catching up
	w.waitDrained()
	w.provider.WaitTexts(t, "Hi Kim")
	if n := w.countLines(thread, bridge.LineParked); n != 1 {
		t.Errorf("%d texts were offered, want 1", n)
	}
}

// Catch-up after a gap brings each message once, and replies in order.
func TestCatchUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.reply(thread, "One")
	w.provider.WaitTexts(t, "One")
	w.chat.Mute(true)
	w.reply(thread, "Two")
	w.chat.Say("ann", support, thread, "note: hm")
	w.reply(thread, "Three")
	w.chat.Mute(false)
	w.chat.Disconnect()
	w.provider.WaitTexts(t, "One", "Two", "Three")
	w.chat.Disconnect()
	w.chat.Wait(t, "connected again", func() bool { return w.chat.Streams() == 1 })
	w.reply(thread, "Four")
	w.provider.WaitTexts(t, "One", "Two", "Three", "Four")
	w.waitDrained()
	w.provider.WaitTexts(t, "One", "Two", "Three", "Four")
}

// loseEvents lets something be typed while the chat's events are lost, and then the connection, so that catching up finds it.
func (w *world) loseEvents(typed func()) {
	w.t.Helper()
	w.chat.Mute(true)
	typed()
	w.chat.Mute(false)
	w.chat.Disconnect()
}

// A command that catching up finds means the text that was typed before it, as one that comes at once. It is never a text for the
// customer itself, not even for who chooses it in its menu, unless it is edited into one: then its author is asked.
func TestCommandsInAGap(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour, settings: map[string]string{"confirm_send": "on"}})
	thread := w.openThread()
	kept := w.reply(thread, "You get it all back")
	w.waitFate(kept, "ask")
	var command string
	w.loseEvents(func() { command = w.reply(thread, "!send") })
	w.waitFate(kept, "waiting")
	w.loseEvents(func() { w.reply(thread, "<@"+bridgetest.App+"> undo") })
	w.waitFate(kept, "undone")
	w.chat.Choose("ann", support, command, bridge.VerbSend)
	w.waitWhisper("ann", "commands stay inside")
	w.loseEvents(func() { w.reply(thread, "!send") })
	w.waitFate(kept, "waiting")
	w.advance(time.Hour)
	w.provider.WaitTexts(t, "You get it all back")
	w.waitDrained()
	w.provider.WaitTexts(t, "You get it all back")

	// A command that is edited into a text is asked about, and leaves by a click.
	w.chat.Edit(support, command, "And what you paid for the post")
	w.waitFate(command, "ask")
	w.chat.Choose("ann", support, command, bridge.VerbSend)
	w.waitFate(command, "waiting")
	w.advance(time.Hour)
	w.provider.WaitTexts(t, "You get it all back", "And what you paid for the post")

	// One that is edited into another command stays one.
	misspelt := w.reply(thread, "!tag refnd")
	w.waitFate(misspelt, "inside")
	w.waitDrained()
	w.chat.Edit(support, misspelt, "!tag refund")
	w.waitDrained()
	const commands = 3 // undo, the second send, and the tag; the first send is a reply by now
	if n := w.count(`SELECT count(*) FROM messages WHERE fate = 'inside' AND reason = 'command'`); n != commands {
		t.Errorf("%d commands stay inside, want %d\n%s", n, commands, w.dump())
	}
}

// A command that is found late doesn't decide about what the customer wrote since: nobody has read that when typing it. Where
// the customer wrote nothing more, it counts, a snooze from when it was typed.
func TestCommandFoundLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.customerWrites("lou", "Thank you")
	over := w.waitThread("Thank you")
	w.customerWrites("max", "No hurry")
	later := w.waitThread("No hurry")
	w.waitDrained()
	w.exec(`UPDATE conversations SET last_at = last_at - interval '1 hour'`)
	w.chat.SetNow(func() time.Time { return time.Now().Add(-10 * time.Minute) })
	w.loseEvents(func() {
		w.reply(later, "!snooze 5m")
		w.reply(later, "!snooze 1h")
		w.reply(thread, "!resolve")
		w.reply(over, "!resolve")
		w.chat.SetNow(time.Now)
		w.customerWrites("kim", "Or rather, wait")
		w.waitShown("Or rather, wait")
		w.waitDrained()
	})
	w.waitCard(over, "#2 resolved")
	w.waitWhisper("ann", "has written since")
	w.waitCard(thread, "#1 open")
	w.waitWhisper("ann", "which is past")
	w.waitCard(later, "#3 snoozed")
	if n := w.count(`SELECT count(*) FROM conversations WHERE snoozed_until < now() + interval '55 minutes'`); n != 1 {
		t.Errorf("%d conversations are snoozed for less than 55 minutes, want one: the hour counts from when it was typed", n)
	}
}

// After a gap a reply is read again, however far the clocks are apart.
func TestGapUnderAMovedClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	w.advance(time.Hour)
	first := w.reply(thread, "One")
	w.waitFate(first, "waiting")
	looks := w.chat.Calls("message")
	desk := w.engines[0].Desk(w.surface)
	desk.Gap()
	desk.Filled()
	w.advance(2 * time.Hour)
	w.provider.WaitTexts(t, "One")
	if n := w.chat.Calls("message") - looks; n != 1 {
		t.Errorf("the message was read %d times again, want 1", n)
	}
}

// An edit that was lost while its text waited for a click is found by the click, however long the gap is over: what the message
// said before doesn't leave.
//
func TestEditLostWhileAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"confirm_send": "on"}})
	thread := w.openThread()
	asked := w.reply(thread, "You get it all back")
	line := w.waitLine(thread, bridge.LineAsk)
	w.chat.Mute(true)
	w.chat.Edit(support, asked, "You get half of it back")
	w.chat.Mute(false)
	desk := w.engines[0].Desk(w.surface)
	desk.Gap()
	desk.Filled()
	filled := w.text(`SELECT clock_timestamp()::text`)
	w.eventually("the gap is noted for the other processes, too", func() bool {
		return w.count(`SELECT count(*) FROM leases WHERE name LIKE 'gap:%' AND until > $1::text::timestamptz`, filled) == 1
	})
	desk.AgeGap(10 * time.Minute)
	w.exec(`UPDATE leases SET until = until - interval '10 min' WHERE name LIKE 'gap:%'`)
	w.advance(20 * time.Minute)
	w.chat.Press(t, "ann", line, bridge.VerbSend)
	w.eventually("the edit is read", func() bool {
		return w.text(`SELECT text FROM messages WHERE place = $1`, asked) == "You get half of it back"
	})
	w.waitDrained()
	if slices.Contains(w.provider.Texts(), "You get it all back") {
		t.Errorf("the customer got %q, want nothing of the words before the edit", w.provider.Texts())
	}
}

// What one replica may have missed makes the others read a reply again, too: the deletion was on its way to that one.
//
func TestGapOfAnotherReplica(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{engines: 2, hold: time.Hour})
	thread := w.openThread()
	deleted := w.reply(thread, "Go away")
	w.waitFate(deleted, "waiting")
	w.chat.Mute(true)
	w.chat.Delete(support, deleted)
	w.chat.Mute(false)
	w.exec(`UPDATE leases SET until = until - interval '1 day' WHERE name LIKE 'gap:%'`) // both began with one
	other := w.engines[1].Desk(w.surface)
	other.Gap()
	other.Filled()
	w.eventually("the gap is noted", func() bool {
		return w.count(`SELECT count(*) FROM leases WHERE name LIKE 'gap:%' AND until > clock_timestamp() - interval '1 hour'`) == 1
	})
	w.stops[1]()
	w.engines[0].Desk(w.surface).AgeGap(24 * time.Hour)
	w.advance(2 * time.Hour)
	w.eventually("the deletion", func() bool { return w.text(`SELECT fate FROM messages WHERE place = $1`, deleted) == "undone" })
	w.waitDrained()
	w.wantNothingSent()
}

// A chat that asks for fewer calls while a reply is looked up again lets that reply wait as long, and
// nothing else: no call was too many at the customer's provider.
func TestLimitedWhileConfirming(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	w.waitFate(w.reply(thread, "Soon"), "waiting")
	w.chat.AddFault(bridgetest.Fault{Call: "message", Kind: bridgetest.FaultThrottle, Wait: time.Second})
	looks := w.chat.Calls("since")
	w.chat.Disconnect()
	w.chat.Wait(t, "the gap is filled", func() bool { return w.chat.Calls("since") > looks })
	w.advance(2 * time.Hour)
	w.eventually("the chat has refused to be asked", func() bool {
		return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'reply' AND error_class <> ''`) > 0
	})
	if class := w.text(`SELECT error_class FROM deliveries WHERE kind = 'reply'`); class != string(channels.Retry) {
		t.Errorf("the reply failed as %q, want %q", class, string(channels.Retry))
	}
	if n := w.count(`SELECT count(*) FROM deliveries WHERE kind = 'reply' AND not_before > parley_now() + interval '5 s'`); n > 0 {
		t.Error("the reply waits longer than the chat asked for")
	}
	w.provider.WaitTexts(t, "Soon")
}
