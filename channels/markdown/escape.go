package markdown

import "strings"

// nbsp keeps the indentation of a line: Markdown drops spaces there, or makes code of the line.
const nbsp = "\u00a0"

// tabWidth is how many spaces a tab is at the beginning of a line.
const tabWidth = 4

// escape makes s literal in Markdown. At the very beginning of a text, the backslash that a person types
// so that a verb is taken for a text (`\!`, `\/`) stays as it is: bot/command removes it.
func (w *Writer) escape(s string) string {
	var b strings.Builder
	escapesVerb := w.md.Len() == 0 && (strings.HasPrefix(s, `\!`) || strings.HasPrefix(s, `\/`))
	if escapesVerb {
		b.WriteString(s[:len(`\!`)])
		s = s[len(`\!`):]
	}

	lineStart := !w.lineHasText          // so far the line has only digits and spaces: a sign may make a block of it
	indents := lineStart && !escapesVerb // so far the line has only spaces
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
		case ' ', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9': // a sign behind them may still make a block
		default:
			lineStart = false
		}
	}

	return b.String()
}

// needsBackslash reports whether Markdown would take the character s[i] for a mark. lineStart says that only digits and spaces stand before
// it on its line, so that it may also begin a block.
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

// indent notes a character of a line that has only spaces so far, and reports whether it is one of them. The spaces
// are written before the words that follow: a line without words stays empty.
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

// takeIndentation returns the spaces at the beginning of the line that are not written yet. The caller writes them.
func (w *Writer) takeIndentation() string {
	spaces := strings.Repeat(nbsp, w.indentation)
	w.indentation = 0
	return spaces
}

// Opening returns Markdown that was written inside of a line so that it can begin one: a sign that would make a quotation,
// list or heading of it there is escaped.
func Opening(md string) string {
	if strings.HasPrefix(md, ">") || strings.IndexAny(md, "#-+") == 0 && mayBeginBlock(md) {
		return `\` + md
	}
	return md
}

// mayBeginBlock reports whether s, which begins with a sign at the start of a line, begins a heading, list or rule, or
// makes a table of the lines around it.
func mayBeginBlock(s string) bool {
	behindSigns := strings.TrimLeft(s, s[:1])
	isMark := behindSigns == "" || strings.IndexByte(" \t\n", behindSigns[0]) >= 0
	return isMark || isTableRule(s)
}

// isTableRule reports whether the first line of s is a table's rule ("|---|:--|"), which makes a table of
// the lines around it.
func isTableRule(s string) bool {
	line, _, _ := strings.Cut(s, "\n")
	return strings.Contains(line, "-") && strings.Trim(line, "|:- \t") == ""
}

// lastLine returns the last line of s.
func lastLine(s string) string { return s[strings.LastIndexByte(s, '\n')+1:] }

// isListNumber reports whether a line has only digits, so that "." or ")" behind them would begin an ordered list.
func isListNumber(line string) bool {
	line = strings.TrimLeft(line, " ")
	return line != "" && strings.Trim(line, "0123456789") == ""
}
