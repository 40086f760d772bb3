package relay_test

import (
	"context"
	"fmt"
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
		outcome  channels.Outcome
		err      error
		blind    bool
		repeated int64
		unsure   string
	}{
		"looked":     {outcome: channels.Absent, unsure: "false false false"},
		"blind":      {outcome: channels.Absent, blind: true, repeated: 1, unsure: "false true true"},
		"can't tell": {outcome: channels.CannotTell, repeated: 1, unsure: "false true true"},
		"can't look": {outcome: channels.CannotTell, err: throttled, repeated: 1, unsure: "false true true"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t).effects()
			s.policy.PreferDouble = true
			var unsure []string
			s.send = func(_ context.Context, c dispatch.Claimed) (relay.Sent, error) {
				s.mu.Lock()
				unsure = append(unsure, fmt.Sprint(strings.Contains(string(c.Payload), "unsure")))
				s.mu.Unlock()
				if class := []channels.Class{"", channels.Ambiguous, channels.Retry, ""}[c.Attempt]; class != "" {
					return relay.Sent{}, &channels.SendError{Class: class, Text: "It did not work."}
				}
				return relay.Sent{}, nil
			}
			s.reconcile = func(dispatch.Claimed) (channels.Outcome, relay.Sent, error) {
				return tt.outcome, relay.Sent{Blind: tt.blind}, tt.err
			}
			s.lane(1, 1)
			s.start()
			s.state(1001, "unknown")
			s.age(700)
			s.eventually("true", `SELECT attempt > 1 OR absent_at IS NOT NULL FROM deliveries`)
			s.age(30)
			s.state(1001, "accepted")
			told := locked(s, func() string { return strings.Join(unsure, " ") })
			if got := s.Metrics().Account(1).Repeated.Load(); got != tt.repeated || told != tt.unsure {
				t.Errorf("%d counted, want %d; the attempts knew %s, want %s", got, tt.repeated, told, tt.unsure)
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
	}{"nobody may look": {channels.Absent, true}, "nobody knows": {channels.CannotTell, false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t).effects()
			s.policy.PreferDouble, s.policy.RetryFor, s.policy.RepeatFor = true, 1000*time.Hour, time.Hour
			s.send = first(channels.Ambiguous)
			looks := 0
			s.reconcile = func(dispatch.Claimed) (channels.Outcome, relay.Sent, error) {
				s.mu.Lock()
				defer s.mu.Unlock()
				looks++
				return answer.outcome, relay.Sent{Blind: answer.blind}, nil
			}
			s.lane(1, 1)
			s.start()
			s.state(1001, "unknown")
			s.exec(`UPDATE deliveries SET first_at = first_at - interval '2 hours'`)
			s.age(700)
			lookAgain := func() {
				s.exec(`UPDATE lanes SET due_at = parley_now() WHERE leased_until IS NULL AND due_at IS NOT NULL`)
				s.Wake()
			}
			s.until("it was looked for often", func() bool {
				lookAgain()
				return locked(s, func() int { return looks }) > 5
			})
			if got := s.text(`SELECT state || ' ' || attempt FROM deliveries`); got != "unknown 1" {
				t.Errorf("%s, want the first attempt alone", got)
			}

			s.age(24 * 60 * 60)
			s.until("it is there", func() bool {
				lookAgain()
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
	}{"absent": {channels.Absent, false, 2}, "absent by a guess": {channels.Absent, true, 1}, "nobody knows": {channels.CannotTell, false, 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t).effects()
			s.policy.PreferDouble = true
			s.send = fails(channels.Ambiguous)
			s.reconcile = func(dispatch.Claimed) (channels.Outcome, relay.Sent, error) {
				return answer.outcome, relay.Sent{Blind: answer.blind}, nil
			}
			s.lane(1, 1)
			s.start()
			s.exec(`UPDATE deliveries SET first_at = clock_timestamp() - interval '2 hours'`)
			for attempt := range answer.attempts {
				s.eventually(fmt.Sprint("unknown ", attempt+1), `SELECT state || ' ' || attempt FROM deliveries WHERE absent_at IS NULL OR absent_at < sent_at`)
				s.age(700)
			}
			s.eventually(fmt.Sprint("failed ", answer.attempts), `SELECT state || ' ' || attempt FROM deliveries`)
		})
	}
}
