package relay_test

import (
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
	tests := []struct {
		name         string
		outcome      channels.Outcome
		preferDouble bool
		state        string
		sends        string
		looks        int // at least
	}{
		{"found", channels.Landed, false, "accepted", "", 1},
		{"not there", channels.Absent, false, "needs_decision", "", 1},
		{"nobody knows", channels.CannotTell, false, "needs_decision", "", 1},
		{"a post that is there", channels.Landed, true, "accepted", "", 1},
		{"a post that is not", channels.Absent, true, "accepted", "1001:1", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t).effects()
			s.policy.Restored, s.policy.PreferDouble, s.policy.RequestTimeout = true, tt.preferDouble, time.Minute
			s.reconcile = func(dispatch.Claimed) (channels.Outcome, relay.Sent, error) { return tt.outcome, relay.Sent{}, nil }
			s.lane(1, 1)
			s.exec(`UPDATE deliveries SET state = 'unknown', payload = '{"restored": true}'`) // as restore.Finish leaves it: no attempt is known
			s.start()
			s.state(1001, tt.state)
			s.eventually("1", `SELECT head FROM lanes WHERE id = 1`)
			if got := s.sent(); got != tt.sends {
				t.Errorf("attempts %q, want %q", got, tt.sends)
			}
			if n := locked(s, func() int { return s.looks }); n < tt.looks {
				t.Errorf("%d looks, want %d", n, tt.looks)
			}
			isTimed := s.text(`SELECT (payload->>'restored_at')::timestamptz > clock_timestamp() - interval '1 hour' FROM deliveries`) == "true"
			if wantTimed := tt.sends != ""; isTimed != wantTimed {
				t.Errorf("since when it is tried is noted: %v", isTimed)
			}
		})
	}
}

// Each part of a long post is looked for: what was posted after the backup is not posted
// again.
func TestRestoredParts(t *testing.T) {
	t.Parallel()
	s := newStage(t).effects()
	s.policy.Restored, s.policy.PreferDouble = true, true
	s.reconcile = func(c dispatch.Claimed) (channels.Outcome, relay.Sent, error) {
		return channels.Landed, relay.Sent{More: c.Part < 2}, nil
	}
	s.lane(1, 1)
	s.exec(`UPDATE deliveries SET state = 'unknown'`)
	s.start()
	s.state(1001, "accepted")
	if got, part := s.sent(), s.text(`SELECT part FROM deliveries`); got != "" || part != "2" {
		t.Errorf("attempts %q; %s parts were found", got, part)
	}
}
