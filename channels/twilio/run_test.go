package twilio

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
)

// Edge case 27: a lost callback is polled, then arrives late; both are one fact.
func TestEdge27LostCallback(t *testing.T) {
	t.Parallel()
	for _, by := range []medium{viaWhatsApp, viaSMS} {
		w := newWorld(t, by)
		w.startRun()
		w.wait("the watermark is set", func() bool { b, _ := w.Load(t.Context()); return b != nil })
		w.fake.SetLost(true)
		var sids []string
		for i := range 3 {
			sids = append(sids, w.annWrites(fmt.Sprint("lost ", i)))
		}
		sids = append(sids, w.annSends(twiliofake.Message{Media: pngMedia("png!")}))
		w.wait("the list brought them", func() bool { return len(w.distinct()) == len(sids) })
		w.fake.SetLost(false)
		for _, sid := range sids {
			if err := w.fake.Redeliver(sid); err != nil {
				t.Fatal(err)
			}
		}
		in := w.takeMessages(len(sids))
		wantEqual(t, "first text", in[0].Text, "lost 0")
		wantEqual(t, "third text", in[2].Text, "lost 2")
		wantEqual(t, "customer", in[0].From.Key, annPhone)
		wantEqual(t, "the message has no time", in[0].At.IsZero(), false)
		if len(in[3].Attachments) != 1 {
			t.Fatalf("the picture came with %d files, want 1", len(in[3].Attachments))
		}
		wantEqual(t, "the picture's content", w.fetchAll(in[3].Attachments[0].Ref), "png!")
		wantEqual(t, "external id", w.distinct()[0].ExternalID, sids[0])
		wantEqual(t, "order key", w.distinct()[0].OrderKey, annPhone)
		w.wantNoAnswers()
	}
}

// All callbacks are lost for an hour, statuses too: the list tells all of it, after a
// restart as well. Nothing that was there before the account is brought.
func TestLostForAnHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	w.fake.SetLost(true)
	w.annWrites("long ago")
	w.clock.move(2 * time.Hour)
	w.poll(w.loadMemory())
	wantEqual(t, "facts of the time before the account", len(w.accepted()), 0)
	const lost, apart = 30, 2 * time.Minute
	for i := range lost {
		w.annWrites(fmt.Sprint("lost ", i))
		w.clock.move(apart)
	}
	r := w.mustSend(w.outbound(1, "answer"))
	w.waitSettled()
	w.clock.move(time.Minute)
	m := w.loadMemory() // a restart
	w.fake.AddFault(twiliofake.Fault{Route: "GET /Messages.json", Kind: twiliofake.FaultErrorBefore})
	if _, err := w.base.pollOnce(t.Context(), m); err == nil {
		t.Error("a look at a list that fails succeeded, want an error")
	}
	w.poll(m)
	in := w.takeMessages(lost)
	wantEqual(t, "first text", in[0].Text, "lost 0")
	wantEqual(t, "last text", in[lost-1].Text, fmt.Sprint("lost ", lost-1))
	s := w.decoded(channels.InboundStatus)
	if len(s) != 1 {
		t.Fatalf("got %d statuses, want 1: %+v", len(s), s)
	}
	wantEqual(t, "state of the answer", s[0].Status.State, channels.StateDelivered)
	wantEqual(t, "external id of the answer", s[0].Status.External[0], r.ExternalID)
}

// More than fits into memory is taken in several goes, oldest first, and all of it.
func TestMoreThanMemory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaSMS)
	w.base.maxKept = 3
	m := w.loadMemory()
	w.fake.SetLost(true)
	const lost = 20
	for i := range lost {
		w.clock.move(time.Minute)
		w.annWrites(fmt.Sprint("lost ", i))
	}
	w.clock.move(time.Minute)
	rounds := 1
	for ; w.poll(m); rounds++ {
		if rounds > lost {
			t.Fatalf("more is to be taken after %d rounds", rounds)
		}
	}
	if rounds < 2 {
		t.Errorf("all was taken in %d round, want several", rounds)
	}
	in := w.takeMessages(lost)
	wantEqual(t, "first text", in[0].Text, "lost 0")
	wantEqual(t, "last text", in[lost-1].Text, fmt.Sprint("lost ", lost-1))
}

// What can't be stored is looked at again: the watermark stays.
func TestWatermark(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaSMS)
	m := w.loadMemory()
	w.fake.SetLost(true)
	w.annWrites("x")
	w.clock.move(time.Minute)
	before := m.Since
	w.refuse = channels.ErrOverloaded
	if _, err := w.base.pollOnce(t.Context(), m); !errors.Is(err, channels.ErrOverloaded) {
		t.Errorf("a look whose facts are refused: got %v, want %v", err, channels.ErrOverloaded)
	}
	if !m.Since.Equal(before) {
		t.Errorf("the watermark moved to %v without the message, want %v", m.Since, before)
	}
	w.refuse = nil
	w.poll(m)
	wantEqual(t, "facts after the second look", len(w.accepted()), 1)
	if !m.Since.After(before) {
		t.Errorf("the watermark stayed at %v, though the message is stored", m.Since)
	}
	w.poll(m)
	wantEqual(t, "facts after the third look", len(w.distinct()), 1)
}

// A message is not taken from the list before its callback had time to come.
func TestSettle(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	w.base.opts.Settle = time.Minute
	m := w.loadMemory()
	w.fake.SetLost(true)
	w.annWrites("x")
	w.poll(m)
	wantEqual(t, "facts at once", len(w.accepted()), 0)
	w.clock.move(2 * w.base.opts.Settle)
	w.poll(m)
	wantEqual(t, "facts after twice the time", len(w.accepted()), 1)
}

// A broken token is told with a hint, and so is that it works again.
func TestConditions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaSMS)
	w.fake.AddFault(twiliofake.Fault{Route: "GET /Messages.json", Kind: twiliofake.FaultCode, Code: 20003, Status: 401})
	w.startRun()
	told := func() []channels.Condition {
		w.mu.Lock()
		defer w.mu.Unlock()
		return slices.Clone(w.conditions)
	}
	w.wait("it works again", func() bool { c := told(); return len(c) > 0 && c[len(c)-1].Status == channels.Active })
	first := told()[0]
	wantEqual(t, "first condition", first.Status, channels.Broken)
	if first.Hint == "" {
		t.Errorf("the broken token is told without a hint: %+v", first)
	}
}

// Edge cases 1 to 3 are the engine's; the channel's part: a status before the answer names
// our message, skipped and doubled ones are facts of their own, once each.
func TestEdge1to3Statuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp, func(o *twiliofake.Options, _ channels.Config) { o.HoldCallbacks = true })
	w.annWrites("hi")
	answer := make(chan struct{})
	w.fake.AddFault(twiliofake.Fault{Route: "POST /Messages", Kind: twiliofake.FaultLate, Until: answer})
	got := make(chan channels.Receipt, 1)
	go func() {
		r, err := w.send(w.outbound(77, "x"))
		if err != nil {
			t.Error(err)
		}
		got <- r
	}()
	w.wait("Twilio has it", func() bool { return len(w.fake.Messages()) == 2 })
	sid := w.fake.Messages()[1].SID
	for _, status := range []string{"read", "read", "sent", "failed"} {
		wantEqual(t, "answer to the callback of "+status, w.fake.Callback(sid, status), http.StatusNoContent)
	}
	s := w.waitStatuses(3) // the second "read" is the first one again
	wantEqual(t, "first state", s[0].Status.State, channels.StateRead)
	wantEqual(t, "its message", s[0].Status.MessageID, 77)
	wantEqual(t, "last state", s[2].Status.State, channels.StateFailed)
	close(answer)
	wantEqual(t, "external id of the late answer", (<-got).ExternalID, sid)
}

// Edge case 7: a timeout after Twilio took it is resolved by the token of its callback.
func TestEdge7TokenResolves(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaSMS)
	w.fake.AddFault(twiliofake.Fault{Route: "POST /Messages", Kind: twiliofake.FaultDropAfter})
	w.wantSendFails("an answer that is lost", w.outbound(5, "x"), channels.Ambiguous)
	last := w.waitStatuses(2)[1].Status // sent, delivered
	wantEqual(t, "the callback's message", last.MessageID, 5)
	wantEqual(t, "the callback's state", last.State, channels.StateDelivered)
}

// Edge case 8: a timeout without a token's callback is put to the list, which says what it
// can, and no more.
func TestEdge8NoToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp, func(o *twiliofake.Options, _ channels.Config) { o.HoldCallbacks = true })
	w.annWrites("hi")
	wantOutcome := func(what string, o channels.Outbound, want channels.Outcome) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		outcome, _, _ := w.channel.Reconcile(ctx, o)
		wantEqual(t, what, outcome, want)
	}
	restart := func() { w.base.sent = newSentMessages() } // or another process takes over
	began := w.clock.now()
	lost := func(id int64, text string) channels.Outbound {
		o := w.outbound(id, text)
		o.Attempt.FirstAt, o.Attempt.Number = began, 2
		return o
	}
	loseAnswer := func(o channels.Outbound) {
		t.Helper()
		w.fake.AddFault(twiliofake.Fault{Route: "POST /Messages", Kind: twiliofake.FaultDropAfter})
		w.wantSendFails("an answer that is lost", o, channels.Ambiguous)
	}
	const words = "another delivery, the same words"
	wantOutcome("nothing was sent", lost(1, "x"), channels.Absent)
	w.mustSend(w.outbound(2, words))
	wantOutcome("another delivery's message", lost(1, words), channels.Absent)
	restart()
	wantOutcome("a message of nobody", lost(1, "x"), channels.CannotTell)
	wantOutcome("the same words", lost(1, words), channels.Landed)
	w.mustSend(w.outbound(3, words))
	restart()
	wantOutcome("twice the same words", lost(1, words), channels.CannotTell)

	early := lost(4, "the same words, shortly before")
	w.mustSend(w.outbound(5, early.Text))
	restart()
	w.clock.move(2 * time.Second)
	early.Attempt.FirstAt = w.clock.now()
	wantOutcome("the same words before the first attempt", early, channels.CannotTell)
	loseAnswer(early)
	wantOutcome("the same words before and since", early, channels.Landed)

	ahead := lost(6, "by a clock that is ahead")
	loseAnswer(ahead)
	ahead.Attempt.FirstAt = w.clock.now().Add(10 * time.Second)
	wantOutcome("a message that left while our database's clock was ahead", ahead, channels.CannotTell)

	w.fake.AddFault(twiliofake.Fault{Route: "GET /Messages", Kind: twiliofake.FaultTruncate})
	wantOutcome("half a list", lost(1, "y"), channels.CannotTell)
	old := lost(1, "z")
	old.Attempt.FirstAt = w.clock.now().Add(time.Hour)
	wantOutcome("nothing since the first attempt", old, channels.Absent)
}
