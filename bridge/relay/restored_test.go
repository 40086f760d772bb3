package relay_test

import (
	"testing"
	"time"

	"parley/channels"
	"parley/store"
)

// A restored delivery came with a backup: there may have been attempts that no row shows.

// addRestored makes a delivery as restore.Finish of the previous version leaves it: neither its attempts nor the time
// of the restore are known.
func (h *harness) addRestored() store.DeliveryID {
	h.t.Helper()
	h.policy.Restored = true
	h.policy.RequestTimeout = time.Minute
	id := h.addReply()
	h.exec(`UPDATE deliveries SET state = 'unknown', payload = '{"restored": true}'`)
	return id
}

// wantRestoredAtNoted checks whether the time of the restore is noted. From that time on it counts how long the
// delivery has been tried.
func (h *harness) wantRestoredAtNoted(want bool) {
	h.t.Helper()
	h.wantValue("the time of the restore is noted", want,
		`SELECT coalesce((payload->>'restored_at')::timestamptz > clock_timestamp() - interval '1 hour', false) FROM deliveries`)
}

// wantLooksAtLeast checks that the delivery was looked for at least this often.
func (h *harness) wantLooksAtLeast(want int) {
	h.t.Helper()
	if got := h.numberOfLooks(); got < want {
		h.t.Errorf("looks for the delivery: got %d, want at least %d", got, want)
	}
}

// A restored delivery is looked for at once. If it was sent, it isn't sent again. If a reply to a customer may not have
// been sent, it isn't sent by itself: a person decides.
func TestRestoredDeliveryIsNotSent(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		isPost    bool // for colleagues
		outcome   channels.Outcome
		wantState store.DeliveryState
	}{
		{name: "a reply that is there", outcome: channels.Landed, wantState: store.Accepted},
		{name: "a reply that isn't there", outcome: channels.Absent, wantState: store.NeedsDecision},
		{name: "a reply of which nobody can tell", outcome: channels.CannotTell, wantState: store.NeedsDecision},
		{name: "a post that is there", isPost: true, outcome: channels.Landed, wantState: store.Accepted},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			h.policy.PreferDouble = tt.isPost
			h.reconcile = find(tt.outcome)
			restored := h.addRestored()

			h.start()
			h.waitState(restored, tt.wantState)
			h.waitLaneDone(restored)
			h.wantAttempts()
			h.wantLooksAtLeast(1)
			h.wantRestoredAtNoted(false)
		})
	}
}

// A restored post that isn't there is made after a second look, and the time of the restore is noted.
func TestRestoredPostThatIsAbsentIsMade(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.policy.PreferDouble = true
	h.reconcile = find(channels.Absent)
	restored := h.addRestored()
	h.start()
	h.waitState(restored, store.Accepted)
	h.waitLaneDone(restored)
	h.wantAttempts(attempt{restored, 1})
	h.wantLooksAtLeast(2)
	h.wantRestoredAtNoted(true)
}
