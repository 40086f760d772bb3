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
	tests := []struct {
		class   channels.Class
		state   string // in the end
		sends   string
		reports string
	}{
		{channels.Retry, "accepted", "1001:1 1001:2", "1001:landed"},
		{channels.Throttled, "accepted", "1001:1 1001:2", "1001:landed"},
		{channels.WindowClosed, "failed", "1001:1", "1001:failed"},
		{channels.BadRecipient, "failed", "1001:1", "1001:failed"},
		{channels.BadContent, "failed", "1001:1", "1001:failed"},
		{channels.AccountBlocked, "failed", "1001:1", "1001:failed"},
		{channels.OptedOut, "failed", "1001:1", "1001:failed"},
	}
	for _, tt := range tests {
		t.Run(string(tt.class), func(t *testing.T) {
			t.Parallel()
			s := newStage(t).effects()
			s.send = first(tt.class)
			s.lane(1, 1)
			s.start()
			s.state(1001, tt.state)
			s.eventually("1", `SELECT head FROM lanes WHERE id = 1`)
			if got := s.sent(); got != tt.sends {
				t.Errorf("attempts %s, want %s", got, tt.sends)
			}
			if got := locked(s, func() string { return strings.Join(s.reports, " ") }); got != tt.reports {
				t.Errorf("reports %s, want %s", got, tt.reports)
			}
			s.eventually(tt.reports, `SELECT string_agg(name, ' ' ORDER BY n) FROM effects`)
		})
	}
}

// Broken credentials hold the whole gate, lose nothing and send nothing twice.
func TestBrokenCredentialsWait(t *testing.T) {
	t.Parallel()
	s := newStage(t).effects()
	s.send = first(channels.AuthBroken)
	s.lane(1, 1)
	s.start()
	s.eventually("queued auth_broken", `SELECT state || ' ' || error_class FROM deliveries`)
	s.eventually("true", `SELECT next_at > clock_timestamp() + interval '1 s' FROM gates`)
	s.exec(`UPDATE gates SET next_at = clock_timestamp()`)
	s.Wake()
	s.state(1001, "accepted")
}

// A passing failure is given up when its time is over.
func TestRetryEnds(t *testing.T) {
	t.Parallel()
	s := newStage(t).effects()
	s.send = fails(channels.Retry)
	s.policy.Backoff = []time.Duration{time.Hour}
	s.lane(1, 2)
	s.start()
	s.eventually("queued retry", `SELECT state || ' ' || error_class FROM deliveries WHERE id = 1001`)
	s.eventually("queued", `SELECT state FROM deliveries WHERE id = 1002`) // nothing jumps over a head
	s.age(3600)
	s.eventually("failed", `SELECT state FROM deliveries WHERE id = 1001`)
	s.eventually("queued retry", `SELECT state || ' ' || error_class FROM deliveries WHERE id = 1002`)
	if got := locked(s, func() []string { return s.reports }); !slices.Contains(got, "1001:failed") {
		t.Errorf("reports %v", got)
	}
}

// The agent is told once that a message is late.
func TestLateIsToldOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(o *relay.Options) { o.LateAfter = time.Minute }).effects()
	s.send = fails(channels.Retry)
	s.policy.RetryFor, s.policy.Backoff = 48*time.Hour, []time.Duration{time.Hour}
	s.lane(1, 1)
	s.start()
	for attempt := 1; attempt <= 5; attempt++ {
		s.eventually(fmt.Sprint(attempt, " queued"), `SELECT attempt || ' ' || state FROM deliveries`)
		s.age(3601)
	}
	s.eventually("6 queued", `SELECT attempt || ' ' || state FROM deliveries`)
	s.eventually("1001:late", `SELECT string_agg(name, ' ') FROM effects`)
	if n := locked(s, func() int { return len(s.reports) }); n != 1 {
		t.Errorf("told %d times", n)
	}
}

// unclear starts a stage whose first attempt is ambiguous, and waits until it is unknown.
func unclear(t *testing.T, outcome channels.Outcome, err error, change ...func(*relay.Options)) *stage {
	t.Helper()
	s := newStage(t, change...).effects()
	s.send = first(channels.Ambiguous)
	s.reconcile = func(dispatch.Claimed) (channels.Outcome, relay.Sent, error) {
		return outcome, relay.Sent{ExternalID: "found"}, err
	}
	s.lane(1, 2)
	s.start()
	s.state(1001, "unknown")
	return s
}

// Before the attempt can be over for sure nobody looks for it.
func TestReconcileNotTooEarly(t *testing.T) {
	t.Parallel()
	s := unclear(t, channels.Landed, nil, func(o *relay.Options) { o.ReconcileAfter = 5 * time.Minute })
	s.eventually("true", `SELECT due_at > parley_now() + interval '1 min' FROM lanes`)
	// Due early all the same: it must wait out the rest, not look.
	s.exec(`UPDATE lanes SET due_at = parley_now(), leased_until = NULL`)
	s.Wake()
	s.eventually("true", `SELECT due_at > parley_now() + interval '1 min' AND leased_until IS NULL FROM lanes`)
	if n := locked(s, func() int { return s.looks }); n != 0 {
		t.Fatalf("looked %d times", n)
	}
	s.age(400)
	s.state(1001, "accepted")
}

// What landed is accepted without a second attempt.
func TestUnknownLanded(t *testing.T) {
	t.Parallel()
	s := unclear(t, channels.Landed, nil)
	s.age(10)
	s.state(1001, "accepted")
	s.state(1002, "accepted")
	if got := s.sent(); strings.Count(got, "1001:") != 1 {
		t.Errorf("attempts %s", got)
	}
	s.eventually("found", `SELECT external_id FROM deliveries WHERE id = 1001`)
}

// Only what is absent twice, with the wait in between, is sent again.
func TestUnknownAbsentTwice(t *testing.T) {
	t.Parallel()
	s := unclear(t, channels.Absent, nil, func(o *relay.Options) { o.AbsentAgain = 2 * time.Minute })
	s.age(10)
	s.eventually("unknown true", `SELECT state || ' ' || (absent_at IS NOT NULL) FROM deliveries WHERE id = 1001`)
	s.exec(`UPDATE lanes SET due_at = parley_now()`) // a second look that comes too early doesn't count
	s.Wake()
	s.eventually("true", `SELECT due_at > parley_now() + interval '30 s' AND leased_until IS NULL AND epoch >= 3 FROM lanes`)
	if got := s.sent(); got != "1001:1" {
		t.Fatalf("attempts %s before the second look", got)
	}
	s.age(130)
	s.state(1001, "accepted")
	s.eventually("unknown true", `SELECT state || ' ' || (absent_at IS NOT NULL) FROM deliveries WHERE id = 1002`)
	s.age(130)
	s.state(1002, "accepted")
	if got := s.sent(); !strings.HasPrefix(got, "1001:1 1001:2 1002:1") {
		t.Errorf("attempts %s", got)
	}
}

// A channel that may show late what it took is believed only when the message has been absent for as long as it says.
func TestUnknownArrivesLate(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		later channels.Outcome // what the look finds that comes after two that found nothing
		want  string
	}{
		"filed late":  {channels.Landed, "1001:1"},
		"never filed": {channels.Absent, "1001:1 1001:2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, func(o *relay.Options) { o.AbsentAgain = 0 }).effects()
			s.policy.AbsentFor = 8 * time.Minute
			s.send = first(channels.Ambiguous)
			s.reconcile = func(dispatch.Claimed) (channels.Outcome, relay.Sent, error) {
				if locked(s, func() int { return s.looks }) <= 2 {
					return channels.Absent, relay.Sent{}, nil
				}
				return tc.later, relay.Sent{}, nil
			}
			s.lane(1, 1)
			s.start()
			s.state(1001, "unknown")
			looked := func(looks int) {
				t.Helper()
				s.eventually(fmt.Sprint("unknown true ", looks+1), `SELECT d.state || ' ' || (absent_at IS NOT NULL) || ' ' || epoch FROM deliveries d, lanes WHERE leased_until IS NULL`)
				if n := locked(s, func() int { return s.looks }); n != looks {
					t.Errorf("looked %d times, want %d", n, looks)
				}
			}

			s.age(10)
			looked(1)
			s.eventually("true", `SELECT due_at BETWEEN parley_now() + interval '30 s' AND parley_now() + interval '1 min' FROM lanes`)
			s.age(70)
			looked(2)
			s.age(500)
			s.state(1001, "accepted")
			if got := s.sent(); got != tc.want {
				t.Errorf("attempts %s, want %s", got, tc.want)
			}
		})
	}
}

// That an attempt may have been made is known as long as its delivery is tried, whatever the
// later attempts meet; and each unclear one is looked for twice.
func TestAbsentRemembered(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(o *relay.Options) { o.AbsentAgain = 2 * time.Minute }).effects()
	var maybe []bool
	s.send = func(_ context.Context, c dispatch.Claimed) (relay.Sent, error) {
		s.mu.Lock()
		maybe = append(maybe, c.AbsentAt != nil)
		s.mu.Unlock()
		class := []channels.Class{"", channels.Ambiguous, channels.Retry, channels.Ambiguous, ""}[c.Attempt]
		if class == "" {
			return relay.Sent{}, nil
		}
		return relay.Sent{}, &channels.SendError{Class: class, Text: "It did not work."}
	}
	s.reconcile = func(dispatch.Claimed) (channels.Outcome, relay.Sent, error) {
		return channels.Absent, relay.Sent{}, nil
	}
	s.lane(1, 1)
	s.start()
	looked := func(attempt, looks int) {
		t.Helper()
		s.eventually(fmt.Sprint("unknown ", attempt, " true"), `SELECT state || ' ' || attempt || ' ' || (absent_at IS NOT NULL AND absent_at > sent_at) FROM deliveries`)
		if n := locked(s, func() int { return s.looks }); n != looks {
			t.Errorf("looked %d times after attempt %d", n, attempt)
		}
	}
	s.state(1001, "unknown")
	s.age(10)
	looked(1, 1)
	s.age(130) // absent again: the second attempt fails for sure, the third is unclear
	s.eventually("unknown 3", `SELECT state || ' ' || attempt FROM deliveries`)
	s.age(10)
	looked(3, 3)
	s.age(130)
	s.state(1001, "accepted")
	if got := locked(s, func() string { return fmt.Sprint(maybe) }); got != "[false true true true]" {
		t.Errorf("the attempts knew %s", got)
	}
}

// What nobody can tell for ten minutes leaves the lane and goes to a person; what
// waits behind it goes on.
func TestUnknownNeedsDecision(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{"can't tell": nil, "error": errors.New("no connection")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := unclear(t, channels.CannotTell, err)
			s.age(20)
			s.eventually("true", `SELECT due_at > parley_now() + interval '1 s' AND leased_until IS NULL FROM lanes`)
			s.state(1001, "unknown")
			s.age(600)
			s.state(1001, "needs_decision")
			s.state(1002, "unknown") // the first attempt at each is ambiguous
			s.eventually("1001:unclear", `SELECT string_agg(name, ' ') FROM effects`)
			if got := s.sent(); got != "1001:1 1002:1" {
				t.Errorf("attempts %s", got)
			}
		})
	}
}

// A lease that ended without a result makes `unknown`, never `queued`; the dead
// process's result is fenced.
func TestLeaseExpiry(t *testing.T) {
	t.Parallel()
	s := newStage(t).effects()
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
	s.lane(1, 2)
	s.start()
	s.state(1001, "sending")
	s.age(leaseSeconds + 30)
	s.eventually("accepted found", `SELECT state || ' ' || external_id FROM deliveries WHERE id = 1001`)
	close(release)
	s.eventually("2", `SELECT head FROM lanes`)
	s.eventually("accepted found", `SELECT state || ' ' || external_id FROM deliveries WHERE id = 1001`)
	if got := s.sent(); got != "1001:1 1002:1" {
		t.Errorf("attempts %s", got)
	}
}

// A request ends before its lease, counted from before the claim.
func TestRequestEndsBeforeItsLease(t *testing.T) {
	t.Parallel()
	s := newStage(t).effects()
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
	s.lane(1, 1)
	s.start()
	s.state(1001, "accepted")
	if got := <-left; got > (leaseSeconds-4)*time.Second {
		t.Errorf("the request may take %s, its lease is %d s", got, leaseSeconds)
	}
}

// What is idempotent is done again at once; what is best effort is not.
func TestIdempotentAndBestEffort(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		policy relay.Policy
		state  string
		sends  string
	}{
		{"idempotent", relay.Policy{RequestTimeout: time.Second, RetryFor: time.Hour, Idempotent: true}, "accepted", "1001:1 1001:2"},
		{"best effort", relay.Policy{RequestTimeout: time.Second, RetryFor: time.Hour, BestEffort: true}, "failed", "1001:1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t).effects()
			s.send, s.policy = first(channels.Ambiguous), tt.policy
			s.lane(1, 1)
			s.start()
			s.state(1001, tt.state)
			s.eventually("1", `SELECT head FROM lanes`)
			if got := s.sent(); got != tt.sends {
				t.Errorf("attempts %s, want %s", got, tt.sends)
			}
			if n := locked(s, func() int { return s.looks }); n != 0 {
				t.Errorf("looked %d times", n)
			}
		})
	}
}

// A long message goes out part by part, resumed where it stopped.
func TestParts(t *testing.T) {
	t.Parallel()
	s := newStage(t).effects()
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
	s.lane(1, 1)
	s.start()
	s.state(1001, "accepted")
	if got := locked(s, func() string { return strings.Join(parts, " ") }); got != "0 1after0 1half 2after1" {
		t.Errorf("parts %s", got)
	}
}

// A handler that panics leaves an ambiguous attempt, not a dead dispatcher.
func TestPanicWhileSending(t *testing.T) {
	t.Parallel()
	s := newStage(t).effects()
	s.send = func(_ context.Context, c dispatch.Claimed) (relay.Sent, error) {
		if c.ID == 1001 {
			panic("boom")
		}
		return relay.Sent{}, nil
	}
	s.lane(1, 1)
	s.lane(2, 1)
	s.start()
	s.state(1001, "unknown")
	s.state(2001, "accepted")
}
