// Package tongue tells which language a text is in by its words: ours, whose lexicons know most of them, and those that must
// not be taken for one of ours.
//
// What does not belong here: what words mean, and where they begin and end in a text (bridge/analysis/offline).
package tongue

import (
	"cmp"
	"iter"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"

	"parley/bridge/analysis/offline/lexicon"
	"parley/bridge/analysis/offline/wordform"
)

// What evidence a word gives for a language.
const (
	smallWord  = 1.0  // one of its frequent small words
	knownWord  = 0.6  // a word of its lexicon
	knownStem  = 0.4  // begins like one
	ending     = 0.2  // ends as its words do
	ownLetter  = 0.4  // has a letter of its own
	notLetter  = 0.6  // has a letter which it lacks
	leastScore = 0.55 // less says nothing
	leastShare = 0.09 // of all words
	leastLead  = 1.08 // before the next language
	nearEnough = 0.75 // of the best score: so that a lexicon is used as well
)

// Which words tell a language, by their length in bytes.
const (
	shortestKnown = 4 // of a lexicon
	longestKnown  = 12
	longestEnding = 5
)

// lastLatin is the last letter of Latin alphabets with its signs. Words in other letters count by foreignWord characters,
// as some of these languages write no spaces.
const (
	lastLatin   = 0x24F
	foreignWord = 6
)

// Detector tells languages apart: ours, and those that must not be taken for one of ours. Each has a bit.
type Detector struct {
	codes   []string
	ours    int               // so many of the codes, the first, have a lexicon
	words   map[string]uint64 // small words: which languages have them
	known   map[string]uint64 // words of lexicons
	stems   map[string]uint64 // their beginnings: "deliver" of "deliver*"
	endings map[string]uint64
	letters map[rune]uint64
}

// New collects what the lexicons of our languages say of them, and the file of others.
func New(lexicons []*lexicon.Lexicon, others string) *Detector {
	d := &Detector{
		words: map[string]uint64{}, known: map[string]uint64{}, stems: map[string]uint64{},
		endings: map[string]uint64{}, letters: map[rune]uint64{}, ours: len(lexicons),
	}
	for _, x := range lexicons {
		bit := d.addLanguage(x.Language, x.Function, x.Letters)
		for _, e := range x.Endings {
			d.endings[e] |= bit
		}

		for w := range x.Exact {
			if len(w) >= shortestKnown {
				d.known[w] |= bit
			}
		}

		for w := range x.Stems {
			if len(w) >= shortestKnown {
				d.stems[w] |= bit
			}
		}
	}

	for part := range strings.SplitSeq(others, "\n== language ") {
		code, rest, found := strings.Cut(part, "\n")
		if !found || len(code) != 2 {
			continue
		}

		words, letters, _ := strings.Cut(rest, "letters:")
		var folded []string
		for w := range strings.FieldsSeq(words) {
			folded = append(folded, wordform.Fold(w))
		}

		d.addLanguage(code, folded, strings.TrimSpace(letters))
	}

	return d
}

// addLanguage adds a language and gives its bit.
func (d *Detector) addLanguage(code string, words []string, letters string) uint64 {
	bit := uint64(1) << len(d.codes)
	d.codes = append(d.codes, code)
	for _, w := range words {
		d.words[w] |= bit
	}
	for _, r := range letters {
		d.letters[r] |= bit
	}
	return bit
}

// Detect gives the language of the larger part of a text, "" if none of ours is clear, and which lexicons are worth
// looking into, by their places. It gets the text's words without its numbers: each as it is written, of which the first
// wordform.Longest bytes are enough, and folded.
func (d *Detector) Detect(text iter.Seq2[string, string]) (code string, use []int) {
	scores := make([]float64, len(d.codes))
	words, foreign := 0, 0
	for raw, form := range text {
		r, _ := utf8.DecodeRuneInString(form)
		isWord := r >= 'a' && !wordform.IsEmoji(r)
		if !isWord {
			continue
		}
		if r > lastLatin {
			foreign += 1 + utf8.RuneCountInString(form)/foreignWord
			continue
		}

		words++
		d.weigh(raw, form, scores)
	}

	best, second := bestTwo(scores)

	if foreign > words {
		return "", []int{lexicon.English}
	}

	use = d.lexiconsNear(scores, best)
	isLikely := scores[best] >= max(leastScore, leastShare*float64(words))
	isAhead := scores[best] >= leastLead*scores[second]
	isClear := isLikely && isAhead
	if isClear && best < d.ours {
		return d.codes[best], use
	}

	return "", use
}

// bestTwo gives the places of the two highest of two scores or more; of equal ones that of the first.
func bestTwo(scores []float64) (best, second int) {
	best, second = 0, 1
	if scores[1] > scores[0] {
		best, second = 1, 0
	}
	for i := 2; i < len(scores); i++ {
		if scores[i] > scores[best] {
			best, second = i, best
		} else if scores[i] > scores[second] {
			second = i
		}
	}
	return best, second
}

// lexiconsNear gives the lexicons of the best language and of that which comes nearest; English where none is ours.
func (d *Detector) lexiconsNear(scores []float64, best int) []int {
	var use []int
	for i := range d.ours {
		if scores[i] > 0 && scores[i] >= nearEnough*scores[best] {
			use = append(use, i)
		}
	}

	if len(use) == 0 {
		return []int{lexicon.English}
	}

	slices.SortFunc(use, func(a, b int) int {
		return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(a, b))
	})

	const most = 2 // lexicons
	return use[:min(len(use), most)]
}

// IsSmallWord says whether a word is one of the frequent small words of a language, ours or another.
func (d *Detector) IsSmallWord(form string) bool { return d.words[form] != 0 }

// weigh adds what a word says to the scores.
func (d *Detector) weigh(raw, form string, scores []float64) {
	if m := d.words[form]; m != 0 {
		spread(scores, m, smallWord*sizeFactor(form))
	} else if m := d.known[form]; m != 0 {
		spread(scores, m, knownWord)
	} else if m := d.languagesOfStem(form); m != 0 {
		spread(scores, m, knownStem)
	} else {
		for n := 2; n <= min(longestEnding, len(form)-2); n++ {
			if m := d.endings[form[len(form)-n:]]; m != 0 {
				spread(scores, m, ending)
			}
		}
	}

	for _, r := range strings.ToLower(raw) {
		if r < utf8.RuneSelf {
			continue
		}

		m := d.letters[r]
		if m == 0 {
			continue
		}

		spread(scores, m, ownLetter)

		for i := range scores {
			hasLetter := m>>i&1 == 1
			if !hasLetter {
				scores[i] -= notLetter
			}
		}
	}
}

// sizeFactor says how much more or less a small word says of a language for its length: "a" is one of many languages.
func sizeFactor(form string) float64 {
	switch len(form) {
	case 1:
		return 0.4
	case 2:
		return 0.8
	case len("the"):
		return 1
	}
	return 1.2
}

// languagesOfStem gives the languages of which a known stem begins a word: those of the longest.
func (d *Detector) languagesOfStem(form string) uint64 {
	for n := min(len(form), longestKnown); n >= shortestKnown; n-- {
		if m := d.stems[form[:n]]; m != 0 {
			return m
		}
	}
	return 0
}

// spread adds a weight to the languages of a mask, less the more they are.
func spread(scores []float64, mask uint64, weight float64) {
	share := weight / float64(bits.OnesCount64(mask))
	for m := mask; m != 0; m &= m - 1 {
		scores[bits.TrailingZeros64(m)] += share
	}
}
