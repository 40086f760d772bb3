package relay_test

import (
	"testing"
	"time"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
	"parley/store/dispatch"
)

// A delivery is restored when it came with a backup: attempts may have been made of which no row tells.

// addRestored makes a delivery as restore.Finish of the version before leaves it: no attempt is known, nor when it was restored.
func (h *harness) addRestored() store.DeliveryID {
	h.t.Helper()
	h.policy.Restored = true
	h.policy.RequestTimeout = time.Minute
	id := h.addReply()
	h.exec(`UPDATE deliveries SET state = 'unknown', payload = '{"restored": true}'`)
	return id
}

// wantRestoredAtNoted checks whether it is noted when the delivery was restored, from which it is known how long it has been tried.
func (h *harness) wantRestoredAtNoted(want bool) {
	h.t.Helper()
	h.wantValue("the time of the restore is noted", want,
		`SELECT coalesce((payload->>'restored_at')::timestamptz > clock_timestamp() - interval '1 hour', false) FROM deliveries`)
}

// wantLooksAtLeast checks that a delivery was looked for.
func (h *harness) wantLooksAtLeast(want int) {
	h.t.Helper()
	if got := h.numberOfLooks(); got < want {
		h.t.Errorf("looks for the delivery: got %d, want at least %d", got, want)
	}
}

// A restored delivery is looked for at once. What is there already is not sent again; what is for a customer, and may not be there,
// never leaves by itself, but goes to a person.
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

// A restored post that isn't there is made, after a second look. It is noted when it was restored.
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

// Each part of a restored post is looked for: what was posted after the backup is not posted again.
func TestEachPartOfARestoredPostIsLookedFor(t *testing.T) {
	t.Parallel()
	const lastPart = 2
	h := newHarness(t)
	h.policy.PreferDouble = true
	h.policy.Restored = true
	h.reconcile = func(c dispatch.Claimed) (channels.Outcome, relay.Sent, error) {
		return channels.Landed, relay.Sent{More: c.Part < lastPart}, nil
	}
	post := h.addReply()
	h.exec(`UPDATE deliveries SET state = 'unknown'`)
	h.start()
	h.waitState(post, store.Accepted)
	h.wantAttempts()
	if got := h.delivery(post).Part; got != lastPart {
		t.Errorf("part: got %d, want the last one, %d", got, lastPart)
	}
}
