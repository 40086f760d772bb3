package evaluation

import (
	"encoding/json"
	"math"
	"testing"
	"time"
)

// compareSingles makes comparisons of a field with one value, from pairs of a label and an answer.
func compareSingles(pairs ...string) (compared []comparison) {
	for i := 0; i < len(pairs); i += 2 {
		compared = append(compared, comparison{expected: []string{pairs[i]}, answered: []string{pairs[i+1]}})
	}
	return compared
}

// near reports whether two figures are equal up to rounding, or both are NaN.
func near(a Ratio, b float64) bool {
	return a.IsNaN() && math.IsNaN(b) || math.Abs(float64(a)-b) < 1e-9
}

// The figures equal those that were computed by hand.
func TestFigures(t *testing.T) {
	t.Parallel()
	none := math.NaN() // there is nothing to divide by
	tests := []struct {
		name                string
		compared            []comparison
		macro, micro, exact float64
	}{
		{name: "no messages", compared: nil, macro: none, micro: none, exact: none},
		{name: "all right", compared: compareSingles("a", "a", "b", "b"), macro: 1, micro: 1, exact: 1},
		{name: "all wrong", compared: compareSingles("a", "b", "b", "a"), macro: 0, micro: 0, exact: 0},
		{
			// a: 2 found, 1 missed, F1 4/5; b: 1 found, 1 invented, F1 2/3
			name:     "one wrong",
			compared: compareSingles("a", "a", "a", "a", "a", "b", "b", "b"),
			macro:    (0.8 + 2.0/3) / 2,
			micro:    0.75,
			exact:    0.75,
		},
		{
			// c is invented only: its F1 is 0, and counts
			name:     "an invented class",
			compared: compareSingles("a", "a", "a", "c"),
			macro:    (2.0/3 + 0) / 2,
			micro:    0.5,
			exact:    0.5,
		},
		{
			name: "no answer is a wrong one",
			compared: []comparison{
				{expected: []string{"a"}, failed: true},
				{expected: []string{"a"}, answered: []string{"a"}},
			},
			macro: 2.0 / 3,
			micro: 2.0 / 3,
			exact: 0.5,
		},
		{
			name:     "no answer is a wrong one also where nothing was to be found",
			compared: []comparison{{failed: true}, {}},
			macro:    none,
			micro:    none,
			exact:    0.5,
		},
		{
			// a is found, b missed, c invented; in the second message there is nothing to find, and nothing was found
			name:     "sets",
			compared: []comparison{{expected: []string{"a", "b"}, answered: []string{"c", "a"}}, {}},
			macro:    1.0 / 3,
			micro:    0.5,
			exact:    0.5,
		},
		{
			name:     "a set in another order",
			compared: []comparison{{expected: []string{"a", "b"}, answered: []string{"b", "a"}}},
			macro:    1,
			micro:    1,
			exact:    1,
		},
		{
			name:     "a set with more than was labelled",
			compared: []comparison{{expected: []string{"a"}, answered: []string{"a", "b"}}},
			macro:    0.5,
			micro:    2.0 / 3,
			exact:    0,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := macroF1(tt.compared); !near(got, tt.macro) {
				t.Errorf("macro-F1: got %v, want %v", got, tt.macro)
			}
			if got := microF1(tt.compared); !near(got, tt.micro) {
				t.Errorf("micro-F1: got %v, want %v", got, tt.micro)
			}
			if got := shareExact(tt.compared); !near(got, tt.exact) {
				t.Errorf("share of exact answers: got %v, want %v", got, tt.exact)
			}
		})
	}
}

// compareFew returns comparisons of six messages, four of them right.
func compareFew() []comparison {
	return compareSingles("a", "a", "a", "b", "b", "b", "b", "b", "a", "a", "b", "a")
}

// The interval of a figure is drawn at random, but is the same each time.
func TestIntervalIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	low, _ := estimateInterval(compareFew(), macroF1)
	if second, _ := estimateInterval(compareFew(), macroF1); second != low {
		t.Errorf("the low end was %v, and %v the second time", low, second)
	}
}

// The interval of a figure contains the figure, and is narrower for more messages with the same shares.
func TestIntervalIsNarrowerForMoreMessages(t *testing.T) {
	t.Parallel()
	few := compareFew()
	var many []comparison
	for range 20 {
		many = append(many, few...)
	}
	figure := macroF1(few) // and of many, which have the same shares
	fewLow, fewHigh := estimateInterval(few, macroF1)
	manyLow, manyHigh := estimateInterval(many, macroF1)
	if figure < fewLow || figure > fewHigh {
		t.Errorf("few messages: the figure %v is not in its interval, %v to %v", figure, fewLow, fewHigh)
	}
	if figure < manyLow || figure > manyHigh {
		t.Errorf("many messages: the figure %v is not in its interval, %v to %v", figure, manyLow, manyHigh)
	}
	if manyHigh-manyLow >= fewHigh-fewLow {
		t.Errorf("many messages: got %v to %v, want it narrower than that of few, %v to %v", manyLow, manyHigh, fewLow, fewHigh)
	}
}

func TestIntervalOfNoMessages(t *testing.T) {
	t.Parallel()
	low, high := estimateInterval(nil, macroF1)
	if !low.IsNaN() {
		t.Errorf("low end: got %v, want none", low)
	}
	if !high.IsNaN() {
		t.Errorf("high end: got %v, want none", high)
	}
}

func TestIntervalOfAllRight(t *testing.T) {
	t.Parallel()
	low, high := estimateInterval(compareSingles("a", "a"), macroF1)
	if low != 1 {
		t.Errorf("low end: got %v, want 1", low)
	}
	if high != 1 {
		t.Errorf("high end: got %v, want 1", high)
	}
}

// In JSON a ratio has three decimals. A ratio with nothing to divide by is null.
func TestRatioAsJSON(t *testing.T) {
	t.Parallel()
	raw, err := json.Marshal([]Ratio{ratioOf(1, 3), ratioOf(0, 5), ratioOf(1, 0)})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(raw), "[0.333,0,null]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// In a text a ratio has two decimals. A ratio with nothing to divide by is a dash.
func TestRatioAsText(t *testing.T) {
	t.Parallel()
	if got, want := ratioOf(2, 3).String(), "0.67"; got != want {
		t.Errorf("two thirds: got %s, want %s", got, want)
	}
	if got, want := ratioOf(0, 0).String(), "–"; got != want {
		t.Errorf("nothing of nothing: got %s, want %s", got, want)
	}
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	oneToTen := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	tests := []struct {
		share float64
		want  int
	}{
		{share: 0, want: 1},
		{share: 0.025, want: 1},
		{share: 0.5, want: 5},
		{share: 0.95, want: 10},
		{share: 1, want: 10},
	}
	for _, tt := range tests {
		if got := quantileOf(oneToTen, tt.share); got != tt.want {
			t.Errorf("quantileOf(1 to 10, %v) = %v, want %v", tt.share, got, tt.want)
		}
	}
}

// A time is shown with three digits at most.
func TestRoundDuration(t *testing.T) {
	t.Parallel()
	tests := []struct {
		duration time.Duration
		want     string
	}{
		{duration: 0, want: "0s"},
		{duration: 12345 * time.Nanosecond, want: "12µs"},
		{duration: 1234567 * time.Nanosecond, want: "1.23ms"},
		{duration: 2345678 * time.Microsecond, want: "2.35s"},
	}
	for _, tt := range tests {
		if got := roundDuration(tt.duration); got != tt.want {
			t.Errorf("roundDuration(%v) = %s, want %s", tt.duration, got, tt.want)
		}
	}
}
