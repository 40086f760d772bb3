// Package wordform gives words the form in which they are compared, and tells of what characters words are made.
//
// What does not belong here: where words begin and end in a text, and what they mean (bridge/analysis/offline).
package wordform

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"parley/bridge/analysis/offline/numeral"
)

// Longest bounds how much of a word is compared, in bytes: no word of a lexicon is as long.
const Longest = 48

// Fold returns a word as it is compared: in small letters, without accents and without apostrophes, because
// customers leave all of these out. A word that is folded already is returned as it is.
func Fold(word string) string {
	plain := true
	for i := 0; i < len(word) && plain; i++ {
		plain = numeral.IsSmallLetter(word[i]) || numeral.IsDigit(word[i])
	}

	if plain {
		return word[:min(len(word), Longest)]
	}

	var b strings.Builder
	for _, r := range word {
		if b.Len() >= Longest {
			break
		}
		foldRune(&b, r)
	}

	return b.String()
}

// foldRune appends what remains of a rune: its base letter, or nothing of a mark or an apostrophe.
func foldRune(b *strings.Builder, r rune) {
	r = unicode.ToLower(r)
	if IsApostrophe(r) {
		return
	}
	if r < utf8.RuneSelf {
		b.WriteByte(byte(r))
		return
	}
	if plain := plainLetters(r); plain != "" {
		b.WriteString(plain)
		return
	}
	if r == utf8.RuneError || unicode.IsMark(r) {
		return
	}

	var raw [utf8.UTFMax]byte
	n := utf8.EncodeRune(raw[:], r)
	base, _ := utf8.DecodeRune(decompose(raw[:n]))
	b.WriteRune(unicode.ToLower(base))
}

// decompose returns the canonical or compatible parts of one rune, or the rune itself if it has none.
func decompose(raw []byte) []byte {
	if parts := norm.NFKD.Properties(raw).Decomposition(); len(parts) > 0 {
		return parts
	}
	return raw
}

// plainLetters returns the base letters of a letter which Unicode does not take apart, "" of all others.
func plainLetters(r rune) string {
	switch r {
	case 'ß':
		return "ss"
	case 'ł':
		return "l"
	case 'ø':
		return "o"
	case 'æ':
		return "ae"
	case 'œ':
		return "oe"
	case 'đ':
		return "d"
	case 'ı':
		return "i"
	}

	return ""
}

// WithoutUmlauts returns the other reading of a folded German word whose umlauts were written with an e, and "" if there is
// none: "zurueck" is found as "zuruck", which is how "zurück" folds.
func WithoutUmlauts(form string) string {
	for _, written := range []string{"ae", "oe", "ue"} {
		if strings.Contains(form, written) {
			return strings.NewReplacer("ae", "a", "oe", "o", "ue", "u").Replace(form)
		}
	}
	return ""
}

// IsApostrophe reports whether a character is written for an apostrophe.
func IsApostrophe(r rune) bool {
	switch r {
	case '\'', '’', '‘', '`', '´', 'ʼ', '＇':
		return true
	}
	return false
}

// Stem returns the part of a folded word by which it is compared with its other forms, for the similarity of texts: four
// to seven characters, without the last two where that leaves so many. That is rough, and the same for all languages, since all
// inflect at the end.
func Stem(form string) string {
	const (
		shortest = 4
		longest  = 7
		ending   = 2
	)

	n := utf8.RuneCountInString(form)
	if n <= shortest {
		return form
	}

	keep := max(shortest, min(n-ending, longest))
	for i := range form {
		if keep == 0 {
			return form[:i]
		}
		keep--
	}

	return form
}
