package bodytext

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"parley/channels/markdown"
)

// textStyle is a set of styles.
type textStyle uint8

// Styles of text.
const (
	bold textStyle = 1 << iota
	italic
	struck
	styleCount = iota
)

// mark returns what Markdown writes around text of one style.
func (s textStyle) mark() string {
	switch s {
	case bold:
		return "**"
	case italic:
		return "*"
	default:
		return "~~"
	}
}

// styleOf returns the style that an element gives its text; 0 if there is none.
func styleOf(tag atom.Atom) textStyle {
	switch tag {
	case atom.B, atom.Strong:
		return bold
	case atom.I, atom.Em:
		return italic
	case atom.Del, atom.S, atom.Strike:
		return struck
	}
	return 0
}

// hasMarks reports whether Markdown has marks for text in such an element.
func hasMarks(tag atom.Atom) bool {
	switch tag {
	case atom.A, atom.Code, atom.Samp, atom.Kbd, atom.Tt:
		return true
	}
	return styleOf(tag) != 0
}

// run is a piece of a line in one style. A mail may have very many runs, so they are small.
type run struct {
	kind      runKind
	style     textStyle
	from, to  int32             // its characters: markdownLine.letters[from:to]
	styleEnds [styleCount]int32 // for each style of the run: the index of the first later run without this style
	markdown  string            // of a readyRun: its Markdown
	link      *lineLink         // of a linkRun
}

// lineLink is a link in a line: its target and its text.
type lineLink struct {
	href string
	runs []run
}

// runKind is what a run is.
type runKind uint8

// Kinds of runs.
const (
	textRun runKind = iota
	blankRun
	readyRun // its Markdown is ready: code, a picture, an address
	linkRun
)

// markdownLine collects a line. Blanks are joined; those at its ends are dropped.
type markdownLine struct {
	style   textStyle // of the text that comes next
	heading int       // the level of a heading; 0 if it is not one
	isRule  bool      // the line is a horizontal rule
	hasNBSP bool      // it has a non-breaking space

	letters   []byte // the text without marks
	runs      []run
	spaceDue  bool      // a space has to be written before the next letter
	openLinks int       // 1 inside of a link, else 0: links don't contain links
	linkStart int       // the index of the link's first run; -1 if the link has none yet
	linkStyle textStyle // the style around the link
}

// addText adds text of an element.
func (l *markdownLine) addText(s string) {
	for s != "" {
		end := 0
		for end < len(s) && !isBlank(s, end) {
			end++
		}

		if end > 0 {
			l.addRun(textRun, s[:end], "")
			s = s[end:]
			continue
		}

		size := 1
		if s[0] == nbsp[0] {
			size = len(nbsp)
			l.hasNBSP = true
		}

		l.spaceDue = true
		s = s[size:]
	}
}

// isBlank reports whether s[i:] begins with a space, which may be non-breaking.
func isBlank(s string, i int) bool {
	switch s[i] {
	case ' ', '\t', '\n', '\r', '\f':
		return true
	case nbsp[0]:
		return strings.HasPrefix(s[i:], nbsp)
	}
	return false
}

// addRun appends letters in the current style, after the space that may be due.
func (l *markdownLine) addRun(kind runKind, letters, markdown string) {
	startsLink := l.openLinks > 0 && l.linkStart < 0
	if l.spaceDue && len(l.runs) > 0 {
		l.addSpace(kind, startsLink)
	}

	l.spaceDue = false
	if startsLink { // the space before stays outside of the link
		l.linkStart = len(l.runs)
	}

	from := l.end()
	l.letters = append(l.letters, letters...)
	if l.canJoinLastRun(kind, startsLink) {
		l.runs[len(l.runs)-1].to = l.end()
		return
	}

	l.runs = append(l.runs, run{kind: kind, style: l.style, from: from, to: l.end(), markdown: markdown})
}

// addSpace appends a space before a run of a kind: to the last run, or as a run of its own with the styles
// that both runs have.
func (l *markdownLine) addSpace(before runKind, startsLink bool) {
	l.letters = append(l.letters, ' ')
	last := &l.runs[len(l.runs)-1]
	if l.canJoinLastRun(before, startsLink) {
		last.to++
		return
	}
	style := l.style
	if startsLink {
		style = l.linkStyle
	}
	l.runs = append(l.runs, run{kind: blankRun, style: style & last.style, from: l.end() - 1, to: l.end()})
}

// canJoinLastRun reports whether text of a kind in the current style continues the last run.
func (l *markdownLine) canJoinLastRun(kind runKind, startsLink bool) bool {
	if kind != textRun || startsLink || len(l.runs) == 0 {
		return false
	}
	last := l.runs[len(l.runs)-1]
	return last.kind == textRun && last.style == l.style
}

// end returns the index of the next letter.
func (l *markdownLine) end() int32 { return int32(len(l.letters)) } //nolint:gosec // at most maxHTMLBytes

// addCode adds an element whose text is shown as code.
func (l *markdownLine) addCode(n *html.Node) {
	text := strings.Join(strings.Fields(rawText(n)), " ")
	if text == "" {
		return
	}
	fence := strings.Repeat("`", markdown.LongestRun(text, '`')+1)
	inside := text
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		inside = " " + text + " "
	}
	l.addRun(readyRun, text, fence+inside+fence)
}

// addPicture adds a picture that is a part of the mail. (Reader.replacePicture has replaced all others.)
func (l *markdownLine) addPicture(src, alt string) {
	if strings.HasPrefix(src, "cid:") {
		l.addRun(readyRun, "\uFFFC", "!["+Escape(alt)+"]("+escapeTarget(src)+")")
	}
}

// isInLink reports whether a link is open.
func (l *markdownLine) isInLink() bool { return l.openLinks > 0 }

// openLink begins a link.
func (l *markdownLine) openLink() {
	l.openLinks = 1
	l.linkStart = -1
	l.linkStyle = l.style
}

// closeLink ends a link: its runs become one run. If the link's text is its target, only the target
// is written; if it has no text, nothing is.
func (l *markdownLine) closeLink(href string) {
	l.openLinks = 0
	if l.linkStart < 0 {
		return
	}

	inner := slices.Clone(l.runs[l.linkStart:])
	from, to := inner[0].from, inner[len(inner)-1].to
	label := string(l.letters[from:to])
	l.runs = l.runs[:l.linkStart]
	for i := range inner {
		inner[i].style &^= l.linkStyle // the marks of these styles stand around the whole link
	}

	if target, ok := plainTarget(href, label); ok {
		l.runs = append(l.runs, run{kind: readyRun, style: l.linkStyle, from: from, to: to, markdown: target})
		return
	}

	link := &lineLink{href: href, runs: inner}
	l.runs = append(l.runs, run{kind: linkRun, style: l.linkStyle, from: from, to: to, link: link})
	if host := foreignHost(label, href); host != "" { // the text names another host: show where the link leads
		l.spaceDue = true
		l.addRun(readyRun, "("+host+")", "("+host+")")
	}
}

// isEmpty reports whether nothing of the line is seen.
func (l *markdownLine) isEmpty() bool { return len(l.runs) == 0 && !l.isRule }

// headingMarks is the mark of a heading of level 6; the first n characters are that of level n.
const headingMarks = "######"

// writeTo writes the Markdown of the line and begins a new one.
func (l *markdownLine) writeTo(out *strings.Builder) {
	switch {
	case l.isRule:
		out.WriteString("* * *")
	case l.heading > 0:
		l.writeHeading(out)
	default:
		l.writeRuns(out, l.runs, true)
	}
	l.reset()
}

// writeHeading writes the line as a heading. It escapes a final "#", which would be taken for the closing mark.
func (l *markdownLine) writeHeading(out *strings.Builder) {
	out.WriteString(headingMarks[:l.heading] + " ")
	if l.letters[len(l.letters)-1] != '#' {
		l.writeRuns(out, l.runs, false)
		return
	}
	var text strings.Builder
	l.writeRuns(&text, l.runs, false)
	before, hasMark := strings.CutSuffix(text.String(), "#") // a mark of a style may stand behind the sign
	out.WriteString(before)
	if hasMark {
		out.WriteString(`\#`)
	}
}

// reset begins a new line in the same style and link.
func (l *markdownLine) reset() {
	l.letters = l.letters[:0]
	l.runs = l.runs[:0]
	l.heading = 0
	l.isRule = false
	l.hasNBSP = false
	l.spaceDue = false
}
