package accept

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/cmd/parley/bench/figure"
	"parley/cmd/parley/bench/load"
	"parley/cmd/parley/bench/rig"
)

// Overload: what is offered, as shares of the sustainable rate, and what may become of it.
const (
	overloadTarget = 3
	overloadShare  = 4.0
	normalShare    = 0.8
	leastFactor    = 2.0 // below this the generator did not overload Parley
	overloadConns  = 256
)

// MeasureOverload finds whether what is accepted stays quick when much more is offered than can be
// accepted; the rest is refused and nothing accepted is lost. The sustainable rate is what
// 32 connections bring in, each sending when the last one was answered, appliers running.
func MeasureOverload(ctx context.Context, b *rig.Rig) (_ map[string]figure.Figure, err error) {
	w, err := startWorld(ctx, b, "")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	c, err := w.StartParley(ctx, rig.ParleyOptions{Args: b.MeasuredArgs()})
	if err != nil {
		return nil, err
	}

	f := &load.Flood{World: w, Parley: c, Says: load.Everywhere}
	var values []float64
	var details []map[string]float64
	for range b.Rounds() {
		value, d, err := measureOverload(ctx, f)
		if err != nil {
			return nil, err
		}
		values, details = append(values, value), append(details, d)
	}

	fig := figure.AtMost(overloadTarget, "ratio", values...).With(figure.Middle(details))
	if factor := fig.Details["factor"]; factor < leastFactor {
		no := false
		fig.OK, fig.Note = &no, fmt.Sprintf("the generator reached only %.1f times the sustainable rate", factor)
	}

	return map[string]figure.Figure{"overload": fig}, nil
}

// measureOverload plays one round. It returns p99 of what is accepted under overload ÷ p99 at 0.8 times the
// sustainable rate.
func measureOverload(ctx context.Context, f *load.Flood) (float64, map[string]float64, error) {
	b := f.World.Rig
	play := func(conns int, perSecond float64) (load.Answered, error) {
		f.Conns, f.PerSecond = conns, perSecond
		if err := f.World.Checkpoint(ctx); err != nil {
			return load.Answered{}, err
		}

		a, err := f.Run(ctx, b.Span(5*time.Second, time.Second))
		if err == nil {
			err = f.Settle(ctx, a)
		}
		return a, err
	}

	sustained, err := play(rig.Clients, 0)
	if err != nil {
		return 0, nil, err
	}

	normal, err := play(overloadConns, normalShare*sustained.Rate())
	if err != nil {
		return 0, nil, err
	}

	over, err := play(overloadConns, overloadShare*sustained.Rate())
	if err != nil {
		return 0, nil, err
	}

	p99 := figure.Percentile(normal.AcceptedMS, 0.99)
	details := map[string]float64{
		"sustainable_per_s": sustained.Rate(), "factor": over.Offered() / sustained.Rate(),
		"normal_per_s": normal.Rate(), "normal_refused": float64(normal.Refused), "normal_p50_ms": figure.Median(normal.AcceptedMS), "normal_p99_ms": p99,
		"accepted_per_s": over.Rate(), "refused_per_s": over.Offered() - over.Rate(), "p50_ms": figure.Median(over.AcceptedMS), "p99_ms": figure.Percentile(over.AcceptedMS, 0.99),
		"refused_p99_ms": figure.Percentile(over.RefusedMS, 0.99),
	}

	return figure.Percentile(over.AcceptedMS, 0.99) / p99, details, nil
}
