package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Overload: what is offered, as shares of the sustainable rate, and what may become of it.
const (
	overloadTarget = 3
	overloadShare  = 4.0
	normalShare    = 0.8
	leastFactor    = 2.0 // below this the generator did not overload Parley
	overloadConns  = 256
)

// measureOverload: what is accepted stays quick when much more is offered than can be
// accepted; the rest is refused and nothing accepted is lost. The sustainable rate is what
// 32 connections bring in, each sending when the last one was answered, appliers running.
func measureOverload(b *bench, ctx context.Context) (_ map[string]Figure, err error) {
	w, err := startWorld(ctx, b, worldOptions{slack: &slackOptions{channels: 8}, config: func(w *world) string { return w.slackConfig("") }})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	c, err := w.parley(ctx, parleyOptions{args: b.measured()})
	if err != nil {
		return nil, err
	}
	f := &flood{w: w, c: c, says: everywhere}
	var values []float64
	var details []map[string]float64
	for range b.rounds() {
		value, d, err := f.overloaded(ctx)
		if err != nil {
			return nil, err
		}
		values, details = append(values, value), append(details, d)
	}
	fig := atMost(overloadTarget, "ratio", values...).with(middle(details))
	if factor := fig.Details["factor"]; factor < leastFactor {
		no := false
		fig.OK, fig.Note = &no, fmt.Sprintf("the generator reached only %.1f times the sustainable rate", factor)
	}
	return map[string]Figure{"overload": fig}, nil
}

// overloaded is one round: p99 of what is accepted under overload ÷ p99 at 0.8 times the
// sustainable rate.
func (f *flood) overloaded(ctx context.Context) (float64, map[string]float64, error) {
	b := f.w.b
	play := func(conns int, perSecond float64) (answered, error) {
		f.conns, f.perSecond = conns, perSecond
		if err := f.w.checkpoint(ctx); err != nil {
			return answered{}, err
		}
		a, err := f.run(ctx, b.span(5*time.Second, time.Second))
		if err == nil {
			err = f.settle(ctx, a)
		}
		return a, err
	}
	sustained, err := play(acceptClients, 0)
	if err != nil {
		return 0, nil, err
	}
	normal, err := play(overloadConns, normalShare*sustained.rate())
	if err != nil {
		return 0, nil, err
	}
	over, err := play(overloadConns, overloadShare*sustained.rate())
	if err != nil {
		return 0, nil, err
	}
	p99 := percentile(normal.ms, 0.99)
	details := map[string]float64{
		"sustainable_per_s": sustained.rate(), "factor": over.offered() / sustained.rate(),
		"normal_per_s": normal.rate(), "normal_refused": float64(normal.refused), "normal_p50_ms": median(normal.ms), "normal_p99_ms": p99,
		"accepted_per_s": over.rate(), "refused_per_s": over.offered() - over.rate(), "p50_ms": median(over.ms), "p99_ms": percentile(over.ms, 0.99),
		"refused_p99_ms": percentile(over.no, 0.99),
	}
	return percentile(over.ms, 0.99) / p99, details, nil
}
