package relay_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
	"parley/store/dispatch"
)

// Posts for colleagues have Policy.PreferDouble: if it can't be found out whether a post was made, it is made again,
// and no person is asked. These tests say how often that happens.

// lookAnswer is the answer to a lookup of a post.
type lookAnswer struct {
	outcome channels.Outcome
	isGuess bool // Absent was answered without looking (Sent.Blind)
	err     error
}

func (a lookAnswer) reconcile(dispatch.Claimed) (channels.Outcome, relay.Sent, error) {
	return a.outcome, relay.Sent{Blind: a.isGuess}, a.err
}

// noteUnsure sets what each attempt does. It notes for each attempt whether its payload says that the first one may
// have been made.
func (h *harness) noteUnsure(send func(context.Context, dispatch.Claimed) (relay.Sent, error)) (unsure *[]bool) {
	unsure = &[]bool{}
	h.send = func(ctx context.Context, c dispatch.Claimed) (relay.Sent, error) {
		h.mu.Lock()
		*unsure = append(*unsure, strings.Contains(string(c.Payload), "unsure"))
		h.mu.Unlock()
		return send(ctx, c)
	}
	return unsure
}

// If a post is made again although the first one may be there, that counts as a repeat, and all later attempts know of
// it. If the first one is certainly absent, the post is simply made again.
func TestRepeatsAreCounted(t *testing.T) {
	t.Parallel()
	throttled := &channels.SendError{Class: channels.Throttled, Wait: time.Hour, Text: "Too many requests."}
	tests := []struct {
		name         string
		answer       lookAnswer
		repeatFor    time.Duration
		wantRepeated int64
		wantUnsure   []bool // whether each attempt knows that the first may be there
	}{
		{
			name:         "surely absent",
			answer:       lookAnswer{outcome: channels.Absent},
			wantRepeated: 0,
			wantUnsure:   []bool{false, false, false},
		},
		{
			name:         "surely absent after Policy.RepeatFor",
			answer:       lookAnswer{outcome: channels.Absent},
			repeatFor:    time.Second,
			wantRepeated: 0,
			wantUnsure:   []bool{false, false, false},
		},
		{
			name:         "absent by a guess",
			answer:       lookAnswer{outcome: channels.Absent, isGuess: true},
			wantRepeated: 1,
			wantUnsure:   []bool{false, true, true},
		},
		{
			name:         "nobody can tell",
			answer:       lookAnswer{outcome: channels.CannotTell},
			wantRepeated: 1,
			wantUnsure:   []bool{false, true, true},
		},
		{
			name:         "nobody can look",
			answer:       lookAnswer{outcome: channels.CannotTell, err: throttled},
			wantRepeated: 1,
			wantUnsure:   []bool{false, true, true},
		},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			h.policy.PreferDouble = true
			h.policy.RepeatFor = tt.repeatFor
			unsure := h.noteUnsure(failFirst(channels.Ambiguous, channels.Retry))
			h.reconcile = tt.answer.reconcile
			post := h.addReply()

			h.start()
			h.waitState(post, store.Unknown)
			h.passTime(longUnclear)
			h.waitDelivery(post, "it was tried again or found absent", func(d deliveryRow) bool { return d.Attempt > 1 || d.IsAbsent })
			h.passTime(30 * time.Second)
			h.waitState(post, store.Accepted)

			if got := h.Metrics().Account(1).Repeated.Load(); got != tt.wantRepeated {
				t.Errorf("counted repeats: got %d, want %d", got, tt.wantRepeated)
			}
			if got := locked(h, func() []bool { return slices.Clone(*unsure) }); !slices.Equal(got, tt.wantUnsure) {
				t.Errorf("attempts that knew that the first may be there: got %v, want %v", got, tt.wantUnsure)
			}
		})
	}
}

// lookAgain makes all free lanes due at once, so that their deliveries are looked for.
func (h *harness) lookAgain() {
	h.t.Helper()
	h.exec(`UPDATE lanes SET due_at = parley_now() WHERE leased_until IS NULL AND due_at IS NOT NULL`)
	h.Wake()
}

// A post that is never given up, and of which it stays unclear whether it was made, is looked for again and again but
// made again only once a day. Where Parley can't look, the post might otherwise never be made.
func TestUnclearPostIsRepeatedOnceADay(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer lookAnswer
	}{
		{name: "nobody may look", answer: lookAnswer{outcome: channels.Absent, isGuess: true}},
		{name: "nobody can tell", answer: lookAnswer{outcome: channels.CannotTell}},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			h.policy.PreferDouble = true
			h.policy.RetryFor = 1000 * time.Hour
			h.policy.RepeatFor = time.Hour
			h.send = failFirst(channels.Ambiguous)
			h.reconcile = tt.answer.reconcile
			post := h.addReply()

			h.start()
			h.waitState(post, store.Unknown)
			h.exec(`UPDATE deliveries SET first_at = first_at - interval '2 hours'`) // longer than RepeatFor
			h.passTime(longUnclear)
			h.waitDelivery(post, "its next look waits", func(d deliveryRow) bool { return d.LaneDueIn > 30*time.Second && !d.LaneIsLeased })

			h.repeatUntil("it was looked for often", h.lookAgain, func() bool { return h.numberOfLooks() > 5 })
			if got := h.delivery(post); got.State != store.Unknown || got.Attempt != 1 {
				t.Errorf("after some looks on the first day: got %+v, want it unknown after its first attempt", got)
			}

			h.passTime(24 * time.Hour)
			h.repeatUntil("a second attempt was accepted", h.lookAgain, func() bool {
				d := h.delivery(post)
				return d.State == store.Accepted && d.Attempt == 2
			})
		})
	}
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
