package message

import (
	"slices"
	"strings"

	"golang.org/x/net/html"

	"parley/channels/markdown"
)

// This file collects one line of a mail's HTML while markdownWriter walks over the tree. A line consists of runs:
// pieces of text in one style. For example,
//
//	Dear   <b>Ann</b>, see <a href="https://acme.test/offer">our offer</a>
//
// becomes the runs "Dear", " ", "Ann" (bold), ", see", " " and a link with the run "our offer". At the end of the line,
// htmlruns.go writes them as Markdown:
//
//	Dear **Ann**, see [our offer](https://acme.test/offer)
//
// Only then is it known where a style begins and ends, and Markdown marks work only next to certain characters.

// run is a piece of a line in one style.
type run struct {
	kind     runKind
	style    textStyle
	from, to int       // its text is markdownLine.letters[from:to]
	markdown string    // of a readyRun
	link     *lineLink // of a linkRun
}

type runKind uint8

const (
	textRun  runKind = iota
	blankRun         // a space
	readyRun         // code, a picture or an address, whose Markdown is ready
	linkRun
)

// lineLink is the target and the text of a link.
type lineLink struct {
	href string
	runs []run
}

// markdownLine collects a line. It collapses white space, as browsers do. The zero value is an empty line.
type markdownLine struct {
	style   textStyle // of the text to come
	heading int       // the level of a heading; 0 for other lines
	isRule  bool      // the line is a horizontal rule
	hasNBSP bool      // it has a non-breaking space

	letters  []byte // the text without marks
	runs     []run
	spaceDue bool      // a space must be written before the next run
	link     *openLink // the open link; nil outside of links
}

// openLink is a link whose end tag hasn't been read. Its runs are still among those of the line.
type openLink struct {
	firstRun int       // the index of its first run in markdownLine.runs; -1 while it has none
	style    textStyle // of the text around the link
}

// addText adds text, which may contain line breaks and several spaces in a row.
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

// blankLength returns the length in bytes of the white space character at the start of s, or 0 if there is none.
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

// addPicture adds a picture that is a part of the mail. Reader.replacePicture has replaced all other pictures.
func (l *markdownLine) addPicture(src, alt string) {
	if strings.HasPrefix(src, "cid:") {
		l.addRun(readyRun, "\uFFFC", "!["+Escape(alt)+"]("+escapeTarget(src)+")")
	}
}

// addRun appends a run in the current style, after a space if one is due. Text that follows text of the same style
// extends that run. markdown is only for a readyRun.
func (l *markdownLine) addRun(kind runKind, letters, markdown string) {
	if l.spaceDue && len(l.runs) > 0 {
		l.addSpace(kind)
	}
	l.spaceDue = false

	joins := l.joinsLastRun(kind)
	if l.isLinkDue() { // after addSpace: the space stays outside of the link
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

// addSpace appends a space before a run of kind next. The space becomes part of the last run, or a run of its own in
// the styles that both neighbours have.
func (l *markdownLine) addSpace(next runKind) {
	from := len(l.letters)
	l.letters = append(l.letters, ' ')
	last := &l.runs[len(l.runs)-1]
	if l.joinsLastRun(next) {
		last.to++
		return
	}

	style := l.style
	if l.isLinkDue() {
		style = l.link.style
	}
	l.runs = append(l.runs, run{kind: blankRun, style: style & last.style, from: from, to: len(l.letters)})
}

// joinsLastRun reports whether a new run of this kind in the current style can extend the last run.
func (l *markdownLine) joinsLastRun(kind runKind) bool {
	if kind != textRun || len(l.runs) == 0 || l.isLinkDue() {
		return false
	}
	last := l.runs[len(l.runs)-1]
	return last.kind == textRun && last.style == l.style
}

// isLinkDue reports whether the next run is the first one of the open link.
func (l *markdownLine) isLinkDue() bool { return l.link != nil && l.link.firstRun < 0 }

// isInLink reports whether a link is open. Links don't contain links.
func (l *markdownLine) isInLink() bool { return l.link != nil }

// openLink begins a link.
func (l *markdownLine) openLink() { l.link = &openLink{firstRun: -1, style: l.style} }

// closeLink ends the open link and replaces its runs by one. A link whose text is its target becomes the bare target.
// A link without text is dropped.
func (l *markdownLine) closeLink(href string) {
	link := l.link
	l.link = nil
	if link.firstRun < 0 {
		return
	}

	inner := slices.Clone(l.runs[link.firstRun:])
	for i := range inner {
		inner[i].style &^= link.style // the marks of these styles surround the whole link
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
	if host := foreignHost(label, href); host != "" { // possible phishing: show the real host
		l.spaceDue = true
		l.addRun(readyRun, "("+host+")", "("+host+")")
	}
}

// isEmpty reports whether the line shows nothing.
func (l *markdownLine) isEmpty() bool { return len(l.runs) == 0 && !l.isRule }

// headingMarks[:n] is the mark of a heading of level n.
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

// writeHeading writes the line as a heading. It escapes a final "#", which Markdown would read as a closing mark.
func (l *markdownLine) writeHeading(out *strings.Builder) {
	out.WriteString(headingMarks[:l.heading] + " ")
	var text strings.Builder
	writeRuns(&text, l.letters, l.runs, withinLine)
	if l.letters[len(l.letters)-1] != '#' {
		out.WriteString(text.String())
		return
	}

	before, hasMark := strings.CutSuffix(text.String(), "#") // false if the mark of a style follows the "#"
	out.WriteString(before)
	if hasMark {
		out.WriteString(`\#`)
	}
}

// reset begins a new line in the same style and inside the same link.
func (l *markdownLine) reset() {
	l.letters = l.letters[:0]
	l.runs = l.runs[:0]
	l.heading = 0
	l.isRule = false
	l.hasNBSP = false
	l.spaceDue = false
}
