package offline

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"

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

// english is the place of the English lexicon among ours.
const english = 0

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

// languages tells languages apart: ours, and those that must not be taken for one of ours. Each has a bit.
type languages struct {
	codes   []string
	ours    int               // so many of the codes, the first, have a lexicon
	words   map[string]uint64 // small words: which languages have them
	known   map[string]uint64 // words of lexicons
	stems   map[string]uint64 // their beginnings: "deliver" of "deliver*"
	endings map[string]uint64
	letters map[rune]uint64
}

// newLanguages collects what lexicons say of languages, and the file of others.
func newLanguages(lexicons []*lexicon, others string) *languages {
	l := &languages{
		words: map[string]uint64{}, known: map[string]uint64{}, stems: map[string]uint64{},
		endings: map[string]uint64{}, letters: map[rune]uint64{}, ours: len(lexicons),
	}
	for _, x := range lexicons {
		bit := l.addLanguage(x.language, x.function, x.letters)
		for _, e := range x.endings {
			l.endings[e] |= bit
		}
		for w := range x.exact {
			if len(w) >= shortestKnown {
				l.known[w] |= bit
			}
		}
		for w := range x.stems {
			if len(w) >= shortestKnown {
				l.stems[w] |= bit
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
		l.addLanguage(code, folded, strings.TrimSpace(letters))
	}
	return l
}

// addLanguage adds a language and gives its bit.
func (l *languages) addLanguage(code string, words []string, letters string) uint64 {
	bit := uint64(1) << len(l.codes)
	l.codes = append(l.codes, code)
	for _, w := range words {
		l.words[w] |= bit
	}
	for _, r := range letters {
		l.letters[r] |= bit
	}
	return bit
}

// detect gives the language of the larger part of a text, "" if none of ours is clear, and which lexicons are worth
// looking into, by their places.
func (l *languages) detect(t *text) (code string, use []int) {
	scores := make([]float64, len(l.codes))
	words, foreign := 0, 0
	for i := range t.tokens {
		k := &t.tokens[i]
		r, _ := utf8.DecodeRuneInString(k.form)
		isWord := r >= 'a' && !wordform.IsEmoji(r)
		if k.number || !isWord {
			continue
		}
		if r > lastLatin {
			foreign += 1 + utf8.RuneCountInString(k.form)/foreignWord
			continue
		}
		words++
		l.weigh(t.all[k.from:k.to], k.form, scores)
	}
	best, second := bestTwo(scores)
	if foreign > words {
		return "", []int{english}
	}
	use = l.lexiconsNear(scores, best)
	isLikely := scores[best] >= max(leastScore, leastShare*float64(words))
	isAhead := scores[best] >= leastLead*scores[second]
	isClear := isLikely && isAhead
	if isClear && best < l.ours {
		return l.codes[best], use
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
func (l *languages) lexiconsNear(scores []float64, best int) []int {
	var use []int
	for i := range l.ours {
		if scores[i] > 0 && scores[i] >= nearEnough*scores[best] {
			use = append(use, i)
		}
	}
	if len(use) == 0 {
		return []int{english}
	}
	slices.SortFunc(use, func(a, b int) int {
		return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(a, b))
	})
	const most = 2 // lexicons
	return use[:min(len(use), most)]
}

// weigh adds what a word says to the scores.
func (l *languages) weigh(raw, form string, scores []float64) {
	if m := l.words[form]; m != 0 {
		spread(scores, m, smallWord*sizeFactor(form))
	} else if m := l.known[form]; m != 0 {
		spread(scores, m, knownWord)
	} else if m := l.languagesOfStem(form); m != 0 {
		spread(scores, m, knownStem)
	} else {
		for n := 2; n <= min(longestEnding, len(form)-2); n++ {
			if m := l.endings[form[len(form)-n:]]; m != 0 {
				spread(scores, m, ending)
			}
		}
	}
	for _, r := range strings.ToLower(clipText(raw, wordform.Longest)) {
		if r < utf8.RuneSelf {
			continue
		}
		m := l.letters[r]
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
func (l *languages) languagesOfStem(form string) uint64 {
	for n := min(len(form), longestKnown); n >= shortestKnown; n-- {
		if m := l.stems[form[:n]]; m != 0 {
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
