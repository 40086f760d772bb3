// Package accept measures how fast what chats and customers send becomes durable: Slack's events, WhatsApp's webhooks, and
// more than Parley can take.
//
// What does not belong here: what becomes of it afterwards.
package accept

import (
	"context"
	"errors"
	"time"

	"parley/cmd/parley/bench/figure"
	"parley/cmd/parley/bench/load"
	"parley/cmd/parley/bench/rig"
)

// Targets of the accepting side. On a RAM file system the reference is faster, but Parley is not.
const (
	acceptTarget     = 0.50
	acceptTargetRAM  = 0.30
	acceptIdleTarget = 4
)

// startWorld makes a world with Slack's channels to which load.Everywhere writes. Accounts end its parley.yaml.
func startWorld(ctx context.Context, b *rig.Rig, accounts string) (*rig.World, error) {
	return rig.StartWorld(ctx, b, rig.WorldOptions{
		Slack:  &rig.SlackOptions{Channels: load.Channels},
		Config: func(w *rig.World) string { return w.SlackConfig(accounts) },
	})
}

// Measure finds how fast signed Slack events become durable.
func Measure(ctx context.Context, b *rig.Rig) (_ map[string]figure.Figure, err error) {
	w, err := startWorld(ctx, b, "")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	c, err := w.StartParley(ctx, rig.ParleyOptions{Args: b.MeasuredArgs()})
	if err != nil {
		return nil, err
	}

	f := &load.Flood{World: w, Parley: c, Conns: 1, Says: load.Everywhere}
	payload, err := load.SamplePayload(ctx, f)
	if err != nil {
		return nil, err
	}

	idle, err := acceptIdle(ctx, f, payload)
	if err != nil {
		return nil, err
	}

	f.Conns = rig.Clients
	held, err := acceptHeld(ctx, f, payload)
	if err != nil {
		return nil, err
	}

	return map[string]figure.Figure{"accept_idle": idle, "accept_ratio": held}, nil
}

// acceptIdle compares the time of an answer to one connection, one request at a time, with that of
// one client's inserts.
func acceptIdle(ctx context.Context, f *load.Flood, payload []byte) (figure.Figure, error) {
	b := f.World.Rig
	var p50, p99 []float64
	m, err := b.Bracket(ctx, b.Rounds(),
		func(ctx context.Context) (float64, error) {
			_, p50, err := rig.Inserts(ctx, f.World, 1, payload, b.Span(2*time.Second, time.Second))
			return p50, err
		},
		func(ctx context.Context) (float64, error) {
			a, err := f.Run(ctx, b.Span(2*time.Second, 500*time.Millisecond))
			if err != nil {
				return 0, err
			}

			p50, p99 = append(p50, figure.Median(a.AcceptedMS)), append(p99, figure.Percentile(a.AcceptedMS, 0.99))
			return figure.Median(a.AcceptedMS), f.Settle(ctx, a)
		})
	if err != nil {
		return figure.Figure{}, err
	}

	fig := figure.AtMost(acceptIdleTarget, "ratio", m.Ratios()...).With(map[string]float64{
		"p50_ms": figure.Median(rig.Kept(m, p50)), "p99_ms": figure.Median(rig.Kept(m, p99)),
		"reference_p50_ms": figure.Median(m.References())})

	return fig.WithNote(m.Note), nil
}

// acceptHeld measures how many events a second are accepted while the appliers are held; they begin
// when the burst is over.
func acceptHeld(ctx context.Context, f *load.Flood, payload []byte) (figure.Figure, error) {
	b := f.World.Rig
	var details []map[string]float64
	m, err := b.Bracket(ctx, b.Rounds(), f.World.MeasureReference(rig.Clients, payload), func(ctx context.Context) (float64, error) {
		f.Parley.Hold(true)
		defer f.Parley.Hold(false)
		rate, d, err := f.Burst(ctx, b.Span(6*time.Second, 1500*time.Millisecond), func(a load.Answered) error {
			defer f.Parley.Hold(false)
			return f.CheckHeld(ctx, a)
		})

		details = append(details, d)
		return rate, err
	})
	if err != nil {
		return figure.Figure{}, err
	}

	target := acceptTarget
	if b.OnRAM {
		target = acceptTargetRAM
	}

	fig := figure.AtLeast(target, "ratio", m.Ratios()...).With(figure.Middle(rig.Kept(m, details)))
	fig = fig.With(map[string]float64{"reference_per_s": figure.Median(m.References())})
	return fig.WithNote(m.Note), nil
}
