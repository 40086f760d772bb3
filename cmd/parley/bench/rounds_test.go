package bench

import (
	"context"
	"io"
	"slices"
	"testing"
)

// TestBracket: a round whose reference drifted is measured again, and what it gave counts nowhere.
func TestBracket(t *testing.T) {
	t.Parallel()
	b := &bench{opt: Options{Out: io.Discard}}
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
	m, err := b.bracket(t.Context(), 2, reference, measure)
	if err != nil || m.note != "" {
		t.Fatal(err, m.note)
	}
	for what, c := range map[string]struct{ got, want []float64 }{
		"values":     {m.values, []float64{2, 4}},
		"attempts":   {kept(m, attempts), []float64{2, 4}},
		"references": {m.references(), []float64{10, 8}},
		"all":        {keptReferences(m, asked), []float64{10, 10, 8, 8}},
		"ratios":     {m.ratios(), []float64{0.2, 0.5}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: %v, want %v", what, c.got, c.want)
		}
	}
}

// TestBracketUnsteady: on a machine that never holds still the attempt that drifted least counts.
func TestBracketUnsteady(t *testing.T) {
	t.Parallel()
	b := &bench{opt: Options{Out: io.Discard}}
	references := []float64{1, 3, 1, 2, 1, 4, 1, 5, 1, 6}
	n := 0
	m, err := b.bracket(t.Context(), 1, func(context.Context) (float64, error) {
		n++
		return references[n-1], nil
	}, func(context.Context) (float64, error) { return float64(n), nil })
	if err != nil || m.note == "" || !slices.Equal(kept(m, []int{0, 1, 2, 3, 4}), []int{1}) || m.values[0] != 3 {
		t.Errorf("%+v, %v", m, err)
	}
}

// TestHopFigures: hops of an attempt that drifted count neither in the figures nor in their details.
func TestHopFigures(t *testing.T) {
	t.Parallel()
	m := measured{values: []float64{2}, rounds: []round{{Reference: 10, try: 1}}}
	hop, p95 := hopFigures(m, [][]float64{{900, 900}, {2, 4}}, [][]float64{{1, 1}, {1, 1}, {20, 20}, {20, 20}})
	if *hop.Value != 0.2 || *p95.Value != 0.2 || len(p95.Rounds) != 1 || hop.Details["max_ms"] != 4 || hop.Details["river_p50_ms"] != 20 {
		t.Errorf("hop %v %v, p95 %v %v", *hop.Value, hop.Details, *p95.Value, p95.Rounds)
	}
}
