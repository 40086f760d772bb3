package offline

import (
	"cmp"
	"math"
	"slices"

	"parley/bridge/analysis"
	"parley/bridge/analysis/offline/wordform"
)

// How alike two texts are, by the stems of words that they have in common. The desk (one company's helpdesk) gives
// examples, which are conversations that were resolved, and sources for replies. Those that are like the customer's
// text suggest intents, tags, actions and replies.

// How much of a desk's texts is compared, so that a message costs about the same at every desk.
const (
	maxExamples     = 200 // the first ones
	maxExampleBytes = 400 // of each, from its beginning
	maxSources      = 60  // the first ones
	maxSourceBytes  = 800 // of each, from its beginning
)

const (
	minLikeness  = 0.25 // of an example that counts as like a text
	maxAlike     = 5    // examples that similarExamples returns
	minWordBytes = 3    // a shorter word doesn't show what a text is about
)

// resemblance is an example, and how alike it and a text are: from 0 to 1.
type resemblance struct {
	example  *analysis.Example
	likeness float64
}

// bag says how often each stem of a word occurs in a text. The order of the words is lost.
type bag map[string]float64

// newBag returns the stems of a text. Numbers and small words are left out.
func (a *Analyzer) newBag(t *text) bag {
	b := make(bag, len(t.tokens))
	for i := range t.tokens {
		form := t.tokens[i].form
		isTooShort := len(form) < minWordBytes
		if isTooShort || t.tokens[i].number || a.languages.IsSmallWord(form) {
			continue
		}
		b[wordform.Stem(form)]++
	}
	return b
}

// compare returns how alike a text is to each of several others, from 0 to 1. That is the cosine between their bags. A stem
// weighs the more, the oftener it stands in a text and the fewer of the others have it (tf-idf).
func compare(one bag, many []bag) []float64 {
	textsWith := map[string]int{} // by stem
	for _, b := range many {
		for stem := range b {
			textsWith[stem]++
		}
	}

	weight := func(stem string, count float64) float64 {
		rarity := math.Log(1 + float64(len(many)+1)/float64(textsWith[stem]+1))
		return (1 + math.Log(count)) * rarity
	}
	length := func(b bag) float64 {
		var squares []float64
		for stem, count := range b {
			w := weight(stem, count)
			squares = append(squares, w*w)
		}
		return math.Sqrt(sumSorted(squares))
	}

	lengthOfOne := length(one)
	likeness := make([]float64, len(many))
	for i, b := range many {
		var products []float64
		for stem, count := range b {
			if one[stem] > 0 {
				products = append(products, weight(stem, count)*weight(stem, one[stem]))
			}
		}
		if len(products) > 0 {
			likeness[i] = sumSorted(products) / (lengthOfOne * length(b))
		}
	}
	return likeness
}

// sumSorted adds numbers, the smallest first. So the sum doesn't depend on the order in which a map is read.
func sumSorted(parts []float64) float64 {
	slices.Sort(parts)
	sum := 0.0
	for _, p := range parts {
		sum += p
	}
	return sum
}

// similarExamples returns at most maxAlike of a desk's examples that are like a text, the most alike first.
func (a *Analyzer) similarExamples(b bag, examples []analysis.Example) []resemblance {
	examples = examples[:min(len(examples), maxExamples)]
	bags := make([]bag, len(examples))
	for i := range examples {
		bags[i] = a.read(examples[i].Text, maxExampleBytes).bag
	}
	var alike []resemblance
	for i, l := range compare(b, bags) {
		if l >= minLikeness {
			alike = append(alike, resemblance{&examples[i], l})
		}
	}
	slices.SortStableFunc(alike, func(x, y resemblance) int { return cmp.Compare(y.likeness, x.likeness) })
	return alike[:min(len(alike), maxAlike)]
}
