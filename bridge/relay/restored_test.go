package relay_test

import (
	"fmt"
	"testing"
	"time"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store/dispatch"
)

// What came with a backup is looked for at once, and never leaves for a customer by
// itself; what is for colleagues is posted when it is not there. Of that it is noted how long it has been tried, where the version
// before restored it.
func TestRestored(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		outcome  channels.Outcome
		isPost   bool // for colleagues
		state    string
		attempts string
		looks    int // at least
	}{
		"found":                {outcome: channels.Landed, state: "accepted", looks: 1},
		"not there":            {outcome: channels.Absent, state: "needs_decision", looks: 1},
		"nobody knows":         {outcome: channels.CannotTell, state: "needs_decision", looks: 1},
		"a post that is there": {outcome: channels.Landed, isPost: true, state: "accepted", looks: 1},
		"a post that is not":   {outcome: channels.Absent, isPost: true, state: "accepted", attempts: "1001:1", looks: 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.policy.Restored, s.policy.PreferDouble, s.policy.RequestTimeout = true, tt.isPost, time.Minute
			s.reconcile = func(dispatch.Claimed) (channels.Outcome, relay.Sent, error) { return tt.outcome, relay.Sent{}, nil }
			s.addLane(1, 1)
			s.exec(`UPDATE deliveries SET state = 'unknown', payload = '{"restored": true}'`) // as restore.Finish leaves it: no attempt is known
			s.start()
			s.waitState(1001, tt.state)
			s.waitText("1", `SELECT head FROM lanes WHERE id = 1`)
			s.wantAttempts(tt.attempts)
			if n := locked(s, func() int { return s.looks }); n < tt.looks {
				t.Errorf("it was looked for %d times, want at least %d", n, tt.looks)
			}
			const isTimed = `SELECT coalesce((payload->>'restored_at')::timestamptz > clock_timestamp() - interval '1 hour', false) FROM deliveries`
			s.wantText(fmt.Sprint(tt.attempts != ""), isTimed)
		})
	}
}

// Each part of a long post is looked for: what was posted after the backup is not posted
// again.
func TestRestoredParts(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.policy.Restored, s.policy.PreferDouble = true, true
	s.reconcile = func(c dispatch.Claimed) (channels.Outcome, relay.Sent, error) {
		return channels.Landed, relay.Sent{More: c.Part < 2}, nil
	}
	s.addLane(1, 1)
	s.exec(`UPDATE deliveries SET state = 'unknown'`)
	s.start()
	s.waitState(1001, "accepted")
	s.wantAttempts("")
	s.wantText("2", `SELECT part FROM deliveries`)
}
