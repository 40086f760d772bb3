package offline

import (
	"math"
	"slices"

	"parley/bridge/analysis/offline/wordform"
)

// This file finds similar texts, by the word stems that they have in common. A desk (one company's helpdesk) provides
// sources, which are texts for replies. Those that are similar to the customer's text are suggested.

// The limits of a desk's texts, so that analysing a message costs about the same at every desk. Only the first ones, and the
// beginning of each, are compared.
const (
	maxSources     = 60
	maxSourceBytes = 800
)

const minWordBytes = 3 // shorter words don't show what a text is about

// bag is a bag of words: the number of occurrences of each word stem in a text.
type bag map[string]float64

// newBag returns the bag of words of a text, without numbers and function words such as "the".
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

// compare returns the similarity of one text to each of several others, from 0 to 1: the cosine of their tf-idf vectors. A
// stem has more weight if it is frequent in a text and rare among the other texts.
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
	similarities := make([]float64, len(many))
	for i, b := range many {
		var products []float64
		for stem, count := range b {
			if one[stem] > 0 {
				products = append(products, weight(stem, count)*weight(stem, one[stem]))
			}
		}
		if len(products) > 0 {
			similarities[i] = sumSorted(products) / (lengthOfOne * length(b))
		}
	}
	return similarities
}

// sumSorted adds numbers in ascending order, so that the rounding error doesn't depend on the iteration order of a map.
func sumSorted(parts []float64) float64 {
	slices.Sort(parts)
	sum := 0.0
	for _, p := range parts {
		sum += p
	}
	return sum
}
