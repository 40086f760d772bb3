package engine_test

import (
	"slices"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/store"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// A gap is the time in which Parley may have missed events of the chat. Filling it means to read them again.

// beginFilling breaks the connection to the chat and returns once Parley is filling the gap. It is filled after finish is
// called.
func (w *world) beginFilling() (finish func()) {
	w.t.Helper()
	release := make(chan struct{})
	w.chat.AddFault(bridgetest.Fault{Call: "since", Until: release})
	looks := w.chat.Calls("since")
	w.chat.Disconnect()
	w.chat.Wait(w.t, "the gap is being filled", func() bool { return w.chat.Calls("since") > looks })
	return func() { close(release) }
}

// missEvents lets something happen in the chat without Parley being told.
func (w *world) missEvents(happen func()) {
	w.chat.Mute(true)
	happen()
	w.chat.Mute(false)
}

// missOldEvents is missEvents for things that people did ten minutes ago.
func (w *world) missOldEvents(happen func()) {
	w.chat.SetNow(func() time.Time { return time.Now().Add(-10 * time.Minute) })
	w.missEvents(happen)
	w.chat.SetNow(time.Now)
}

// Two held replies are deleted and edited while Parley can't hear the chat. They wait until the gap is filled, and don't
// leave with their old words.
// Requirement R-249: A reply is read again before it leaves.
func TestGapInTheHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	deleted, edited := w.replyInHold(thread, "Go away"), w.replyInHold(thread, "Hi Kin")
	w.missEvents(func() {
		w.chat.Delete(support, deleted)
		w.chat.Edit(support, edited, "Hi Kim")
	})
	finish := w.beginFilling()
	w.advance(2 * time.Hour)
	w.eventually("the reply waits for the gap", func() bool {
		return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'reply' AND error_class = 'retry'`) > 0
	})
	w.wantNothingSent()

	finish()
	w.waitFate(deleted, "undone")
	w.waitText(edited, "Hi Kim") // it begins the hold anew
	w.advance(2 * time.Hour)
	w.provider.WaitTexts(t, "Hi Kim")
	w.waitDrained()
	w.provider.WaitTexts(t, "Hi Kim")
}

// A reply that reaches Parley 20 minutes after it was typed is parked. One that comes after ten minutes isn't.
// Requirement R-249: A reply is read again before it leaves.
func TestReplyThatComesLateIsParked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	w.take("ann", "Hello")
	for _, c := range []struct {
		delay time.Duration
		want  store.Fate
	}{{delay: 10 * time.Minute, want: "waiting"}, {delay: 20 * time.Minute, want: "parked"}} {
		w.chat.SetNow(func() time.Time { return time.Now().Add(-c.delay) })
		w.waitFate(w.reply(thread, "Are you there?"), c.want)
	}
}

// If one author's first late text may leave, her next late ones leave, too. A colleague's late text is parked, and so are
// all once the customer has written.
func TestRepliesThatComeLateTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour, settings: map[string]string{"who_replies": "any_agent"}})
	thread := w.openThread()
	w.take("ann", "Hello")
	w.waitDrained()
	w.exec(`UPDATE conversations SET last_at = last_at - interval '1 hour'`) // before the texts
	w.exec(`UPDATE log_entries SET at = at - interval '1 hour'`)
	w.chat.SetNow(func() time.Time { return time.Now().Add(-20 * time.Minute) })
	w.waitFate(w.reply(thread, "It has left"), "waiting")
	w.waitFate(w.reply(thread, "You get it tomorrow"), "waiting")
	w.waitFate(w.chat.Say("ben", support, thread, "You get it soon"), "parked")
	w.customerWrites("kim", "Never mind")
	w.waitShown("Never mind")
	w.waitFate(w.reply(thread, "It is on its way"), "parked")
}

// The chat tells of an edit but never of its message. After some minutes the author is offered the edited text once. If
// the message comes after all, nothing leaves again.
// Requirement R-249: A reply is read again before it leaves.
func TestEditWhoseMessageNeverCame(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.take("ann", "Hello")
	lost := w.editFirst(thread, "Hi Kin", "Hi Kim").ID
	w.advance(6 * time.Minute)
	w.waitFate(lost, "parked")
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineParked), bridge.VerbSend)
	w.provider.WaitTexts(t, "Hi Kim")

	w.chat.Disconnect() // now the message comes after all, by catching up
	w.waitDrained()
	w.provider.WaitTexts(t, "Hi Kim")
	wantEqual(t, "texts that were offered", w.countLines(thread, bridge.LineParked), 1)
}

// The messages of a note, a command and a deleted text never came, only their edits: none of them is offered to anybody.
// Requirement R-249: A reply is read again before it leaves.
func TestEditForColleaguesWhoseMessageNeverCame(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.take("ann", "Hello")
	var noted, command, deleted string
	w.missEvents(func() {
		noted = w.reply(thread, "note: she is nice")
		command = w.reply(thread, "!tag VPI")
		deleted = w.reply(thread, "Nonsense")
	})
	w.chat.Edit(support, noted, "note: she is very nice")
	w.chat.Edit(support, command, "!tag VIP")
	w.chat.Edit(support, deleted, "More nonsense")
	w.chat.Delete(support, deleted)
	w.eventually("the edits are kept", func() bool { return w.count(`SELECT count(*) FROM posts WHERE kind = 'early'`) == 3 })
	w.waitDrained()

	w.advance(6 * time.Minute)
	w.waitFate(noted, "inside")
	w.chat.Disconnect() // now the messages come after all, by catching up
	w.waitDrained()
	w.wantNothingSent()
	wantEqual(t, "texts that were offered", w.countLines(thread, bridge.LineParked), 0)
	wantEqual(t, "texts about which somebody is asked", w.countLines(thread, bridge.LineAsk), 0)
}

// Catching up after a gap brings each message once, and the replies in their order.
func TestCatchUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.reply(thread, "One")
	w.provider.WaitTexts(t, "One")
	w.loseEvents(func() {
		w.reply(thread, "Two")
		w.reply(thread, "note: hm")
		w.reply(thread, "Three")
	})
	w.provider.WaitTexts(t, "One", "Two", "Three")

	w.chat.Disconnect()
	w.chat.Wait(t, "connected again", func() bool { return w.chat.Streams() == 1 })
	w.reply(thread, "Four")
	w.provider.WaitTexts(t, "One", "Two", "Three", "Four")
	w.waitDrained()
	w.provider.WaitTexts(t, "One", "Two", "Three", "Four")
}

// A text waits for a click, and its edit is lost in a gap. A click long after the gap still finds the edit: the old words
// don't leave.
// Requirement R-249: A reply is read again before it leaves.
func TestEditLostWhileAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"confirm_send": "on"}})
	thread := w.openThread()
	asked := w.reply(thread, "You get it all back")
	line := w.waitLine(thread, bridge.LineAsk)
	w.missEvents(func() { w.chat.Edit(support, asked, "You get half of it back") })
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
	w.waitText(asked, "You get half of it back")
	w.waitDrained()
	if got := w.provider.Texts(); slices.Contains(got, "You get it all back") {
		t.Errorf("the customer got %q, want nothing of the words before the edit", got)
	}
}

// A deletion is lost in the gap of one replica. The other replica reads the reply again before it sends it, too.
// Requirement R-249: A reply is read again before it leaves.
func TestGapOfAnotherReplica(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{engines: 2, hold: time.Hour})
	deleted := w.replyInHold(w.openThread(), "Go away")
	w.missEvents(func() { w.chat.Delete(support, deleted) })
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
	w.waitFate(deleted, "undone")
	w.waitDrained()
	w.wantNothingSent()
}
