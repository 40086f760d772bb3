package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/bot/slack/slackfake"
)

// A chat such as Slack limits how many messages per second may be posted in a channel. That limit is Parley's
// budget for the channel. This file makes customers write more than that into one channel. It measures how much of
// the budget Parley uses, how many API calls it makes per message (it can combine waiting messages into one post),
// and whether customers in other channels have to wait longer.

const (
	budgetRate    = 50.0                  // posts per second and channel that the emulator allows, and Parley keeps to
	budgetBurst   = 3                     // posts that Parley may make at once after a pause
	budgetSecret  = "budget-secret"       // signs the webhooks of all accounts
	budgetOthers  = 3                     // channels in addition to the full one
	budgetWithin  = 2 * time.Minute       // limit for everything to be posted
	budgetThreads = 50                    // conversations in the full channel
	calmThreads   = 10                    // conversations in each of the other channels
	calmEvery     = 25 * time.Millisecond // interval between messages in the other channels, all together
)

// budgetSize is how much is sent in one round.
type budgetSize struct {
	messages int           // messages into the full channel
	every    time.Duration // interval between them
	window   time.Duration // how long the other channels are measured alone
	pile     int           // messages that one customer writes at once
}

func budgetSizeOf(b *Rig) budgetSize {
	return Choose(b,
		budgetSize{messages: 2000, every: 5 * time.Millisecond, window: 8 * time.Second, pile: 200},
		budgetSize{messages: 500, every: 5 * time.Millisecond, window: 2 * time.Second, pile: 100},
		budgetSize{messages: 100, every: 2 * time.Millisecond, window: 500 * time.Millisecond, pile: 30})
}

// MeasureBudget makes customers write more into one channel than Parley may post there, and measures that
// channel and others.
func MeasureBudget(ctx context.Context, b *Rig) (figures map[string]Figure, err error) {
	var use, calls, burst, isolation []float64
	var details map[string]float64 // from the last round
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
	return map[string]Figure{
		"budget_use":         AtLeast(0.95, "ratio", use...).WithNote(size).With(details),
		"budget_calls":       AtMost(1.1, "per message", calls...).WithNote(size + "; cards included"),
		"budget_calls_burst": AtMost(1, "per message", burst...).WithNote(pile),
		"budget_isolation":   AtMost(1.5, "ratio", isolation...).WithNote("p99 of the other channels").With(details),
	}, nil
}

// budgetResult is the result of one round.
type budgetResult struct {
	use     float64 // posts, as a share of the posts that the limit allows
	rate    float64 // posts per second
	refused int     // calls answered with 429
	calls   float64 // API calls per message
	burst   float64 // API calls per message while many messages of one customer are waiting
	alone   float64 // p99 latency in the other channels in ms, while the full channel is quiet
	beside  float64 // the same while the full channel is overloaded
}

// budgetRound runs one round in a new world.
func budgetRound(ctx context.Context, b *Rig, size budgetSize) (r budgetResult, err error) {
	s, err := openShops(ctx, b, budgetOthers, SlackOptions{Rate: budgetRate, Change: func(o *slackfake.Options) {
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
