package relay_test

import (
	"testing"
	"time"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// Posts for colleagues have Policy.PreferDouble: if it can't be found out whether a post was made, it is made again,
// and no person is asked. These tests say how often that happens.

// lookAnswer is the answer to a lookup of a post.
type lookAnswer struct {
	outcome channels.Outcome
	isGuess bool // Absent was answered without looking (Sent.Blind)
	err     error
}

func (a lookAnswer) reconcile(store.ClaimedDelivery) (channels.Outcome, relay.Sent, error) {
	return a.outcome, relay.Sent{Blind: a.isGuess}, a.err
}

// lookAgain makes all free lanes due at once, so that their deliveries are looked for.
func (h *harness) lookAgain() {
	h.t.Helper()
	h.exec(`UPDATE lanes SET due_at = parley_now() WHERE leased_until IS NULL AND due_at IS NOT NULL`)
	h.Wake()
}

// A post whose answers are always lost is given up when it has failed for as long as any other post may. If it is
// certainly absent, it is tried once more before that, because its time may have passed while the account's password
// was wrong.
func TestUnclearPostIsGivenUp(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		answer       lookAnswer
		wantAttempts int
	}{
		{name: "surely absent", answer: lookAnswer{outcome: channels.Absent}, wantAttempts: 2},
		{name: "absent by a guess", answer: lookAnswer{outcome: channels.Absent, isGuess: true}, wantAttempts: 1},
		{name: "nobody can tell", answer: lookAnswer{outcome: channels.CannotTell}, wantAttempts: 1},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, waitForAbsentAgain)
			h.policy.PreferDouble = true
			h.send = failAlways(channels.Ambiguous)
			h.reconcile = tt.answer.reconcile
			post := h.addReply()

			h.start()
			h.exec(`UPDATE deliveries SET first_at = clock_timestamp() - interval '2 hours'`) // longer than RetryFor
			for attempt := 1; attempt <= tt.wantAttempts; attempt++ {
				h.waitDelivery(post, "its latest attempt is unclear, and not looked for yet", func(d deliveryRow) bool {
					return d.State == store.Unknown && d.Attempt == attempt && !d.IsAbsentSinceSent
				})
				h.passTime(untilFirstLook)
				h.waitDelivery(post, "one look isn't enough", func(d deliveryRow) bool {
					return d.State == store.Unknown && d.LaneDueIn > 10*time.Second && !d.LaneIsLeased
				})
				h.passTime(longUnclear)
			}
			h.waitStateAfter(post, tt.wantAttempts, store.Failed)
		})
	}
}
