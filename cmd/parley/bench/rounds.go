package bench

import (
	"context"
	"fmt"
	"math"
)

// maxDrift is how much the references before and after a round may differ, as a share
// of the larger.
const maxDrift = 0.25

// maxRepeats bounds the rounds that are thrown away for drift.
const maxRepeats = 4

// round is one bracketed measurement.
type round struct {
	Reference float64 // mean of the one before and the one after
	Drift     float64
}

// bracket measures the reference, then the product, then the reference again, n times,
// and repeats rounds that drifted. measure gets the number of the round. When the machine
// never holds still, the round that drifted least counts and the returned note says so.
func (b *bench) bracket(ctx context.Context, n int, reference func(context.Context) (float64, error),
	measure func(context.Context, int) (float64, error),
) (values []float64, rounds []round, note string, err error) {
	repeats := 0
	for len(values) < n {
		var best round
		var value float64
		for {
			before, err := reference(ctx)
			if err != nil {
				return nil, nil, "", err
			}
			v, err := measure(ctx, len(values))
			if err != nil {
				return nil, nil, "", err
			}
			after, err := reference(ctx)
			if err != nil {
				return nil, nil, "", err
			}
			r := round{Reference: (before + after) / 2, Drift: math.Abs(before-after) / max(before, after)}
			if best == (round{}) || r.Drift < best.Drift {
				best, value = r, v
			}
			if best.Drift <= maxDrift {
				break
			}
			if repeats++; repeats > maxRepeats || b.opt.Quick { // --quick has no time for more
				note = fmt.Sprintf("the reference drifted by %.0f %%", best.Drift*100)
				break
			}
			b.say("        the reference drifted by %.0f %%: once more", r.Drift*100)
		}
		values, rounds = append(values, value), append(rounds, best)
	}
	return values, rounds, note, nil
}
