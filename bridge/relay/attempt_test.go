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
)

// wantOutcome checks the only delivery: its state, its number of attempts and its only report, which must have been
// applied. A delivery must keep an error only if it failed.
func (h *harness) wantOutcome(id store.DeliveryID, state store.DeliveryState, attempts int, kind relay.ReportKind) {
	h.t.Helper()
	h.waitState(id, state)
	h.waitLaneDone(id)
	if got := h.delivery(id); (got.ErrorClass != "") != (state == store.Failed) {
		h.t.Errorf("error of a delivery that is %s: got class %q", state, got.ErrorClass)
	}
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

// Broken credentials hold the whole gate (the rate limit that an account's deliveries share). Nothing is lost or sent
// twice. The attempt that they ended doesn't count as one for the provider.
func TestBrokenCredentialsHoldTheGate(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.send = failFirst(channels.AuthBroken)
	reply := h.addReply()
	h.start()
	h.waitQueuedAgain(reply, channels.AuthBroken)
	h.waitValue("the gate is held", true, `SELECT next_at > clock_timestamp() + interval '1 s' FROM gates`)
	h.wantValue("attempts that don't count", 1, `SELECT payload->>'uncounted' FROM deliveries`)

	h.openGate(1)
	h.waitState(reply, store.Accepted)
	h.wantAttemptsAt(reply, 2)
}

// A delivery that fails in a passing way is given up after Policy.RetryFor. Until then nothing overtakes it in its
// lane.
func TestPassingFailureIsGivenUpInTheEnd(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.send = failAlways(channels.Retry)
	h.policy.Backoff = []time.Duration{time.Hour}
	first, second := h.addTwoReplies()
	h.start()
	h.waitQueuedAgain(first, channels.Retry)
	h.waitDelivery(first, "it waits for the pause", func(d deliveryRow) bool { return d.LaneDueIn > 40*time.Minute && !d.LaneIsLeased })
	h.waitState(second, store.Queued)

	h.passTime(h.policy.RetryFor)
	h.waitState(first, store.Failed)
	h.waitQueuedAgain(second, channels.Retry) // now it was tried, too
	want := report{Delivery: first, Kind: relay.ReportFailed}
	if got := h.reported(); !slices.Contains(got, want) {
		t.Errorf("reports: got %+v, want %+v among them", got, want)
	}
}

// An attempt that makes no call, because the delivery waits for something, doesn't give it up, however long that takes.
func TestWaitingMessageIsNotGivenUp(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.send = func(_ context.Context, c store.ClaimedDelivery) (relay.Sent, error) {
		if c.Attempt > 2 {
			return relay.Sent{}, nil
		}
		return relay.Sent{Uncalled: true}, &channels.SendError{Class: channels.Retry, Wait: time.Hour}
	}
	reply := h.addReply()
	h.start()
	for attempt, want := range []store.DeliveryState{store.Queued, store.Queued, store.Accepted} {
		h.waitStateAfter(reply, attempt+1, want)
		h.passTime(h.policy.RetryFor)
	}
}

// An agent is told only once that a message is late, however often it is tried.
func TestLateMessageIsReportedOnce(t *testing.T) {
	t.Parallel()
	for _, class := range []channels.Class{channels.Retry, channels.Throttled, channels.AuthBroken, channels.Ambiguous} {
		t.Run(string(class), func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			h.send = failAlways(class)
			h.reconcile = find(channels.Absent)
			h.policy.RequestTimeout = 10 * time.Millisecond
			h.policy.RetryFor = 48 * time.Hour
			reply := h.addReply()
			h.exec(`UPDATE deliveries SET first_at = clock_timestamp() - interval '2 hours'`) // longer than Options.LateAfter
			h.start()

			const attempts = 4
			tryAgain := func() {
				h.lookAgain()
				h.openGate(1)
			}

			h.repeatUntil("it was tried a few times", tryAgain, func() bool { return h.attemptsAt(reply) >= attempts })
			late := report{Delivery: reply, Kind: relay.ReportLate}
			h.waitAppliedNames(late.factName())
			h.wantReports(late)
		})
	}
}

// When a lease (the time for which a lane is claimed) ends without a result, the delivery becomes unknown. It is looked
// for, not sent again, and a result that comes later is ignored.
func TestResultAfterTheLeaseIsIgnored(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	first, second := h.addTwoReplies()
	release := make(chan struct{})
	h.send = func(_ context.Context, c store.ClaimedDelivery) (relay.Sent, error) {
		if c.ID == first {
			<-release
		}
		return relay.Sent{ExternalID: "late"}, nil
	}
	h.reconcile = func(store.ClaimedDelivery) (channels.Outcome, relay.Sent, error) {
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

// A request ends some seconds before the lease of its lane, counted from before the claim, even if the policy allows it
// more time.
func TestRequestEndsBeforeItsLease(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.policy.RequestTimeout = time.Hour
	left := make(chan time.Duration, 1)
	h.send = func(ctx context.Context, _ store.ClaimedDelivery) (relay.Sent, error) {
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

// A delivery that may be made twice without harm is made again after a lost answer, at once and without a lookup.
func TestLostAnswerOfIdempotentDelivery(t *testing.T) {
	t.Parallel()
	h := newHarness(t, func(o *relay.Options) { o.ReconcileAfter = time.Hour })
	h.policy.Idempotent = true
	h.send = failFirst(channels.Ambiguous)
	reply := h.addReply()
	h.start()
	h.waitState(reply, store.Accepted)
	h.waitLaneDone(reply)
	h.wantAttempts(attempt{reply, 1}, attempt{reply, 2})
	h.wantLooks(0)
}

// A delivery that need not arrive is given up at once, and nobody is told, if its answer was lost or if it is refused.
// After a passing failure it is tried again.
func TestFailureOfBestEffortDelivery(t *testing.T) {
	t.Parallel()
	tests := []struct {
		class        channels.Class
		wantState    store.DeliveryState
		wantAttempts int
		wantReports  []report
	}{
		{class: channels.Ambiguous, wantState: store.Failed, wantAttempts: 1},
		{class: channels.BadContent, wantState: store.Failed, wantAttempts: 1},
		{class: channels.Retry, wantState: store.Accepted, wantAttempts: 2, wantReports: []report{{deliveryID(1, 1), relay.ReportLanded}}},
	}

	for _, tt := range tests {
		t.Run(string(tt.class), func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, func(o *relay.Options) { o.ReconcileAfter = time.Hour })
			h.policy.BestEffort = true
			h.send = failFirst(tt.class)
			reply := h.addReply()

			h.start()
			h.waitState(reply, tt.wantState)
			h.waitLaneDone(reply)
			h.wantAttemptsAt(reply, tt.wantAttempts)
			h.wantLooks(0)
			h.wantReports(tt.wantReports...)
		})
	}
}

// If a process ends during an attempt, the policy decides: a delivery that may be made twice is made again, one that
// need not arrive is given up, and any other is looked for. The error of the attempt before isn't kept as the reason.
func TestProcessEndedInAnAttempt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		policy       relay.Policy
		wantState    store.DeliveryState
		wantAttempts int
	}{
		{name: "what may be made twice", policy: relay.Policy{Idempotent: true}, wantState: store.Accepted, wantAttempts: 1},
		{name: "what need not arrive", policy: relay.Policy{BestEffort: true}, wantState: store.Failed},
		{name: "anything else", wantState: store.Unknown},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			h.policy.Idempotent, h.policy.BestEffort = tt.policy.Idempotent, tt.policy.BestEffort
			reply := h.addReply()
			h.exec(`UPDATE deliveries SET state = 'sending', attempt = 2, first_at = clock_timestamp(), sent_at = clock_timestamp(),
				error_class = 'retry', error_text = 'retry: Busy.'`)

			h.start()
			h.waitDelivery(reply, "its state is "+string(tt.wantState)+", without an error", func(d deliveryRow) bool {
				return d.State == tt.wantState && !d.LaneIsLeased && d.ErrorClass == "" && d.ErrorText == ""
			})
			h.wantAttemptsAt(reply, tt.wantAttempts)
			h.wantLooks(0)
		})
	}
}

// If the first delivery of a lane was cancelled before its turn, the lane goes on with the next one. If the first
// delivery may not leave yet, the lane waits.
func TestHeadThatIsNotSent(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	first, second := h.addTwoReplies()
	h.exec(`UPDATE deliveries SET state = 'cancelled' WHERE id = $1`, first)
	h.exec(`UPDATE deliveries SET not_before = parley_now() + interval '1 hour' WHERE id = $1`, second)
	h.start()
	h.waitDelivery(second, "its lane waits for it", func(d deliveryRow) bool {
		return d.LaneHead == 1 && d.LaneDueIn > 50*time.Minute && !d.LaneIsLeased
	})

	h.exec(`UPDATE lanes SET due_at = parley_now()`) // as if it could leave earlier, and that was changed
	h.Wake()
	h.waitDelivery(second, "its lane was claimed, and waits again", func(d deliveryRow) bool {
		return d.LaneEpoch == 2 && d.LaneDueIn > 50*time.Minute && !d.LaneIsLeased
	})
	h.wantAttempts()
	h.wantReports()
}

// A long message is sent part by part. After a failure it is resumed with the part at which it failed, and with the
// progress that the failed attempt returned.
func TestPartsAreResumed(t *testing.T) {
	t.Parallel()
	type call struct {
		Part     int
		Progress string // what the call before it left
	}
	const lastPart = 2
	h := newHarness(t)
	var calls []call
	h.send = func(_ context.Context, c store.ClaimedDelivery) (relay.Sent, error) {
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

// If a Handler panics while it sends, or fails without a known class of error, its attempt is unclear. Other lanes go
// on.
func TestPanicWhileSending(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	const panicking, failing, other = 1, 2, 3 // lanes
	h.send = func(_ context.Context, c store.ClaimedDelivery) (relay.Sent, error) {
		switch c.LaneID {
		case panicking:
			panic("boom")
		case failing:
			return relay.Sent{}, errors.New("connection reset by peer")
		}
		return relay.Sent{}, nil
	}

	for _, lane := range []store.LaneID{panicking, failing, other} {
		h.addLane(lane, 1)
	}
	h.start()
	h.waitState(deliveryID(panicking, 1), store.Unknown)
	h.waitState(deliveryID(failing, 1), store.Unknown)
	h.waitState(deliveryID(other, 1), store.Accepted)
}
