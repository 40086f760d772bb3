package evaluation

import (
	"cmp"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
)

// This file computes the figures of an evaluation. Take the sentiment "frustrated": precision is the share of messages
// answered "frustrated" that have this label, recall is the share of messages with this label that were answered so, and
// F1 is the harmonic mean of both. A class is one value of a field, such as this sentiment. Micro F1 is computed from the
// counts of all classes together, macro F1 is the mean of the classes' F1.

// Ratio is a figure from 0 to 1, or NaN if it would divide by zero.
type Ratio float64

// IsNaN reports whether the figure is undefined, because it would divide by zero.
func (r Ratio) IsNaN() bool { return math.IsNaN(float64(r)) }

// String returns the figure with two decimals, or a dash for NaN.
func (r Ratio) String() string {
	if r.IsNaN() {
		return "–"
	}
	return strconv.FormatFloat(float64(r), 'f', 2, 64)
}

// MarshalJSON writes the figure with three decimals, or null for NaN.
func (r Ratio) MarshalJSON() ([]byte, error) {
	if r.IsNaN() {
		return []byte("null"), nil
	}
	const thousand = 1000
	return json.Marshal(math.Round(float64(r)*thousand) / thousand)
}

func ratioOf(part, whole int) Ratio {
	if whole == 0 {
		return Ratio(math.NaN())
	}
	return Ratio(float64(part) / float64(whole))
}

// comparison has the expected and the answered values of one field of one message. A field with a single value is a set
// of one.
type comparison struct {
	expected, answered []string
	failed             bool // the analyzer gave no answer
}

// isExact reports whether the answered values are the expected ones, in any order.
func (c comparison) isExact() bool {
	if c.failed || len(c.expected) != len(c.answered) {
		return false
	}
	return !slices.ContainsFunc(c.expected, func(e string) bool { return !slices.Contains(c.answered, e) })
}

// count has the true positives, false positives and false negatives of a class.
type count struct{ truePositives, falsePositives, falseNegatives int }

func (c count) f1() Ratio {
	return ratioOf(2*c.truePositives, 2*c.truePositives+c.falsePositives+c.falseNegatives)
}

// asClass returns the figures of a class with these counts.
func (c count) asClass(name string) Class {
	labelled := c.truePositives + c.falseNegatives
	answered := c.truePositives + c.falsePositives
	return Class{
		Name:      name,
		Labelled:  labelled,
		Answered:  answered,
		Precision: ratioOf(c.truePositives, answered),
		Recall:    ratioOf(c.truePositives, labelled),
		F1:        c.f1(),
	}
}

// tallyClasses returns the counts of each class of a field, by the class's name.
func tallyClasses(compared []comparison) map[string]count {
	counts := map[string]count{}
	for _, m := range compared {
		for _, e := range m.expected {
			c := counts[e]
			if slices.Contains(m.answered, e) {
				c.truePositives++
			} else {
				c.falseNegatives++
			}

			counts[e] = c
		}

		for _, a := range m.answered {
			if !slices.Contains(m.expected, a) {
				c := counts[a]
				c.falsePositives++
				counts[a] = c
			}
		}
	}

	return counts
}

// sumClasses returns the sum of the counts of all classes.
func sumClasses(compared []comparison) count {
	var sum count
	for _, c := range tallyClasses(compared) {
		sum.truePositives += c.truePositives
		sum.falsePositives += c.falsePositives
		sum.falseNegatives += c.falseNegatives
	}
	return sum
}

// macroF1 returns the mean F1 of all classes that were labelled or answered. Rare and frequent classes have the same
// weight.
func macroF1(compared []comparison) Ratio {
	counts := tallyClasses(compared)
	names := make([]string, 0, len(counts))
	for name := range counts {
		names = append(names, name)
	}
	slices.Sort(names) // the rounding error of a sum depends on the order
	sum := 0.0
	for _, name := range names {
		sum += float64(counts[name].f1())
	}
	return Ratio(sum / float64(len(counts))) // NaN without classes
}

// microF1 returns the F1 of all classes together. Frequent classes have more weight.
func microF1(compared []comparison) Ratio { return sumClasses(compared).f1() }

// shareExact returns the share of messages whose answer equals the label.
func shareExact(compared []comparison) Ratio {
	n := 0
	for _, m := range compared {
		if m.isExact() {
			n++
		}
	}
	return ratioOf(n, len(compared))
}

const (
	bootstrapSamples = 1000
	bootstrapSeed    = 13 // fixed, so that reports are reproducible
)

// estimateInterval returns the 95 % confidence interval of a figure, estimated by bootstrapping: it draws samples with
// replacement that are as large as the set, and returns the bounds of the middle 95 % of their figures. Without messages,
// or if no sample has a figure, the bounds are NaN.
func estimateInterval(compared []comparison, figure func([]comparison) Ratio) (low, high Ratio) {
	if len(compared) == 0 {
		return Ratio(math.NaN()), Ratio(math.NaN())
	}

	random := rand.New(rand.NewPCG(bootstrapSeed, bootstrapSeed)) //nolint:gosec // it should be reproducible
	sample := make([]comparison, len(compared))
	var figures []Ratio
	for range bootstrapSamples {
		for i := range sample {
			sample[i] = compared[random.IntN(len(compared))]
		}

		if r := figure(sample); !r.IsNaN() {
			figures = append(figures, r)
		}
	}

	if len(figures) == 0 {
		return Ratio(math.NaN()), Ratio(math.NaN())
	}

	slices.Sort(figures)
	return quantileOf(figures, 0.025), quantileOf(figures, 0.975)
}

// quantileOf returns a quantile of sorted values, such as 0.5 for the median. There must be at least one value.
func quantileOf[T cmp.Ordered](sorted []T, share float64) T {
	i := int(math.Ceil(share*float64(len(sorted)))) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}
