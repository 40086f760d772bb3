package bodytext

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/channels/markdown"
)

// writeRuns writes runs. atLineStart says that they are at the beginning of a line, where more characters
// have to be escaped.
func (l *markdownLine) writeRuns(out *strings.Builder, runs []run, atLineStart bool) {
	for i := range styleCount {
		l.dropUselessStyle(runs, i)
	}
	var room [styleCount]textStyle
	open := room[:0]
	for i := range runs {
		t := &runs[i]
		for slices.ContainsFunc(open, func(s textStyle) bool { return s&t.style == 0 }) {
			out.WriteString(open[len(open)-1].mark())
			open = open[:len(open)-1]
		}
		if t.kind != blankRun {
			open = openStyles(out, t, open)
		}
		after := blankRun
		if i+1 < len(runs) {
			after = runs[i+1].kind
		}
		l.writeRun(out, t, atLineStart && i == 0 && t.style == 0, after)
	}
	for _, style := range slices.Backward(open) {
		out.WriteString(style.mark())
	}
}

// openStyles writes the opening marks of the styles that begin with a run, and returns all open styles.
// Styles that last longer are opened first, so that they are closed last.
func openStyles(out *strings.Builder, t *run, open []textStyle) []textStyle {
	for {
		next := -1
		for i := range styleCount {
			style := textStyle(1 << i)
			if t.style&style != 0 && !slices.Contains(open, style) && (next < 0 || t.styleEnds[i] > t.styleEnds[next]) {
				next = i
			}
		}
		if next < 0 {
			return open
		}
		out.WriteString(textStyle(1 << next).mark())
		open = append(open, 1<<next)
	}
}

// writeRun writes a run. after is the kind of the run behind it, and blankRun for the last run.
func (l *markdownLine) writeRun(out *strings.Builder, t *run, atLineStart bool, after runKind) {
	switch t.kind {
	case blankRun:
		out.WriteByte(' ')
	case readyRun:
		out.WriteString(t.markdown)
	case linkRun:
		out.WriteByte('[')
		l.writeRuns(out, t.link.runs, false)
		out.WriteString("](" + escapeTarget(t.link.href) + ")")
	default:
		writeText(out, string(l.letters[t.from:t.to]), atLineStart, after)
	}
}

// writeText writes escaped text. Other runs stand beside the text, and a character at one of its ends could
// have a meaning together with them. So writeText puts dots around the text: escapeRun then sees that these
// characters don't stand alone, and escapes them.
func writeText(out *strings.Builder, text string, atLineStart bool, after runKind) {
	if length := blockMarkLength(text); atLineStart && length > 0 {
		out.WriteString(text[:length-1] + `\` + text[length-1:length])
		text = text[length:]
	}
	exclaims := after == linkRun && strings.HasSuffix(text, "!")
	if exclaims {
		text = text[:len(text)-1]
	}
	text = "." + text + "."
	at := 1
	for _, m := range markdown.FindURLs(text[:len(text)-1]) {
		escapeRun(out, text, at, m[0])
		u := bareURL(text[m[0]:m[1]])
		if m[1] == len(text)-1 && after != blankRun && !strings.HasPrefix(u, "<") {
			u = "<" + u + ">" // otherwise the next run would become part of the address
		}
		out.WriteString(u)
		at = m[1]
	}
	escapeRun(out, text, at, len(text)-1)
	if exclaims {
		out.WriteString(`\!`) // "![" would begin a picture
	}
}

// dropUselessStyle sets run.styleEnds for the style with a number. It removes the style where Markdown
// readers would show its marks instead of the style: "**Name:**Ann" is not bold, because a sign stands before
// the closing mark and a letter behind it.
func (l *markdownLine) dropUselessStyle(runs []run, number int) {
	style := textStyle(1 << number)
	for i := 0; i < len(runs); i++ {
		if runs[i].style&style == 0 {
			continue
		}
		end := i + 1
		for end < len(runs) && runs[end].style&style != 0 {
			end++
		}
		before, after := ' ', ' '
		if i > 0 {
			before = l.lastLetter(&runs[i-1])
		}
		if end < len(runs) {
			after = l.firstLetter(&runs[end])
		}
		opens := !isPunctOrSymbol(l.firstLetter(&runs[i])) || letsMarksWork(before)
		closes := !isPunctOrSymbol(l.lastLetter(&runs[end-1])) || letsMarksWork(after)
		for k := i; k < end; k++ {
			runs[k].styleEnds[number] = int32(end) //nolint:gosec // fewer than maxHTMLNodes
			if !opens || !closes {
				runs[k].style &^= style
			}
		}
		i = end
	}
}

// firstLetter returns the first character of a run, or '[' for runs that are no text.
func (l *markdownLine) firstLetter(t *run) rune {
	if t.kind == textRun || t.kind == blankRun {
		r, _ := utf8.DecodeRune(l.letters[t.from:t.to])
		return r
	}
	return '['
}

// lastLetter returns the last character of a run, or ')' for runs that are no text.
func (l *markdownLine) lastLetter(t *run) rune {
	if t.kind == textRun || t.kind == blankRun {
		r, _ := utf8.DecodeLastRune(l.letters[t.from:t.to])
		return r
	}
	return ')'
}

// isPunctOrSymbol reports whether a Markdown reader may take r for punctuation. Readers differ over symbols.
func isPunctOrSymbol(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) }

// letsMarksWork reports whether the marks of a style that begins or ends with a sign work when r is beside them.
func letsMarksWork(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsPunct(r) || r < utf8.RuneSelf && isPunctOrSymbol(r)
}
