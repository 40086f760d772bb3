package relay_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
	"parley/store/dispatch"
)

// wantOutcome checks what became of a delivery that is the only one: its state, its attempts and its only report, which is applied.
func (h *harness) wantOutcome(id store.DeliveryID, state string, attempts int, kind relay.ReportKind) {
	h.t.Helper()
	h.waitState(id, state)
	h.waitLaneDone(id)
	h.wantAttemptsAt(id, attempts)
	made := report{Delivery: id, Kind: kind}
	h.wantReports(made)
	h.waitAppliedNames(made.factName())
}

func TestPassingFailureIsTriedAgain(t *testing.T) {
	t.Parallel()
	for _, class := range []channels.Class{channels.Retry, channels.Throttled} {
		t.Run(string(class), func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			h.send = failFirst(class)
			reply := h.addReply()
			h.start()
			h.wantOutcome(reply, store.Accepted, 2, relay.ReportLanded)
		})
	}
}

func TestPermanentFailureIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	classes := []channels.Class{
		channels.WindowClosed,
		channels.BadRecipient,
		channels.BadContent,
		channels.AccountBlocked,
		channels.OptedOut,
	}
	for _, class := range classes {
		t.Run(string(class), func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			h.send = failFirst(class)
			reply := h.addReply()
			h.start()
			h.wantOutcome(reply, store.Failed, 1, relay.ReportFailed)
		})
	}
}

// Broken credentials hold the whole gate, lose nothing and send nothing twice.
func TestBrokenCredentialsHoldTheGate(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.send = failFirst(channels.AuthBroken)
	reply := h.addReply()
	h.start()
	h.waitQueuedAgain(reply, channels.AuthBroken)
	h.waitValue("the gate is held", true, `SELECT next_at > clock_timestamp() + interval '1 s' FROM gates`)

	h.openGate(1)
	h.waitState(reply, store.Accepted)
	h.wantAttemptsAt(reply, 2)
}

// A passing failure is given up when its time, Policy.RetryFor, is over. Nothing overtakes it until then.
func TestPassingFailureIsGivenUpInTheEnd(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.send = failAlways(channels.Retry)
	h.policy.Backoff = []time.Duration{time.Hour}
	first, second := h.addTwoReplies()
	h.start()
	h.waitQueuedAgain(first, channels.Retry)
	h.waitState(second, store.Queued)

	h.passTime(h.policy.RetryFor)
	h.waitState(first, store.Failed)
	h.waitQueuedAgain(second, channels.Retry) // now it was tried, too
	want := report{Delivery: first, Kind: relay.ReportFailed}
	if got := h.reported(); !slices.Contains(got, want) {
		t.Errorf("reports: got %+v, want %+v among them", got, want)
	}
}

// What Parley itself holds back, as while an account is paused, is not given up however long that takes. When it may leave, a failure that
// may pass is tried once more.
func TestHeldMessageIsNotGivenUp(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.policy.Backoff = []time.Duration{time.Hour}
	h.send = func(_ context.Context, c dispatch.Claimed) (relay.Sent, error) {
		class := channels.Held
		if c.Attempt > 2 {
			class = channels.Retry
		}
		return relay.Sent{}, &channels.SendError{Class: class, Text: "paused"}
	}
	reply := h.addReply()
	h.start()
	for attempt, want := range []string{store.Queued, store.Queued, store.Queued, store.Failed} {
		h.waitStateAfter(reply, attempt+1, want)
		h.passTime(h.policy.RetryFor)
	}
}

// An agent is told that a message is late, but only once, however often it is tried.
func TestLateMessageIsReportedOnce(t *testing.T) {
	t.Parallel()
	h := newHarness(t, func(o *relay.Options) { o.LateAfter = time.Minute })
	h.send = failAlways(channels.Retry)
	h.policy.RetryFor = 48 * time.Hour
	h.policy.Backoff = []time.Duration{time.Hour}
	reply := h.addReply()
	h.start()
	const attempts = 6
	for n := 1; n < attempts; n++ {
		h.waitStateAfter(reply, n, store.Queued)
		h.passTime(time.Hour + time.Second)
	}
	h.waitStateAfter(reply, attempts, store.Queued)
	late := report{Delivery: reply, Kind: relay.ReportLate}
	h.waitAppliedNames(late.factName())
	h.wantReports(late)
}

// When a lease ends without a result, the delivery becomes unknown and is looked for, not sent again. A result that comes later
// counts for nothing.
func TestResultAfterTheLeaseIsIgnored(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	first, second := h.addTwoReplies()
	release := make(chan struct{})
	h.send = func(_ context.Context, c dispatch.Claimed) (relay.Sent, error) {
		if c.ID == first {
			<-release
		}
		return relay.Sent{ExternalID: "late"}, nil
	}
	h.reconcile = func(dispatch.Claimed) (channels.Outcome, relay.Sent, error) {
		return channels.Landed, relay.Sent{ExternalID: "found"}, nil
	}
	isFound := func(d deliveryRow) bool { return d.State == store.Accepted && d.ExternalID == "found" }
	h.start()
	h.waitUntil("the first one is being sent", func() bool { return len(h.attemptsMade()) == 1 })
	h.passTime(leaseTime + 30*time.Second)
	h.waitDelivery(first, "it was found by a look", isFound)

	close(release)
	h.waitDelivery(second, "its lane is through", func(d deliveryRow) bool { return d.LaneHead == 2 })
	if got := h.delivery(first); !isFound(got) {
		t.Errorf("after the late result: got %+v, want what the look has found", got)
	}
	h.wantAttempts(attempt{first, 1}, attempt{second, 1})
}

// A request ends some seconds before its lane's lease, counted from before the claim, even if the policy allows it more time.
func TestRequestEndsBeforeItsLease(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.policy.RequestTimeout = time.Hour
	left := make(chan time.Duration, 1)
	h.send = func(ctx context.Context, _ dispatch.Claimed) (relay.Sent, error) {
		end, ok := ctx.Deadline()
		if !ok {
			return relay.Sent{}, errors.New("no deadline")
		}
		left <- time.Until(end)
		return relay.Sent{}, nil
	}
	reply := h.addReply()
	h.start()
	h.waitState(reply, store.Accepted)
	const most = leaseTime - 4*time.Second // minLeaseLeft is five seconds
	if got := <-left; got > most {
		t.Errorf("the request has %s of its lease of %s, want at most %s", got, leaseTime, most)
	}
}

// What may be made twice without harm is made again after a lost answer, without a look.
func TestLostAnswerOfIdempotentDelivery(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.policy = relay.Policy{RequestTimeout: time.Second, RetryFor: time.Hour, Idempotent: true}
	h.send = failFirst(channels.Ambiguous)
	reply := h.addReply()
	h.start()
	h.waitState(reply, store.Accepted)
	h.waitLaneDone(reply)
	h.wantAttempts(attempt{reply, 1}, attempt{reply, 2})
	h.wantLooks(0)
}

// What need not arrive is given up after a lost answer, without a look.
func TestLostAnswerOfBestEffortDelivery(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.policy = relay.Policy{RequestTimeout: time.Second, RetryFor: time.Hour, BestEffort: true}
	h.send = failFirst(channels.Ambiguous)
	reply := h.addReply()
	h.start()
	h.waitState(reply, store.Failed)
	h.waitLaneDone(reply)
	h.wantAttempts(attempt{reply, 1})
	h.wantLooks(0)
}

// A long message goes out part by part. After a failure it is resumed with the part, and the progress, that the failure left.
func TestPartsAreResumed(t *testing.T) {
	t.Parallel()
	type call struct {
		Part     int
		Progress string // what the call before it left
	}
	const lastPart = 2
	h := newHarness(t)
	var calls []call
	h.send = func(_ context.Context, c dispatch.Claimed) (relay.Sent, error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		calls = append(calls, call{Part: c.Part, Progress: c.Progress})
		if failsNow := len(calls) == 2; failsNow {
			return relay.Sent{Progress: "half"}, &channels.SendError{Class: channels.Retry}
		}
		return relay.Sent{More: c.Part < lastPart, Progress: fmt.Sprint("after", c.Part)}, nil
	}
	reply := h.addReply()
	h.start()
	h.waitState(reply, store.Accepted)
	want := []call{
		{Part: 0, Progress: ""},
		{Part: 1, Progress: "after0"},
		{Part: 1, Progress: "half"},
		{Part: 2, Progress: "after1"},
	}
	if got := locked(h, func() []call { return slices.Clone(calls) }); !slices.Equal(got, want) {
		t.Errorf("calls: got %+v, want %+v", got, want)
	}
}

// A Handler that panics while it sends leaves an unclear attempt; other lanes go on.
func TestPanicWhileSending(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	const panicking, other = 1, 2 // lanes
	h.send = func(_ context.Context, c dispatch.Claimed) (relay.Sent, error) {
		if c.LaneID == panicking {
			panic("boom")
		}
		return relay.Sent{}, nil
	}
	h.addLane(panicking, 1)
	h.addLane(other, 1)
	h.start()
	h.waitState(deliveryID(panicking, 1), store.Unknown)
	h.waitState(deliveryID(other, 1), store.Accepted)
}
