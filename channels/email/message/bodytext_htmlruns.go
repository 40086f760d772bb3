package message

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/channels/markdown"
)

// runWriter writes the runs of a line, or of a link in it, as Markdown. A run is a piece of text in one style (see
// htmlline.go). runWriter escapes the text and puts the marks of the styles around it, properly nested. For example,
// the runs "see" and " " (bold) and "here" (bold and italic) become
//
//	**see *here***
type runWriter struct {
	out     *strings.Builder
	letters []byte // of the line
	runs    []run
	ends    []styleEnds // by run
	open    []textStyle // the styles whose marks are open, the innermost last
}

// styleEnds has, for each style of a run, the index of the first later run without that style. It is in the order of
// allStyles.
type styleEnds [styleCount]int

// position is where in a line the runs begin.
type position bool

const (
	lineStart  position = true // characters that could begin a heading or a list must be escaped, too
	withinLine position = false
)

// writeRuns writes runs, whose text is in letters.
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
		if i > 0 || r.style != 0 { // after other text or the mark of a style, no block can begin
			at = withinLine
		}
		w.writeRun(i, at)
	}

	w.closeStyles(0)
}

// closeStyles writes closing marks, the innermost first, until only styles in keep are open.
func (w *runWriter) closeStyles(keep textStyle) {
	mustClose := func(s textStyle) bool { return s&keep == 0 }
	for slices.ContainsFunc(w.open, mustClose) {
		last := len(w.open) - 1
		w.out.WriteString(w.open[last].mark())
		w.open = w.open[:last]
	}
}

// openStyles writes the opening marks of the styles that begin with run i. It opens the longest styles first, so that
// they close last.
func (w *runWriter) openStyles(i int) {
	for style := w.longestNewStyle(i); style != 0; style = w.longestNewStyle(i) {
		w.out.WriteString(style.mark())
		w.open = append(w.open, style)
	}
}

// longestNewStyle returns the style of run i that isn't open and ends last, or 0 if all styles of the run are open.
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
		after := blankRun // the end of the line acts like a space
		if i+1 < len(w.runs) {
			after = w.runs[i+1].kind
		}
		writeText(w.out, string(w.letters[r.from:r.to]), at, after)
	}
}

// writeText writes escaped text. after is the kind of the run that follows. A character at either end of the text could
// have a meaning together with the neighbouring run. To get such characters escaped, writeText passes the text to
// escapeRun with dots around it, which represent the neighbours.
func writeText(out *strings.Builder, text string, at position, after runKind) {
	if at == lineStart {
		if length := blockMarkLength(text); length > 0 {
			out.WriteString(text[:length-1] + `\` + text[length-1:length])
			text = text[length:]
		}
	}

	wouldBeginPicture := after == linkRun && strings.HasSuffix(text, "!") // "![" begins a picture
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

// prepareStyle sets the ends of a style, and removes the style from runs where its marks would not be recognised.
// number is the index of the style in allStyles.
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

		start = end // runs[end] doesn't have the style
	}
}

// canBeMarked reports whether Markdown readers recognise marks around runs[start:end]. They show the marks of
// "**Name:**Ann" as text, because the closing mark follows punctuation and precedes a letter.
func (w *runWriter) canBeMarked(start, end int) bool {
	before, after := ' ', ' '
	if start > 0 {
		before = w.lastLetter(start - 1)
	}
	if end < len(w.runs) {
		after = w.firstLetter(end)
	}
	canOpen := !isPunctOrSymbol(w.firstLetter(start)) || canTouchMark(before)
	canClose := !isPunctOrSymbol(w.lastLetter(end-1)) || canTouchMark(after)
	return canOpen && canClose
}

// firstLetter returns the first character of run i, or '[' for links, pictures and code.
func (w *runWriter) firstLetter(i int) rune {
	r := w.runs[i]
	if r.kind == textRun || r.kind == blankRun {
		letter, _ := utf8.DecodeRune(w.letters[r.from:r.to])
		return letter
	}
	return '['
}

// lastLetter returns the last character of run i, or ')' for links, pictures and code.
func (w *runWriter) lastLetter(i int) rune {
	r := w.runs[i]
	if r.kind == textRun || r.kind == blankRun {
		letter, _ := utf8.DecodeLastRune(w.letters[r.from:r.to])
		return letter
	}
	return ')'
}

// canTouchMark reports whether a mark with punctuation inside is recognised if r is next to it on the outside. Symbols
// count only if they are ASCII, because all readers treat these as punctuation.
func canTouchMark(r rune) bool {
	if unicode.IsSpace(r) || unicode.IsPunct(r) {
		return true
	}
	return r < utf8.RuneSelf && unicode.IsSymbol(r)
}
