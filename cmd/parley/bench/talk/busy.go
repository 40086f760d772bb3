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
	busyTalks = 64
	busyFor   = 10 * time.Second
	quickFor  = 1500 * time.Millisecond // in place of busyFor and hopFor with --quick
)

// MeasureBusy finds how fast events are accepted while customers and agents talk, so that appliers and lanes work.
// A third of the events are notes in threads of conversations.
func MeasureBusy(ctx context.Context, b *rig.Rig) (_ map[string]figure.Figure, err error) {
	s, err := startStage(ctx, b, busyTalks)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	f := &load.Flood{World: s.world, Parley: s.parley, Conns: 1, Says: load.Everywhere}
	payload, err := load.SamplePayload(ctx, f)
	if err != nil {
		return nil, err
	}

	f.Conns, f.Says = rig.Clients, s.traffic.chatterAt
	m, err := rig.Bracket(ctx, b, b.Rounds(), s.world.MeasureReference(rig.Clients, payload),
		func(ctx context.Context) (rate float64, details map[string]float64, err error) {
			s.traffic.begin()

			if err := s.traffic.waitForFirst(ctx); err != nil {
				return 0, nil, err
			}

			before := s.traffic.ledger.countRelayed()
			relayedPerSecond := 0.0
			rate, details, err = f.Burst(ctx, b.Span(busyFor, quickFor), func(a load.Answered) error {
				relayedPerSecond = float64(s.traffic.ledger.countRelayed()-before) / a.Took.Seconds()
				return s.traffic.finish(ctx)
			})
			if err != nil {
				return 0, nil, err
			}

			details["relayed_per_s"] = relayedPerSecond
			return rate, details, s.traffic.checkTalks(ctx)
		})
	if err != nil {
		return nil, err
	}

	return map[string]figure.Figure{"accept_ratio_busy": load.RateFigure(load.BusyTarget, m)}, nil
}
