package talk

import (
	"context"
	"errors"
	"time"

	"parley/cmd/parley/bench/figure"
	"parley/cmd/parley/bench/load"
	"parley/cmd/parley/bench/rig"
)

const (
	busyTalks = 64 // number of conversations
	busyFor   = 10 * time.Second
	quickFor  = 1500 * time.Millisecond // replaces busyFor and hopFor with --quick
)

// MeasureBusy measures how many Slack events per second Parley accepts (stores durably and answers with 2xx)
// while it is busy with other work: 64 customers and their agents write to each other all the time, so that
// Parley also processes events and sends messages. A third of the measured events are notes in the threads of
// these conversations; the rest is unrelated to Parley.
func MeasureBusy(ctx context.Context, b *rig.Rig) (_ map[string]figure.Figure, err error) {
	s, err := startStage(ctx, b, busyTalks)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	f := &load.Flood{World: s.world, Parley: s.parley, Conns: 1, Says: load.Everywhere} // one connection, for the sample
	payload, err := load.SamplePayload(ctx, f)
	if err != nil {
		return nil, err
	}

	f.Conns, f.Says = rig.Clients, s.traffic.chatterAt
	measure := func(ctx context.Context) (rate float64, details map[string]float64, err error) {
		return s.measureBusy(ctx, f, b.Span(busyFor, quickFor))
	}
	m, err := rig.Bracket(ctx, b, b.Rounds(), s.world.MeasureReference(rig.Clients, payload), measure)
	if err != nil {
		return nil, err
	}

	return map[string]figure.Figure{"accept_ratio_busy": load.RateFigure(load.BusyTarget, m)}, nil
}

// measureBusy measures one round: it starts the conversations, sends events for d, and waits until everything has arrived.
func (s *stage) measureBusy(ctx context.Context, f *load.Flood, d time.Duration) (rate float64, details map[string]float64, err error) {
	s.traffic.begin()
	if err := s.traffic.waitForFirst(ctx); err != nil {
		return 0, nil, err
	}

	before := s.traffic.ledger.countRelayed()
	relayedPerSecond := 0.0
	rate, details, err = f.Burst(ctx, d, func(a load.Answered) error {
		relayedPerSecond = float64(s.traffic.ledger.countRelayed()-before) / a.Took.Seconds()
		return s.traffic.finish(ctx)
	})
	if err != nil {
		return 0, nil, err
	}

	details["relayed_per_s"] = relayedPerSecond
	return rate, details, s.traffic.checkTalks(ctx)
}
