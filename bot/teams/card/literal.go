package card

import (
	"strings"
	"unicode"

	"parley/bot/shape"
)

// Customers' texts must show on cards as they were typed: a customer who types "*free*" must not get bold text, and
// "<at>Ann</at>" must not mention anybody. Cards have two kinds of text. A TextRun is literal except for the functions
// DATE and TIME. A TextBlock (and a label) is Markdown. Teams' clients parse it in different ways, so backslashes don't
// escape reliably. Instead, this file replaces markup characters by similar ones, or breaks markup with an invisible
// character.

// joiner is WORD JOINER, an invisible character. It keeps the characters around it from being read as one mark.
const joiner = "\u2060"

// literalRun returns the text of a TextRun that shows s literally.
func literalRun(s string) string {
	return strings.NewReplacer("{{DATE(", "{"+joiner+"{DATE(", "{{TIME(", "{"+joiner+"{TIME(").Replace(s)
}

// literalBlock returns one line of a TextBlock that shows s literally.
func literalBlock(s string) string {
	return strings.NewReplacer(
		"*", "∗", "~", "∼", "`", "'", // emphasis and code: characters that look alike
		"[", "["+joiner, "]", "]"+joiner, "!", "!"+joiner, // links and pictures
		"<", "<"+joiner, "&", "&"+joiner, // HTML, and so mentions
		"{", "{"+joiner, // DATE and TIME
		`\`, `\`+joiner, // escapes
	).Replace(breakUnderscores(oneLine(s)))
}

// breakUnderscores breaks underscores that may begin or end emphasis. Those within a word don't, so addresses such as
// https://example.com/a_b stay unchanged.
func breakUnderscores(s string) string {
	runes := []rune(s)
	var b strings.Builder
	for i, r := range runes {
		if r == '_' && !isWithinWord(runes, i) {
			b.WriteString(joiner + "_" + joiner)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// oneLine returns s as one line, without control characters and characters that change the direction of text.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) { // includes all line breaks
			return ' '
		}
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, shape.WithoutDirectionMarks(s))
}

// isWithinWord reports whether the character at index i has a letter or a digit on both sides.
func isWithinWord(runes []rune, i int) bool {
	if i == 0 || i+1 == len(runes) {
		return false
	}
	return isWordRune(runes[i-1]) && isWordRune(runes[i+1])
}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// guardStart keeps the beginning of a TextBlock from being read as a heading, a list or a quotation.
func guardStart(s string) string {
	if s != "" && strings.ContainsRune("#>-+=|0123456789 ", rune(s[0])) {
		return joiner + s
	}
	return s
}
