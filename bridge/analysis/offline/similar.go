package offline

import (
	"math"
	"slices"

	"parley/bridge/analysis"
)

// How much of what a desk has is compared, so that a message costs the same at every desk.
const (
	mostExamples = 200
	exampleBytes = 400
	mostSources  = 60
	sourceBytes  = 800
	likeEnough   = 0.25
)

// resemblance is an example with how like a text it is, from 0 to 1.
type resemblance struct {
	example  *analysis.Example
	likeness float64
}

// bag counts the stems of a text.
type bag map[string]float64

// newBag counts the stems of a text which aren't small words of its language.
func (a *Analyzer) newBag(t *text) bag {
	b := make(bag, len(t.tokens))
	for i := range t.tokens {
		form := t.tokens[i].form
		if len(form) < 3 || t.tokens[i].number || a.languages.words[form] != 0 {
			continue
		}
		b[stem(form)]++
	}
	return b
}

// compare says how like each of many bags is to one: the cosine of their stems, each weighed by how rare it
// is among all. Sums run in the order of sorted stems, so that the same question has the same answer.
func compare(one bag, many []bag) []float64 {
	in := map[string]int{}
	for _, b := range many {
		for w := range b {
			in[w]++
		}
	}
	rare := func(w string) float64 { return math.Log(1 + float64(len(many)+1)/float64(in[w]+1)) }
	length := func(b bag) float64 {
		var parts []float64
		for w, n := range b {
			v := (1 + math.Log(n)) * rare(w)
			parts = append(parts, v*v)
		}
		slices.Sort(parts)
		sum := 0.0
		for _, p := range parts {
			sum += p
		}
		return math.Sqrt(sum)
	}
	whole := length(one)
	like := make([]float64, len(many))
	for i, b := range many {
		var parts []float64
		for w, n := range b {
			if one[w] > 0 {
				parts = append(parts, (1+math.Log(n))*(1+math.Log(one[w]))*rare(w)*rare(w))
			}
		}
		if len(parts) == 0 {
			continue
		}
		slices.Sort(parts)
		sum := 0.0
		for _, p := range parts {
			sum += p
		}
		like[i] = sum / (whole * length(b))
	}
	return like
}

// similarExamples gives the five examples most like a text.
func (a *Analyzer) similarExamples(b bag, examples []analysis.Example) []resemblance {
	examples = examples[:min(len(examples), mostExamples)]
	bags := make([]bag, len(examples))
	for i := range examples {
		bags[i] = a.read(examples[i].Text, exampleBytes).bag
	}
	var alike []resemblance
	for i, l := range compare(b, bags) {
		if l >= likeEnough {
			alike = append(alike, resemblance{&examples[i], l})
		}
	}
	slices.SortStableFunc(alike, func(x, y resemblance) int {
		switch {
		case x.likeness > y.likeness:
			return -1
		case x.likeness < y.likeness:
			return 1
		}
		return 0
	})
	return alike[:min(len(alike), 5)]
}
