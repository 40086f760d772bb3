package offline

import (
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
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
)

// languages tells languages apart: ours, and those that must not be taken for one of ours.
type languages struct {
	codes   []string
	ours    int // so many of them have a lexicon
	words   map[string]uint64
	known   map[string]uint64
	stems   map[string]uint64
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
		bit := l.language(x.language, x.function, x.letters)
		for _, e := range x.endings {
			l.endings[e] |= bit
		}
		for w := range x.exact {
			if len(w) >= 4 {
				l.known[w] |= bit
			}
		}
		for w := range x.stems {
			if len(w) >= 4 {
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
			folded = append(folded, fold(w))
		}
		l.language(code, folded, strings.TrimSpace(letters))
	}
	return l
}

// language adds a language and gives its bit.
func (l *languages) language(code string, words []string, letters string) uint64 {
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

// detect gives the language of the larger part of a text, "" if none of ours is clear, and which lexicons
// are worth looking into, by their places.
func (l *languages) detect(t *text) (string, []int) {
	scores := make([]float64, len(l.codes))
	words, foreign := 0, 0
	for i := range t.tokens {
		k := &t.tokens[i]
		r, _ := utf8.DecodeRuneInString(k.form)
		switch {
		case k.number || r < 'a' || isEmoji(r):
			continue
		case r > 0x24F:
			foreign += 1 + utf8.RuneCountInString(k.form)/6
			continue
		}
		words++
		l.weigh(t.all[k.from:k.to], k.form, scores)
	}
	best, second := 0, -1
	for i := range scores {
		if scores[i] > scores[best] {
			best, second = i, best
		} else if i > 0 && (second < 0 || scores[i] > scores[second]) {
			second = i
		}
	}
	if foreign > words {
		return "", []int{0}
	}
	clear := best < l.ours && scores[best] >= max(leastScore, leastShare*float64(words)) && scores[best] >= leastLead*scores[second]
	return l.answer(scores, best, clear)
}

// answer gives a language's code, and the lexicons of it and of those which come near.
func (l *languages) answer(scores []float64, best int, clear bool) (string, []int) {
	var use []int
	for i := range l.ours {
		if scores[i] > 0 && (i == best || scores[i] >= 0.75*scores[best]) {
			use = append(use, i)
		}
	}
	slices.SortStableFunc(use, func(a, b int) int {
		switch {
		case scores[a] > scores[b]:
			return -1
		case scores[a] < scores[b]:
			return 1
		}
		return a - b
	})
	if len(use) > 2 {
		use = use[:2]
	}
	if len(use) == 0 {
		use = []int{0}
	}
	if !clear {
		return "", use
	}
	return l.codes[best], use
}

// weigh adds what a word says to the scores.
func (l *languages) weigh(raw, form string, scores []float64) {
	if m := l.words[form]; m != 0 {
		w := smallWord
		switch n := len(form); {
		case n == 1:
			w *= 0.4
		case n == 2:
			w *= 0.8
		case n >= 4:
			w *= 1.2
		}
		spread(scores, m, w)
	} else if m := l.known[form]; m != 0 {
		spread(scores, m, knownWord)
	} else if m := l.stemmed(form); m != 0 {
		spread(scores, m, knownStem)
	} else {
		for n := 2; n <= min(5, len(form)-2); n++ {
			if m := l.endings[form[len(form)-n:]]; m != 0 {
				spread(scores, m, ending)
			}
		}
	}
	for _, r := range strings.ToLower(clip(raw, longestForm)) {
		if r < utf8.RuneSelf {
			continue
		}
		m := l.letters[r]
		if m == 0 {
			continue
		}
		spread(scores, m, ownLetter)
		for i := range scores {
			if m>>i&1 == 0 {
				scores[i] -= notLetter
			}
		}
	}
}

// stemmed gives the languages of which a known stem begins a word: those of the longest.
func (l *languages) stemmed(form string) uint64 {
	for n := min(len(form), 12); n >= 4; n-- {
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
