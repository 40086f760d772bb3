package card

import (
	"strings"
	"unicode"

	"parley/bot/shape"
)

// Teams has two kinds of text on a card. A TextRun is literal, but for the functions DATE and TIME. A TextBlock, like a label, is
// Markdown, which the clients of Teams parse in different ways, so that escapes don't help. What would be markup is broken there.

// joiner is an invisible character. Between two characters it keeps them from being read as one mark.
const joiner = "\u2060"

// literalRun makes s the text of a TextRun that shows as it is.
func literalRun(s string) string {
	return strings.NewReplacer("{{DATE(", "{"+joiner+"{DATE(", "{{TIME(", "{"+joiner+"{TIME(").Replace(s)
}

// literalBlock makes s one line of a TextBlock that shows as it is.
func literalBlock(s string) string {
	return strings.NewReplacer(
		"*", "∗", "~", "∼", "`", "'", // emphasis and code: others that look alike
		"[", "["+joiner, "]", "]"+joiner, "!", "!"+joiner, // links and pictures
		"<", "<"+joiner, "&", "&"+joiner, // HTML, and with it mentions
		"{", "{"+joiner, // DATE and TIME
		`\`, `\`+joiner, // escapes
	).Replace(breakUnderscores(oneLine(s)))
}

// breakUnderscores breaks the underscores that may begin or end emphasis. Within a word they don't, so addresses stay as they are.
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

// oneLine makes s one line, without control characters or those that change the direction of text.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) { // also all characters that end a line
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
