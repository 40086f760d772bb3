package channelstest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"parley/channels"
)

// This part of the suite checks what a channel sends to customers, and what it makes of failures. The classes of
// errors are important: by them the engine decides whether it may send a message again without the risk that the
// customer gets it twice.

// contextFor returns a context that ends after d, at the latest with the test.
func contextFor(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// wantGot checks that the customer got exactly these texts, in this order.
func (s Stage) wantGot(t *testing.T, want ...string) {
	t.Helper()
	if got := s.Got(t); !slices.Equal(got, want) {
		t.Errorf("the customer got %q, want %q", got, want)
	}
}

// maxParts is the number of parts of one message after which a test gives up: the channel would say for ever that
// there is more.
const maxParts = 20

// mustSend sends a message part by part, checks the receipt of the last part, and returns it.
func (s Stage) mustSend(t *testing.T, o channels.Outbound) channels.Receipt {
	t.Helper()
	r := s.sendAllParts(t, o)
	states := []channels.DeliveryState{channels.StateAccepted, channels.StateSent, channels.StateDelivered, channels.StateRead}
	if !slices.Contains(states, r.State) {
		t.Errorf("Send succeeded with the state %q", r.State)
	}
	if r.ExternalID == "" {
		t.Error("Send succeeded without an external id")
	}
	return r
}

func (s Stage) sendAllParts(t *testing.T, o channels.Outbound) channels.Receipt {
	t.Helper()
	for ; o.Attempt.Part <= maxParts; o.Attempt.Part++ {
		r, err := s.Channel.Send(contextFor(t, patience), o)
		if err != nil {
			t.Fatalf("send: %v", err)
		}
		if !r.More {
			return r
		}
	}
	t.Fatal("send: there is always more")
	return channels.Receipt{}
}

// exerciseSend checks that messages arrive once each, in order, and have different external ids.
func exerciseSend(t *testing.T, h Harness) {
	s := h.New(t)
	texts := []string{"first answer", "second answer with *stars* & <tags>", "third answer"}
	ids := map[string]bool{}
	for i, text := range texts {
		ids[s.mustSend(t, s.Outbound(int64(i+1), text)).ExternalID] = true
	}
	if len(ids) != len(texts) {
		t.Errorf("%d messages have %d ids", len(texts), len(ids))
	}
	s.wantGot(t, texts...)
}

// exerciseRefused checks messages that the provider refuses for good: the error has a class that says so and words
// for people, and the message doesn't reach the customer.
func exerciseRefused(t *testing.T, h Harness) {
	s := h.New(t)
	for name, change := range h.Refused {
		o := s.Outbound(1, "refused")
		change(&o)
		_, err := s.Channel.Send(contextFor(t, patience), o)
		wantClass(t, name, err, channels.BadRecipient, channels.BadContent, channels.WindowClosed, channels.OptedOut, channels.AccountBlocked)
	}
	s.wantGot(t)
}

// wantClass checks that an error is a *SendError with words for people, and has one of these classes.
func wantClass(t *testing.T, name string, err error, classes ...channels.Class) {
	t.Helper()
	if se := mustBeSendError(t, name, err); !slices.Contains(classes, se.Class) {
		t.Errorf("%s has the class %s, want one of %s: %v", name, se.Class, classes, err)
	}
}

// mustBeSendError returns an error as the *SendError with words for people that it must be.
func mustBeSendError(t *testing.T, name string, err error) *channels.SendError {
	t.Helper()
	var se *channels.SendError
	if !errors.As(err, &se) || se.Text == "" {
		t.Fatalf("%s: %v is no *SendError with words", name, err)
	}
	return se
}

// exerciseEndedContext checks that nothing leaves if the context has ended.
func exerciseEndedContext(t *testing.T, h Harness) {
	s := h.New(t)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	_, err := s.Channel.Send(ctx, s.Outbound(1, "too late"))
	wantClass(t, "what never left", err, channels.Retry)
	s.wantGot(t)
}

// exerciseSilentProvider checks that Send returns when its context ends, even if the provider doesn't answer.
func exerciseSilentProvider(t *testing.T, h Harness) {
	s := h.New(t)
	s.Hang(t)
	const short = 300 * time.Millisecond // less than a channel's own limit of waiting
	const muchLater = patience / 2       // far more than short, also on a slow machine
	began := time.Now()
	_, err := s.Channel.Send(contextFor(t, short), s.Outbound(1, "no answer"))
	if err == nil || time.Since(began) > muchLater {
		t.Errorf("a silent provider: %v after %s", err, time.Since(began))
	}
	wantClass(t, "a silent provider", err, channels.Ambiguous, channels.Retry)
}

// exerciseNeverSent checks that Reconcile doesn't find a message that was not sent.
func exerciseNeverSent(t *testing.T, h Harness) {
	s := h.New(t)
	s.mustSend(t, s.Outbound(1, "another one"))
	const questions = 3
	for range questions {
		// An error means that it can't be told: only Landed is wrong.
		outcome, _, _ := s.Channel.Reconcile(contextFor(t, patience), s.Outbound(2, "never sent"))
		if outcome == channels.Landed {
			t.Error("what was never sent has landed")
		}
	}
	s.wantGot(t, "another one")
}

// exerciseFailure: a failure has the class that the harness states. If the message is then treated as the engine
// treats it (sent again if it surely failed, reconciled if nobody knows), the customer gets it exactly once.
func exerciseFailure(t *testing.T, h Harness, f Failure) {
	s := h.New(t)
	s.mustSend(t, s.Outbound(1, "before"))
	s.Fail(t, f.Name)
	o, began := s.Outbound(2, "the message"), time.Now()
	_, err := s.Channel.Send(contextFor(t, patience), o)
	se := mustBeSendError(t, f.Name, err)
	if se.Class != f.Class {
		t.Fatalf("class %s, want %s: %v", se.Class, f.Class, err)
	}
	if se.Class == channels.Throttled && se.Wait <= 0 {
		t.Error("Throttled, and Wait doesn't say how long")
	}

	want := []string{"before"}
	if f.Effect {
		want = append(want, "the message")
	}
	s.wantGot(t, want...)

	o.Attempt.Number, o.Attempt.FirstAt = 2, began // the second attempt
	if f.Class == channels.Ambiguous {
		s.wantReconciled(t, o, f.Outcome)
	}
	if !f.mayRepeat() {
		return
	}

	s.mustSend(t, o)
	s.wantGot(t, "before", "the message")
	if outcome, _, err := s.Channel.Reconcile(contextFor(t, patience), o); outcome == channels.Absent {
		t.Errorf("Reconcile says Absent of a message that was sent: %v", err)
	}
}

// mayRepeat reports whether the engine sends a message again after this failure.
func (f Failure) mayRepeat() bool {
	switch f.Class {
	case channels.Retry, channels.Throttled:
		return true
	case channels.Ambiguous:
		return f.Outcome == channels.Absent
	}
	return false
}

// wantReconciled checks what the channel says of an attempt whose answer was lost. It asks twice: the second question
// must have the same answer.
func (s Stage) wantReconciled(t *testing.T, o channels.Outbound, want channels.Outcome) {
	t.Helper()
	for range 2 {
		outcome, r, err := s.Channel.Reconcile(contextFor(t, patience), o)
		if outcome != want {
			t.Fatalf("reconciled: %v, %v, want %v", outcome, err, want)
		}
		isComplete := r.ExternalID != "" && r.State != ""
		if outcome == channels.Landed && !isComplete {
			t.Errorf("landed with the receipt %+v", r)
		}
	}
}
