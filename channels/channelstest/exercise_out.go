package channelstest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"parley/channels"
)

// This part of the suite checks what a channel sends to customers, and how it reports failures. The class of
// an error is important: it tells the engine whether it may send a message again without the risk that the
// customer gets it twice.

// contextFor returns a context that ends after d, or with the test if that is earlier.
func contextFor(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// wantGot checks that the customer received exactly these texts, in this order.
func (s Stage) wantGot(t *testing.T, want ...string) {
	t.Helper()
	if got := s.Got(t); !slices.Equal(got, want) {
		t.Errorf("the customer got %q, want %q", got, want)
	}
}

// maxParts is how many parts of one message mustSend sends before it gives up, in case the channel always
// reports More.
const maxParts = 20

// mustSend sends all parts of a message, and checks and returns the receipt of the last one.
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

// exerciseSend checks that messages arrive in order, once each, and with different external ids.
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

// exerciseRefused checks messages that the provider refuses permanently: the error has a class that says so
// and a text for people, and the message doesn't reach the customer.
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

// wantClass checks that an error is a *SendError with a text for people and one of these classes.
func wantClass(t *testing.T, name string, err error, classes ...channels.Class) {
	t.Helper()
	if se := mustBeSendError(t, name, err); !slices.Contains(classes, se.Class) {
		t.Errorf("%s has the class %s, want one of %s: %v", name, se.Class, classes, err)
	}
}

// mustBeSendError returns err as a *SendError, and fails the test if it isn't one or has no text for people.
func mustBeSendError(t *testing.T, name string, err error) *channels.SendError {
	t.Helper()
	var se *channels.SendError
	if !errors.As(err, &se) || se.Text == "" {
		t.Fatalf("%s: %v is no *SendError with words", name, err)
	}
	return se
}

// exerciseEndedContext checks that nothing is sent after the context has ended.
func exerciseEndedContext(t *testing.T, h Harness) {
	s := h.New(t)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	_, err := s.Channel.Send(ctx, s.Outbound(1, "too late"))
	wantClass(t, "what never left", err, channels.Retry)
	s.wantGot(t)
}

// exerciseSilentProvider checks that Send returns when its context ends, even if the provider doesn't respond.
func exerciseSilentProvider(t *testing.T, h Harness) {
	s := h.New(t)
	s.Hang(t)
	const short = 300 * time.Millisecond // shorter than any timeout of a channel's own
	const muchLater = patience / 2       // much longer than short, even on a slow machine
	began := time.Now()
	_, err := s.Channel.Send(contextFor(t, short), s.Outbound(1, "no answer"))
	if err == nil || time.Since(began) > muchLater {
		t.Errorf("a silent provider: %v after %s", err, time.Since(began))
	}
	wantClass(t, "a silent provider", err, channels.Ambiguous, channels.Retry)
}

// exerciseNeverSent checks that Reconcile doesn't find a message that was never sent.
func exerciseNeverSent(t *testing.T, h Harness) {
	s := h.New(t)
	s.mustSend(t, s.Outbound(1, "another one"))
	const lookups = 3
	for range lookups {
		// An error, or any outcome but Landed, is acceptable.
		outcome, _, _ := s.Channel.Reconcile(contextFor(t, patience), s.Outbound(2, "never sent"))
		if outcome == channels.Landed {
			t.Error("what was never sent has landed")
		}
	}
	s.wantGot(t, "another one")
}

// exerciseFailure checks that a failure is reported with the class that the harness states. It then does what
// the engine would do: it sends the message again if that failed for certain, and reconciles it first if the
// result is unknown. The customer must get the message exactly once.
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

// mayRepeat reports whether the engine would send a message again after this failure.
func (f Failure) mayRepeat() bool {
	switch f.Class {
	case channels.Retry, channels.Throttled:
		return true
	case channels.Ambiguous:
		return f.Outcome == channels.Absent
	}
	return false
}

// wantReconciled checks what Reconcile reports about an attempt whose response was lost. It asks twice and
// expects the same outcome.
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
