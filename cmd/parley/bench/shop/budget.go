package shop

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/bot/slack/slackfake"
	"parley/cmd/parley/bench/figure"
	"parley/cmd/parley/bench/rig"
)

// A chat such as Slack allows only so many posts a second in a channel: Parley's budget there. This file lets
// customers write more than that into one channel. It measures how much of the budget Parley uses, and whether
// customers of other channels have to wait.

const (
	budgetRate    = 50.0                  // posts a second that the emulator and Parley allow a channel
	budgetBurst   = 3                     // posts that Parley may make at once after a pause
	budgetSecret  = "budget-secret"       // signs the webhooks of all accounts
	budgetOthers  = 3                     // channels beside the full one
	budgetWithin  = 2 * time.Minute       // for all that was said to be posted
	budgetThreads = 50                    // conversations of the full channel
	calmThreads   = 10                    // conversations of each of the others
	calmEvery     = 25 * time.Millisecond // the time between two lines in the others, all together
)

// budgetSize is one run's size.
type budgetSize struct {
	messages int           // into the full channel
	every    time.Duration // the time between two of them
	window   time.Duration // how long the other channels are measured alone
	pile     int           // messages that one sender writes at once
}

func budgetSizeOf(b *rig.Rig) budgetSize {
	return rig.Choose(b,
		budgetSize{messages: 2000, every: 5 * time.Millisecond, window: 8 * time.Second, pile: 200},
		budgetSize{messages: 500, every: 5 * time.Millisecond, window: 2 * time.Second, pile: 100},
		budgetSize{messages: 100, every: 2 * time.Millisecond, window: 500 * time.Millisecond, pile: 30})
}

// MeasureBudget lets customers write more into one channel than Parley may post there, and measures that channel and
// others.
func MeasureBudget(ctx context.Context, b *rig.Rig) (figures map[string]figure.Figure, err error) {
	var use, calls, burst, isolation []float64
	var details map[string]float64 // of the last round
	for range b.Rounds() {
		r, err := budgetRound(ctx, b, budgetSizeOf(b))
		if err != nil {
			return nil, err
		}

		use = append(use, r.use)
		calls = append(calls, r.calls)
		burst = append(burst, r.burst)
		isolation = append(isolation, r.beside/r.alone)
		details = map[string]float64{
			"p99_alone_ms":     r.alone,
			"p99_beside_ms":    r.beside,
			"posts_per_second": r.rate,
			"refused":          float64(r.refused),
		}
	}

	size := fmt.Sprintf("%d messages over %d conversations", budgetSizeOf(b).messages, budgetThreads)
	pile := fmt.Sprintf("%d messages of one sender", budgetSizeOf(b).pile)
	return map[string]figure.Figure{
		"budget_use":         figure.AtLeast(0.95, "ratio", use...).WithNote(size).With(details),
		"budget_calls":       figure.AtMost(1.1, "per message", calls...).WithNote(size + "; cards included"),
		"budget_calls_burst": figure.AtMost(1, "per message", burst...).WithNote(pile),
		"budget_isolation":   figure.AtMost(1.5, "ratio", isolation...).WithNote("p99 of the other channels").With(details),
	}, nil
}

// budgetResult is what one round showed of the full channel, and of the others.
type budgetResult struct {
	use     float64 // posts, as a share of those that the limit allows
	rate    float64 // posts a second
	refused int     // calls answered with 429
	calls   float64 // of Slack, per message
	burst   float64 // the same while messages of one sender pile up
	alone   float64 // p99 of the latency in the other channels, ms, while nobody fills the first one
	beside  float64 // the same while it is filled
}

// budgetRound plays one round in a world of its own.
func budgetRound(ctx context.Context, b *rig.Rig, size budgetSize) (r budgetResult, err error) {
	s, err := openShops(ctx, b, budgetOthers, rig.SlackOptions{Rate: budgetRate, Change: func(o *slackfake.Options) {
		o.Limits = true
		o.PostPerSecond, o.TierFactor = budgetRate, budgetRate
	}})
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.close()) }()

	if r.alone, err = s.measureCalm(ctx, size.window); err != nil {
		return r, err
	}
	if err := s.fillChannel(ctx, size, &r); err != nil {
		return r, err
	}
	if r.burst, err = s.measurePile(ctx, size.pile); err != nil {
		return r, err
	}

	return r, s.checkThreads()
}
