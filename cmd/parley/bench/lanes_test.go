package bench

import "testing"

// Measure in its short form finds nothing lost, doubled or out of order: free lanes are emptied although one
// conversation is stuck and one gate throttles.
func TestLanes(t *testing.T) {
	t.Parallel()
	b := NewRigtest(t)
	if _, err := b.Machine(t.Context()); err != nil {
		t.Fatal(err)
	}
	figures, err := MeasureLanes(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"lane_ratio", "lane_flat", "lane_isolation"} {
		if f := figures[name]; f.Value == nil || *f.Value <= 0 {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
