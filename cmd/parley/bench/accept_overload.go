package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	overloadTarget = 3   // p99 response time under overload, in times of the normal p99, at most
	overloadShare  = 4.0 // events sent under overload, in times of the sustainable rate
	normalShare    = 0.8 // the same under normal load
	minFactor      = 2.0 // if fewer events were actually sent, the generator was too slow to overload Parley
	overloadConns  = 256
)

// MeasureOverload sends Parley four times as many Slack events as it can handle. Parley must refuse the surplus
// with 503, lose no event that it accepted, and answer accepted events at most three times as slowly as under
// normal load.
//
// The sustainable rate is measured first: 32 connections send without a pause while Parley also processes what
// it has accepted.
func MeasureOverload(ctx context.Context, b *Rig) (_ map[string]Figure, err error) {
	f, err := startFlood(ctx, b)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.World.Close()) }()

	var values []float64
	var details []map[string]float64
	for range b.Rounds() {
		value, d, err := measureOverload(ctx, f)
		if err != nil {
			return nil, err
		}
		values, details = append(values, value), append(details, d)
	}

	fig := AtMost(overloadTarget, "ratio", values...).With(MedianDetails(details))
	if factor := fig.Details["factor"]; factor < minFactor {
		*fig.OK = false
		fig.Note = fmt.Sprintf("the generator reached only %.1f times the sustainable rate", factor)
	}

	return map[string]Figure{"overload": fig}, nil
}

// measureOverload runs one round: three phases, each with its own load. ratio is the p99 response time of
// accepted events under overload, divided by that under normal load.
func measureOverload(ctx context.Context, f *Flood) (ratio float64, details map[string]float64, err error) {
	b := f.World.Rig
	runPhase := func(conns int, perSecond float64) (Answered, error) {
		f.Conns, f.PerSecond = conns, perSecond
		if err := f.World.Checkpoint(ctx); err != nil {
			return Answered{}, err
		}

		answered, err := f.Run(ctx, b.Span(5*time.Second, time.Second))
		if err != nil {
			return answered, err
		}
		return answered, f.Settle(ctx, answered)
	}

	const unlimited = 0 // as fast as Parley answers
	sustained, err := runPhase(Clients, unlimited)
	if err != nil {
		return 0, nil, err
	}

	normal, err := runPhase(overloadConns, normalShare*sustained.Rate())
	if err != nil {
		return 0, nil, err
	}

	over, err := runPhase(overloadConns, overloadShare*sustained.Rate())
	if err != nil {
		return 0, nil, err
	}

	normalP99, p99 := Percentile(normal.AcceptedMS, 0.99), Percentile(over.AcceptedMS, 0.99)
	return p99 / normalP99, map[string]float64{
		"sustainable_per_s": sustained.Rate(),
		"factor":            over.Offered() / sustained.Rate(),
		"normal_per_s":      normal.Rate(),
		"normal_refused":    float64(normal.Refused),
		"normal_p50_ms":     Median(normal.AcceptedMS),
		"normal_p99_ms":     normalP99,
		"accepted_per_s":    over.Rate(),
		"refused_per_s":     over.Offered() - over.Rate(),
		"p50_ms":            Median(over.AcceptedMS),
		"p99_ms":            p99,
		"refused_p99_ms":    Percentile(over.RefusedMS, 0.99),
	}, nil
}
