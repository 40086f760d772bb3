package lanes

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/cmd/parley/bench/figure"
	"parley/cmd/parley/bench/rig"
)

const laneNote = "relay inside the bench process: the mechanics alone"

// Measure measures how deliveries are handed out and finished, nothing else.
func Measure(ctx context.Context, b *rig.Rig) (figures map[string]figure.Figure, err error) {
	w, err := rig.StartWorld(ctx, b, rig.WorldOptions{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	figures = map[string]figure.Figure{}
	for _, part := range []struct {
		name    string
		measure func(context.Context, *rig.Rig, *rig.World) (figure.Figure, error)
	}{{"lane_ratio", laneRatio}, {"lane_rated", laneRated}, {"lane_flat", laneFlat}, {"lane_isolation", laneIsolation}, {"lane_snapshot", laneSnapshot}} {
		f, err := part.measure(ctx, b, w)
		if err != nil {
			return figures, fmt.Errorf("%s: %w", part.name, err)
		}
		if f.Value != nil {
			b.Say("        %s %s", part.name, figure.Number(*f.Value))
		}

		figures[part.name] = f
	}

	return figures, nil
}

// chooseSize chooses how many deliveries are queued.
func chooseSize(b *rig.Rig, full int) int {
	return rig.Choose(b, full, min(full, quickQueued), min(full, shortQueued))
}

const (
	manyQueued      = 1_000_000
	someQueued      = 200_000
	manyThrottled   = 300_000
	quickQueued     = 10_000 // with --quick
	shortQueued     = 2_000  // in tests
	lanePayload     = 1000   // bytes of a row of the reference: about what the journal keeps of an event
	ratioFor        = 6 * time.Second
	laneFor         = 3 * time.Second
	quickRatioFor   = 1500 * time.Millisecond
	warmPart        = 4 // one part in so many of a window passes before it is measured
	snapshotRounds  = 6
	snapshotHeld    = 6 * time.Second
	snapshotQueued  = 500_000
	shortSnapQueued = 100_000 // more than any machine sends in a test
)

func laneRatio(ctx context.Context, b *rig.Rig, w *rig.World) (figure.Figure, error) {
	payload := make([]byte, lanePayload)
	span := b.Span(ratioFor, quickRatioFor)
	queued, cpus := chooseSize(b, manyQueued), []float64{}
	m, err := b.Bracket(ctx, b.Rounds(), w.MeasureReference(laneClients, payload), func(ctx context.Context) (float64, error) {
		rate, cpu, err := measureLaneRate(ctx, w, laneFill{queued: queued}, span)
		cpus = append(cpus, cpu)
		return rate, err
	})
	if err != nil {
		return figure.Figure{}, err
	}

	f := figure.AtLeast(0.8, "ratio", m.Ratios()...)
	f = f.WithNote(figure.Join(fmt.Sprintf("%d queued; %s", queued, laneNote), m.Note))
	return f.With(map[string]float64{"deliveries_per_second": figure.Median(m.Values), "inserts_per_second": figure.Median(m.References()),
		"cpu_us": figure.Median(rig.Kept(m, cpus))}), nil
}

const (
	ratedGates = 1000
	// ratedRate is more than such a gate is asked for here: what keeping rates costs is measured, not waiting.
	ratedRate = 1000
)

// laneRated compares many gates that have a rate with few that have none.
func laneRated(ctx context.Context, b *rig.Rig, w *rig.World) (figure.Figure, error) {
	queued := chooseSize(b, someQueued)
	c, err := compareFills(ctx, w, laneFill{queued: queued}, laneFill{queued: queued, gates: ratedGates, rate: ratedRate})
	if err != nil {
		return figure.Figure{}, err
	}
	f := figure.AtLeast(0.5, "ratio", c.Ratios()...)
	return f.WithNote(figure.Join(fmt.Sprintf("%d gates with a rate; %s", ratedGates, laneNote), c.Note)).With(c.details("rated", "free")), nil
}

// laneFlat compares with a tenth of the size in the same shape, so that only the size of the queue differs.
func laneFlat(ctx context.Context, b *rig.Rig, w *rig.World) (figure.Figure, error) {
	if b.Opt.Quick && !b.Opt.Short {
		return figure.LeftOut(0.75, false, "ratio", "left out by --quick: needs a million queued"), nil
	}
	many := chooseSize(b, manyQueued)
	c, err := compareFills(ctx, w, laneFill{queued: many / 10}, laneFill{queued: many})
	if err != nil {
		return figure.Figure{}, err
	}
	f := figure.AtLeast(0.75, "ratio", c.Ratios()...)
	return f.WithNote(figure.Join(laneNote, c.Note)).With(c.details("many", "few")), nil
}

// laneIsolation compares free lanes beside a stuck conversation and a throttled gate with the same lanes alone.
func laneIsolation(ctx context.Context, b *rig.Rig, w *rig.World) (figure.Figure, error) {
	alone := laneFill{queued: chooseSize(b, someQueued)}
	beside := laneFill{queued: alone.queued, stuck: chooseSize(b, someQueued), throttled: chooseSize(b, manyThrottled)}
	c, err := compareFills(ctx, w, alone, beside)
	if err != nil {
		return figure.Figure{}, err
	}
	f := figure.AtLeast(0.9, "ratio", c.Ratios()...)
	f = f.WithNote(figure.Join(fmt.Sprintf("%d stuck, %d lanes behind 429s; %s", beside.stuck, beside.throttled, laneNote), c.Note))
	return f.With(c.details("beside", "alone")), nil
}

// comparison is how fast two fills were emptied in turn, and what CPU a delivery cost in each attempt, in µs.
type comparison struct {
	rig.Measured
	cpu, referenceCPU []float64
}

// compareFills measures a fill, with another one as its reference.
func compareFills(ctx context.Context, w *rig.World, reference, measured laneFill) (c comparison, err error) {
	span := w.Rig.Span(laneFor, time.Second)
	measure := func(f laneFill, cpus *[]float64) func(context.Context) (float64, error) {
		return func(ctx context.Context) (float64, error) {
			rate, cpu, err := measureLaneRate(ctx, w, f, span)
			*cpus = append(*cpus, cpu)
			return rate, err
		}
	}
	c.Measured, err = w.Rig.Bracket(ctx, w.Rig.Rounds(), measure(reference, &c.referenceCPU), measure(measured, &c.cpu))
	return c, err
}

// details names the medians of what was measured, and of the reference.
func (c *comparison) details(measured, reference string) map[string]float64 {
	return map[string]float64{
		measured + "_per_second": figure.Median(c.Values), reference + "_per_second": figure.Median(c.References()),
		measured + "_cpu_us": figure.Median(rig.Kept(c.Measured, c.cpu)), reference + "_cpu_us": figure.Median(rig.KeptReferences(c.Measured, c.referenceCPU)),
	}
}

// laneSnapshot compares the rate in the last second of a snapshot with that before it.
func laneSnapshot(ctx context.Context, b *rig.Rig, w *rig.World) (figure.Figure, error) {
	if b.Opt.Quick && !b.Opt.Short {
		return figure.LeftOut(0.3, false, "ratio", "left out by --quick: holds snapshots for 36 s"), nil
	}

	rounds, held := snapshotRounds, snapshotHeld
	queued := snapshotQueued
	if b.Opt.Short {
		rounds, held = 1, time.Second
		queued = shortSnapQueued
	}

	var ratios, befores, lasts []float64
	for range rounds {
		before, last, err := snapshotRound(ctx, w, laneFill{queued: queued}, held)
		if err != nil {
			return figure.Figure{}, err
		}

		ratios = append(ratios, last/before)
		befores, lasts = append(befores, before), append(lasts, last)
	}

	f := figure.AtLeast(0.3, "ratio", ratios...)
	f = f.With(map[string]float64{"before_per_second": figure.Median(befores), "last_second_per_second": figure.Median(lasts)})
	return f.WithNote(laneNote), nil
}

// snapshotRound returns the rate before a snapshot is taken and that in the last second it is held.
func snapshotRound(ctx context.Context, w *rig.World, f laneFill, held time.Duration) (before, last float64, err error) {
	if err := fillTables(ctx, w, f); err != nil {
		return 0, 0, err
	}

	r, err := startLanes(ctx, w, f)
	if err != nil {
		return 0, 0, err
	}

	before, last, err = r.measureUnderSnapshot(ctx, held)
	drained := r.h.left.Load() == 0

	if err := errors.Join(err, r.stopAndCheck(ctx)); err != nil {
		return 0, 0, err
	}
	if drained {
		return 0, 0, errors.New("bench: lanes: the queue was empty before the snapshot ended")
	}

	return before, last, nil
}

// measureUnderSnapshot takes a snapshot and holds it. It returns the rates before it and in the last second.
func (r *laneRun) measureUnderSnapshot(ctx context.Context, held time.Duration) (before, last float64, err error) {
	perSecond := func(d time.Duration) float64 {
		n, took := r.waitAndCount(ctx, d)
		return float64(n) / took.Seconds()
	}

	r.waitAndCount(ctx, min(held, time.Second)/warmPart)
	before = perSecond(min(held, 2*time.Second))
	tx, err := r.w.Pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		return 0, 0, fmt.Errorf("bench: lanes: snapshot: %w", err)
	}
	defer func() { _ = tx.Rollback(ctx) }() // it only read

	if _, err := tx.Exec(ctx, laneHeads+` LIMIT 1`); err != nil { // takes the snapshot
		return 0, 0, fmt.Errorf("bench: lanes: snapshot: %w", err)
	}
	if held > time.Second {
		r.waitAndCount(ctx, held-time.Second)
	}

	return before, perSecond(min(held, time.Second)), nil
}
