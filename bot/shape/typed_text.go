package shape

import (
	"slices"
	"strings"
	"unicode"
)

// This file cleans text that comes from outside, such as names of customers. Unicode has many invisible characters besides
// spaces: some make a name look empty, others reverse the text after them.

// IsBlank reports whether a character is invisible: white space, a control or formatting character, or one of zero width.
func IsBlank(r rune) bool {
	switch r {
	case '\u115f', '\u1160', '\u3164', '\uffa0': // Hangul fillers
		return true
	case '\u2800', '\u034f', unicode.ReplacementChar: // Braille pattern blank, combining grapheme joiner
		return true
	}
	if unicode.IsSpace(r) || unicode.IsControl(r) {
		return true
	}
	return unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r)
}

// Trim removes white space, including spaces of zero width, from both ends.
func Trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool {
		switch r {
		case '\u200b', '\ufeff', '\u2060': // zero width
			return true
		}
		return unicode.IsSpace(r)
	})
}

// Visible returns the visible part of an untrusted text, on one line, with single spaces. It keeps invisible characters that
// change their neighbours, such as the joiners in emoji. It returns "" if nothing is visible. Use it for all names, tags,
// labels and choices.
func Visible(s string) string {
	words := strings.Fields(strings.Map(visibleRune, strings.ToValidUTF8(s, "")))
	words = slices.DeleteFunc(words, func(word string) bool { return strings.TrimFunc(word, IsBlank) == "" })
	return strings.Join(words, " ")
}

// visibleRune returns a character as Visible keeps it, or -1 to remove it.
func visibleRune(r rune) rune {
	switch r {
	case '\u200c', '\u200d', '\u034f', unicode.ReplacementChar: // joiners, which emoji and some scripts need
		return r
	}
	if unicode.IsSpace(r) {
		return ' '
	}
	isSelector := unicode.Is(unicode.Variation_Selector, r) // part of "1️⃣" and "❤️"
	if IsBlank(r) && !isSelector {
		return -1
	}
	return r
}

// Tags parses tags, separated by commas, semicolons or line breaks: `vip, #billing` is "vip" and "billing". It removes
// duplicates, ignoring case.
func Tags(text string) []string {
	var tags []string
	seen := map[string]bool{} // in lower case
	for _, tag := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",;\n", r) }) {
		tag = Visible(strings.Trim(Visible(tag), `"“”#' `))
		if tag != "" && !seen[strings.ToLower(tag)] {
			seen[strings.ToLower(tag)] = true
			tags = append(tags, tag)
		}
	}
	return tags
}

// Clip shortens typed words for a message that quotes them.
func Clip(s string) string {
	const maxRunes = 40
	runes := []rune(strings.Join(strings.Fields(s), " "))
	if len(runes) > maxRunes {
		return string(runes[:maxRunes-1]) + "…"
	}
	return string(runes)
}
