package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

const laneNote = "relay inside the bench process: the mechanics alone"

// lanesGroup measures how deliveries are handed out and finished, nothing else.
func lanesGroup(b *bench, ctx context.Context) (figures map[string]Figure, err error) {
	w, err := startWorld(ctx, b, worldOptions{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	figures = map[string]Figure{}
	for _, part := range []struct {
		name    string
		measure func(context.Context, *bench, *world) (Figure, error)
	}{{"lane_ratio", laneRatio}, {"lane_rated", laneRated}, {"lane_flat", laneFlat}, {"lane_isolation", laneIsolation}, {"lane_snapshot", laneSnapshot}} {
		f, err := part.measure(ctx, b, w)
		if err != nil {
			return figures, fmt.Errorf("%s: %w", part.name, err)
		}
		if f.Value != nil {
			b.say("        %s %s", part.name, number(*f.Value))
		}
		figures[part.name] = f
	}
	return figures, nil
}

// laneSize chooses how many deliveries are queued.
func (b *bench) laneSize(full int) int {
	switch {
	case b.short:
		return min(full, 2_000)
	case b.opt.Quick:
		return min(full, 10_000)
	}
	return full
}

func laneRatio(ctx context.Context, b *bench, w *world) (Figure, error) {
	payload := make([]byte, 1000)
	span := b.span(6*time.Second, 1500*time.Millisecond)
	reference := func(ctx context.Context) (float64, error) {
		rate, _, err := inserts(ctx, w, laneClients, payload, b.span(3*time.Second, time.Second))
		return rate, err
	}
	queued, cpus := b.laneSize(1_000_000), []float64{}
	m, err := b.bracket(ctx, b.rounds(), reference, func(ctx context.Context) (float64, error) {
		rate, cpu, err := laneRate(ctx, w, laneFill{queued: queued}, span)
		cpus = append(cpus, cpu)
		return rate, err
	})
	if err != nil {
		return Figure{}, err
	}
	f := atLeast(0.8, "ratio", m.ratios()...)
	f.Note = join(fmt.Sprintf("%d queued; %s", queued, laneNote), m.note)
	return f.with(map[string]float64{"deliveries_per_second": median(m.values), "inserts_per_second": median(m.references()),
		"cpu_us": median(kept(m, cpus))}), nil
}

const (
	ratedGates = 1000
	// ratedRate is more than such a gate is asked for here: what keeping rates costs is measured, not
	// waiting.
	ratedRate = 1000
)

// laneRated compares many gates that have a rate with few that have none.
func laneRated(ctx context.Context, b *bench, w *world) (Figure, error) {
	span := b.span(3*time.Second, time.Second)
	queued := b.laneSize(200_000)
	var ratedCPU, freeCPU []float64
	reference := func(ctx context.Context) (float64, error) {
		rate, cpu, err := laneRate(ctx, w, laneFill{queued: queued}, span)
		freeCPU = append(freeCPU, cpu)
		return rate, err
	}
	m, err := b.bracket(ctx, b.rounds(), reference, func(ctx context.Context) (float64, error) {
		rate, cpu, err := laneRate(ctx, w, laneFill{queued: queued, gates: ratedGates, rate: ratedRate}, span)
		ratedCPU = append(ratedCPU, cpu)
		return rate, err
	})
	if err != nil {
		return Figure{}, err
	}
	f := atLeast(0.5, "ratio", m.ratios()...)
	f.Note = join(fmt.Sprintf("%d gates with a rate; %s", ratedGates, laneNote), m.note)
	return f.with(map[string]float64{"rated_per_second": median(m.values), "free_per_second": median(m.references()),
		"rated_cpu_us": median(kept(m, ratedCPU)), "free_cpu_us": median(keptReferences(m, freeCPU))}), nil
}

// laneFlat compares with a tenth of the size in the same shape, so that only the size of
// the queue differs.
func laneFlat(ctx context.Context, b *bench, w *world) (Figure, error) {
	if b.opt.Quick && !b.short {
		return left(0.75, false, "ratio", "left out by --quick: needs a million queued"), nil
	}
	span := b.span(3*time.Second, time.Second)
	many, few := b.laneSize(1_000_000), b.laneSize(1_000_000)/10
	var manyCPU, fewCPU []float64
	reference := func(ctx context.Context) (float64, error) {
		rate, cpu, err := laneRate(ctx, w, laneFill{queued: few}, span)
		fewCPU = append(fewCPU, cpu)
		return rate, err
	}
	m, err := b.bracket(ctx, b.rounds(), reference, func(ctx context.Context) (float64, error) {
		rate, cpu, err := laneRate(ctx, w, laneFill{queued: many}, span)
		manyCPU = append(manyCPU, cpu)
		return rate, err
	})
	if err != nil {
		return Figure{}, err
	}
	f := atLeast(0.75, "ratio", m.ratios()...)
	f.Note = join(laneNote, m.note)
	return f.with(map[string]float64{"many_per_second": median(m.values), "few_per_second": median(m.references()),
		"many_cpu_us": median(kept(m, manyCPU)), "few_cpu_us": median(keptReferences(m, fewCPU))}), nil
}

// laneIsolation compares free lanes beside a stuck conversation and a throttled gate with
// the same lanes alone.
func laneIsolation(ctx context.Context, b *bench, w *world) (Figure, error) {
	span := b.span(3*time.Second, time.Second)
	alone := laneFill{queued: b.laneSize(200_000)}
	beside := laneFill{queued: alone.queued, stuck: b.laneSize(200_000), throttled: b.laneSize(300_000)}
	var besideCPU, aloneCPU []float64
	reference := func(ctx context.Context) (float64, error) {
		rate, cpu, err := laneRate(ctx, w, alone, span)
		aloneCPU = append(aloneCPU, cpu)
		return rate, err
	}
	m, err := b.bracket(ctx, b.rounds(), reference, func(ctx context.Context) (float64, error) {
		rate, cpu, err := laneRate(ctx, w, beside, span)
		besideCPU = append(besideCPU, cpu)
		return rate, err
	})
	if err != nil {
		return Figure{}, err
	}
	f := atLeast(0.9, "ratio", m.ratios()...)
	f.Note = join(fmt.Sprintf("%d stuck, %d lanes behind 429s; %s", beside.stuck, beside.throttled, laneNote), m.note)
	return f.with(map[string]float64{"beside_per_second": median(m.values), "alone_per_second": median(m.references()),
		"beside_cpu_us": median(kept(m, besideCPU)), "alone_cpu_us": median(keptReferences(m, aloneCPU))}), nil
}

const (
	snapshotRounds = 6
	snapshotHeld   = 6 * time.Second
)

func laneSnapshot(ctx context.Context, b *bench, w *world) (Figure, error) {
	if b.opt.Quick && !b.short {
		return left(0.3, false, "ratio", "left out by --quick: holds snapshots for 36 s"), nil
	}
	rounds, held, queued := snapshotRounds, snapshotHeld, 500_000
	if b.short {
		rounds, held, queued = 1, time.Second, 100_000 // more than any machine sends meanwhile
	}
	var ratios, befores, lasts []float64
	for range rounds {
		before, last, err := snapshotRound(ctx, w, laneFill{queued: queued}, held)
		if err != nil {
			return Figure{}, err
		}
		ratios, befores, lasts = append(ratios, last/before), append(befores, before), append(lasts, last)
	}
	f := atLeast(0.3, "ratio", ratios...)
	f.Note = laneNote
	return f.with(map[string]float64{"before_per_second": median(befores), "last_second_per_second": median(lasts)}), nil
}

// snapshotRound gives the rate before a snapshot is taken and that in the last second it
// is held.
func snapshotRound(ctx context.Context, w *world, f laneFill, held time.Duration) (before, last float64, err error) {
	if err := fillLanesOf(ctx, w, f); err != nil {
		return 0, 0, err
	}
	r, err := startLanes(ctx, w, f)
	if err != nil {
		return 0, 0, err
	}
	before, last, err = r.underSnapshot(ctx, held)
	drained := r.h.left.Load() == 0
	if err := errors.Join(err, r.stop(ctx)); err != nil {
		return 0, 0, err
	}
	if drained {
		return 0, 0, errors.New("bench: lanes: the queue was empty before the snapshot ended")
	}
	return before, last, nil
}

func (r *laneRun) underSnapshot(ctx context.Context, held time.Duration) (before, last float64, err error) {
	perSecond := func(d time.Duration) float64 {
		n, took := r.sent(ctx, d)
		return float64(n) / took.Seconds()
	}
	r.sent(ctx, min(held, time.Second)/4) // warm
	before = perSecond(min(held, 2*time.Second))
	tx, err := r.w.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		return 0, 0, fmt.Errorf("bench: lanes: snapshot: %w", err)
	}
	defer func() { _ = tx.Rollback(ctx) }()                       // it only read
	if _, err := tx.Exec(ctx, laneHeads+` LIMIT 1`); err != nil { // takes the snapshot
		return 0, 0, fmt.Errorf("bench: lanes: snapshot: %w", err)
	}
	if held > time.Second {
		r.sent(ctx, held-time.Second)
	}
	return before, perSecond(min(held, time.Second)), nil
}

// join puts remarks together.
func join(notes ...string) string {
	out := ""
	for _, n := range notes {
		switch {
		case n == "":
		case out == "":
			out = n
		default:
			out += "; " + n
		}
	}
	return out
}
