package bench

import (
	"context"
	"fmt"
	"math"
)

// This file makes measurements robust against other load on the machine. A round measures the reference (how
// fast PostgreSQL inserts rows, for example), then Parley, then the reference again. If the two references
// differ by more than maxDrift, something else used the machine during the round, and the round is repeated.

// maxDrift is how much the two references of a round may differ, as a share of the larger one.
const maxDrift = 0.25

// maxRepeats is how many rounds one call of Bracket may repeat in total.
const maxRepeats = 4

// Measurement measures once. It returns a value, such as a rate, and additional results, such as details for
// the report.
type Measurement[T any] func(context.Context) (value float64, found T, err error)

// Measured has the results of all rounds that count, in order. R and M are the types of the additional results
// of the reference and of the measurement.
type Measured[R, M any] struct {
	Values         []float64
	Found          []M
	References     []float64 // for each round, the mean of its two references
	ReferenceFound []R       // two for each round: before and after
	Note           string    // a warning about the quality of the results; "" means none
}

// Ratios returns, for each round, the value divided by the reference.
func (m Measured[R, M]) Ratios() []float64 {
	list := make([]float64, len(m.Values))
	for i, v := range m.Values {
		list[i] = v / m.References[i]
	}
	return list
}

// Bracket measures n rounds, and repeats rounds whose references drifted. Results of repeated rounds are
// discarded. If the references keep drifting, the attempt that drifted least counts, and the note says so.
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

// attempts are all rounds of one call of Bracket, including those that are repeated.
type attempts[R, M any] struct {
	rig       *Rig
	reference Measurement[R]
	measure   Measurement[M]
	repeats   int    // of all rounds so far
	note      string // about the last round that counts although it drifted; "" means none
}

// findSteady repeats a round until its references are steady, or there were too many repeats. It returns the
// attempt that drifted least.
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
		mayRepeat := a.repeats <= maxRepeats && !a.rig.Opt.Quick // --quick has no time for repeats
		if !mayRepeat {
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

// drift is the difference between the references, as a share of the larger one.
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
