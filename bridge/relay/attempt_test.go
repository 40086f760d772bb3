package relay_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store/dispatch"
)

// What one failed attempt leads to, by its class.
func TestAttemptOutcomes(t *testing.T) {
	t.Parallel()
	const again, once = "1001:1 1001:2", "1001:1"
	tests := []struct {
		class    channels.Class
		state    string // in the end
		attempts string
		report   string
	}{
		{class: channels.Retry, state: "accepted", attempts: again, report: "1001:landed"},
		{class: channels.Throttled, state: "accepted", attempts: again, report: "1001:landed"},
		{class: channels.WindowClosed, state: "failed", attempts: once, report: "1001:failed"},
		{class: channels.BadRecipient, state: "failed", attempts: once, report: "1001:failed"},
		{class: channels.BadContent, state: "failed", attempts: once, report: "1001:failed"},
		{class: channels.AccountBlocked, state: "failed", attempts: once, report: "1001:failed"},
		{class: channels.OptedOut, state: "failed", attempts: once, report: "1001:failed"},
	}
	for _, tt := range tests {
		t.Run(string(tt.class), func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.send = failFirst(tt.class)
			s.addLane(1, 1)
			s.start()
			s.waitState(1001, tt.state)
			s.waitText("1", `SELECT head FROM lanes WHERE id = 1`)
			s.wantAttempts(tt.attempts)
			if got := s.reported(); !slices.Equal(got, []string{tt.report}) {
				t.Errorf("the reports are %q, want %q alone", got, tt.report)
			}
			s.waitText(tt.report, `SELECT string_agg(name, ' ' ORDER BY n) FROM effects`)
		})
	}
}

// Broken credentials hold the whole gate, lose nothing and send nothing twice.
func TestBrokenCredentialsWait(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.send = failFirst(channels.AuthBroken)
	s.addLane(1, 1)
	s.start()
	s.waitText("queued auth_broken", `SELECT state || ' ' || error_class FROM deliveries`)
	s.waitText("true", `SELECT next_at > clock_timestamp() + interval '1 s' FROM gates`)
	s.exec(`UPDATE gates SET next_at = clock_timestamp()`)
	s.Wake()
	s.waitState(1001, "accepted")
}

// A passing failure is given up when its time is over.
func TestRetryEnds(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.send = failAlways(channels.Retry)
	s.policy.Backoff = []time.Duration{time.Hour}
	s.addLane(1, 2)
	s.start()
	s.waitText("queued retry", `SELECT state || ' ' || error_class FROM deliveries WHERE id = 1001`)
	s.waitText("queued", `SELECT state FROM deliveries WHERE id = 1002`) // nothing jumps over a head
	s.passTime(time.Hour)
	s.waitText("failed", `SELECT state FROM deliveries WHERE id = 1001`)
	s.waitText("queued retry", `SELECT state || ' ' || error_class FROM deliveries WHERE id = 1002`)
	if got := s.reported(); !slices.Contains(got, "1001:failed") {
		t.Errorf("the reports are %q, want 1001:failed among them", got)
	}
}

// The agent is told once that a message is late.
func TestLateIsToldOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(o *relay.Options) { o.LateAfter = time.Minute })
	s.send = failAlways(channels.Retry)
	s.policy.RetryFor, s.policy.Backoff = 48*time.Hour, []time.Duration{time.Hour}
	s.addLane(1, 1)
	s.start()
	for attempt := 1; attempt <= 5; attempt++ {
		s.waitText(fmt.Sprint(attempt, " queued"), `SELECT attempt || ' ' || state FROM deliveries`)
		s.passTime(time.Hour + time.Second)
	}
	s.waitText("6 queued", `SELECT attempt || ' ' || state FROM deliveries`)
	s.waitText("1001:late", `SELECT string_agg(name, ' ') FROM effects`)
	if got := s.reported(); len(got) != 1 {
		t.Errorf("the reports are %q, want one", got)
	}
}

// newUnclearStage starts a stage with two deliveries whose first attempts are ambiguous, and waits until the first one is unknown.
// Looks for them have an outcome.
func newUnclearStage(t *testing.T, outcome channels.Outcome, err error, change ...func(*relay.Options)) *stage {
	t.Helper()
	s := newStage(t, change...)
	s.send = failFirst(channels.Ambiguous)
	s.reconcile = func(dispatch.Claimed) (channels.Outcome, relay.Sent, error) {
		return outcome, relay.Sent{ExternalID: "found"}, err
	}
	s.addLane(1, 2)
	s.start()
	s.waitState(1001, "unknown")
	return s
}

// Before the attempt can be over for sure nobody looks for it.
func TestReconcileNotTooEarly(t *testing.T) {
	t.Parallel()
	s := newUnclearStage(t, channels.Landed, nil, func(o *relay.Options) { o.ReconcileAfter = 5 * time.Minute })
	s.waitText("true", `SELECT due_at > parley_now() + interval '1 min' FROM lanes`)
	// Due early all the same: it must wait out the rest, not look.
	s.exec(`UPDATE lanes SET due_at = parley_now(), leased_until = NULL`)
	s.Wake()
	s.waitText("true", `SELECT due_at > parley_now() + interval '1 min' AND leased_until IS NULL FROM lanes`)
	s.wantLooks(0)
	s.passTime(400 * time.Second)
	s.waitState(1001, "accepted")
}

// What landed is accepted without a second attempt.
func TestUnknownLanded(t *testing.T) {
	t.Parallel()
	s := newUnclearStage(t, channels.Landed, nil)
	s.passTime(10 * time.Second)
	s.waitState(1001, "accepted")
	s.waitState(1002, "accepted")
	if got := s.attemptsMade(); strings.Count(got, "1001:") != 1 {
		t.Errorf("the attempts were %q, want one at 1001", got)
	}
	s.waitText("found", `SELECT external_id FROM deliveries WHERE id = 1001`)
}

// Only what is absent twice, with the wait in between, is sent again.
func TestUnknownAbsentTwice(t *testing.T) {
	t.Parallel()
	s := newUnclearStage(t, channels.Absent, nil, func(o *relay.Options) { o.AbsentAgain = 2 * time.Minute })
	s.passTime(10 * time.Second)
	s.waitText("unknown true", `SELECT state || ' ' || (absent_at IS NOT NULL) FROM deliveries WHERE id = 1001`)
	s.exec(`UPDATE lanes SET due_at = parley_now()`) // a second look that comes too early doesn't count
	s.Wake()
	s.waitText("true", `SELECT due_at > parley_now() + interval '30 s' AND leased_until IS NULL AND epoch >= 3 FROM lanes`)
	s.wantAttempts("1001:1")
	s.passTime(130 * time.Second)
	s.waitState(1001, "accepted")
	s.waitText("unknown true", `SELECT state || ' ' || (absent_at IS NOT NULL) FROM deliveries WHERE id = 1002`)
	s.passTime(130 * time.Second)
	s.waitState(1002, "accepted")
	if got, want := s.attemptsMade(), "1001:1 1001:2 1002:1"; !strings.HasPrefix(got, want) {
		t.Errorf("the attempts were %q, want %q first", got, want)
	}
}

// A channel that may show late what it took is believed only when the message has been absent for as long as it says.
func TestUnknownArrivesLate(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		later    channels.Outcome // what the look finds that comes after two that found nothing
		attempts string
	}{
		"filed late":  {later: channels.Landed, attempts: "1001:1"},
		"never filed": {later: channels.Absent, attempts: "1001:1 1001:2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, func(o *relay.Options) { o.AbsentAgain = 0 })
			s.policy.AbsentFor = 8 * time.Minute
			s.send = failFirst(channels.Ambiguous)
			s.reconcile = func(dispatch.Claimed) (channels.Outcome, relay.Sent, error) {
				if locked(s, func() int { return s.looks }) <= 2 {
					return channels.Absent, relay.Sent{}, nil
				}
				return tc.later, relay.Sent{}, nil
			}
			s.addLane(1, 1)
			s.start()
			s.waitState(1001, "unknown")
			waitAbsent := func(looks int) {
				t.Helper()
				s.waitText(fmt.Sprint("unknown true ", looks+1), `SELECT d.state || ' ' || (absent_at IS NOT NULL) || ' ' || epoch FROM deliveries d, lanes WHERE leased_until IS NULL`)
				s.wantLooks(looks)
			}

			s.passTime(10 * time.Second)
			waitAbsent(1)
			s.waitText("true", `SELECT due_at BETWEEN parley_now() + interval '30 s' AND parley_now() + interval '1 min' FROM lanes`)
			s.passTime(70 * time.Second)
			waitAbsent(2)
			s.passTime(500 * time.Second)
			s.waitState(1001, "accepted")
			s.wantAttempts(tc.attempts)
		})
	}
}

// That an attempt may have been made is known as long as its delivery is tried, whatever the
// later attempts meet; and each unclear one is looked for twice.
func TestAbsentRemembered(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(o *relay.Options) { o.AbsentAgain = 2 * time.Minute })
	var known []bool // what each attempt knew of an earlier one that is absent
	fail := failByAttempt(channels.Ambiguous, channels.Retry, channels.Ambiguous)
	s.send = func(ctx context.Context, c dispatch.Claimed) (relay.Sent, error) {
		s.mu.Lock()
		known = append(known, c.AbsentAt != nil)
		s.mu.Unlock()
		return fail(ctx, c)
	}
	s.reconcile = func(dispatch.Claimed) (channels.Outcome, relay.Sent, error) {
		return channels.Absent, relay.Sent{}, nil
	}
	s.addLane(1, 1)
	s.start()
	const firstLook, againLook = 10 * time.Second, 130 * time.Second // after AbsentAgain
	waitAbsent := func(attempt int) {
		t.Helper()
		s.waitText(fmt.Sprint("unknown ", attempt, " true"), `SELECT state || ' ' || attempt || ' ' || (absent_at IS NOT NULL AND absent_at > sent_at) FROM deliveries`)
	}
	s.waitState(1001, "unknown")
	s.passTime(firstLook)
	waitAbsent(1)
	s.wantLooks(1)
	s.passTime(againLook) // absent again: the second attempt fails for sure, the third is unclear
	s.waitText("unknown 3", `SELECT state || ' ' || attempt FROM deliveries`)
	s.passTime(firstLook)
	waitAbsent(3)
	s.wantLooks(3)
	s.passTime(againLook)
	s.waitState(1001, "accepted")
	got := locked(s, func() []bool { return known })
	if want := []bool{false, true, true, true}; !slices.Equal(got, want) {
		t.Errorf("that an earlier attempt may have been made the attempts knew: %v, want %v", got, want)
	}
}

// What nobody can tell for ten minutes leaves the lane and goes to a person; what
// waits behind it goes on.
func TestUnknownNeedsDecision(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{"can't tell": nil, "error": errors.New("no connection")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newUnclearStage(t, channels.CannotTell, err)
			s.passTime(20 * time.Second)
			s.waitText("true", `SELECT due_at > parley_now() + interval '1 s' AND leased_until IS NULL FROM lanes`)
			s.waitState(1001, "unknown")
			s.passTime(10 * time.Minute)
			s.waitState(1001, "needs_decision")
			s.waitState(1002, "unknown") // the first attempt at each is ambiguous
			s.waitText("1001:unclear", `SELECT string_agg(name, ' ') FROM effects`)
			s.wantAttempts("1001:1 1002:1")
		})
	}
}

// A lease that ended without a result makes `unknown`, never `queued`; the dead
// process's result is fenced.
func TestLeaseExpiry(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	release := make(chan struct{})
	s.send = func(ctx context.Context, c dispatch.Claimed) (relay.Sent, error) {
		if c.ID == 1001 {
			<-release
		}
		return relay.Sent{ExternalID: "late"}, nil
	}
	s.reconcile = func(dispatch.Claimed) (channels.Outcome, relay.Sent, error) {
		return channels.Landed, relay.Sent{ExternalID: "found"}, nil
	}
	s.addLane(1, 2)
	s.start()
	s.waitState(1001, "sending")
	s.passTime(lease + 30*time.Second)
	s.waitText("accepted found", `SELECT state || ' ' || external_id FROM deliveries WHERE id = 1001`)
	close(release)
	s.waitText("2", `SELECT head FROM lanes`)
	s.waitText("accepted found", `SELECT state || ' ' || external_id FROM deliveries WHERE id = 1001`)
	s.wantAttempts("1001:1 1002:1")
}

// A request ends before its lease, counted from before the claim.
func TestRequestEndsBeforeItsLease(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	left := make(chan time.Duration, 1)
	s.send = func(ctx context.Context, _ dispatch.Claimed) (relay.Sent, error) {
		end, ok := ctx.Deadline()
		if !ok {
			return relay.Sent{}, errors.New("no deadline")
		}
		left <- time.Until(end)
		return relay.Sent{}, nil
	}
	s.policy.RequestTimeout = time.Hour
	s.addLane(1, 1)
	s.start()
	s.waitState(1001, "accepted")
	const most = lease - 4*time.Second
	if got := <-left; got > most {
		t.Errorf("the request may take %s of its lease of %s, want at most %s", got, lease, most)
	}
}

// What is idempotent is done again at once; what is best effort is not.
func TestIdempotentAndBestEffort(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		policy   relay.Policy
		state    string
		attempts string
	}{
		"idempotent": {
			policy: relay.Policy{RequestTimeout: time.Second, RetryFor: time.Hour, Idempotent: true},
			state:  "accepted", attempts: "1001:1 1001:2",
		},
		"best effort": {
			policy: relay.Policy{RequestTimeout: time.Second, RetryFor: time.Hour, BestEffort: true},
			state:  "failed", attempts: "1001:1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.send, s.policy = failFirst(channels.Ambiguous), tt.policy
			s.addLane(1, 1)
			s.start()
			s.waitState(1001, tt.state)
			s.waitText("1", `SELECT head FROM lanes`)
			s.wantAttempts(tt.attempts)
			s.wantLooks(0)
		})
	}
}

// A long message goes out part by part, resumed where it stopped.
func TestParts(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	var parts []string
	s.send = func(_ context.Context, c dispatch.Claimed) (relay.Sent, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		parts = append(parts, fmt.Sprintf("%d%s", c.Part, c.Progress))
		if len(parts) == 2 {
			return relay.Sent{Progress: "half"}, &channels.SendError{Class: channels.Retry}
		}
		return relay.Sent{More: c.Part < 2, Progress: "after" + fmt.Sprint(c.Part)}, nil
	}
	s.addLane(1, 1)
	s.start()
	s.waitState(1001, "accepted")
	got := locked(s, func() []string { return parts })
	if want := []string{"0", "1after0", "1half", "2after1"}; !slices.Equal(got, want) {
		t.Errorf("the parts with the progress before them were %q, want %q", got, want)
	}
}

// A handler that panics leaves an ambiguous attempt, not a dead dispatcher.
func TestPanicWhileSending(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.send = func(_ context.Context, c dispatch.Claimed) (relay.Sent, error) {
		if c.ID == 1001 {
			panic("boom")
		}
		return relay.Sent{}, nil
	}
	s.addLane(1, 1)
	s.addLane(2, 1)
	s.start()
	s.waitState(1001, "unknown")
	s.waitState(2001, "accepted")
}
