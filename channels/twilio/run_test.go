package twilio

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
)

// Edge case 27: a lost callback is polled, then arrives late; both are one fact.
func TestEdge27LostCallback(t *testing.T) {
	t.Parallel()
	for _, whatsapp := range []bool{true, false} {
		w := newWorld(t, whatsapp)
		w.run()
		w.wait("the watermark is set", func() bool { b, _ := w.Load(t.Context()); return b != nil })
		w.fake.SetLost(true)
		var sids []string
		for i := range 3 {
			sid, err := w.ann.Send(twiliofake.Message{Text: fmt.Sprint("lost ", i)})
			if err != nil {
				t.Fatal(err)
			}
			sids = append(sids, sid)
		}
		picture, err := w.ann.Send(twiliofake.Message{Media: []twiliofake.Media{{ContentType: "image/png", Content: []byte("png!")}}})
		if err != nil {
			t.Fatal(err)
		}
		w.wait("the list brought them", func() bool { return len(w.distinct()) == 4 })
		w.fake.SetLost(false)
		for _, sid := range append(slices.Clone(sids), picture) {
			if err := w.fake.Redeliver(sid); err != nil {
				t.Fatal(err)
			}
		}
		in := w.decoded(channels.InboundMessage)
		if len(in) != 4 || in[0].Text != "lost 0" || in[2].Text != "lost 2" || in[0].From.Key != annPhone || in[0].At.IsZero() || len(in[3].Attachments) != 1 {
			t.Fatalf("%+v", in)
		}
		if got := fetched1(t, w, in[3].Attachments[0].Ref); got != "png!" {
			t.Errorf("the file is %q", got)
		}
		if facts := w.distinct(); facts[0].ExternalID != sids[0] || facts[0].OrderKey != annPhone {
			t.Errorf("%+v", facts[0])
		}
		w.quiet()
	}
}

// All callbacks are lost for an hour, statuses too: the list tells all of it, after a
// restart as well. Nothing that was there before the account is brought.
func TestLostForAnHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	w.fake.SetLost(true)
	if _, err := w.ann.Send(twiliofake.Message{Text: "long ago"}); err != nil {
		t.Fatal(err)
	}
	w.clock.move(2 * time.Hour)
	m, err := w.base.loadMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.base.pollOnce(t.Context(), &m); err != nil || len(w.accepted()) != 0 {
		t.Fatalf("%v, %d facts", err, len(w.accepted()))
	}
	for i := range 30 {
		if _, err := w.ann.Send(twiliofake.Message{Text: fmt.Sprint("lost ", i)}); err != nil {
			t.Fatal(err)
		}
		w.clock.move(2 * time.Minute)
	}
	r := w.sent(w.outbound(1, "answer"))
	w.settled()
	w.clock.move(time.Minute)
	if m, err = w.base.loadMemory(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.fake.AddFault(twiliofake.Fault{Route: "GET /Messages.json", Kind: twiliofake.FaultErrorBefore})
	if _, err := w.base.pollOnce(t.Context(), &m); err == nil {
		t.Error("a failed look is no look")
	}
	if _, err := w.base.pollOnce(t.Context(), &m); err != nil {
		t.Fatal(err)
	}
	in := w.decoded(channels.InboundMessage)
	if len(in) != 30 || in[0].Text != "lost 0" || in[29].Text != "lost 29" {
		t.Errorf("%d messages: %+v", len(in), in)
	}
	s := w.decoded(channels.InboundStatus)
	if len(s) != 1 || s[0].Status.State != channels.StateDelivered || s[0].Status.External[0] != r.ExternalID {
		t.Errorf("%+v", s)
	}
}

// More than fits into memory is taken in several goes, oldest first, and all of it.
func TestMoreThanMemory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	w.base.maxKept = 3
	m, err := w.base.loadMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.fake.SetLost(true)
	for i := range 20 {
		w.clock.move(time.Minute)
		if _, err := w.ann.Send(twiliofake.Message{Text: fmt.Sprint("lost ", i)}); err != nil {
			t.Fatal(err)
		}
	}
	w.clock.move(time.Minute)
	rounds := 0
	for again := true; again; rounds++ {
		if again, err = w.base.pollOnce(t.Context(), &m); err != nil || rounds > 20 {
			t.Fatalf("%v after %d rounds", err, rounds)
		}
	}
	in := w.decoded(channels.InboundMessage)
	if len(in) != 20 || in[0].Text != "lost 0" || in[19].Text != "lost 19" || rounds < 2 {
		t.Errorf("%d messages in %d rounds", len(in), rounds)
	}
}

// What can't be stored is looked at again: the watermark stays.
func TestWatermark(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	m, err := w.base.loadMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.fake.SetLost(true)
	if _, err := w.ann.Send(twiliofake.Message{Text: "x"}); err != nil {
		t.Fatal(err)
	}
	w.clock.move(time.Minute)
	before := m.Since
	w.refuse = channels.ErrOverloaded
	if _, err := w.base.pollOnce(t.Context(), &m); !errors.Is(err, channels.ErrOverloaded) || !m.Since.Equal(before) {
		t.Errorf("%v, %v", err, m.Since)
	}
	w.refuse = nil
	if _, err := w.base.pollOnce(t.Context(), &m); err != nil || len(w.accepted()) != 1 || !m.Since.After(before) {
		t.Errorf("%v, %v", err, m.Since)
	}
	if _, err := w.base.pollOnce(t.Context(), &m); err != nil || len(w.distinct()) != 1 {
		t.Errorf("%v", err)
	}
}

// A message is not taken from the list before its callback had time to come.
func TestSettle(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	w.base.opts.Settle = time.Minute
	m, err := w.base.loadMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.fake.SetLost(true)
	if _, err := w.ann.Send(twiliofake.Message{Text: "x"}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{0, 1} {
		if _, err := w.base.pollOnce(t.Context(), &m); err != nil || len(w.accepted()) != want {
			t.Errorf("%v, %d facts, want %d", err, len(w.accepted()), want)
		}
		w.clock.move(2 * time.Minute)
	}
}

// A broken token is told once and healed; what is missing is said.
func TestConditions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	w.fake.AddFault(twiliofake.Fault{Route: "GET /Messages.json", Kind: twiliofake.FaultCode, Code: 20003, Status: 401})
	w.run()
	last := func() channels.Condition {
		w.mu.Lock()
		defer w.mu.Unlock()
		if len(w.conditions) == 0 {
			return channels.Condition{}
		}
		return w.conditions[len(w.conditions)-1]
	}
	w.wait("it works again", func() bool { return last().Status == channels.Active })
	w.mu.Lock()
	first := w.conditions[0]
	w.mu.Unlock()
	if first.Status != channels.Broken || first.Hint == "" {
		t.Errorf("%+v", first)
	}
}

// Edge cases 1 to 3 are the engine's; the channel's part: a status before the answer names
// our message, skipped and doubled ones are facts of their own, once each.
func TestEdge1to3Statuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true, func(o *twiliofake.Options, _ channels.Config) { o.HoldCallbacks = true })
	w.write("hi")
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
		if code := w.fake.Callback(sid, status); code != 204 {
			t.Errorf("%s: %d", status, code)
		}
	}
	s := w.decoded(channels.InboundStatus)
	if len(s) != 3 || s[0].Status.State != channels.StateRead || s[0].Status.MessageID != 77 || s[2].Status.State != channels.StateFailed {
		t.Errorf("%+v", s)
	}
	close(answer)
	if r := <-got; r.ExternalID != sid {
		t.Errorf("%+v", r)
	}
}

// Edge case 7: a timeout after Twilio took it is resolved by the token of its callback.
func TestEdge7TokenResolves(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	w.fake.AddFault(twiliofake.Fault{Route: "POST /Messages", Kind: twiliofake.FaultDropAfter})
	_, err := w.send(w.outbound(5, "x"))
	if classOf(t, err).Class != channels.Ambiguous {
		t.Fatal(err)
	}
	w.wait("its callback names it", func() bool {
		s := w.decoded(channels.InboundStatus)
		return len(s) == 2 && s[1].Status.MessageID == 5 && s[1].Status.State == channels.StateDelivered
	})
}

// Edge case 8: a timeout without a token's callback is put to the list, which says what it
// can, and no more.
func TestEdge8NoToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true, func(o *twiliofake.Options, _ channels.Config) { o.HoldCallbacks = true })
	w.write("hi")
	reconcile := func(o channels.Outbound) channels.Outcome {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		outcome, _, _ := w.channel.Reconcile(ctx, o)
		return outcome
	}
	began := w.clock.now()
	lost := func(id int64, text string) channels.Outbound {
		o := w.outbound(id, text)
		o.Attempt.FirstAt, o.Attempt.Number = began, 2
		return o
	}
	if got := reconcile(lost(1, "x")); got != channels.Absent {
		t.Errorf("nothing was sent: %v", got)
	}
	w.sent(w.outbound(2, "another delivery, the same words"))
	if got := reconcile(lost(1, "another delivery, the same words")); got != channels.Absent {
		t.Errorf("another delivery's message: %v", got)
	}
	w.base.sent = newSentMessages() // another process sent it, or we did before a restart
	if got := reconcile(lost(1, "x")); got != channels.CannotTell {
		t.Errorf("a message of nobody: %v", got)
	}
	if got := reconcile(lost(1, "another delivery, the same words")); got != channels.Landed {
		t.Errorf("the same words: %v", got)
	}
	w.sent(w.outbound(3, "another delivery, the same words"))
	w.base.sent = newSentMessages()
	if got := reconcile(lost(1, "another delivery, the same words")); got != channels.CannotTell {
		t.Errorf("twice the same words: %v", got)
	}
	early := lost(4, "the same words, shortly before")
	w.sent(w.outbound(5, early.Text)) // by another process
	w.base.sent = newSentMessages()
	w.clock.move(2 * time.Second)
	early.Attempt.FirstAt = w.clock.now()
	if got := reconcile(early); got != channels.CannotTell {
		t.Errorf("the same words before the first attempt: %v", got)
	}
	w.fake.AddFault(twiliofake.Fault{Route: "POST /Messages", Kind: twiliofake.FaultDropAfter})
	if _, err := w.send(early); classOf(t, err).Class != channels.Ambiguous {
		t.Error(err)
	}
	if got := reconcile(early); got != channels.Landed {
		t.Errorf("the same words before and since: %v", got)
	}
	ahead := lost(6, "by a clock that is ahead")
	w.fake.AddFault(twiliofake.Fault{Route: "POST /Messages", Kind: twiliofake.FaultDropAfter})
	if _, err := w.send(ahead); classOf(t, err).Class != channels.Ambiguous {
		t.Error(err)
	}
	ahead.Attempt.FirstAt = w.clock.now().Add(10 * time.Second)
	if got := reconcile(ahead); got != channels.CannotTell {
		t.Errorf("a message that left, while our database's clock was ahead: %v", got)
	}
	w.fake.AddFault(twiliofake.Fault{Route: "GET /Messages", Kind: twiliofake.FaultTruncate})
	if got := reconcile(lost(1, "y")); got != channels.CannotTell {
		t.Errorf("half a list: %v", got)
	}
	old := lost(1, "z")
	old.Attempt.FirstAt = w.clock.now().Add(time.Hour) // nothing since
	if got := reconcile(old); got != channels.Absent {
		t.Errorf("nothing since: %v", got)
	}
}
