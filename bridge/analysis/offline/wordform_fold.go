package offline

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Longest is the maximum length of a folded word in bytes. All words of the lexicons are shorter.
const Longest = 48

// Fold returns a word in lower case, without accents and apostrophes, because customers often omit these. It cuts words that
// are longer than Longest. It doesn't allocate if the word is already folded.
func Fold(word string) string {
	plain := true
	for i := 0; i < len(word) && plain; i++ {
		plain = 'a' <= word[i] && word[i] <= 'z' || '0' <= word[i] && word[i] <= '9'
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

// foldRune appends the base letter of a rune, and nothing for a combining mark or an apostrophe.
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

// decompose returns the compatibility decomposition of an encoded rune, or the rune itself if it has none.
func decompose(raw []byte) []byte {
	if parts := norm.NFKD.Properties(raw).Decomposition(); len(parts) > 0 {
		return parts
	}
	return raw
}

// plainLetters returns the base letters of a letter that Unicode doesn't decompose, or "".
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

// WithoutUmlauts returns a second reading of a folded German word, in which "ae", "oe" and "ue" are transcribed umlauts:
// "zuruck" for "zurueck", which is also the folded form of "zurück". It returns "" if there is no such reading.
func WithoutUmlauts(form string) string {
	for _, transcribed := range []string{"ae", "oe", "ue"} {
		if strings.Contains(form, transcribed) {
			return strings.NewReplacer("ae", "a", "oe", "o", "ue", "u").Replace(form)
		}
	}
	return ""
}

// IsApostrophe reports whether a character is used as an apostrophe.
func IsApostrophe(r rune) bool {
	switch r {
	case '\'', '’', '‘', '`', '´', 'ʼ', '＇':
		return true
	}
	return false
}

// Stem returns an approximate stem of a folded word, for comparing texts: the word without its last two characters, but at
// least four and at most seven characters. It is the same for all languages, since all of them inflect at the end.
func Stem(form string) string {
	const (
		minStem = 4
		maxStem = 7
		ending  = 2
	)

	n := utf8.RuneCountInString(form)
	if n <= minStem {
		return form
	}

	keep := max(minStem, min(n-ending, maxStem))
	for i := range form {
		if keep == 0 {
			return form[:i]
		}
		keep--
	}

	return form
}
