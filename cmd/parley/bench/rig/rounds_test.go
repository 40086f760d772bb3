package rig

import (
	"context"
	"io"
	"slices"
	"testing"
)

// Bracket measures a round again if its reference drifted, and discards the results of that attempt.
func TestBracket(t *testing.T) {
	t.Parallel()
	b := &Rig{Opt: Options{Out: io.Discard}}
	references := []float64{10, 20, 10, 10, 4, 8, 8, 8} // the first and the third attempt drift
	asked, attempts := 0, 0.0
	reference := func(context.Context) (float64, int, error) {
		asked++
		return references[asked-1], asked, nil
	}
	measure := func(context.Context) (float64, float64, error) {
		attempts++
		return attempts, 10 * attempts, nil
	}

	m, err := Bracket(t.Context(), b, 2, reference, measure)
	if err != nil || m.Note != "" {
		t.Fatal(err, m.Note)
	}

	for what, c := range map[string]struct{ got, want []float64 }{
		"values":     {m.Values, []float64{2, 4}},
		"found":      {m.Found, []float64{20, 40}},
		"references": {m.References, []float64{10, 8}},
		"ratios":     {m.Ratios(), []float64{0.2, 0.5}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: %v, want %v", what, c.got, c.want)
		}
	}
	if want := []int{3, 4, 7, 8}; !slices.Equal(m.ReferenceFound, want) {
		t.Errorf("references found %v, want %v", m.ReferenceFound, want)
	}
}

// On a machine on which each attempt drifts, Bracket uses the one that drifted least.
func TestBracketUnsteady(t *testing.T) {
	t.Parallel()
	b := &Rig{Opt: Options{Out: io.Discard}}
	references := []float64{1, 3, 1, 2, 1, 4, 1, 5, 1, 6}
	n := 0
	m, err := Bracket(t.Context(), b, 1, func(context.Context) (float64, int, error) {
		n++
		return references[n-1], n, nil
	}, func(context.Context) (float64, int, error) { return float64(n), n, nil })
	if err != nil || m.Note == "" || !slices.Equal(m.Found, []int{3}) || m.Values[0] != 3 {
		t.Errorf("%+v, %v", m, err)
	}
}
