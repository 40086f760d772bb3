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
	try       int // which of all attempts it was, from 0: those that drifted are attempts, too
}

// measured are the rounds that count.
type measured struct {
	values []float64
	rounds []round
	note   string // what speaks against them; "" = nothing
}

// ratios divides the values by the references of their rounds.
func (m measured) ratios() []float64 {
	list := make([]float64, len(m.values))
	for i, v := range m.values {
		list[i] = v / m.rounds[i].Reference
	}
	return list
}

// references gives the references of the rounds.
func (m measured) references() []float64 {
	list := make([]float64, len(m.rounds))
	for i, r := range m.rounds {
		list[i] = r.Reference
	}
	return list
}

// kept picks, from what each attempt added to a list, that of the rounds that count.
func kept[T any](m measured, attempts []T) []T {
	list := make([]T, len(m.rounds))
	for i, r := range m.rounds {
		list[i] = attempts[r.try]
	}
	return list
}

// keptReferences does so with what the references added, two to a round.
func keptReferences[T any](m measured, all []T) []T {
	list := make([]T, 0, 2*len(m.rounds))
	for _, r := range m.rounds {
		list = append(list, all[2*r.try], all[2*r.try+1])
	}
	return list
}

// bracket measures the reference, then the product, then the reference again, n times,
// and repeats rounds that drifted. When the machine never holds still, the round that
// drifted least counts and the note says so.
func (b *bench) bracket(ctx context.Context, n int, reference, measure func(context.Context) (float64, error)) (measured, error) {
	var m measured
	repeats, try := 0, 0
	for len(m.values) < n {
		var best round
		var value float64
		for {
			before, err := reference(ctx)
			if err != nil {
				return measured{}, err
			}
			v, err := measure(ctx)
			if err != nil {
				return measured{}, err
			}
			after, err := reference(ctx)
			if err != nil {
				return measured{}, err
			}
			r := round{Reference: (before + after) / 2, Drift: math.Abs(before-after) / max(before, after), try: try}
			try++
			if best == (round{}) || r.Drift < best.Drift {
				best, value = r, v
			}
			if best.Drift <= maxDrift {
				break
			}
			if repeats++; repeats > maxRepeats || b.opt.Quick { // --quick has no time for more
				m.note = fmt.Sprintf("the reference drifted by %.0f %%", best.Drift*100)
				break
			}
			b.say("        the reference drifted by %.0f %%: once more", r.Drift*100)
		}
		m.values, m.rounds = append(m.values, value), append(m.rounds, best)
	}
	return m, nil
}
