// Package tongue detects the language of a text by its words. Each word adds to the scores of the languages that have it,
// and a language with a clear lead wins: in "wo ist mein Paket", all four words are German.
//
// It detects the languages that have a lexicon ("our languages"). It also knows a few words of some other languages, so that
// these aren't taken for one of ours. Package offline cuts a text into words.
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

// The score that a word adds to a language. Languages that have the same word share it.
const (
	smallWordWeight = 1.0 // the word is a function word of the language
	knownWordWeight = 0.6 // it is in the language's lexicon
	knownStemWeight = 0.4 // it begins with a stem of the lexicon
	endingWeight    = 0.2 // it has a typical ending
	letterWeight    = 0.4 // it has a letter besides a–z that the language has
	noLetterPenalty = 0.6 // it has such a letter that the language doesn't have
)

// The conditions for a clear result.
const (
	minScore        = 0.55
	minScorePerWord = 0.09
	minLead         = 1.08 // times the second best score
)

// The lexicons that are used for a text.
const (
	minNearness = 0.75 // of a language's score, times the best score
	maxLexicons = 2
)

const (
	minKnownBytes  = 4 // shorter words of a lexicon are ignored, since too many languages have them
	maxStemBytes   = 12
	maxEndingBytes = 5
)

const (
	lastLatin    = 0x24F // the last character of Unicode's Latin blocks
	runesPerWord = 6     // of other scripts, since some languages write no spaces
)

// Detector detects languages. It is read-only, and so safe for concurrent use. The values of its maps are sets of languages:
// bit i is set for the language codes[i]. So there can be at most 64 languages.
type Detector struct {
	codes   []string          // ISO 639-1; ours first
	ours    int               // the number of our languages
	words   map[string]uint64 // by function word, such as "the"
	known   map[string]uint64 // by word of a lexicon
	stems   map[string]uint64 // by stem of a lexicon: "deliver" for "deliver*"
	endings map[string]uint64 // by the end of a word
	letters map[rune]uint64   // by letter besides a–z
}

// New returns a Detector. others is the content of other.txt (lexicon.Set.Others).
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
			if len(w) >= minKnownBytes {
				d.known[w] |= bit
			}
		}

		for w := range x.Stems {
			if len(w) >= minKnownBytes {
				d.stems[w] |= bit
			}
		}
	}

	d.addOthers(others)
	return d
}

// addOthers adds the languages of other.txt.
func (d *Detector) addOthers(others string) {
	for part := range strings.SplitSeq(others, "\n== language ") {
		code, rest, found := strings.Cut(part, "\n")
		isLanguage := found && len(code) == 2
		if !isLanguage { // the comment above the first heading
			continue
		}

		words, letters, _ := strings.Cut(rest, "letters:")
		var folded []string
		for w := range strings.FieldsSeq(words) {
			folded = append(folded, wordform.Fold(w))
		}
		d.addLanguage(code, folded, strings.TrimSpace(letters))
	}
}

// addLanguage adds a language with its function words, and returns its bit.
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

// Detect returns the language of a text if it is clearly one of ours, or else "". lexicons are the indices of the lexicons
// to use for the text, the best first; there is always at least one. words yields the text's words without numbers, each as
// it was written (at least its first wordform.Longest bytes) and folded.
func (d *Detector) Detect(words iter.Seq2[string, string]) (code string, lexicons []int) {
	scores := make([]float64, len(d.codes))
	latinWords, foreignWords := 0, 0
	for raw, form := range words {
		r, _ := utf8.DecodeRuneInString(form)
		isWord := r >= 'a' && !wordform.IsEmoji(r) // folded words have no capitals
		if !isWord {
			continue
		}
		if r > lastLatin {
			foreignWords += 1 + utf8.RuneCountInString(form)/runesPerWord
			continue
		}

		latinWords++
		d.weighWord(form, scores)
		d.weighLetters(raw, scores)
	}

	if foreignWords > latinWords {
		return "", []int{lexicon.English}
	}

	best, second := bestTwo(scores)
	lexicons = d.lexiconsNear(scores, best)
	isLikely := scores[best] >= max(minScore, minScorePerWord*float64(latinWords))
	isAhead := scores[best] >= minLead*scores[second]
	isClear := isLikely && isAhead
	isOurs := best < d.ours
	if isClear && isOurs {
		return d.codes[best], lexicons
	}
	return "", lexicons
}

// bestTwo returns the indices of the highest and the second highest score. Of equal scores, the first wins. There must be at
// least two scores.
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

// lexiconsNear returns the indices of at most maxLexicons of our lexicons whose languages have a score near the best one, the
// highest first. If there are none, it returns the English one.
func (d *Detector) lexiconsNear(scores []float64, best int) []int {
	var near []int
	for i := range d.ours {
		if scores[i] > 0 && scores[i] >= minNearness*scores[best] {
			near = append(near, i)
		}
	}

	if len(near) == 0 {
		return []int{lexicon.English}
	}

	slices.SortFunc(near, func(a, b int) int {
		return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(a, b))
	})
	return near[:min(len(near), maxLexicons)]
}

// IsSmallWord reports whether a folded word is a function word of any language, such as "the".
func (d *Detector) IsSmallWord(form string) bool { return d.words[form] != 0 }

// weighWord adds a folded word to the scores.
func (d *Detector) weighWord(form string, scores []float64) {
	if mask := d.words[form]; mask != 0 {
		spread(scores, mask, smallWordWeight*sizeFactor(form))
		return
	}
	if mask := d.known[form]; mask != 0 {
		spread(scores, mask, knownWordWeight)
		return
	}
	if mask := d.languagesOfStem(form); mask != 0 {
		spread(scores, mask, knownStemWeight)
		return
	}
	for n := 2; n <= min(maxEndingBytes, len(form)-2); n++ {
		if mask := d.endings[form[len(form)-n:]]; mask != 0 {
			spread(scores, mask, endingWeight)
		}
	}
}

// weighLetters adds the letters of a word besides a–z to the scores. It lowers the scores of the languages that don't have
// them.
func (d *Detector) weighLetters(raw string, scores []float64) {
	for _, r := range strings.ToLower(raw) {
		mask := d.letters[r]
		if r < utf8.RuneSelf || mask == 0 {
			continue
		}

		spread(scores, mask, letterWeight)
		for i := range scores {
			hasLetter := mask>>i&1 == 1
			if !hasLetter {
				scores[i] -= noLetterPenalty
			}
		}
	}
}

// sizeFactor returns the factor of a function word's weight. Short words, such as "a", have less weight, since more
// languages have them.
func sizeFactor(form string) float64 {
	switch len(form) {
	case 1:
		return 0.4
	case 2:
		return 0.8
	case 3:
		return 1
	}
	return 1.2
}

// languagesOfStem returns the languages of the longest known stem of a word.
func (d *Detector) languagesOfStem(form string) uint64 {
	for n := min(len(form), maxStemBytes); n >= minKnownBytes; n-- {
		if m := d.stems[form[:n]]; m != 0 {
			return m
		}
	}
	return 0
}

// spread adds a weight to the scores of the languages in mask, in equal parts.
func spread(scores []float64, mask uint64, weight float64) {
	share := weight / float64(bits.OnesCount64(mask))
	for m := mask; m != 0; m &= m - 1 {
		scores[bits.TrailingZeros64(m)] += share
	}
}
