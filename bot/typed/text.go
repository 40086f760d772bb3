package typed

import (
	"strings"
	"unicode"
)

// IsBlank reports whether nobody sees a character: spaces, control characters, those without width, marks of direction.
func IsBlank(r rune) bool {
	switch r {
	case '\u115f', '\u1160', '\u3164': // the fillers of Hangul
		return true
	case '\u2800', '\u034f', unicode.ReplacementChar: // the empty pattern of Braille, the joiner of graphemes
		return true
	}
	if unicode.IsSpace(r) || unicode.IsControl(r) {
		return true
	}
	return unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r)
}

// Trim removes spaces and what is invisible from both ends.
func Trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool {
		switch r {
		case '\u200b', '\ufeff', '\u2060': // spaces without width
			return true
		}
		return unicode.IsSpace(r)
	})
}

// Tags reads tags that are separated by commas.
func Tags(text string) []string {
	var tags []string
	seen := map[string]bool{}
	for _, tag := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",;\n", r) }) {
		tag = strings.Trim(strings.Join(strings.FieldsFunc(tag, IsBlank), " "), `"“”#' `)
		if tag != "" && !seen[strings.ToLower(tag)] {
			seen[strings.ToLower(tag)] = true
			tags = append(tags, tag)
		}
	}
	return tags
}

// Clip shortens typed words that a message for people repeats.
func Clip(s string) string {
	const maxRunes = 40
	runes := []rune(strings.Join(strings.Fields(s), " "))
	if len(runes) > maxRunes {
		return string(runes[:maxRunes-1]) + "…"
	}
	return string(runes)
}
