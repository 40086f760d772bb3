package bodytext

import (
	"slices"
	"strings"

	"golang.org/x/net/html"

	"parley/channels/markdown"
)

// This file collects one line of a mail's HTML piece by piece, while markdownWriter walks over the tree. The pieces are runs. For example,
//
//	Dear   <b>Ann</b>, see <a href="https://acme.test/offer">our offer</a>
//
// becomes the runs "Dear", " ", "Ann" (bold), ", see", " " and a link with the run "our offer". When the line ends, htmlruns.go writes
// them as Markdown:
//
//	Dear **Ann**, see [our offer](https://acme.test/offer)

// run is a piece of a line in one style.
type run struct {
	kind     runKind
	style    textStyle
	from, to int       // its characters: markdownLine.letters[from:to]
	markdown string    // of a readyRun: its Markdown
	link     *lineLink // of a linkRun
}

// runKind is what a run is.
type runKind uint8

const (
	textRun runKind = iota
	blankRun
	readyRun // its Markdown is ready: code, a picture, an address
	linkRun
)

// lineLink is a link in a line: its target and its text.
type lineLink struct {
	href string
	runs []run
}

// markdownLine collects a line. Blanks are joined; those at its ends are dropped.
type markdownLine struct {
	style   textStyle // of the text that comes next
	heading int       // the level of a heading; 0 if it is not one
	isRule  bool      // the line is a horizontal rule
	hasNBSP bool      // it has a non-breaking space

	letters  []byte // the text without marks
	runs     []run
	spaceDue bool      // a space has to be written before the next run
	link     *openLink // the link whose end hasn't come yet; nil outside of links
}

// openLink is a link that has begun. Its runs are not yet told from those before it.
type openLink struct {
	firstRun int       // the index of its first run in markdownLine.runs; -1 while it has none
	style    textStyle // the style around the link
}

// addText adds text of an element.
func (l *markdownLine) addText(s string) {
	for s != "" {
		if size := blankLength(s); size > 0 {
			l.spaceDue = true
			l.hasNBSP = l.hasNBSP || size == len(nbsp)
			s = s[size:]
			continue
		}

		end := 1
		for end < len(s) && blankLength(s[end:]) == 0 {
			end++
		}
		l.addRun(textRun, s[:end], "")
		s = s[end:]
	}
}

// blankLength returns how many bytes the blank takes with which s begins, or 0 if s begins with something else.
func blankLength(s string) int {
	switch s[0] {
	case ' ', '\t', '\n', '\r', '\f':
		return 1
	}
	if strings.HasPrefix(s, nbsp) {
		return len(nbsp)
	}
	return 0
}

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

// addRun appends a run in the current style, after the space that may be due. Text behind text of the same style continues its run.
func (l *markdownLine) addRun(kind runKind, letters, markdown string) {
	if l.spaceDue && len(l.runs) > 0 {
		l.addSpace(kind)
	}
	l.spaceDue = false

	joins := l.joinsLastRun(kind)
	if l.isLinkDue() { // only now: the space before stays outside of the link
		l.link.firstRun = len(l.runs)
	}

	from := len(l.letters)
	l.letters = append(l.letters, letters...)
	to := len(l.letters)
	if joins {
		l.runs[len(l.runs)-1].to = to
		return
	}
	l.runs = append(l.runs, run{kind: kind, style: l.style, from: from, to: to, markdown: markdown})
}

// addSpace appends a space before a run of a kind: to the last run, or as a run of its own with the styles that both runs have.
func (l *markdownLine) addSpace(before runKind) {
	from := len(l.letters)
	l.letters = append(l.letters, ' ')
	last := &l.runs[len(l.runs)-1]
	if l.joinsLastRun(before) {
		last.to++
		return
	}

	style := l.style
	if l.isLinkDue() {
		style = l.link.style
	}
	l.runs = append(l.runs, run{kind: blankRun, style: style & last.style, from: from, to: len(l.letters)})
}

// joinsLastRun reports whether a run of a kind in the current style only continues the last run.
func (l *markdownLine) joinsLastRun(kind runKind) bool {
	if kind != textRun || len(l.runs) == 0 || l.isLinkDue() {
		return false
	}
	last := l.runs[len(l.runs)-1]
	return last.kind == textRun && last.style == l.style
}

// isLinkDue reports whether the next run is the first one of a link.
func (l *markdownLine) isLinkDue() bool { return l.link != nil && l.link.firstRun < 0 }

// isInLink reports whether a link is open. Links don't contain links.
func (l *markdownLine) isInLink() bool { return l.link != nil }

// openLink begins a link.
func (l *markdownLine) openLink() { l.link = &openLink{firstRun: -1, style: l.style} }

// closeLink ends a link: its runs become one run. If the link's text is its target, only the target
// is written; if it has no text, nothing is.
func (l *markdownLine) closeLink(href string) {
	link := l.link
	l.link = nil
	if link.firstRun < 0 {
		return
	}

	inner := slices.Clone(l.runs[link.firstRun:])
	for i := range inner {
		inner[i].style &^= link.style // the marks of these styles stand around the whole link
	}

	whole := run{kind: linkRun, style: link.style, from: inner[0].from, to: inner[len(inner)-1].to}
	label := string(l.letters[whole.from:whole.to])
	l.runs = l.runs[:link.firstRun]
	if target, ok := plainTarget(href, label); ok {
		whole.kind = readyRun
		whole.markdown = target
		l.runs = append(l.runs, whole)
		return
	}

	whole.link = &lineLink{href: href, runs: inner}
	l.runs = append(l.runs, whole)
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
		writeRuns(out, l.letters, l.runs, lineStart)
	}
	l.reset()
}

// writeHeading writes the line as a heading. It escapes a final "#", which would be taken for the closing mark.
func (l *markdownLine) writeHeading(out *strings.Builder) {
	out.WriteString(headingMarks[:l.heading] + " ")
	var text strings.Builder
	writeRuns(&text, l.letters, l.runs, withinLine)
	if l.letters[len(l.letters)-1] != '#' {
		out.WriteString(text.String())
		return
	}

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
