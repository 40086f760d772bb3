package message

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/channels/markdown"
)

// nbsp is a non-breaking space. It preserves indentation, which Markdown would drop or treat as code.
const nbsp = "\u00a0"

// Markdown converts plain text to Markdown that shows the same text. It escapes characters that mean something in
// Markdown, keeps line breaks and URLs, and turns lines that begin with ">" into quotes. For example,
//
//	> Is *this* yours?
//	# 4 is https://acme.test/a_b
//
// becomes
//
//	> Is \*this\* yours?
//
//	\# 4 is <https://acme.test/a_b>
func Markdown(text string) string {
	var out strings.Builder
	out.Grow(len(text) + len(text)/16)
	lastDepth := 0    // the quote depth of the last line written
	hasBlank := false // blank lines followed it
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

// maxQuoteDepth is how deep quotes may be nested.
const maxQuoteDepth = 8

// quoteDepth removes up to maxQuoteDepth quote marks from a line and counts them.
func quoteDepth(line string) (depth int, rest string) {
	for depth < maxQuoteDepth && strings.HasPrefix(line, ">") {
		line = strings.TrimPrefix(line[1:], " ")
		depth++
	}
	return depth, line
}

// writeLine writes one line, escaped. More characters must be escaped at its beginning than elsewhere.
func writeLine(out *strings.Builder, line string) {
	body := strings.TrimLeftFunc(line, unicode.IsSpace)
	const tabWidth = 4
	for _, r := range line[:len(line)-len(body)] {
		width := 1
		if r == '\t' {
			width = tabWidth
		}
		out.WriteString(strings.Repeat(nbsp, width))
	}

	if n := blockMarkLength(body); n > 0 {
		out.WriteString(body[:n-1])
		out.WriteByte('\\')
		out.WriteByte(body[n-1])
		body = body[n:]
	}

	escapeInline(out, body)
}

// maxListDigits is the maximum length of a list item's number (CommonMark).
const maxListDigits = 9

// orderedMarkLength returns the length of the mark of a numbered list ("3." or "3)") at the start of s, or 0.
func orderedMarkLength(s string) int {
	head := s[:min(len(s), maxListDigits+1)]
	digits := len(head) - len(strings.TrimLeft(head, "0123456789"))
	if digits == 0 || digits == len(head) { // too many digits, or nothing follows them
		return 0
	}
	if s[digits] != '.' && s[digits] != ')' {
		return 0
	}
	return digits + 1
}

// isRuleLine reports whether Markdown could read a line as a rule, the underline of a heading or the line below the
// head of a table.
func isRuleLine(s string) bool { return strings.Trim(s, "-=_*|: \t") == "" }

// blockMarkLength returns the length of the mark at the start of s that would begin a heading, a list, a quote or
// another block, or 0 if there is none. Escaping the last character of the mark disarms it. s must not be empty.
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

// mayFollowBlockMark reports whether a mark before rest begins a block: if a space or nothing follows. All kinds of
// space count, because they may be trimmed later.
func mayFollowBlockMark(rest string) bool {
	r, _ := utf8.DecodeRuneInString(rest)
	return rest == "" || unicode.IsSpace(r)
}

// escapeInline writes s, escaped except for URLs.
func escapeInline(out *strings.Builder, s string) {
	if !strings.Contains(s, "://") {
		escapeRun(out, s, 0, len(s))
		return
	}
	written := 0
	for _, found := range markdown.FindURLs(s) {
		start, end := found[0], found[1]
		escapeRun(out, s, written, start)
		out.WriteString(bareURL(s[start:end]))
		written = end
	}
	escapeRun(out, s, written, len(s))
}

// bareURL returns a URL as Markdown: in angle brackets if it has characters that mean something there.
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

// isPlainInURL reports whether c is an ASCII character that needs no escaping in a URL in Markdown.
func isPlainInURL(c byte) bool {
	isWord := c < utf8.RuneSelf && isWordRune(rune(c))
	return isWord || strings.IndexByte("-./:?=%#+,;@&", c) >= 0
}

// containsEntity reports whether u contains an HTML entity, which Markdown would decode.
func containsEntity(u string) bool {
	for {
		_, rest, found := strings.Cut(u, "&")
		if !found {
			return false
		}
		if markdown.IsEntity(rest) {
			return true
		}
		u = rest
	}
}

// escapeRun writes s[from:to], escaped. It needs all of s because the characters around "*", "_" and "~" decide whether
// these must be escaped.
func escapeRun(out *strings.Builder, s string, from, to int) {
	for i := from; i < to; {
		switch c := s[i]; c {
		case '*', '_', '~':
			end := i
			for end < to && s[end] == c {
				end++
			}

			written := s[i:end]
			if canMark(s, i, end) {
				written = strings.Repeat(`\`+string(c), end-i)
			}
			out.WriteString(written)
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

// needsBackslash reports whether Markdown wouldn't show s[i] literally. The text is s[:end]; what follows it is
// unknown.
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

// canMark reports whether s[from:to], which is one character or several of the same, could open or close emphasis. It
// can't between spaces; "_" can't inside a word.
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

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// isASCIIPunct reports whether Markdown drops a backslash before c.
func isASCIIPunct(c byte) bool { return c < utf8.RuneSelf && isPunctOrSymbol(rune(c)) }

// Escape returns a single line of text as Markdown that shows it literally.
func Escape(text string) string {
	var b strings.Builder
	escapeInline(&b, text)
	return b.String()
}

// isPunctOrSymbol reports whether some Markdown readers treat r as punctuation. They differ on symbols.
func isPunctOrSymbol(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) }
