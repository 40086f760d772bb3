// Package tongue finds out in which language a text is written, by its words. It knows our languages by their lexicons, and
// some others by a few words, so that these aren't taken for one of ours.
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

// How much a word speaks for a language.
const (
	smallWordWeight = 1.0 // it is one of the language's frequent small words
	knownWordWeight = 0.6 // it is in the language's lexicon
	knownStemWeight = 0.4 // it begins like a word of the lexicon
	endingWeight    = 0.2 // it ends as words of the language do
	letterWeight    = 0.4 // it has a letter beside a–z that the language has
	noLetterPenalty = 0.6 // it has such a letter that the language doesn't have
)

// When a language is clear.
const (
	minScore        = 0.55 // in all
	minScorePerWord = 0.09
	minLead         = 1.08 // times the score of the next language
	minNearness     = 0.75 // times the best score: the lexicon of such a language is used, too
	maxLexicons     = 2    // that are used
)

const (
	minKnownBytes  = 4  // shorter words of a lexicon are not used: they are in too many languages
	maxStemBytes   = 12 // of a stem that is looked for
	maxEndingBytes = 5
)

const (
	lastLatin    = 0x24F // the last letter of the Latin alphabets, with their signs
	runesPerWord = 6     // so many characters of another script count as a word, since some languages write no spaces
)

// Detector tells languages apart. Each language has a bit, so that there can be 64.
type Detector struct {
	codes   []string          // ours first
	ours    int               // how many of codes are ours
	words   map[string]uint64 // by small word: the languages that have it
	known   map[string]uint64 // by word of a lexicon
	stems   map[string]uint64 // by stem of a lexicon: "deliver" of "deliver*"
	endings map[string]uint64 // by the end of a word
	letters map[rune]uint64   // by letter beside a–z
}

// New makes a Detector. others is the text of other.txt (lexicon.Set.Others).
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
		if !isLanguage { // what stands before the first heading
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

// addLanguage adds a language, and returns its bit.
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

// Detect returns the language of a text if it is clearly one of ours, else "". lexicons are the indices of our lexicons that
// help to read the text, the best first: always one or more. words yields the text's words without its numbers, each in two
// forms: as it is written, at least its first wordform.Longest bytes, and folded.
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

// bestTwo returns the indices of the highest and the second highest score. There must be two scores or more; of equal ones the
// first wins.
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

// lexiconsNear returns the indices of at most maxLexicons of our lexicons: those of the languages whose scores are near to the
// best score, the nearest first. If there are none, it returns that of the English one.
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

// IsSmallWord reports whether a word is one of the frequent small words of any language.
func (d *Detector) IsSmallWord(form string) bool { return d.words[form] != 0 }

// weighWord adds to the scores what a word says.
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

// weighLetters adds to the scores what the letters of a word beside a–z say: they speak for the languages that have them, and
// against all others.
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

// sizeFactor returns how much a small word counts for its length in bytes: the shorter it is, the more languages have it,
// such as "a".
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

// languagesOfStem returns the languages that have the longest stem with which a word begins.
func (d *Detector) languagesOfStem(form string) uint64 {
	for n := min(len(form), maxStemBytes); n >= minKnownBytes; n-- {
		if m := d.stems[form[:n]]; m != 0 {
			return m
		}
	}
	return 0
}

// spread adds a weight to the scores of some languages, in equal parts.
func spread(scores []float64, mask uint64, weight float64) {
	share := weight / float64(bits.OnesCount64(mask))
	for m := mask; m != 0; m &= m - 1 {
		scores[bits.TrailingZeros64(m)] += share
	}
}
