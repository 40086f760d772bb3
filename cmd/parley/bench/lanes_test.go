package bench

import (
	"testing"

	"parley/store/storetest"
)

// Measure in its short form finds nothing lost, doubled or out of order: free lanes are emptied although one
// conversation is stuck and one gate throttles.
func TestLanes(t *testing.T) {
	if !storetest.LongForm() {
		t.Skip("make soak measures lanes: the relay's tests judge their order")
	}
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
