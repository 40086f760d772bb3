package bodytext

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/channels/markdown"
)

// nbsp is a non-breaking space. It keeps indentation that Markdown would drop or take for code.
const nbsp = "\u00a0"

// Markdown turns plain text into canonical Markdown that shows the same text: Markdown characters
// are escaped, line breaks are kept, URLs stay links, lines that begin with ">" become quotes.
func Markdown(text string) string {
	var out strings.Builder
	out.Grow(len(text) + len(text)/16)
	lastDepth := 0    // of the last line that was written
	hasBlank := false // behind that line
	for line := range strings.SplitSeq(text, "\n") {
		depth, line := quoteDepth(line)
		line = strings.TrimRightFunc(line, unicode.IsSpace)
		if line == "" {
			hasBlank = true
			continue
		}

		if out.Len() > 0 {
			out.WriteByte('\n')
			if hasBlank || depth != lastDepth {
				out.WriteString(strings.TrimRight(strings.Repeat("> ", min(depth, lastDepth)), " ") + "\n")
			}
		}

		lastDepth = depth
		hasBlank = false
		out.WriteString(strings.Repeat("> ", depth))
		writeLine(&out, line)
	}

	return out.String()
}

// maxQuoteDepth is how deep quotes are shown inside each other.
const maxQuoteDepth = 8

// quoteDepth counts the quote marks of a line and returns the rest of the line.
func quoteDepth(line string) (depth int, rest string) {
	for depth < maxQuoteDepth && strings.HasPrefix(line, ">") {
		line = strings.TrimPrefix(line[1:], " ")
		depth++
	}
	return depth, line
}

// writeLine writes one line and escapes it. At its beginning more characters have a meaning.
func writeLine(out *strings.Builder, line string) {
	body := strings.TrimLeftFunc(line, unicode.IsSpace)
	const tabWidth = 4
	for _, r := range line[:len(line)-len(body)] {
		if r == '\t' {
			out.WriteString(strings.Repeat(nbsp, tabWidth))
		} else {
			out.WriteString(nbsp)
		}
	}

	if n := blockMarkLength(body); n > 0 {
		out.WriteString(body[:n-1])
		out.WriteByte('\\')
		out.WriteByte(body[n-1])
		body = body[n:]
	}

	escapeInline(out, body)
}

// maxListDigits is how many digits the number of a list item may have (CommonMark).
const maxListDigits = 9

// orderedMarkLength returns the length of the mark of a numbered list at the start of s, or 0 if s begins
// with no such mark.
func orderedMarkLength(s string) int {
	head := s[:min(len(s), maxListDigits+1)]
	digits := len(head) - len(strings.TrimLeft(head, "0123456789"))
	if digits == 0 || digits == len(head) { // none, too many, or nothing behind them
		return 0
	}
	if s[digits] != '.' && s[digits] != ')' {
		return 0
	}
	return digits + 1
}

// isRuleLine reports whether Markdown could take a line for a rule, an underline of a
// heading or the second row of a table.
func isRuleLine(s string) bool { return strings.Trim(s, "-=_*|: \t") == "" }

// blockMarkLength returns the index behind the character that would make a heading, a list, a quote or another
// block of a line. It returns 0 if no character does. s must not be empty.
func blockMarkLength(s string) int {
	switch s[0] {
	case '>':
		return 1
	case '#':
		if mayFollowBlockMark(strings.TrimLeft(s, "#")) {
			return 1
		}
	case '*':
		if mayFollowBlockMark(s[1:]) || isRuleLine(s) {
			return 1
		}
	case '_':
		if isRuleLine(s) {
			return 1
		}
	case '~':
		if strings.HasPrefix(s, "~~~") {
			return 1
		}
	case '-', '+':
		if mayFollowBlockMark(s[1:]) || isRuleLine(s) {
			return 1
		}
	case '=', '|', ':':
		if isRuleLine(s) && strings.ContainsAny(s, "-=") {
			return 1
		}
	}

	n := orderedMarkLength(s)
	if n > 0 && mayFollowBlockMark(s[n:]) {
		return n
	}

	return 0
}

// mayFollowBlockMark reports whether a character acts as the mark of a block before rest: when a space or nothing
// follows. All kinds of spaces count, because they may be trimmed.
func mayFollowBlockMark(rest string) bool {
	r, _ := utf8.DecodeRuneInString(rest)
	return rest == "" || unicode.IsSpace(r)
}

// escapeInline writes s escaped, so that Markdown shows it as it is.
func escapeInline(out *strings.Builder, s string) {
	if !strings.Contains(s, "://") {
		escapeRun(out, s, 0, len(s))
		return
	}
	at := 0
	for _, m := range markdown.FindURLs(s) {
		escapeRun(out, s, at, m[0])
		out.WriteString(bareURL(s[m[0]:m[1]]))
		at = m[1]
	}
	escapeRun(out, s, at, len(s))
}

// bareURL returns a URL as it is or, if it has characters that mean something in Markdown, in angle brackets.
func bareURL(u string) string {
	for i := range len(u) {
		if !isPlainInURL(u[i]) {
			return "<" + u + ">"
		}
	}
	if containsEntity(u) {
		return "<" + u + ">"
	}
	return u
}

// isPlainInURL reports whether c is an ASCII character of URLs that means nothing in Markdown.
func isPlainInURL(c byte) bool {
	isWord := c < utf8.RuneSelf && isWordRune(rune(c))
	return isWord || strings.IndexByte("-./:?=%#+,;@&", c) >= 0
}

// containsEntity reports whether u has an HTML entity, which Markdown would decode.
func containsEntity(u string) bool {
	for {
		_, behind, found := strings.Cut(u, "&")
		if !found {
			return false
		}
		if markdown.IsEntity(behind) {
			return true
		}
		u = behind
	}
}

// escapeRun writes s[from:to] escaped. It looks at all of s, because the characters around a run of
// "*", "_" or "~" decide whether it has a meaning.
func escapeRun(out *strings.Builder, s string, from, to int) {
	for i := from; i < to; {
		switch c := s[i]; c {
		case '*', '_', '~':
			end := i
			for end < to && s[end] == c {
				end++
			}

			if canMark(s, i, end) {
				for range end - i {
					out.WriteByte('\\')
					out.WriteByte(c)
				}
			} else {
				out.WriteString(s[i:end])
			}

			i = end
		default:
			if needsBackslash(s, i, to) {
				out.WriteByte('\\')
			}
			out.WriteByte(c)
			i++
		}
	}
}

// needsBackslash reports whether Markdown would not show s[i] as it is. s[:end] is the text; what is written behind
// it isn't known.
func needsBackslash(s string, i, end int) bool {
	switch s[i] {
	case '`', '[', ']', '<':
		return true
	case '&':
		return markdown.IsEntity(s[i+1:])
	case '\\':
		return i+1 == end || isASCIIPunct(s[i+1])
	}
	return false
}

// canMark reports whether s[from:to], a run of one sign, could open or close emphasis. It can't between
// spaces, and "_" can't inside a word.
func canMark(s string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:from])
	after, _ := utf8.DecodeRuneInString(s[to:])
	blankBefore := from == 0 || unicode.IsSpace(before)
	blankAfter := to == len(s) || unicode.IsSpace(after)
	if blankBefore && blankAfter {
		return false
	}
	isInsideWord := isWordRune(before) && isWordRune(after)
	return s[from] != '_' || !isInsideWord
}

// isWordRune reports whether r is part of a word.
func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// isASCIIPunct reports whether Markdown takes c for ASCII punctuation: it drops a backslash before it.
func isASCIIPunct(c byte) bool { return c < utf8.RuneSelf && isPunctOrSymbol(rune(c)) }

// Escape returns a text without line breaks as Markdown.
func Escape(text string) string {
	var b strings.Builder
	escapeInline(&b, text)
	return b.String()
}

// isPunctOrSymbol reports whether a Markdown reader may take r for punctuation. Readers differ over symbols.
func isPunctOrSymbol(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) }
