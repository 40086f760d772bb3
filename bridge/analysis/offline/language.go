package offline

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

// languages detects the language of a text by its words. Each word adds to the scores of the languages that have it, and a
// language with a clear lead wins: in "wo ist mein Paket", all four words are German. The values of its maps are sets of
// languages: bit i is set for codes[i]. So there can be at most 64.
type languages struct {
	codes   []string          // ISO 639-1; those that have a lexicon first
	words   map[string]uint64 // by function word, such as "the"
	known   map[string]uint64 // by word of a lexicon, or by its beginning: "deliver*"
	endings map[string]uint64 // by the end of a word
	letters map[rune]uint64   // by letter besides a–z
}

// newLanguages returns the languages that have a lexicon and those of other.txt, a file with a few words and the letters of
// languages that are detected only so that they aren't taken for one of ours.
func newLanguages(lexicons []*lexicon, others string) *languages {
	d := &languages{words: map[string]uint64{}, known: map[string]uint64{}, endings: map[string]uint64{}, letters: map[rune]uint64{}}
	for _, l := range lexicons {
		bit := d.add(l.language, l.function, l.letters)
		for _, e := range l.endings {
			d.endings[e] |= bit
		}
		for w := range l.first {
			const minBytes = 4 // too many languages have shorter words
			if len(w) >= minBytes {
				d.known[w] |= bit
			}
		}
	}
	for part := range strings.SplitSeq(others, "\n== language ") {
		code, rest, _ := strings.Cut(part, "\n")
		words, letters, _ := strings.Cut(rest, "letters:")
		if len(code) == 2 { // else it is the comment at the top
			d.add(code, foldAll(words), strings.TrimSpace(letters))
		}
	}
	return d
}

// add adds a language with its function words and letters, and returns its bit.
func (d *languages) add(code string, words []string, letters string) uint64 {
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

// detect returns the language of a text if it is clearly one of the first ours, or else "". near has the indices of at most
// two of these whose lexicons apply to the text, the best first; English is the first one and applies if no other does.
func (d *languages) detect(t *text, ours int) (code string, near []int) {
	const (
		minScore, minScorePerWord = 0.55, 0.09
		minLead                   = 1.08 // times the second best score
		minNearness               = 0.75 // of the best score
		maxNear                   = 2
		lastLatin                 = 0x24F // the last character of Unicode's Latin blocks
	)
	scores := make([]float64, len(d.codes))
	latin, foreign := 0, 0
	for i := range t.tokens {
		r, _ := utf8.DecodeRuneInString(t.tokens[i].form)
		switch {
		case r < 'a' || IsEmoji(r): // a number or a sign
		case r > lastLatin:
			foreign += 1 + len(t.tokens[i].form)/16 // some languages write no spaces
		default:
			latin++
			d.weigh(t.tokens[i].form, clipText(t.wordAt(i), Longest), scores)
		}
	}
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	best, second := scores[order[0]], scores[order[1]]
	for _, i := range order {
		if i < ours && scores[i] > 0 && scores[i] >= minNearness*best && len(near) < maxNear && foreign <= latin {
			near = append(near, i)
		}
	}
	isClear := best >= max(minScore, minScorePerWord*float64(latin)) && best >= minLead*second
	if isClear && order[0] < ours && foreign <= latin {
		code = d.codes[order[0]]
	}
	if len(near) == 0 {
		near = []int{0}
	}
	return code, near
}

// weigh adds a word to the scores of the languages that have it. Languages that share a word share its weight.
func (d *languages) weigh(form, raw string, scores []float64) {
	spread := func(mask uint64, weight float64) {
		share := weight / float64(max(1, bits.OnesCount64(mask)))
		for m := mask; m != 0; m &= m - 1 {
			scores[bits.TrailingZeros64(m)] += share
		}
	}
	for _, r := range strings.ToLower(raw) {
		mask := d.letters[r]
		if r < utf8.RuneSelf || mask == 0 {
			continue
		}
		spread(mask, 0.4)
		for i := range scores {
			if mask>>i&1 == 0 {
				scores[i] -= 0.6 // the language doesn't have this letter
			}
		}
	}
	if mask := d.words[form]; mask != 0 {
		sizes := []float64{0, 0.4, 0.8, 1, 1.2} // more languages have short words
		spread(mask, sizes[min(len(form), len(sizes)-1)])
		return
	}
	if mask := d.known[form]; mask != 0 {
		spread(mask, 0.6)
		return
	}
	for n := len(form); n > 3; n-- {
		if mask := d.known[form[:n]+"*"]; mask != 0 {
			spread(mask, 0.4)
			return
		}
	}
	for n := 2; n <= min(5, len(form)-2); n++ {
		spread(d.endings[form[len(form)-n:]], 0.2)
	}
}
