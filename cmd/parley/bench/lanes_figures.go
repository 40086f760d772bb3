package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// This file measures the figures of the group "lanes": how fast Parley's relay, its delivery worker, takes
// deliveries from the database and marks them as sent, when nothing is really sent. Each figure compares two
// situations, for example a long queue and a short one. See lanes.go for the terms, and laneFill for what is in the
// tables when a measurement begins.

const laneNote = "relay inside the bench process: the mechanics alone"

// MeasureLanes returns all figures of the group "lanes". They use one database, one after the other.
func MeasureLanes(ctx context.Context, b *Rig) (figures map[string]Figure, err error) {
	w, err := StartWorld(ctx, b, WorldOptions{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	figures = map[string]Figure{}
	for _, part := range []struct {
		name    string
		measure func(context.Context, *Rig, *World) (Figure, error)
	}{
		{"lane_ratio", laneRatio},
		{"lane_flat", laneFlat},
		{"lane_isolation", laneIsolation},
	} {
		f, err := part.measure(ctx, b, w)
		if err != nil {
			return figures, fmt.Errorf("%s: %w", part.name, err)
		}
		if f.Value != nil {
			b.Say("        %s %s", part.name, Format(*f.Value))
		}

		figures[part.name] = f
	}

	return figures, nil
}

// chooseSize returns how many deliveries to queue: full, or fewer with --quick and in tests.
func chooseSize(b *Rig, full int) int {
	return Choose(b, full, min(full, quickQueued), min(full, shortQueued))
}

// Numbers of deliveries in a fill.
const (
	manyQueued    = 1_000_000
	someQueued    = 200_000
	manyThrottled = 300_000
	quickQueued   = 10_000 // at most, with --quick
	shortQueued   = 2_000  // at most, in tests
)

const (
	ratioTarget   = 0.8  // share of the reference, at least
	lanePayload   = 1000 // bytes in a row of the reference: about the size of a stored event
	ratioFor      = 6 * time.Second
	quickRatioFor = 1500 * time.Millisecond
	laneFor       = 3 * time.Second // when two fills are compared

	flatTarget      = 0.75 // share of the rate with a tenth of the queue, at least
	isolationTarget = 0.9  // share of the rate without blocked lanes, at least
)

// laneRatio compares the rate at which a long queue is delivered with the reference, which is plain inserts.
func laneRatio(ctx context.Context, b *Rig, w *World) (Figure, error) {
	payload := make([]byte, lanePayload)
	span := b.Span(ratioFor, quickRatioFor)
	queued := chooseSize(b, manyQueued)
	reference := w.MeasureReference(laneClients, payload)
	m, err := Bracket(ctx, b, b.Rounds(), reference, func(ctx context.Context) (rate, cpu float64, err error) {
		return measureLaneRate(ctx, w, laneFill{queued: queued}, span)
	})
	if err != nil {
		return Figure{}, err
	}

	f := AtLeast(ratioTarget, "ratio", m.Ratios()...)
	f = f.WithNote(JoinNotes(fmt.Sprintf("%d queued; %s", queued, laneNote), m.Note))
	return f.With(map[string]float64{
		"deliveries_per_second": Median(m.Values),
		"inserts_per_second":    Median(m.References),
		"cpu_us":                Median(m.Found),
	}), nil
}

// laneFlat compares a long queue with one that is a tenth as long but has the same shape: the rate should not
// depend on the length.
func laneFlat(ctx context.Context, b *Rig, w *World) (Figure, error) {
	if b.LeavesOutLong() {
		return AtLeast(flatTarget, "ratio").LeftOutByQuick("needs a million queued"), nil
	}
	many := chooseSize(b, manyQueued)
	c, err := compareFills(ctx, w, laneFill{queued: many / 10}, laneFill{queued: many})
	if err != nil {
		return Figure{}, err
	}
	f := AtLeast(flatTarget, "ratio", c.Ratios()...)
	return f.WithNote(JoinNotes(laneNote, c.Note)).With(describe(c, "many", "few")), nil
}

// laneIsolation checks that blocked lanes don't slow down the others. It compares lanes next to a lane that
// always fails and a gate that answers 429 with the same lanes on their own.
func laneIsolation(ctx context.Context, b *Rig, w *World) (Figure, error) {
	alone := laneFill{queued: chooseSize(b, someQueued)}
	beside := laneFill{queued: alone.queued, stuck: chooseSize(b, someQueued), throttled: chooseSize(b, manyThrottled)}
	c, err := compareFills(ctx, w, alone, beside)
	if err != nil {
		return Figure{}, err
	}
	f := AtLeast(isolationTarget, "ratio", c.Ratios()...)
	f = f.WithNote(JoinNotes(fmt.Sprintf("%d stuck, %d lanes behind 429s; %s", beside.stuck, beside.throttled, laneNote), c.Note))
	return f.With(describe(c, "beside", "alone")), nil
}

// comparison holds rates in deliveries per second and, for each, the processor time per delivery in µs.
type comparison = Measured[float64, float64]

// compareFills measures how fast one fill is delivered, with another fill as the reference.
func compareFills(ctx context.Context, w *World, reference, measured laneFill) (comparison, error) {
	measure := func(f laneFill) Measurement[float64] {
		return func(ctx context.Context) (rate, cpu float64, err error) {
			return measureLaneRate(ctx, w, f, w.Rig.Span(laneFor, time.Second))
		}
	}
	return Bracket(ctx, w.Rig, w.Rig.Rounds(), measure(reference), measure(measured))
}

// describe returns the medians of a comparison as details of a figure. measured and reference begin their
// names.
func describe(c comparison, measured, reference string) map[string]float64 {
	return map[string]float64{
		measured + "_per_second":  Median(c.Values),
		measured + "_cpu_us":      Median(c.Found),
		reference + "_per_second": Median(c.References),
		reference + "_cpu_us":     Median(c.ReferenceFound),
	}
}
