package bodytext

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/channels/markdown"
)

// runWriter writes the runs of a line, or of a link in it, as Markdown: it puts the marks of their styles around them, such that marks
// that are opened later are closed earlier, and escapes their text.
type runWriter struct {
	out     *strings.Builder
	letters []byte // of the line
	runs    []run
	ends    []styleEnds // by run
	open    []textStyle // the styles whose marks are open, the innermost last
}

// styleEnds says for each style of a run, in the order of allStyles, which later run is the first one without it.
type styleEnds [styleCount]int

// position is where on a line runs stand.
type position bool

const (
	lineStart  position = true // more characters have to be escaped here, because they could begin a heading or a list
	withinLine position = false
)

// writeRuns writes runs, whose characters are in letters.
func writeRuns(out *strings.Builder, letters []byte, runs []run, at position) {
	w := &runWriter{out: out, letters: letters, runs: runs, ends: make([]styleEnds, len(runs))}
	for number, style := range allStyles() {
		w.prepareStyle(number, style)
	}

	for i, r := range runs {
		w.closeStyles(r.style)
		if r.kind != blankRun {
			w.openStyles(i)
		}
		if i > 0 || r.style != 0 { // nothing can begin a block behind other text, or behind the mark of a style
			at = withinLine
		}
		w.writeRun(i, at)
	}

	w.closeStyles(0)
}

// closeStyles writes closing marks, the innermost first, until no style is open that isn't to be kept.
func (w *runWriter) closeStyles(keep textStyle) {
	isOver := func(s textStyle) bool { return s&keep == 0 }
	for slices.ContainsFunc(w.open, isOver) {
		last := len(w.open) - 1
		w.out.WriteString(w.open[last].mark())
		w.open = w.open[:last]
	}
}

// openStyles writes the opening marks of the styles that begin with run i. Styles that last longer are opened first, so that they are
// closed last.
func (w *runWriter) openStyles(i int) {
	for style := w.longestNewStyle(i); style != 0; style = w.longestNewStyle(i) {
		w.out.WriteString(style.mark())
		w.open = append(w.open, style)
	}
}

// longestNewStyle returns that style of run i which lasts longest and isn't open; 0 if all styles of the run are open.
func (w *runWriter) longestNewStyle(i int) textStyle {
	var longest textStyle
	end := 0
	for number, style := range allStyles() {
		isNew := w.runs[i].style&style != 0 && !slices.Contains(w.open, style)
		if isNew && w.ends[i][number] > end {
			longest = style
			end = w.ends[i][number]
		}
	}
	return longest
}

// writeRun writes run i without the marks of its styles.
func (w *runWriter) writeRun(i int, at position) {
	r := w.runs[i]
	switch r.kind {
	case blankRun:
		w.out.WriteByte(' ')
	case readyRun:
		w.out.WriteString(r.markdown)
	case linkRun:
		w.out.WriteByte('[')
		writeRuns(w.out, w.letters, r.link.runs, withinLine)
		w.out.WriteString("](" + escapeTarget(r.link.href) + ")")
	default:
		after := blankRun // behind the last run, too
		if i+1 < len(w.runs) {
			after = w.runs[i+1].kind
		}
		writeText(w.out, string(w.letters[r.from:r.to]), at, after)
	}
}

// writeText writes escaped text. A character at one end of the text could have a meaning together with the run beside it. To have such
// characters escaped, writeText puts dots around the text, which stand for these runs. after is the kind of the run behind it.
func writeText(out *strings.Builder, text string, at position, after runKind) {
	if at == lineStart {
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
	written := len(dot)
	end := len(text) - len(dot)
	for _, m := range markdown.FindURLs(text[:end]) {
		escapeRun(out, text, written, m[0])
		u := bareURL(text[m[0]:m[1]])
		touchesNextRun := m[1] == end && after != blankRun
		if touchesNextRun && !strings.HasPrefix(u, "<") {
			u = "<" + u + ">" // otherwise the next run would become part of the address
		}

		out.WriteString(u)
		written = m[1]
	}

	escapeRun(out, text, written, end)

	if wouldBeginPicture {
		out.WriteString(`\!`)
	}
}

// prepareStyle finds where a style ends, and removes it from runs where its marks would not work. number is its place in allStyles.
func (w *runWriter) prepareStyle(number int, style textStyle) {
	for start := 0; start < len(w.runs); start++ {
		end := start
		for end < len(w.runs) && w.runs[end].style&style != 0 {
			end++
		}

		if end == start {
			continue
		}

		marksWork := w.canBeMarked(start, end)
		for i := start; i < end; i++ {
			w.ends[i][number] = end
			if !marksWork {
				w.runs[i].style &^= style
			}
		}

		start = end // this run doesn't have the style
	}
}

// canBeMarked reports whether marks around runs[start:end] work. Otherwise Markdown readers show the marks:
// "**Name:**Ann" is not bold, because a sign stands before the closing mark and a letter behind it.
func (w *runWriter) canBeMarked(start, end int) bool {
	before, after := ' ', ' '
	if start > 0 {
		before = w.lastLetter(start - 1)
	}
	if end < len(w.runs) {
		after = w.firstLetter(end)
	}
	opens := !isPunctOrSymbol(w.firstLetter(start)) || canStandBesideMark(before)
	closes := !isPunctOrSymbol(w.lastLetter(end-1)) || canStandBesideMark(after)
	return opens && closes
}

// firstLetter returns the first character of run i, or '[' for a run that is no text.
func (w *runWriter) firstLetter(i int) rune {
	r := w.runs[i]
	if r.kind == textRun || r.kind == blankRun {
		letter, _ := utf8.DecodeRune(w.letters[r.from:r.to])
		return letter
	}
	return '['
}

// lastLetter returns the last character of run i, or ')' for a run that is no text.
func (w *runWriter) lastLetter(i int) rune {
	r := w.runs[i]
	if r.kind == textRun || r.kind == blankRun {
		letter, _ := utf8.DecodeLastRune(w.letters[r.from:r.to])
		return letter
	}
	return ')'
}

// canStandBesideMark reports whether a mark works that has r outside of it and a sign inside. Only ASCII symbols count: all readers take
// these for punctuation.
func canStandBesideMark(r rune) bool {
	if unicode.IsSpace(r) || unicode.IsPunct(r) {
		return true
	}
	return r < utf8.RuneSelf && unicode.IsSymbol(r)
}
