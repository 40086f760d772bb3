package evaluation

import (
	"cmp"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
)

// The figures of an evaluation. Precision is the share of what was answered that is right, recall the share of what
// is right that was answered, F1 their harmonic mean. Micro F1 counts all classes together, macro F1 is the mean
// over the classes.

// Ratio is a figure from 0 to 1; NaN where there is nothing to divide by.
type Ratio float64

// None reports whether there is nothing to divide by.
func (r Ratio) None() bool { return math.IsNaN(float64(r)) }

// String shows two decimals, or a dash.
func (r Ratio) String() string {
	if r.None() {
		return "–"
	}
	return strconv.FormatFloat(float64(r), 'f', 2, 64)
}

// MarshalJSON writes three decimals, or null.
func (r Ratio) MarshalJSON() ([]byte, error) {
	if r.None() {
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

// marking is one field of one message: what it was labelled with, and what was answered. A field that has
// one value is a set of one.
type marking struct {
	expected, answered []string
	failed             bool // there was no answer
}

// isExact reports whether the answer is the label, in any order.
func (m marking) isExact() bool {
	if m.failed || len(m.expected) != len(m.answered) {
		return false
	}
	return !slices.ContainsFunc(m.expected, func(e string) bool { return !slices.Contains(m.answered, e) })
}

// count is how often a class was found, found where it isn't, and missed.
type count struct{ found, invented, missed int }

func (c count) f1() Ratio { return ratioOf(2*c.found, 2*c.found+c.invented+c.missed) }

// asClass returns the figures of a class that was counted so.
func (c count) asClass(name string) Class {
	return Class{
		Name:      name,
		Labelled:  c.found + c.missed,
		Answered:  c.found + c.invented,
		Precision: ratioOf(c.found, c.found+c.invented),
		Recall:    ratioOf(c.found, c.found+c.missed),
		F1:        c.f1(),
	}
}

// tallyClasses counts the classes of a field.
func tallyClasses(marks []marking) map[string]count {
	counts := map[string]count{}
	for _, m := range marks {
		for _, e := range m.expected {
			c := counts[e]
			if slices.Contains(m.answered, e) {
				c.found++
			} else {
				c.missed++
			}

			counts[e] = c
		}

		for _, a := range m.answered {
			if !slices.Contains(m.expected, a) {
				c := counts[a]
				c.invented++
				counts[a] = c
			}
		}
	}

	return counts
}

// sumClasses adds all classes up.
func sumClasses(marks []marking) count {
	var sum count
	for _, c := range tallyClasses(marks) {
		sum.found += c.found
		sum.invented += c.invented
		sum.missed += c.missed
	}
	return sum
}

// macroF1 is the mean of the classes' F1: a rare class counts as much as a frequent one. Classes count that
// were labelled or answered.
func macroF1(marks []marking) Ratio {
	counts := tallyClasses(marks)
	names := make([]string, 0, len(counts))
	for name := range counts {
		names = append(names, name)
	}
	slices.Sort(names) // so that sums of floating numbers are the same each time
	sum := 0.0
	for _, name := range names {
		sum += float64(counts[name].f1())
	}
	return Ratio(sum / float64(len(counts))) // NaN for none
}

// microF1 is the F1 of all classes together: a frequent class counts more.
func microF1(marks []marking) Ratio { return sumClasses(marks).f1() }

// shareExact is the share of messages whose answer is the label.
func shareExact(marks []marking) Ratio {
	n := 0
	for _, m := range marks {
		if m.isExact() {
			n++
		}
	}
	return ratioOf(n, len(marks))
}

// rounds is how many samples are drawn for an interval, and seed makes them the same samples each time.
const (
	rounds = 1000
	seed   = 13
)

// estimateInterval estimates (by a bootstrap) how far a figure depends on which messages are in the set. It draws samples that are
// as large as the set, in which a message may come several times or not at all. It returns the bounds between which the figures
// of 95 % of the samples lie.
func estimateInterval(marks []marking, figure func([]marking) Ratio) (low, high Ratio) {
	random := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // the same each time is what is wanted
	sample := make([]marking, len(marks))
	var figures []Ratio
	for range rounds * min(1, len(marks)) { // nothing can be drawn from no messages
		for i := range sample {
			sample[i] = marks[random.IntN(len(marks))]
		}

		if r := figure(sample); !r.None() {
			figures = append(figures, r)
		}
	}

	if len(figures) == 0 {
		return Ratio(math.NaN()), Ratio(math.NaN())
	}

	slices.Sort(figures)
	return quantileOf(figures, 0.025), quantileOf(figures, 0.975)
}

// quantileOf returns the value below which a share of sorted values lies.
func quantileOf[T cmp.Ordered](sorted []T, share float64) T {
	i := int(math.Ceil(share*float64(len(sorted)))) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}
