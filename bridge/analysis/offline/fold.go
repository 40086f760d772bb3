package offline

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// longestForm bounds how much of a word is compared, in bytes: no word of a lexicon is as long.
const longestForm = 48

// fold gives a word as it is compared: in small letters, without accents and without apostrophes, because
// customers leave all of these out. A word that is folded already is returned as it is.
func fold(word string) string {
	plain := true
	for i := 0; i < len(word) && plain; i++ {
		c := word[i]
		plain = c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
	}
	if plain {
		return word[:min(len(word), longestForm)]
	}
	var b strings.Builder
	for _, r := range word {
		if b.Len() >= longestForm {
			break
		}
		foldRune(&b, r)
	}
	return b.String()
}

// foldRune appends what remains of a rune: its base letter, or nothing of a mark or an apostrophe.
func foldRune(b *strings.Builder, r rune) {
	r = unicode.ToLower(r)
	switch {
	case r < utf8.RuneSelf:
		if !isApostrophe(r) {
			b.WriteByte(byte(r))
		}
	case special(r) != "":
		b.WriteString(special(r))
	case r == utf8.RuneError || unicode.Is(unicode.M, r) || isApostrophe(r):
	default:
		var raw [utf8.UTFMax]byte
		n := utf8.EncodeRune(raw[:], r)
		base, _ := utf8.DecodeRune(decomposed(raw[:n]))
		b.WriteRune(unicode.ToLower(base))
	}
}

// decomposed gives the canonical or compatible parts of one rune, or the rune itself if it has none.
func decomposed(raw []byte) []byte {
	if parts := norm.NFKD.Properties(raw).Decomposition(); len(parts) > 0 {
		return parts
	}
	return raw
}

// special names the letters which Unicode does not take apart.
func special(r rune) string {
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

// umlauts gives the other reading of a folded German word whose umlauts were written with an e, and "" if
// there is none: "zurueck" is found as "zuruck", which is how "zurück" folds.
func umlauts(form string) string {
	if !strings.Contains(form, "ae") && !strings.Contains(form, "oe") && !strings.Contains(form, "ue") {
		return ""
	}
	return strings.NewReplacer("ae", "a", "oe", "o", "ue", "u").Replace(form)
}

func isApostrophe(r rune) bool {
	switch r {
	case '\'', '’', '‘', '`', '´', 'ʼ', '＇':
		return true
	}
	return false
}

// stem gives the part of a folded word by which it is compared with its other forms, for the similarity of
// texts. It is rough and the same for all languages: they all inflect at the end.
func stem(form string) string {
	n := utf8.RuneCountInString(form)
	if n <= 4 {
		return form
	}
	keep := max(4, min(n-2, 7))
	for i := range form {
		if keep == 0 {
			return form[:i]
		}
		keep--
	}
	return form
}
