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

const (
	budgetRate    = 50.0 // posts per second and channel, of Slack and of Parley
	budgetBurst   = 3    // what Parley may post at once after a pause
	budgetSecret  = "budget-secret"
	budgetOthers  = 3 // channels beside the full one
	budgetWithin  = 2 * time.Minute
	budgetThreads = 50                    // conversations of the full channel
	calmThreads   = 10                    // conversations of each of the others
	calmEvery     = 25 * time.Millisecond // between two lines of all of them
)

// budgetSize is one run's size.
type budgetSize struct {
	messages int           // into the full channel
	every    time.Duration // between two of them
	window   time.Duration // how long the other channels are measured alone
	pile     int           // messages of one sender that pile up
}

func budgetSizeOf(b *rig.Rig) budgetSize {
	return rig.Choose(b,
		budgetSize{messages: 2000, every: 5 * time.Millisecond, window: 8 * time.Second, pile: 200},
		budgetSize{messages: 500, every: 5 * time.Millisecond, window: 2 * time.Second, pile: 100},
		budgetSize{messages: 100, every: 2 * time.Millisecond, window: 500 * time.Millisecond, pile: 30})
}

// MeasureBudget sends more into one Slack channel than it may take, and measures that channel and the others.
func MeasureBudget(ctx context.Context, b *rig.Rig) (figures map[string]figure.Figure, err error) {
	var use, calls, burst, isolation []float64
	details := map[string]float64{}
	for range b.Rounds() {
		r, err := budgetRound(ctx, b, budgetSizeOf(b))
		if err != nil {
			return nil, err
		}

		use, calls = append(use, r.use), append(calls, r.calls)
		burst = append(burst, r.burst)
		isolation = append(isolation, r.beside/r.alone)
		details = map[string]float64{"p99_alone_ms": r.alone, "p99_beside_ms": r.beside, "posts_per_second": r.rate, "refused": float64(r.refused)}
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

// budgetResult is what one round showed: use is the share of the channel's budget that Parley used, calls
// and burst are calls per message, rate is posts a second.
type budgetResult struct {
	use, calls, burst, rate float64
	alone, beside           float64 // p99 in ms
	refused                 int     // calls answered with 429
}

// budgetRound plays one round in a world of its own.
func budgetRound(ctx context.Context, b *rig.Rig, size budgetSize) (r budgetResult, err error) {
	s, closeShops, err := openShops(ctx, b, budgetOthers, rig.SlackOptions{Rate: budgetRate, Change: func(o *slackfake.Options) {
		o.Limits = true
		o.PostPerSecond, o.TierFactor = budgetRate, budgetRate
	}})
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, closeShops()) }()

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
