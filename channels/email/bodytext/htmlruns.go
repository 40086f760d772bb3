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
	for number := range styleCount {
		l.prepareStyle(runs, number)
	}

	open := make([]textStyle, 0, styleCount) // the innermost style last
	for i := range runs {
		r := &runs[i]
		for slices.ContainsFunc(open, func(s textStyle) bool { return s&r.style == 0 }) {
			out.WriteString(open[len(open)-1].mark())
			open = open[:len(open)-1]
		}

		if r.kind != blankRun {
			open = openStyles(out, r, open)
		}

		after := blankRun
		if i+1 < len(runs) {
			after = runs[i+1].kind
		}

		isFirst := i == 0 && r.style == 0 // behind the mark of a style nothing can begin a block
		l.writeRun(out, r, atLineStart && isFirst, after)
	}

	for _, style := range slices.Backward(open) {
		out.WriteString(style.mark())
	}
}

// openStyles writes the opening marks of the styles that begin with a run, and returns all open styles.
// Styles that last longer are opened first, so that they are closed last.
func openStyles(out *strings.Builder, r *run, open []textStyle) []textStyle {
	for {
		number, ok := longestNewStyle(r, open)
		if !ok {
			return open
		}
		style := textStyle(1 << number)
		out.WriteString(style.mark())
		open = append(open, style)
	}
}

// longestNewStyle returns the number of the style of a run that lasts longest and isn't open. ok is false if all
// styles of the run are open.
func longestNewStyle(r *run, open []textStyle) (number int, ok bool) {
	for i := range styleCount {
		style := textStyle(1 << i)
		isNew := r.style&style != 0 && !slices.Contains(open, style)
		if !isNew {
			continue
		}
		if !ok || r.styleEnds[i] > r.styleEnds[number] {
			number = i
			ok = true
		}
	}
	return number, ok
}

// writeRun writes a run. after is the kind of the run behind it, and blankRun for the last run.
func (l *markdownLine) writeRun(out *strings.Builder, r *run, atLineStart bool, after runKind) {
	switch r.kind {
	case blankRun:
		out.WriteByte(' ')
	case readyRun:
		out.WriteString(r.markdown)
	case linkRun:
		out.WriteByte('[')
		l.writeRuns(out, r.link.runs, false)
		out.WriteString("](" + escapeTarget(r.link.href) + ")")
	default:
		writeText(out, string(l.letters[r.from:r.to]), atLineStart, after)
	}
}

// writeText writes escaped text. A character at one end of the text could have a meaning together with the run beside it. To have such
// characters escaped, writeText puts dots around the text, which stand for these runs.
func writeText(out *strings.Builder, text string, atLineStart bool, after runKind) {
	if atLineStart {
		if length := blockMarkLength(text); length > 0 {
			out.WriteString(text[:length-1] + `\` + text[length-1:length])
			text = text[length:]
		}
	}

	wouldBeginPicture := after == linkRun && strings.HasSuffix(text, "!") // "![" begins one
	if wouldBeginPicture {
		text = text[:len(text)-1]
	}

	const dot = "."
	text = dot + text + dot
	at := len(dot)
	end := len(text) - len(dot)
	for _, m := range markdown.FindURLs(text[:end]) {
		escapeRun(out, text, at, m[0])
		u := bareURL(text[m[0]:m[1]])
		touchesNextRun := m[1] == end && after != blankRun
		if touchesNextRun && !strings.HasPrefix(u, "<") {
			u = "<" + u + ">" // otherwise the next run would become part of the address
		}

		out.WriteString(u)
		at = m[1]
	}

	escapeRun(out, text, at, end)

	if wouldBeginPicture {
		out.WriteString(`\!`)
	}
}

// prepareStyle prepares the style with a number for writing: it sets run.styleEnds, and removes the style from runs
// whose marks would not work.
func (l *markdownLine) prepareStyle(runs []run, number int) {
	style := textStyle(1 << number)
	for start := 0; start < len(runs); start++ {
		end := start
		for end < len(runs) && runs[end].style&style != 0 {
			end++
		}

		if end == start {
			continue
		}

		marksWork := l.canBeMarked(runs, start, end)
		for i := start; i < end; i++ {
			runs[i].styleEnds[number] = int32(end) //nolint:gosec // fewer than maxHTMLNodes
			if !marksWork {
				runs[i].style &^= style
			}
		}

		start = end // this run doesn't have the style
	}
}

// canBeMarked reports whether marks around runs[start:end] work. Otherwise Markdown readers show the marks:
// "**Name:**Ann" is not bold, because a sign stands before the closing mark and a letter behind it.
func (l *markdownLine) canBeMarked(runs []run, start, end int) bool {
	before, after := ' ', ' '
	if start > 0 {
		before = l.lastLetter(&runs[start-1])
	}
	if end < len(runs) {
		after = l.firstLetter(&runs[end])
	}
	opens := !isPunctOrSymbol(l.firstLetter(&runs[start])) || isGoodBesideMark(before)
	closes := !isPunctOrSymbol(l.lastLetter(&runs[end-1])) || isGoodBesideMark(after)
	return opens && closes
}

// firstLetter returns the first character of a run, or '[' for runs that are no text.
func (l *markdownLine) firstLetter(r *run) rune {
	if r.kind == textRun || r.kind == blankRun {
		letter, _ := utf8.DecodeRune(l.letters[r.from:r.to])
		return letter
	}
	return '['
}

// lastLetter returns the last character of a run, or ')' for runs that are no text.
func (l *markdownLine) lastLetter(r *run) rune {
	if r.kind == textRun || r.kind == blankRun {
		letter, _ := utf8.DecodeLastRune(l.letters[r.from:r.to])
		return letter
	}
	return ')'
}

// isPunctOrSymbol reports whether a Markdown reader may take r for punctuation. Readers differ over symbols.
func isPunctOrSymbol(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) }

// isGoodBesideMark reports whether a mark works that has r outside of it and a sign inside. Only ASCII symbols count: all readers take
// these for punctuation.
func isGoodBesideMark(r rune) bool {
	if unicode.IsSpace(r) || unicode.IsPunct(r) {
		return true
	}
	return r < utf8.RuneSelf && unicode.IsSymbol(r)
}
