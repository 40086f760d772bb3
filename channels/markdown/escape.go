package markdown

import "strings"

// nbsp indents a line. Markdown removes ordinary spaces there, or turns the line into code.
const nbsp = "\u00a0"

// tabWidth is how many spaces a leading tab stands for.
const tabWidth = 4

// escape returns s with backslashes, so that Markdown takes every character literally: "1. *x*" becomes "1\.
// \*x\*" at the start of a line. There is one exception. At the very beginning of a text, agents type a
// backslash so that a verb is taken as text (`\!`, `\/`); it stays as it is, and bot/command removes it.
func (w *Writer) escape(s string) string {
	var b strings.Builder
	escapesVerb := w.md.Len() == 0 && (strings.HasPrefix(s, `\!`) || strings.HasPrefix(s, `\/`))
	if escapesVerb {
		b.WriteString(s[:len(`\!`)])
		s = s[len(`\!`):]
	}

	lineStart := !w.lineHasText          // only digits and spaces so far, so that a character may begin a block
	indents := lineStart && !escapesVerb // only spaces so far
	for i, r := range s {
		if indents {
			if w.indent(r) {
				continue
			}
			b.WriteString(w.takeIndentation())
			indents = false
		}

		if needsBackslash(s, i, lineStart) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)

		switch r {
		case '\n':
			lineStart = true
			indents = true
		case ' ', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9': // the next character may still begin a block
		default:
			lineStart = false
		}
	}

	return b.String()
}

// needsBackslash reports whether Markdown would give the character s[i] a meaning. lineStart means that only
// digits and spaces precede it on its line, so that it may also begin a block.
func needsBackslash(s string, i int, lineStart bool) bool {
	switch s[i] {
	case '\\', '*', '_', '`', '[', ']', '<', '~':
		return true
	case '&':
		return IsEntity(s[i+1:])
	}

	if !lineStart {
		return false
	}

	switch s[i] {
	case '>':
		return true
	case '#', '-', '+', '=':
		return mayBeginBlock(s[i:])
	case '|', ':':
		return isTableRule(s[i:])
	case '.', ')':
		return isListNumber(lastLine(s[:i]))
	}
	return false
}

// indent counts a leading space or tab of a line, and reports whether r is one. The spaces are written with
// the words that follow, so that a line without words stays empty.
func (w *Writer) indent(r rune) bool {
	switch r {
	case ' ':
		w.indentation++
	case '\t':
		w.indentation += tabWidth
	case '\n':
		w.indentation = 0
		return false
	default:
		return false
	}
	return true
}

// takeIndentation returns the leading spaces of the line that are still to be written, and resets their count.
func (w *Writer) takeIndentation() string {
	spaces := strings.Repeat(nbsp, w.indentation)
	w.indentation = 0
	return spaces
}

// Opening prepares Markdown that was written in the middle of a line for the beginning of one. It escapes a
// first character that would begin a quotation, list or heading there.
func Opening(md string) string {
	if strings.HasPrefix(md, ">") || strings.IndexAny(md, "#-+") == 0 && mayBeginBlock(md) {
		return `\` + md
	}
	return md
}

// mayBeginBlock reports whether s begins a heading, list or rule at the start of a line, or makes a table of
// the lines around it. s begins with a character that can do so.
func mayBeginBlock(s string) bool {
	rest := strings.TrimLeft(s, s[:1]) // after "###", for example
	isMark := rest == "" || strings.IndexByte(" \t\n", rest[0]) >= 0
	return isMark || isTableRule(s)
}

// isTableRule reports whether the first line of s is the delimiter row of a table ("|---|:--|").
func isTableRule(s string) bool {
	line, _, _ := strings.Cut(s, "\n")
	return strings.Contains(line, "-") && strings.Trim(line, "|:- \t") == ""
}

// lastLine returns the last line of s.
func lastLine(s string) string { return s[strings.LastIndexByte(s, '\n')+1:] }

// isListNumber reports whether a line has only digits, so that a "." or ")" after them would begin an ordered list.
func isListNumber(line string) bool {
	line = strings.TrimLeft(line, " ")
	return line != "" && strings.Trim(line, "0123456789") == ""
}
