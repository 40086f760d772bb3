package relay_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store/dispatch"
)

// What is made again though the first may be there is counted, and all later attempts know it;
// what was seen to be absent is simply made again.
func TestRepeatedCounted(t *testing.T) {
	t.Parallel()
	throttled := &channels.SendError{Class: channels.Throttled, Wait: time.Hour, Text: "Too many requests."}
	for name, tt := range map[string]struct {
		outcome      channels.Outcome
		err          error
		blind        bool
		wantRepeated int64
		wantUnsure   []bool // whether each attempt knows that the first may be there
	}{
		"looked":     {outcome: channels.Absent, wantUnsure: []bool{false, false, false}},
		"blind":      {outcome: channels.Absent, blind: true, wantRepeated: 1, wantUnsure: []bool{false, true, true}},
		"can't tell": {outcome: channels.CannotTell, wantRepeated: 1, wantUnsure: []bool{false, true, true}},
		"can't look": {outcome: channels.CannotTell, err: throttled, wantRepeated: 1, wantUnsure: []bool{false, true, true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.policy.PreferDouble = true
			var unsure []bool
			fail := failByAttempt(channels.Ambiguous, channels.Retry)
			s.send = func(ctx context.Context, c dispatch.Claimed) (relay.Sent, error) {
				s.mu.Lock()
				unsure = append(unsure, strings.Contains(string(c.Payload), "unsure"))
				s.mu.Unlock()
				return fail(ctx, c)
			}
			s.reconcile = func(dispatch.Claimed) (channels.Outcome, relay.Sent, error) {
				return tt.outcome, relay.Sent{Blind: tt.blind}, tt.err
			}
			s.addLane(1, 1)
			s.start()
			s.waitState(1001, "unknown")
			s.passTime(longUnclear)
			s.waitText("true", `SELECT attempt > 1 OR absent_at IS NOT NULL FROM deliveries`)
			s.passTime(30 * time.Second)
			s.waitState(1001, "accepted")
			if got := s.Metrics().Account(1).Repeated.Load(); got != tt.wantRepeated {
				t.Errorf("%d repeats are counted, want %d", got, tt.wantRepeated)
			}
			if got := locked(s, func() []bool { return unsure }); !slices.Equal(got, tt.wantUnsure) {
				t.Errorf("that the first may be there the attempts knew: %v, want %v", got, tt.wantUnsure)
			}
		})
	}
}

// A post that is never given up isn't made again in each round where nobody can tell whether it was made, but looked for, and made
// again once a day: where nobody may look, it would never be there otherwise.
func TestBlindRepeatsAreRare(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]struct {
		outcome channels.Outcome
		blind   bool
	}{
		"nobody may look": {outcome: channels.Absent, blind: true},
		"nobody knows":    {outcome: channels.CannotTell},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.policy.PreferDouble, s.policy.RetryFor, s.policy.RepeatFor = true, 1000*time.Hour, time.Hour
			s.send = failFirst(channels.Ambiguous)
			s.reconcile = func(dispatch.Claimed) (channels.Outcome, relay.Sent, error) {
				return answer.outcome, relay.Sent{Blind: answer.blind}, nil
			}
			s.addLane(1, 1)
			s.start()
			s.waitState(1001, "unknown")
			s.exec(`UPDATE deliveries SET first_at = first_at - interval '2 hours'`)
			s.passTime(longUnclear)
			lookAgain := func() {
				s.exec(`UPDATE lanes SET due_at = parley_now() WHERE leased_until IS NULL AND due_at IS NOT NULL`)
				s.Wake()
			}
			s.repeatUntil("it was looked for often", lookAgain, func() bool {
				return locked(s, func() int { return s.looks }) > 5
			})
			s.wantText("unknown 1", `SELECT state || ' ' || attempt FROM deliveries`) // the first attempt alone

			s.passTime(24 * time.Hour)
			s.repeatUntil("it is there", lookAgain, func() bool {
				return s.text(`SELECT state || ' ' || attempt FROM deliveries`) == "accepted 2"
			})
		})
	}
}

// A post whose answers are always lost, and that never lands, is given up like any other that fails for so long. If it is surely
// absent, it is tried once more before, since its time may have passed while the account's password was wrong.
func TestPostIsNotMadeAgainForever(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]struct {
		outcome  channels.Outcome
		blind    bool
		attempts int
	}{
		"absent":            {outcome: channels.Absent, attempts: 2},
		"absent by a guess": {outcome: channels.Absent, blind: true, attempts: 1},
		"nobody knows":      {outcome: channels.CannotTell, attempts: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.policy.PreferDouble = true
			s.send = failAlways(channels.Ambiguous)
			s.reconcile = func(dispatch.Claimed) (channels.Outcome, relay.Sent, error) {
				return answer.outcome, relay.Sent{Blind: answer.blind}, nil
			}
			s.addLane(1, 1)
			s.start()
			s.exec(`UPDATE deliveries SET first_at = clock_timestamp() - interval '2 hours'`)
			for attempt := range answer.attempts {
				s.waitText(fmt.Sprint("unknown ", attempt+1), `SELECT state || ' ' || attempt FROM deliveries WHERE absent_at IS NULL OR absent_at < sent_at`)
				s.passTime(longUnclear)
			}
			s.waitText(fmt.Sprint("failed ", answer.attempts), `SELECT state || ' ' || attempt FROM deliveries`)
		})
	}
}
