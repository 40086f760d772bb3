// Package accept measures how fast Parley accepts webhooks: Slack events, and more of them
// than it can handle. Parley answers a webhook with 2xx only after it has stored the event in its journal, a
// PostgreSQL table. Each rate is compared with a reference: how fast PostgreSQL alone commits rows of the same
// size on the same machine.
//
// What does not belong here: how events are processed after they were accepted.
package accept

import (
	"context"
	"errors"
	"time"

	"parley/cmd/parley/bench/figure"
	"parley/cmd/parley/bench/load"
	"parley/cmd/parley/bench/rig"
)

// Targets. If the database is on a RAM file system, the reference is faster, but Parley is not.
const (
	acceptTarget     = 0.50 // accepted events per inserted row of the reference, at least
	acceptTargetRAM  = 0.30 // the same on a RAM file system
	acceptIdleTarget = 4    // time of a response, in times of one insert, at most
)

// startFlood starts a world (a new database with emulators) and a Parley in it. It returns a flood, a load
// generator that sends Slack events over rig.Clients connections. The caller closes the world.
func startFlood(ctx context.Context, b *rig.Rig) (*load.Flood, error) {
	w, err := rig.StartWorld(ctx, b, rig.WorldOptions{
		Slack:  &rig.SlackOptions{Channels: load.Channels},
		Config: func(w *rig.World) string { return w.SlackConfig("") },
	})
	if err != nil {
		return nil, err
	}
	c, err := w.StartParley(ctx, rig.ParleyOptions{Args: b.MeasuredArgs()})
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return &load.Flood{World: w, Parley: c, Conns: rig.Clients}, nil
}

// Measure returns two figures about signed Slack events: the response time over a single connection
// (accept_idle), and the number of events per second over many connections (accept_ratio). For accept_ratio,
// Parley accepts events but does not process them until the measurement is over.
func Measure(ctx context.Context, b *rig.Rig) (_ map[string]figure.Figure, err error) {
	f, err := startFlood(ctx, b)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.World.Close()) }()

	f.Conns = 1
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

// acceptIdle compares Parley's response time, one request at a time, with the time of one insert.
func acceptIdle(ctx context.Context, f *load.Flood, payload []byte) (figure.Figure, error) {
	b := f.World.Rig
	m, err := rig.Bracket(ctx, b, b.Rounds(),
		func(ctx context.Context) (p50, rate float64, err error) {
			rate, p50, err = rig.Inserts(ctx, f.World, 1, payload, b.Span(2*time.Second, time.Second))
			return p50, rate, err
		},
		func(ctx context.Context) (p50, p99 float64, err error) {
			a, err := f.Run(ctx, b.Span(2*time.Second, 500*time.Millisecond))
			if err != nil {
				return 0, 0, err
			}
			return figure.Median(a.AcceptedMS), figure.Percentile(a.AcceptedMS, 0.99), f.Settle(ctx, a)
		})
	if err != nil {
		return figure.Figure{}, err
	}

	return figure.AtMost(acceptIdleTarget, "ratio", m.Ratios()...).WithNote(m.Note).With(map[string]float64{
		"p50_ms":           figure.Median(m.Values),
		"p99_ms":           figure.Median(m.Found),
		"reference_p50_ms": figure.Median(m.References),
	}), nil
}

// acceptHeld measures how many events per second are accepted while their processing is paused. It resumes when
// the burst is over.
func acceptHeld(ctx context.Context, f *load.Flood, payload []byte) (figure.Figure, error) {
	b := f.World.Rig
	measure := func(ctx context.Context) (rate float64, details map[string]float64, err error) {
		f.Parley.Hold(true)
		defer f.Parley.Hold(false) // also after an error
		return f.Burst(ctx, b.Span(6*time.Second, 1500*time.Millisecond), func(a load.Answered) error {
			defer f.Parley.Hold(false)
			return f.CheckHeld(ctx, a)
		})
	}
	m, err := rig.Bracket(ctx, b, b.Rounds(), f.World.MeasureReference(rig.Clients, payload), measure)
	if err != nil {
		return figure.Figure{}, err
	}

	target := acceptTarget
	if b.OnRAM {
		target = acceptTargetRAM
	}

	return load.RateFigure(target, m), nil
}
