package rig

import (
	"context"
	"fmt"
	"math"
)

// A round measures the reference, then Parley, then the reference again. If the two references differ much, something
// else used the machine meanwhile, and the round is repeated.

// maxDrift is how much the references before and after a round may differ, as a share of the larger.
const maxDrift = 0.25

// maxRepeats bounds how many attempts Bracket repeats for drift, all rounds together.
const maxRepeats = 4

const percent = 100

// Measurement returns a value, such as a rate, and what else it found, such as its details.
type Measurement[T any] func(context.Context) (value float64, found T, err error)

// Measured are the rounds that count, in order. R and M are what the reference and the measurement found beside their
// values.
type Measured[R, M any] struct {
	Values         []float64
	Found          []M
	References     []float64 // for each round, the mean of the reference before and the one after
	ReferenceFound []R       // two for each round
	Note           string    // what speaks against them; "" means nothing
}

// Ratios divides each value by the reference of its round.
func (m Measured[R, M]) Ratios() []float64 {
	list := make([]float64, len(m.Values))
	for i, v := range m.Values {
		list[i] = v / m.References[i]
	}
	return list
}

// Bracket measures the reference, then the product, then the reference again, n times, and repeats rounds that
// drifted: what an attempt found that doesn't count is forgotten. If the machine never holds still, the attempt that
// drifted least counts, and the note says so.
func Bracket[R, M any](ctx context.Context, b *Rig, n int, reference Measurement[R], measure Measurement[M]) (m Measured[R, M], err error) {
	a := attempts[R, M]{rig: b, reference: reference, measure: measure}
	for range n {
		best, err := a.findSteady(ctx)
		if err != nil {
			return Measured[R, M]{}, err
		}
		m.Values = append(m.Values, best.value)
		m.Found = append(m.Found, best.found)
		m.References = append(m.References, (best.before+best.after)/2)
		m.ReferenceFound = append(m.ReferenceFound, best.foundBefore, best.foundAfter)
	}

	m.Note = a.note
	return m, nil
}

// attempts are those of all rounds.
type attempts[R, M any] struct {
	rig       *Rig
	reference Measurement[R]
	measure   Measurement[M]
	repeats   int
	note      string // of the last round that drifted; "" means that none did
}

// findSteady measures until the references of a round don't drift, or there were too many attempts. It returns the round that
// drifted least.
func (a *attempts[R, M]) findSteady(ctx context.Context) (best round[R, M], err error) {
	for isFirst := true; ; isFirst = false {
		r, err := bracketOnce(ctx, a.reference, a.measure)
		if err != nil {
			return best, err
		}
		if isFirst || r.drift() < best.drift() {
			best = r
		}
		if best.drift() <= maxDrift {
			return best, nil
		}

		a.repeats++
		if a.repeats > maxRepeats || a.rig.Opt.Quick { // --quick has no time for more
			a.note = fmt.Sprintf("the reference drifted by %.0f %%", best.drift()*percent)
			return best, nil
		}
		a.rig.Say("        the reference drifted by %.0f %%: once more", r.drift()*percent)
	}
}

// round is one measurement between two references.
type round[R, M any] struct {
	before, value, after    float64
	foundBefore, foundAfter R
	found                   M
}

// drift is by how much the references differ, as a share of the larger.
func (r round[R, M]) drift() float64 { return math.Abs(r.before-r.after) / max(r.before, r.after) }

func bracketOnce[R, M any](ctx context.Context, reference Measurement[R], measure Measurement[M]) (r round[R, M], err error) {
	if r.before, r.foundBefore, err = reference(ctx); err != nil {
		return r, err
	}
	if r.value, r.found, err = measure(ctx); err != nil {
		return r, err
	}
	r.after, r.foundAfter, err = reference(ctx)
	return r, err
}
