package evaluation

import (
	"encoding/json"
	"math"
	"testing"
	"time"
)

// single makes markings of a field that has one value: pairs of label and answer.
func single(pairs ...string) (marks []marking) {
	for i := 0; i < len(pairs); i += 2 {
		marks = append(marks, marking{expected: []string{pairs[i]}, answered: []string{pairs[i+1]}})
	}
	return marks
}

func near(a Ratio, b float64) bool {
	return a.None() && math.IsNaN(b) || math.Abs(float64(a)-b) < 1e-9
}

// TestFigures computes figures that were computed by hand.
func TestFigures(t *testing.T) {
	t.Parallel()
	none := math.NaN()
	for _, c := range []struct {
		name                string
		marks               []marking
		macro, micro, exact float64
	}{
		{"nothing at all", nil, none, none, none},
		{"all right", single("a", "a", "b", "b"), 1, 1, 1},
		{"all wrong", single("a", "b", "b", "a"), 0, 0, 0},
		// a: 2 found, 1 missed: F1 4/5; b: 1 found, 1 invented: 2/3
		{"one wrong", single("a", "a", "a", "a", "a", "b", "b", "b"), (0.8 + 2.0/3) / 2, 0.75, 0.75},
		// c is invented only: its F1 is 0, and counts
		{"an invented class", single("a", "a", "a", "c"), (2.0/3 + 0) / 2, 0.5, 0.5},
		{"no answer is wrong", []marking{{expected: []string{"a"}, failed: true}, {expected: []string{"a"}, answered: []string{"a"}}},
			2.0 / 3, 2.0 / 3, 0.5},
		{"no answer where nothing was to find is not right", []marking{{failed: true}, {}}, none, none, 0.5},
		// sets: a found, b missed, c invented; then nothing to find and nothing found
		{"sets", []marking{{expected: []string{"a", "b"}, answered: []string{"c", "a"}}, {}}, 1.0 / 3, 0.5, 0.5},
		{"order doesn't matter", []marking{{expected: []string{"a", "b"}, answered: []string{"b", "a"}}}, 1, 1, 1},
		{"more than asked", []marking{{expected: []string{"a"}, answered: []string{"a", "b"}}}, 0.5, 2.0 / 3, 0},
	} {
		macro, micro, exact := macroF1(c.marks), microF1(c.marks), shareExact(c.marks)
		if !near(macro, c.macro) || !near(micro, c.micro) || !near(exact, c.exact) {
			t.Errorf("%s: macro %v, micro %v, exact %v; wanted %v, %v, %v", c.name, macro, micro, exact, c.macro, c.micro, c.exact)
		}
	}
}

// TestInterval: it holds the figure, is narrower for more messages, and is the same each time.
func TestInterval(t *testing.T) {
	t.Parallel()
	few := single("a", "a", "a", "b", "b", "b", "b", "b", "a", "a", "b", "a")
	var many []marking
	for range 20 {
		many = append(many, few...)
	}
	low, high := estimateInterval(few, macroF1)
	if again, _ := estimateInterval(few, macroF1); again != low {
		t.Errorf("%v, and %v the second time", low, again)
	}
	figure := macroF1(few)
	manyLow, manyHigh := estimateInterval(many, macroF1)
	if low > figure || figure > high || manyLow > figure || figure > manyHigh || manyHigh-manyLow >= high-low {
		t.Errorf("%v is in %v to %v, and in %v to %v", figure, low, high, manyLow, manyHigh)
	}
	if low, high := estimateInterval(nil, macroF1); !low.None() || !high.None() {
		t.Errorf("of nothing: %v to %v", low, high)
	}
	if low, high := estimateInterval(single("a", "a"), macroF1); low != 1 || high != 1 {
		t.Errorf("of all right: %v to %v", low, high)
	}
}

// TestRatio: what can't be divided is a dash, and null.
func TestRatio(t *testing.T) {
	t.Parallel()
	raw, err := json.Marshal([]Ratio{ratioOf(1, 3), ratioOf(0, 5), ratioOf(1, 0)})
	if err != nil || string(raw) != "[0.333,0,null]" {
		t.Errorf("%s, %v", raw, err)
	}
	if shown := ratioOf(2, 3).String() + ratioOf(0, 0).String(); shown != "0.67–" {
		t.Error(shown)
	}
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	ten := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	for share, want := range map[float64]int{0: 1, 0.025: 1, 0.5: 5, 0.95: 10, 1: 10} {
		if got := quantileOf(ten, share); got != want {
			t.Errorf("%v: %v, wanted %v", share, got, want)
		}
	}
}

func TestShown(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		1234567 * time.Nanosecond: "1.23ms", 12345 * time.Nanosecond: "12µs", 2345678 * time.Microsecond: "2.35s", 0: "0s",
	} {
		if got := roundDuration(d); got != want {
			t.Errorf("%v is shown as %s, want %s", d, got, want)
		}
	}
}
