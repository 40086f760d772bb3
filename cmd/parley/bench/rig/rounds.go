package rig

import (
	"context"
	"fmt"
	"math"
)

// maxDrift is how much the references before and after a round may differ, as a share of the larger.
const maxDrift = 0.25

// maxRepeats bounds the rounds that are thrown away for drift.
const maxRepeats = 4

const percent = 100

// round is one bracketed measurement.
type round struct {
	Reference float64 // mean of the one before and the one after
	Drift     float64
	try       int // which of all attempts it was, from 0: those that drifted are attempts, too
}

// Measured are the rounds that count.
type Measured struct {
	Values []float64
	rounds []round
	Note   string // what speaks against them; "" means nothing
}

// Ratios divides the values by the references of their rounds.
func (m Measured) Ratios() []float64 {
	list := make([]float64, len(m.Values))
	for i, v := range m.Values {
		list[i] = v / m.rounds[i].Reference
	}
	return list
}

// References returns the references of the rounds.
func (m Measured) References() []float64 {
	list := make([]float64, len(m.rounds))
	for i, r := range m.rounds {
		list[i] = r.Reference
	}
	return list
}

// Kept picks, from what each attempt added to a list, that of the rounds that count.
func Kept[T any](m Measured, attempts []T) []T {
	list := make([]T, len(m.rounds))
	for i, r := range m.rounds {
		list[i] = attempts[r.try]
	}
	return list
}

// KeptReferences is Kept for what the references added to a list: two for each attempt.
func KeptReferences[T any](m Measured, all []T) []T {
	list := make([]T, 0, 2*len(m.rounds))
	for _, r := range m.rounds {
		list = append(list, all[2*r.try], all[2*r.try+1])
	}
	return list
}

// Bracket measures the reference, then the product, then the reference again, n times, and repeats rounds that drifted.
// When the machine never holds still, the round that drifted least counts and the note says so.
func (b *Rig) Bracket(ctx context.Context, n int, reference, measure func(context.Context) (float64, error)) (Measured, error) {
	var m Measured
	repeats, try := 0, 0
	for len(m.Values) < n {
		var best round
		var value float64
		for {
			before, err := reference(ctx)
			if err != nil {
				return Measured{}, err
			}

			v, err := measure(ctx)
			if err != nil {
				return Measured{}, err
			}

			after, err := reference(ctx)
			if err != nil {
				return Measured{}, err
			}

			r := round{Reference: (before + after) / 2, Drift: math.Abs(before-after) / max(before, after), try: try}
			try++

			if best == (round{}) || r.Drift < best.Drift {
				best, value = r, v
			}
			if best.Drift <= maxDrift {
				break
			}

			repeats++
			if repeats > maxRepeats || b.Opt.Quick { // --quick has no time for more
				m.Note = fmt.Sprintf("the reference drifted by %.0f %%", best.Drift*percent)
				break
			}

			b.Say("        the reference drifted by %.0f %%: once more", r.Drift*percent)
		}

		m.Values, m.rounds = append(m.Values, value), append(m.rounds, best)
	}

	return m, nil
}
