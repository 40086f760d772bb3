package typed

import (
	"strings"
	"unicode"
)

// Blank says whether nobody sees a character: spaces, control characters, those without width, marks of direction.
func Blank(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) ||
		unicode.Is(unicode.Variation_Selector, r) || r == '\u115f' || r == '\u1160' || r == '\u3164' || r == '\u2800' || r == '\u034f' || r == unicode.ReplacementChar
}

// Trim takes spaces and what is invisible off both ends.
func Trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || r == '\u200b' || r == '\ufeff' || r == '\u2060'
	})
}

// Tags reads tags that are separated by commas.
func Tags(text string) []string {
	var tags []string
	seen := map[string]bool{}
	for _, tag := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' || r == '\n' }) {
		tag = strings.Trim(strings.Join(strings.FieldsFunc(tag, Blank), " "), `"“”#' `)
		if tag != "" && !seen[strings.ToLower(tag)] {
			seen[strings.ToLower(tag)] = true
			tags = append(tags, tag)
		}
	}
	return tags
}

// Clip shortens typed words that a message for people repeats.
func Clip(s string) string {
	r := []rune(strings.Join(strings.FieldsFunc(s, unicode.IsSpace), " "))
	if len(r) > 40 {
		return string(r[:39]) + "…"
	}
	return string(r)
}
