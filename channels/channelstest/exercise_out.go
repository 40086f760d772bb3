package channelstest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"parley/channels"
)

// contextFor returns a context that ends before the test does.
func contextFor(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// wantGot checks what the customer got.
func (s Stage) wantGot(t *testing.T, want ...string) {
	t.Helper()
	if got := s.Got(t); !slices.Equal(got, want) {
		t.Errorf("the customer got %q, want %q", got, want)
	}
}

// maxParts is how many parts of a message are sent before the channel is taken to ask for more without end.
const maxParts = 20

// mustSend sends what must succeed, part by part, and returns the receipt of the last part.
func (s Stage) mustSend(t *testing.T, o channels.Outbound) channels.Receipt {
	t.Helper()
	var r channels.Receipt
	for {
		var err error
		r, err = s.Channel.Send(contextFor(t, patience), o)
		if err != nil {
			t.Fatalf("send: %v", err)
		}
		if !r.More {
			break
		}

		o.Attempt.Part++
		if o.Attempt.Part > maxParts {
			t.Fatal("send: there is always more")
		}
	}

	switch r.State {
	case channels.StateAccepted, channels.StateSent, channels.StateDelivered, channels.StateRead:
	default:
		t.Errorf("a successful Send leaves the state %q", r.State)
	}

	if r.ExternalID == "" {
		t.Error("a successful Send has no id")
	}

	return r
}

// exerciseSend: what is sent arrives once each, in order, with ids of their own.
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

// exerciseRefused: what can't be sent fails for good, in words, without an effect.
func exerciseRefused(t *testing.T, h Harness) {
	s := h.New(t)
	for name, change := range h.Refused {
		_, err := s.Channel.Send(contextFor(t, patience), change(s.Outbound(1, "refused")))
		switch class := checkError(t, name, err); class {
		case channels.BadRecipient, channels.BadContent, channels.WindowClosed, channels.OptedOut, channels.AccountBlocked:
		default:
			t.Errorf("%s has the class %s", name, class)
		}
	}
	s.wantGot(t)
}

// checkError checks that an error can be understood and gives its class.
func checkError(t *testing.T, name string, err error) channels.Class {
	t.Helper()
	var se *channels.SendError
	if !errors.As(err, &se) || se.Text == "" {
		t.Errorf("%s: %v is no *SendError with words", name, err)
	}
	return channels.ClassOf(err)
}

// exerciseDeadline: nothing leaves when it is too late, and a silent provider doesn't
// hold Send longer than its context.
func exerciseDeadline(t *testing.T, h Harness) {
	s := h.New(t)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	_, err := s.Channel.Send(ctx, s.Outbound(1, "too late"))
	if class := checkError(t, "too late", err); class != channels.Retry {
		t.Errorf("what never left has the class %s", class)
	}

	s.wantGot(t)
	s.Hang(t)
	const short = 300 * time.Millisecond // less than a channel's own limit of waiting
	began := time.Now()
	_, err = s.Channel.Send(contextFor(t, short), s.Outbound(2, "no answer"))
	if err == nil || time.Since(began) > patience/2 {
		t.Errorf("a silent provider: %v after %s", err, time.Since(began))
	}

	switch class := checkError(t, "no answer", err); class {
	case channels.Ambiguous, channels.Retry:
	default:
		t.Errorf("a silent provider has the class %s", class)
	}
}

// exerciseNeverSent: what was never sent has not landed, however often one asks.
func exerciseNeverSent(t *testing.T, h Harness) {
	s := h.New(t)
	s.mustSend(t, s.Outbound(1, "another one"))
	const questions = 3
	for range questions {
		outcome, _, _ := s.Channel.Reconcile(contextFor(t, patience), s.Outbound(2, "never sent")) // an error counts as CannotTell
		if outcome == channels.Landed {
			t.Error("what was never sent has landed")
		}
	}
	s.wantGot(t, "another one")
}

// exerciseFailure: a failure has its class; whoever then follows the rules of the engine
// (repeat what is certain, ask about what is not) has the customer get it exactly once.
func exerciseFailure(t *testing.T, h Harness, f Failure) {
	s := h.New(t)
	s.mustSend(t, s.Outbound(1, "before"))
	s.Fail(t, f.Name)
	o, began := s.Outbound(2, "the message"), time.Now()
	_, err := s.Channel.Send(contextFor(t, patience), o)
	if class := checkError(t, f.Name, err); class != f.Class {
		t.Fatalf("class %s, want %s: %v", class, f.Class, err)
	}

	var se *channels.SendError
	isSendError := errors.As(err, &se) // checkError has complained if it is none
	if isSendError && se.Class == channels.Throttled && se.Wait <= 0 {
		t.Error("throttled without a time")
	}

	want := []string{"before"}
	if f.Effect {
		want = append(want, "the message")
	}

	s.wantGot(t, want...)
	o.Attempt.Number, o.Attempt.FirstAt = 2, began
	mayRepeat := f.Class == channels.Retry || f.Class == channels.Throttled
	if f.Class == channels.Ambiguous {
		s.wantReconciled(t, o, f.Outcome)
		mayRepeat = f.Outcome == channels.Absent
	}
	if !mayRepeat {
		return
	}

	s.mustSend(t, o)
	s.wantGot(t, "before", "the message")
	if outcome, _, err := s.Channel.Reconcile(contextFor(t, patience), o); outcome == channels.Absent {
		t.Errorf("after it was sent it is absent: %v", err)
	}
}

// wantReconciled checks what the channel says of an attempt whose answer was lost. It asks twice: the second question must
// have the same answer.
func (s Stage) wantReconciled(t *testing.T, o channels.Outbound, want channels.Outcome) {
	t.Helper()
	for range 2 {
		outcome, r, err := s.Channel.Reconcile(contextFor(t, patience), o)
		if outcome != want {
			t.Fatalf("reconciled: %v, %v, want %v", outcome, err, want)
		}
		isReceipt := r.ExternalID != "" && r.State != ""
		if outcome == channels.Landed && !isReceipt {
			t.Errorf("landed with the receipt %+v", r)
		}
	}
}
