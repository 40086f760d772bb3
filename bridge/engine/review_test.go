package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/bridge/relay"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
)

// A reply that is deleted while an attempt runs that then fails for certain never
// leaves, and nobody is told that the customer has it.
func TestDeletedDuringAFailingAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.opened()
	release := make(chan struct{})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, Until: release})
	first := w.reply(thread, "Never mind")
	w.provider.WaitCalls(t, 1)
	w.chat.Delete(support, first)
	w.fate(first, "undone")
	close(release)
	w.stateOf(first, store.Cancelled)
	w.settled()
	w.fate(first, "undone")
	if n := w.lines(thread, bridge.LineDeleteLate); n != 0 {
		t.Error("the thread says that the customer has it")
	}
	if marks := w.chat.Get(support, first).Marks; len(marks) != 0 {
		t.Errorf("it is marked %v", marks)
	}
	if n := w.provider.Calls(); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
}

// What a topic says is for colleagues: the customer's subject stays the customer's.
func TestTopicStaysInside(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	first := w.customer(mail, channelstest.Event{From: "kim@x.test", Subject: "My order", Text: "first"})
	thread := w.thread("first")
	w.customer(mail, channelstest.Event{From: "lee@y.test", Subject: "Lee's own words", Text: "second", References: []string{first}})
	w.shown("second")
	w.reply(thread, "!topic Probably a fraud")
	w.card(thread, "Probably a fraud")
	w.reply(thread, "Hello")
	if sent := w.provider.WaitTexts(t, "Hello"); sent[0].Subject != "My order" {
		t.Errorf("the subject is %q", sent[0].Subject)
	}
}

// Send again on a reply whose lane still waits for a look at it does not leave a hole
// that stops the lane for ever.
func TestSendAgainBeforeTheLook(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{relay: relay.Options{ReconcileAfter: time.Hour}})
	thread := w.opened()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter})
	first := w.reply(thread, "One")
	w.stateOf(first, store.Unknown)
	w.eventually("nobody works on it", func() bool {
		return w.count(`SELECT count(*) FROM lanes WHERE account_id = $1 AND leased_until IS NULL`, w.accounts[chat]) == 1
	})
	w.hook(chat, channelstest.Event{Type: "status", State: "failed", Reason: "No such user",
		Message: int64(w.count(`SELECT id FROM messages WHERE place = $1`, first))})
	line := w.line(thread, bridge.LineFailed)
	w.chat.Press(t, "ann", line, bridge.VerbSendAgain)
	w.provider.WaitTexts(t, "One", "One")
	w.reply(thread, "Two")
	w.provider.WaitTexts(t, "One", "One", "Two")
	w.fate(first, "out")
	w.settled()
}

// An edit while nobody knows whether the message left is told once it turns out that
// the old text did.
func TestEditWhileUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{relay: relay.Options{ReconcileAfter: time.Minute}})
	thread := w.opened()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter})
	first := w.reply(thread, "Uno")
	w.stateOf(first, store.Unknown)
	w.chat.Edit(support, first, "One")
	w.eventually("the edit", func() bool { return w.text(`SELECT text FROM messages WHERE place = $1`, first) == "One" })
	w.exec(`UPDATE deliveries SET sent_at = sent_at - interval '2 min' WHERE state = 'unknown'`)
	w.exec(`UPDATE lanes SET due_at = parley_now() WHERE due_at IS NOT NULL`)
	w.line(thread, bridge.LineEditLate)
	w.fate(first, "out")
	w.settled()
	w.provider.WaitTexts(t, "Uno")
}

// A reply that failed is repaired by an edit: Send again sends what it says now. One
// that was made a note or deleted is not sent again.
func TestEditOfAFailedReply(t *testing.T) {
	t.Parallel()
	after := map[string]struct {
		change func(w *world, message string)
		sent   []string
	}{
		"edited":  {func(w *world, m string) { w.chat.Edit(support, m, "One") }, []string{"One"}},
		"noted":   {func(w *world, m string) { w.chat.Edit(support, m, "note: one") }, nil},
		"deleted": {func(w *world, m string) { w.chat.Delete(support, m) }, nil},
	}
	for name, c := range after {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.opened()
			w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent})
			first := w.reply(thread, "Uno")
			w.fate(first, "failed")
			line := w.line(thread, bridge.LineFailed)
			c.change(w, first)
			w.settled()
			w.chat.Press(t, "ann", line, bridge.VerbSendAgain)
			w.provider.WaitTexts(t, c.sent...)
			if c.sent == nil {
				w.whisper("ann", "[decided]")
			}
			w.settled()
			w.provider.WaitTexts(t, c.sent...)
			if n := w.lines(thread, bridge.LineEditLate); n != 0 {
				t.Error("the thread says that the customer has the old text")
			}
		})
	}
}

// A timer that fired wakes its conversation though the clock stepped back since.
func TestSnoozeWakesThoughTheClockStepsBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.opened()
	w.reply(thread, "!snooze 2h")
	w.card(thread, "snoozed")
	w.settled()
	release := w.holdQueues(store.SystemAccount)
	w.advance(2*time.Hour + time.Minute)
	w.eventually("the timer fired", func() bool { return w.count(`SELECT count(*) FROM timers`) == 0 })
	w.advance(-2 * time.Minute)
	release()
	w.card(thread, "#1 open")
}

// A bounce does not reopen a conversation that was answered since.
func TestBounceOfAnOlderReply(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.opened()
	first, second := w.reply(thread, "One"), w.reply(thread, "Two")
	w.provider.WaitTexts(t, "One", "Two")
	w.fate(second, "out")
	w.hook(chat, channelstest.Event{Type: "status", State: "failed", Reason: "Full",
		Message: int64(w.count(`SELECT id FROM messages WHERE place = $1`, first))})
	w.line(thread, bridge.LineFailed)
	w.settled()
	if status := w.text(`SELECT status FROM conversations`); status != "pending" {
		t.Errorf("the conversation is %s", status)
	}
}

// A bounce that names a customer's mail instead of one of ours is shown, not dropped.
func TestBounceOfACustomersMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	first := w.customer(mail, channelstest.Event{From: "kim@x.test", Subject: "One", Text: "first"})
	w.thread("first")
	w.hook(mail, channelstest.Event{Type: "status", State: "failed", Reason: "Mailbox of the forward is full", External: []string{first}})
	w.shown("Mailbox of the forward is full")
}

// Who gets replies is named when a mail changes it.
func TestRecipientsAreNamedWhenTheyChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	first := w.customer(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test"}, Subject: "One", Text: "first"})
	thread := w.thread("first")
	w.customer(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test"}, Text: "second", References: []string{first}})
	w.shown("second")
	w.settled()
	if n := w.lines(thread, bridge.LineRecipients); n != 0 {
		t.Errorf("%d lines though nothing changed", n)
	}
	w.customer(mail, channelstest.Event{From: "lee@x.test", Text: "third", References: []string{first}})
	to, without, _ := strings.Cut(w.line(thread, bridge.LineRecipients).Plain(), "without")
	if !strings.Contains(to, "lee@x.test") || strings.Contains(to, "kim@x.test") || strings.TrimSpace(without) != "kim@x.test" {
		t.Errorf("the line says replies go to %q, without %q", to, without)
	}
}

// A mail with very many new recipients makes one line, not one for each.
func TestManyNewcomers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	first := w.customer(mail, channelstest.Event{From: "kim@x.test", Subject: "One", Text: "first"})
	thread := w.thread("first")
	var many []string
	for i := range 500 {
		many = append(many, "someone"+string(rune('a'+i%26))+string(rune('a'+i/26))+"@elsewhere.test")
	}
	w.customer(mail, channelstest.Event{From: "kim@x.test", Text: "second", References: []string{first}, Cc: many})
	w.shown("second")
	w.line(thread, bridge.LineParticipant)
	w.settled()
	if n := w.lines(thread, bridge.LineParticipant); n > 10 {
		t.Errorf("%d lines", n)
	}
	if n := w.count(`SELECT count(*) FROM quarantine`); n != 0 {
		t.Errorf("%d events in quarantine", n)
	}
}

// After a gap a reply is read again, however far the clocks are apart.
func TestGapUnderAMovedClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.opened()
	w.advance(time.Hour)
	first := w.reply(thread, "One")
	w.fate(first, "waiting")
	looks := w.chat.Calls("message")
	desk := w.engines[0].Desk(w.surface)
	desk.Gap(time.Now())
	desk.Filled()
	w.advance(2 * time.Hour)
	w.provider.WaitTexts(t, "One")
	if n := w.chat.Calls("message") - looks; n != 1 {
		t.Errorf("the message was read %d times again, want 1", n)
	}
}

// What is typed in the thread of before a root was posted anew stays inside, with a
// button (invariant 4).
func TestLeftThread(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.opened()
	w.chat.Mute(true)
	w.chat.Delete(support, thread)
	w.chat.Mute(false)
	w.writes("kim", "Still there?")
	second := w.thread("Still there?")
	w.settled()
	reply := w.reply(thread, "Yes")
	w.fate(reply, "inside")
	line := w.line(second, bridge.LineInside)
	w.settled()
	if n := w.provider.Calls(); n != 0 {
		t.Fatalf("the customer got %q", w.provider.Texts())
	}
	w.chat.Press(t, "ann", line, bridge.VerbSend)
	w.provider.WaitTexts(t, "Yes")
}

// The lane of a message with large files gets leases that are long enough to upload them.
func TestLargeFilesGetTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customer(chat, channelstest.Event{From: "kim", Name: "Kim", Text: "See here", Files: []channelstest.File{
		{Name: "big.bin", Type: "application/octet-stream", Content: make([]byte, 2<<20)}}})
	w.writes("lee", "Hello")
	w.thread("See here")
	w.thread("Hello")
	w.settled()
	longer := w.count(`SELECT (max(lease_seconds) - min(lease_seconds))::int FROM lanes WHERE account_id = $1 AND key LIKE 'c%:say'`, w.surface)
	if longer != 16 {
		t.Errorf("the lease is %d s longer, want 16", longer)
	}
}

// A reply that was deleted while nobody knew whether it left, and is wanted after all,
// is not sent beside the attempt that is looked for.
func TestSendWhileUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{relay: relay.Options{ReconcileAfter: time.Minute, AbsentAgain: 20 * time.Millisecond}})
	thread := w.opened()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropBefore})
	first := w.reply(thread, "One")
	w.stateOf(first, store.Unknown)
	w.chat.Delete(support, first)
	w.fate(first, "undone")
	w.chat.Submit("ann", support, thread, bridgetest.Button{Verb: bridge.VerbSend,
		Args: bridge.Args{Conversation: 1, Message: int64(w.count(`SELECT id FROM messages WHERE place = $1`, first))}}, "")
	w.fate(first, "waiting")
	w.exec(`UPDATE deliveries SET sent_at = sent_at - interval '2 min' WHERE state = 'unknown'`)
	w.exec(`UPDATE lanes SET due_at = parley_now() WHERE due_at IS NOT NULL`)
	w.fate(first, "out")
	w.provider.WaitTexts(t, "One")
	w.settled()
	w.provider.WaitTexts(t, "One")
	if n := w.count(`SELECT count(*) FROM deliveries WHERE kind = 'reply'`); n != 1 {
		t.Errorf("%d deliveries, want 1", n)
	}
}

// What an agent did and can't be dealt with is told in its thread; what can't even be
// read, to the admins, also when they were told of something before.
func TestQuarantineOfAnAgentsMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.opened()
	w.exec(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no room'; END $$`)
	w.exec(`CREATE TRIGGER refuse BEFORE INSERT ON messages FOR EACH ROW WHEN (NEW.text = 'Yes') EXECUTE FUNCTION refuse()`)
	w.reply(thread, "Yes")
	for i := range 4 {
		w.eventually("a failed try", func() bool { return w.count(`SELECT count(*) FROM queues WHERE tries > $1 AND holder IS NULL`, i) > 0 })
		w.dueNow()
	}
	if line := w.line(thread, bridge.LineQuarantine); !strings.Contains(line.Plain(), "parley replay") {
		t.Errorf("the line says %q", line.Plain())
	}
	for i := range 2 {
		must(store.InsertEvents(t.Context(), w.pool, []store.NewEvent{{AccountID: w.surface, ExternalID: fmt.Sprint("bad-", i),
			OrderKey: store.OrderKey(w.surface, "bad"), Payload: []byte("garbage")}}))(t)
		w.eventually("it is given up", func() bool { return w.count(`SELECT count(*) FROM quarantine`) == 2+i })
		w.settled()
	}
	if n := w.count(`SELECT count(*) FROM deliveries AS d JOIN lanes AS l ON l.id = d.lane_id WHERE l.key = 'ch:@ann'`); n != 2 {
		t.Errorf("the admin was told %d times, want 2", n)
	}
}

// A reply does not go to others than it was typed for because a mail came in its hold
// (the check for the wrong customer); one whose author was retired does not leave.
func TestNotForOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	first := w.customer(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test"}, Subject: "One", Text: "first"})
	thread := w.thread("first")
	reply := w.reply(thread, "For Kim")
	w.fate(reply, "waiting")
	w.customer(mail, channelstest.Event{From: "lee@x.test", Text: "second", References: []string{first}})
	w.line(thread, bridge.LineRecipients)
	w.advance(2 * time.Hour)
	w.fate(reply, "failed")
	line := w.line(thread, bridge.LineFailed)
	if !strings.Contains(line.Plain(), "kim@x.test") {
		t.Errorf("the line says %q", line.Plain())
	}
	w.chat.Press(t, "ann", line, bridge.VerbSendAgain)
	if sent := w.provider.WaitTexts(t, "For Kim"); len(sent[0].To) != 1 || sent[0].To[0] != "lee@x.test" {
		t.Errorf("sent to %v", sent[0].To)
	}
	late := w.reply(thread, "Bye")
	w.fate(late, "waiting")
	check(t, store.RetireAgent(t.Context(), w.pool, w.agents["ann"]))
	check(t, w.engines[0].Reload(t.Context()))
	w.advance(2 * time.Hour)
	w.fate(late, "failed")
	w.provider.WaitTexts(t, "For Kim")
}
