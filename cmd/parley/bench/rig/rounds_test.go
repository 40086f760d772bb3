package rig

import (
	"context"
	"io"
	"slices"
	"testing"
)

// TestBracket: a round whose reference drifted is measured again, and what it gave counts nowhere.
func TestBracket(t *testing.T) {
	t.Parallel()
	b := &Rig{Opt: Options{Out: io.Discard}}
	references := []float64{10, 20, 10, 10, 4, 8, 8, 8} // the first and the third attempt drift
	var asked []float64
	reference := func(context.Context) (float64, error) {
		asked = append(asked, references[len(asked)])
		return asked[len(asked)-1], nil
	}
	var attempts []float64
	measure := func(context.Context) (float64, error) {
		attempts = append(attempts, float64(len(attempts)+1))
		return attempts[len(attempts)-1], nil
	}
	m, err := b.Bracket(t.Context(), 2, reference, measure)
	if err != nil || m.Note != "" {
		t.Fatal(err, m.Note)
	}
	for what, c := range map[string]struct{ got, want []float64 }{
		"values":     {m.Values, []float64{2, 4}},
		"attempts":   {Kept(m, attempts), []float64{2, 4}},
		"references": {m.References(), []float64{10, 8}},
		"all":        {KeptReferences(m, asked), []float64{10, 10, 8, 8}},
		"ratios":     {m.Ratios(), []float64{0.2, 0.5}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: %v, want %v", what, c.got, c.want)
		}
	}
}

// TestBracketUnsteady: on a machine that never holds still the attempt that drifted least counts.
func TestBracketUnsteady(t *testing.T) {
	t.Parallel()
	b := &Rig{Opt: Options{Out: io.Discard}}
	references := []float64{1, 3, 1, 2, 1, 4, 1, 5, 1, 6}
	n := 0
	m, err := b.Bracket(t.Context(), 1, func(context.Context) (float64, error) {
		n++
		return references[n-1], nil
	}, func(context.Context) (float64, error) { return float64(n), nil })
	if err != nil || m.Note == "" || !slices.Equal(Kept(m, []int{0, 1, 2, 3, 4}), []int{1}) || m.Values[0] != 3 {
		t.Errorf("%+v, %v", m, err)
	}
}
