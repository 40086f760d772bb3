package wamark

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// nbsp keeps indentation that Markdown would take for code or drop.
const nbsp = "\u00a0"

// blockMark is a line's start that Markdown would make a block of. The last sign of it is
// escaped.
var blockMark = regexp.MustCompile(`^(?:>|#{1,6}(?:\s|$)|[-+*](?:\s|$)|[0-9]{1,9}[.)](?:\s|$)|~~~)`)

// ruleLine is a line that could be a rule, an underline of a heading or a row of a table.
var ruleLine = regexp.MustCompile(`^[-=_*|:~ \t]+$`)

// entityPattern is what Markdown decodes after an ampersand.
var entityPattern = regexp.MustCompile(`^&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});`)

// urlPattern finds addresses of the web, with what may follow them in a sentence.
var urlPattern = regexp.MustCompile("(?i)\\bhttps?://[^\\s<>\"`\\x00]+")

// escapeLine writes one line: its beginning so that it opens no block, the rest by rest.
func escapeLine(line string, rest func(string) string) string {
	body := strings.TrimLeftFunc(line, unicode.IsSpace)
	var out strings.Builder
	for _, r := range line[:len(line)-len(body)] {
		if r == '\t' {
			out.WriteString(strings.Repeat(nbsp, 3))
		}
		out.WriteString(nbsp)
	}
	m := strings.TrimRightFunc(blockMark.FindString(body), unicode.IsSpace)
	if m == "" && ruleLine.MatchString(body) {
		m = body[:1]
	}
	if m == "" || m == "~~~" {
		return out.String() + rest(body)
	}
	out.WriteString(m[:len(m)-1] + `\` + m[len(m)-1:])
	return out.String() + rest(body[len(m):])
}

// escapeInline writes s so that Markdown shows it as it is.
func escapeInline(s string) string {
	var out strings.Builder
	at := 0
	for _, m := range urlPattern.FindAllStringIndex(s, -1) {
		url := trimURL(s[m[0]:m[1]])
		escapeRun(&out, s, at, m[0])
		if strings.ContainsAny(url, "*_~[]\\(){}|!'$^") || strings.Contains(url, ";") {
			out.WriteString("<" + url + ">")
		} else {
			out.WriteString(url)
		}
		at = m[0] + len(url)
	}
	escapeRun(&out, s, at, len(s))
	return out.String()
}

// trimURL drops what ends the sentence around an address.
func trimURL(u string) string {
	for u != "" {
		c := u[len(u)-1]
		if c == ')' && strings.Count(u, "(") >= strings.Count(u, ")") || c != ')' && !strings.ContainsRune(".,;:!?'*_~]", rune(c)) {
			return u
		}
		u = u[:len(u)-1]
	}
	return u
}

// escapeRun escapes s[from:to]; what stands around it decides whether a sign could act.
func escapeRun(out *strings.Builder, s string, from, to int) {
	for i := from; i < to; {
		r, size := utf8.DecodeRuneInString(s[i:to])
		switch {
		case r == '*' || r == '_' || r == '~':
			if acts(s, i) {
				out.WriteByte('\\')
			}
		case r == '`', r == '[', r == ']', r == '<', r == '|',
			r == '&' && entityPattern.MatchString(s[i:min(len(s), i+40)]),
			r == '\\' && (i+1 == to || isPunct(s[i+1])):
			out.WriteByte('\\')
		}
		out.WriteString(s[i : i+size])
		i += size
	}
}

// acts reports whether the sign s[i] could open or close emphasis: not between blanks,
// and "_" not inside a word.
func acts(s string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	after, _ := utf8.DecodeRuneInString(s[i+1:])
	blankBefore := i > 0 && unicode.IsSpace(before)
	blankAfter := i+1 < len(s) && unicode.IsSpace(after)
	if blankBefore && blankAfter {
		return false
	}
	return s[i] != '_' || !wordRune(before) || !wordRune(after)
}

// isPunct reports whether a backslash before c would vanish.
func isPunct(c byte) bool {
	return c > ' ' && c < 0x7f && !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z')
}
