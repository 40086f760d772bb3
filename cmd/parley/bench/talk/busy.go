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
	f := &load.Flood{World: s.w, Parley: s.c, Conns: 1, Says: load.Everywhere}
	payload, err := load.SamplePayload(ctx, f)
	if err != nil {
		return nil, err
	}

	f.Conns, f.Says = rig.Clients, s.t.chatterAt
	var details []map[string]float64
	m, err := b.Bracket(ctx, b.Rounds(),
		s.w.MeasureReference(rig.Clients, payload),
		func(ctx context.Context) (float64, error) {
			s.t.begin()

			if err := s.t.waitForEach(ctx, 1); err != nil {
				return 0, err
			}

			before := s.t.in.Load() + s.t.out.Load()
			relayed := 0.0
			rate, d, err := f.Burst(ctx, b.Span(busyFor, quickFor), func(a load.Answered) error {
				relayed = float64(s.t.in.Load()+s.t.out.Load()-before) / a.Took.Seconds()
				return s.t.finish(ctx)
			})
			if err != nil {
				return 0, err
			}

			d["relayed_per_s"] = relayed
			details = append(details, d)
			return rate, s.t.checkTalks(ctx)
		})
	if err != nil {
		return nil, err
	}

	fig := figure.AtLeast(load.BusyTarget, "ratio", m.Ratios()...).With(figure.Middle(rig.Kept(m, details))).With(map[string]float64{"reference_per_s": figure.Median(m.References())})
	return map[string]figure.Figure{"accept_ratio_busy": fig.WithNote(m.Note)}, nil
}
