package bench

import (
	"context"
	"errors"
	"time"
)

// Targets. If the database is on a RAM file system, the reference is faster, but Parley is not.
const (
	acceptTarget     = 0.50 // accepted events per inserted row of the reference, at least
	acceptTargetRAM  = 0.30 // the same on a RAM file system
	acceptIdleTarget = 4    // time of a response, in times of one insert, at most
)

// startFlood starts a world (a new database with emulators) and a Parley in it. It returns a flood, a load
// generator that sends Slack events over rig.Clients connections. The caller closes the world.
func startFlood(ctx context.Context, b *Rig) (*Flood, error) {
	w, err := StartWorld(ctx, b, WorldOptions{
		Slack:  &SlackOptions{Channels: Channels},
		Config: func(w *World) string { return w.SlackConfig("") },
	})
	if err != nil {
		return nil, err
	}
	c, err := w.StartParley(ctx, ParleyOptions{Args: b.MeasuredArgs()})
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return &Flood{World: w, Parley: c, Conns: Clients}, nil
}

// Measure returns two figures about signed Slack events: the response time over a single connection
// (accept_idle), and the number of events per second over many connections (accept_ratio). For accept_ratio,
// Parley accepts events but does not process them until the measurement is over.
func Measure(ctx context.Context, b *Rig) (_ map[string]Figure, err error) {
	f, err := startFlood(ctx, b)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.World.Close()) }()

	f.Conns = 1
	payload, err := SamplePayload(ctx, f)
	if err != nil {
		return nil, err
	}

	idle, err := acceptIdle(ctx, f, payload)
	if err != nil {
		return nil, err
	}

	f.Conns = Clients
	held, err := acceptHeld(ctx, f, payload)
	if err != nil {
		return nil, err
	}

	return map[string]Figure{"accept_idle": idle, "accept_ratio": held}, nil
}

// acceptIdle compares Parley's response time, one request at a time, with the time of one insert.
func acceptIdle(ctx context.Context, f *Flood, payload []byte) (Figure, error) {
	b := f.World.Rig
	m, err := Bracket(ctx, b, b.Rounds(),
		func(ctx context.Context) (p50, rate float64, err error) {
			rate, p50, err = Inserts(ctx, f.World, 1, payload, b.Span(2*time.Second, time.Second))
			return p50, rate, err
		},
		func(ctx context.Context) (p50, p99 float64, err error) {
			a, err := f.Run(ctx, b.Span(2*time.Second, 500*time.Millisecond))
			if err != nil {
				return 0, 0, err
			}
			return Median(a.AcceptedMS), Percentile(a.AcceptedMS, 0.99), f.Settle(ctx, a)
		})
	if err != nil {
		return Figure{}, err
	}

	return AtMost(acceptIdleTarget, "ratio", m.Ratios()...).WithNote(m.Note).With(map[string]float64{
		"p50_ms":           Median(m.Values),
		"p99_ms":           Median(m.Found),
		"reference_p50_ms": Median(m.References),
	}), nil
}

// acceptHeld measures how many events per second are accepted while their processing is paused. It resumes when
// the burst is over.
func acceptHeld(ctx context.Context, f *Flood, payload []byte) (Figure, error) {
	b := f.World.Rig
	measure := func(ctx context.Context) (rate float64, details map[string]float64, err error) {
		f.Parley.Hold(true)
		defer f.Parley.Hold(false) // also after an error
		return f.Burst(ctx, b.Span(6*time.Second, 1500*time.Millisecond), func(a Answered) error {
			defer f.Parley.Hold(false)
			return f.CheckHeld(ctx, a)
		})
	}
	m, err := Bracket(ctx, b, b.Rounds(), f.World.MeasureReference(Clients, payload), measure)
	if err != nil {
		return Figure{}, err
	}

	target := acceptTarget
	if b.OnRAM {
		target = acceptTargetRAM
	}

	return RateFigure(target, m), nil
}
