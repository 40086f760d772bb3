package engine_test

import (
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/store"
	"parley/store/schema"
)

// restoreAndServe treats the database as one that was just restored from a backup, and begins to work with it.
func (w *world) restoreAndServe(backupAt time.Time) {
	w.t.Helper()
	check(w.t, store.BeginRestore(w.t.Context(), w.pool, "test"))
	if err := schema.Migrate(w.t.Context(), w.pool); err == nil {
		w.t.Error("a restore that has not ended may be served")
	}
	must(store.FinishRestore(w.t.Context(), w.pool, backupAt))(w.t)
	connected := w.chat.Connected()
	w.startReplica()
	w.chat.Wait(w.t, "the surface listens", func() bool { return w.chat.Connected() > connected })
}

// After a restore, a reply that waited when the backup was made leaves only by a click.
// Requirement R-275: Backup, restore, upgrade.
func TestRestoredReplyWaitsForAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{lossy: true, hold: time.Hour})
	thread := w.openThread()
	one, two := w.reply(thread, "One"), w.reply(thread, "Two")
	w.waitFate(one, "waiting")
	w.waitFate(two, "waiting")

	w.stops[0]()
	w.restoreAndServe(time.Now())
	w.advance(time.Hour)
	w.waitDeliveryState(one, "needs_decision")
	w.waitDeliveryState(two, "needs_decision")
	w.waitDrained()
	w.wantNothingSent()

	line := w.waitLine(thread, bridge.LineUnclear)
	if !strings.Contains(line.Plain(), "when the backup was made") {
		t.Errorf("told %q", line.Plain())
	}
	w.chat.Press(t, "ann", line, bridge.VerbSendAgain)
	w.waitFate(one, "out")
	w.provider.WaitTexts(t, "One")
	w.waitDrained()
	w.provider.WaitTexts(t, "One")
}

// After a restore, Parley finds at the provider that a reply was sent after the backup, and doesn't send it again. A post
// isn't posted again either.
// Requirement R-275: Backup, restore, upgrade.
func TestRestoredReplyIsFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{lossy: true})
	thread := w.openThread()
	reply := w.reply(thread, "One")
	w.provider.WaitTexts(t, "One")
	w.waitFate(reply, "out")

	w.customerWrites("kim", "And another thing")
	w.waitShown("And another thing")
	w.waitDrained()
	w.stops[0]()
	// The rows get the state that they had when the backup was made.
	w.exec(`UPDATE lanes SET head = head - 1 WHERE id IN (SELECT lane_id FROM deliveries WHERE kind = 'reply')`)
	w.exec(`UPDATE deliveries SET state = 'queued', attempt = 0, first_at = NULL, sent_at = NULL, external_id = '' WHERE kind = 'reply'`)
	w.exec(`UPDATE messages SET fate = 'waiting' WHERE place = $1`, reply)
	w.exec(`UPDATE lanes SET head = head - 1 WHERE id IN (SELECT lane_id FROM deliveries WHERE kind = 'said' AND seq = lanes.tail)`)
	w.exec(`UPDATE deliveries AS d SET state = 'queued', first_at = NULL, external_id = '' FROM lanes AS l
		WHERE l.id = d.lane_id AND d.seq = l.tail AND d.kind = 'said'`)
	w.exec(`DELETE FROM events WHERE external_id LIKE 'delivery:%'`) // their results are from later, too

	w.restoreAndServe(time.Now().Add(-time.Hour))
	w.waitFate(reply, "out")
	w.waitDrained()
	w.provider.WaitTexts(t, "One")
	wantEqual(t, "how often the customer's message is shown", countShown(w.chat, support, thread, "And another thing"), 1)
}

// A reply that was typed before the restore and isn't in the backup may have been sent by the Parley that was lost. Its
// author is asked. A command that was typed then sends nothing either.
// Requirement R-275: Backup, restore, upgrade.
func TestTypedBeforeTheRestore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.reply(thread, "!take")
	w.waitCard(thread, "| Ann |")
	w.waitDrained()

	w.stops[0]()
	w.chat.SetNow(func() time.Time { return time.Now().Add(-time.Minute) })
	typed := w.reply(thread, "Long ago")
	w.reply(thread, "!reply Long ago, too")
	w.reply(thread, "!send")
	w.chat.SetNow(func() time.Time { return time.Now().Add(time.Minute) })
	w.restoreAndServe(time.Now().Add(-time.Hour))

	w.waitFate(typed, "parked")
	line := w.waitLine(thread, bridge.LineUnclear)
	w.waitDrained()
	w.wantNothingSent()

	fresh := w.reply(thread, "Just now")
	w.waitFate(fresh, "out")
	w.chat.Press(t, "ann", line, bridge.VerbSend)
	w.provider.WaitTexts(t, "Just now", "Long ago")
	w.waitDrained()
	w.provider.WaitTexts(t, "Just now", "Long ago")
}

// A click that was in the journal when the backup was made doesn't send a reply after the restore. The reply is parked.
func TestClickedBeforeTheRestore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{lossy: true, settings: map[string]string{"confirm_send": "on"}})
	thread := w.openThread()
	reply := w.reply(thread, "Confirm me")
	w.waitFate(reply, "ask")
	line := w.waitLine(thread, bridge.LineAsk)
	w.waitDrained()

	// The click is stored in the journal but not applied.
	release := w.holdQueues(w.surface)
	w.chat.Press(t, "ann", line, bridge.VerbSend)
	w.waitQueued(1)

	w.stops[0]()
	release()
	w.restoreAndServe(time.Now().Add(-time.Hour))
	w.waitFate(reply, "parked")
	w.waitDrained()
	w.wantNothingSent()
}

// An agent who types in a thread that was opened after the backup is told that nobody gets the text.
func TestOrphanedThread(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.openThread()
	w.stops[0]()
	w.restoreAndServe(time.Now().Add(-time.Hour))

	w.journalSurfaceFact("say", bridgetest.Message{
		ID:      "1700000001.000100",
		Channel: support,
		Thread:  "1700000000.000100",
		User:    "ann",
		By:      bridge.ActorPerson,
		Text:    "Into nowhere",
		Order:   "1700000001.000100",
	})
	const told = `SELECT count(*) FROM deliveries WHERE kind = 'line' AND payload -> 'place' ->> 'thread' = '1700000000.000100'
		AND payload -> 'line' ->> 'Kind' = 'inside' AND payload -> 'line' ->> 'Text' = 'Into nowhere'`
	w.eventually("its author is told", func() bool { return w.count(told) == 1 })
	w.waitDrained()
}

// Ids and conversation numbers that may have been given after the backup are never given again.
func TestNoNumberTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.openThread()
	w.exec(`UPDATE events SET received_at = received_at - interval '1 day'`) // a snapshot of yesterday, backed up today
	before := w.count(`SELECT max(id) FROM deliveries`)
	w.stops[0]()
	w.restoreAndServe(time.Now())

	w.customerWrites("lee", "Hello again")
	w.waitThread("Hello again")
	const mostInADay = 86_400 // conversations, if there is one a second
	if n := w.count(`SELECT max(id) FROM conversations`); n < mostInADay {
		t.Errorf("the next conversation is #%d, want at least #%d", n, mostInADay)
	}
	if n := w.count(`SELECT max(id) FROM deliveries`); n < before+1<<40 {
		t.Errorf("the next delivery is %d, the last was %d, want at least %d", n, before, before+1<<40)
	}
}

// If the database doesn't answer when work begins, it is asked again, and the process doesn't end.
func TestWorkBeginsWhenTheDatabaseAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.stops[0]()
	w.exec(`ALTER TABLE restores RENAME TO away`)
	w.startReplica()
	w.chat.Wait(t, "the surface listens", func() bool { return w.chat.Streams() > 0 })
	w.exec(`ALTER TABLE away RENAME TO restores`)
	w.customerWrites("kim", "Hello")
	w.waitThread("Hello")
}
