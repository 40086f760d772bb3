package offline

import (
	"cmp"
	"math"
	"slices"

	"parley/bridge/analysis"
	"parley/bridge/analysis/offline/wordform"
)

// How much of what a desk has is compared, so that a message costs the same at every desk.
const (
	mostExamples = 200
	exampleBytes = 400
	mostSources  = 60
	sourceBytes  = 800
	likeEnough   = 0.25
	mostAlike    = 5
	shortestWord = 3 // bytes
)

// resemblance is an example with how like a text it is, from 0 to 1.
type resemblance struct {
	example  *analysis.Example
	likeness float64
}

// bag counts the stems of a text.
type bag map[string]float64

// newBag counts the stems of a text, of all but numbers and small words.
func (a *Analyzer) newBag(t *text) bag {
	b := make(bag, len(t.tokens))
	for i := range t.tokens {
		form := t.tokens[i].form
		isSmallWord := len(form) < shortestWord || a.languages.IsSmallWord(form)
		if isSmallWord || t.tokens[i].number {
			continue
		}
		b[wordform.Stem(form)]++
	}
	return b
}

// compare says how like each of many bags is to one: the cosine of their stems, each weighed by how rare it is among all.
func compare(one bag, many []bag) []float64 {
	in := map[string]int{} // how many bags have a stem
	for _, b := range many {
		for w := range b {
			in[w]++
		}
	}

	rarity := func(w string) float64 { return math.Log(1 + float64(len(many)+1)/float64(in[w]+1)) }
	length := func(b bag) float64 {
		var parts []float64
		for w, n := range b {
			v := (1 + math.Log(n)) * rarity(w)
			parts = append(parts, v*v)
		}
		return math.Sqrt(sumSorted(parts))
	}

	whole := length(one)
	like := make([]float64, len(many))
	for i, b := range many {
		var parts []float64
		for w, n := range b {
			if one[w] > 0 {
				parts = append(parts, (1+math.Log(n))*(1+math.Log(one[w]))*rarity(w)*rarity(w))
			}
		}

		if len(parts) == 0 {
			continue
		}

		like[i] = sumSorted(parts) / (whole * length(b))
	}

	return like
}

// sumSorted adds numbers up from the least to the greatest, so that the order in which a map gave them changes nothing.
func sumSorted(parts []float64) float64 {
	slices.Sort(parts)
	sum := 0.0
	for _, p := range parts {
		sum += p
	}
	return sum
}

// similarExamples gives the examples most like a text, the likest first.
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
	slices.SortStableFunc(alike, func(x, y resemblance) int { return cmp.Compare(y.likeness, x.likeness) })
	return alike[:min(len(alike), mostAlike)]
}
