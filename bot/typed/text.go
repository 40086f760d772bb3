package typed

import (
	"slices"
	"strings"
	"unicode"
)

// IsBlank reports whether a character is invisible: a space, a control character, one without width, or a mark of the
// direction of writing.
func IsBlank(r rune) bool {
	switch r {
	case '\u115f', '\u1160', '\u3164', '\uffa0': // the fillers of Hangul
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

// Visible returns what people see of untrusted words, on one line. It removes invisible characters, but keeps those
// that change how their neighbours look, such as the joiners in emoji. It returns "" if there is nothing to see. All
// names, tags, labels and choices are cleaned by it.
func Visible(s string) string {
	words := strings.Fields(strings.Map(visibleRune, strings.ToValidUTF8(s, "")))
	words = slices.DeleteFunc(words, func(word string) bool { return strings.TrimFunc(word, IsBlank) == "" })
	return strings.Join(words, " ")
}

// visibleRune returns what a line shows of a character; -1 means nothing.
func visibleRune(r rune) rune {
	switch r {
	case '\u200c', '\u200d', '\u034f', unicode.ReplacementChar: // emoji and some scripts need the joiners
		return r
	}
	if unicode.IsSpace(r) {
		return ' '
	}
	isSelector := unicode.Is(unicode.Variation_Selector, r) // "1️⃣" and "❤️" need one
	if IsBlank(r) && !isSelector {
		return -1
	}
	return r
}

// Tags reads tags that are separated by commas.
func Tags(text string) []string {
	var tags []string
	seen := map[string]bool{}
	for _, tag := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",;\n", r) }) {
		tag = Visible(strings.Trim(Visible(tag), `"“”#' `))
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
