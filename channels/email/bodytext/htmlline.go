package bodytext

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

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
	return styleOf(tag) != 0 || tag == atom.A || tag == atom.Code || tag == atom.Samp || tag == atom.Kbd || tag == atom.Tt
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
	if l.joinsLastRun(kind, startsLink) {
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
	if l.joinsLastRun(before, startsLink) {
		last.to++
		return
	}
	style := l.style
	if startsLink {
		style = l.linkStyle
	}
	l.runs = append(l.runs, run{kind: blankRun, style: style & last.style, from: l.end() - 1, to: l.end()})
}

// joinsLastRun reports whether text of a kind in the current style continues the last run.
func (l *markdownLine) joinsLastRun(kind runKind, startsLink bool) bool {
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

// addPicture adds a picture that is a part of the mail. (Reader.picture has replaced all others.)
func (l *markdownLine) addPicture(src, alt string) {
	if strings.HasPrefix(src, "cid:") {
		l.addRun(readyRun, "\uFFFC", "!["+Escape(alt)+"]("+escapeTarget(src)+")")
	}
}

// inLink reports whether a link is open.
func (l *markdownLine) inLink() bool { return l.openLinks > 0 }

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
	case l.heading > 0 && l.letters[len(l.letters)-1] != '#':
		out.WriteString(headingMarks[:l.heading] + " ")
		l.writeRuns(out, l.runs, false)
	case l.heading > 0:
		var text strings.Builder
		l.writeRuns(&text, l.runs, false)
		line, ended := strings.CutSuffix(text.String(), "#") // a final # would be taken for the closing mark
		out.WriteString(headingMarks[:l.heading] + " " + line)
		if ended {
			out.WriteString(`\#`)
		}
	default:
		l.writeRuns(out, l.runs, true)
	}
	l.reset()
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
