package card

import (
	"strings"
	"unicode"

	"parley/bot/shape"
)

// joiner is an invisible character. Between two characters it keeps them from being read as one mark.
const joiner = "\u2060"

// literalRun makes s the text of a TextRun, which shows as it is. A TextRun has no Markdown, but clients
// would replace the functions DATE and TIME in it.
func literalRun(s string) string {
	return strings.NewReplacer("{{DATE(", "{"+joiner+"{DATE(", "{{TIME(", "{"+joiner+"{TIME(").Replace(s)
}

// showLiterally makes s one line of a TextBlock that shows as it is, without formatting, links, mentions or dates. It replaces
// characters instead of escaping them, because the clients of Teams parse Markdown differently.
func showLiterally(s string) string {
	runes := []rune(oneLine(s))
	var b strings.Builder
	for i, r := range runes {
		switch r {
		case '*':
			b.WriteRune('∗')
			continue
		case '~':
			b.WriteRune('∼')
			continue
		case '`':
			b.WriteRune('\'')
			continue
		case '_':
			if isWithinWord(runes, i) { // there it is no mark; so addresses stay as they are
				b.WriteRune(r)
				continue
			}
			b.WriteString(joiner)
		}

		b.WriteRune(r)
		if strings.ContainsRune(`_[]<&\{!`, r) {
			b.WriteString(joiner)
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
	}, shape.Straight(s))
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
