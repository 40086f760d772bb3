package message

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"parley/channels/markdown"
)

// This file collects one line of a mail's HTML while markdownWriter walks over the tree, and writes it as Markdown. A line
// consists of runs: pieces of text in one style. For example,
//
//	Dear   <b>Ann</b>, see <a href="https://acme.test/offer">our offer</a>
//
// becomes the runs "Dear ", "Ann" (bold), ", see " and a link, and then
//
//	Dear **Ann**, see [our offer](https://acme.test/offer)
//
// Only at the end of a line it is known where a style ends, and marks of Markdown work only next to certain characters.

// textStyle is the set of styles of a piece of text; bold|italic is both.
type textStyle uint8

const (
	bold textStyle = 1 << iota
	italic
	struck
)

// mark returns the Markdown that encloses text of a single style.
func (s textStyle) mark() string {
	return map[textStyle]string{bold: "**", italic: "*", struck: "~~"}[s]
}

// styleOf returns the style of text in an element, or 0.
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

// run is a piece of a line in one style.
type run struct {
	text  []byte // without marks; " " for a space between two runs
	style textStyle
	ready string // the Markdown of code, a picture or a link; text is escaped if it is ""
}

func (r run) isBlank() bool { return r.ready == "" && string(r.text) == " " }

// markdownLine collects a line. It collapses white space, as browsers do. The zero value is an empty line.
type markdownLine struct {
	style     textStyle // of the text to come
	heading   int       // the level of a heading; 0 for other lines
	isRule    bool      // the line is a horizontal rule
	hasNBSP   bool      // it has a non-breaking space
	runs      []run
	spaceDue  bool      // a space must be written before the next run
	inLink    bool      // a link is open
	linkStart int       // the number of runs before the last link
	around    textStyle // of the text around that link
}

// addText adds text, which may contain line breaks and several spaces in a row.
func (l *markdownLine) addText(s string) {
	for s != "" {
		word := s
		if end := strings.IndexAny(s, " \t\n\r\f"+nbsp); end >= 0 {
			word = s[:end]
		}
		if word != "" {
			l.addRun(word, "")
		}
		s = s[len(word):]
		rest := strings.TrimLeft(s, " \t\n\r\f"+nbsp)
		l.spaceDue = l.spaceDue || rest != s
		l.hasNBSP = l.hasNBSP || strings.Contains(s[:len(s)-len(rest)], nbsp)
		s = rest
	}
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
	l.addRun(text, fence+inside+fence)
}

// addPicture adds a picture that is a part of the mail. Reader.replacePicture has replaced all other pictures.
func (l *markdownLine) addPicture(src, alt string) {
	if strings.HasPrefix(src, "cid:") {
		l.addRun("\uFFFC", "!["+Escape(alt)+"]("+escapeTarget(src)+")")
	}
}

// addRun appends a run in the current style, after a space if one is due. Text that follows text of the same style extends
// that run.
func (l *markdownLine) addRun(text, ready string) {
	space := l.spaceDue && len(l.runs) > 0
	l.spaceDue = false
	if len(l.runs) > 0 {
		last := &l.runs[len(l.runs)-1]
		beginsLink := l.inLink && l.linkStart == len(l.runs)
		switch {
		case !beginsLink && last.ready+ready == "" && last.style == l.style:
			if space {
				last.text = append(last.text, ' ')
			}
			last.text = append(last.text, text...)
			return
		case space:
			l.runs = append(l.runs, run{text: []byte(" "), style: l.style & last.style})
			if beginsLink {
				l.runs[l.linkStart].style = l.around & last.style
				l.linkStart++
			}
		}
	}
	l.runs = append(l.runs, run{text: []byte(text), style: l.style, ready: ready})
}

// openLink begins a link.
func (l *markdownLine) openLink() { l.inLink, l.linkStart, l.around = true, len(l.runs), l.style }

// closeLink ends the open link and replaces its runs by one. A link whose text is its target becomes the bare target.
// A link without text is dropped.
func (l *markdownLine) closeLink(href string) {
	l.inLink = false
	inner := slices.Clone(l.runs[l.linkStart:])
	if len(inner) == 0 {
		return
	}
	var label strings.Builder
	for i, r := range inner {
		label.Write(r.text)
		inner[i].style &^= l.around // the marks of these styles surround the whole link
	}

	ready, ok := plainTarget(href, label.String())
	if !ok {
		var text strings.Builder
		writeRuns(&text, inner, false)
		ready = "[" + text.String() + "](" + escapeTarget(href) + ")"
	}
	l.runs = append(l.runs[:l.linkStart], run{text: []byte(label.String()), style: l.around, ready: ready})
	if host := foreignHost(label.String(), href); !ok && host != "" { // possible phishing: show the real host
		l.spaceDue = true
		l.addRun("("+host+")", "("+host+")")
	}
}

// isEmpty reports whether the line shows nothing.
func (l *markdownLine) isEmpty() bool { return len(l.runs) == 0 && !l.isRule }

// writeTo writes the Markdown of the line and begins a new one in the same style and inside the same link.
func (l *markdownLine) writeTo(out *strings.Builder) {
	switch {
	case l.isRule:
		out.WriteString("* * *")
	case l.heading > 0:
		out.WriteString(strings.Repeat("#", l.heading) + " ")
		var text strings.Builder
		writeRuns(&text, l.runs, false)
		before, isMark := strings.CutSuffix(text.String(), "#") // Markdown would read it as a closing mark
		out.WriteString(before)
		if isMark {
			out.WriteString(`\#`)
		}
	default:
		writeRuns(out, l.runs, true)
	}
	l.reset()
}

func (l *markdownLine) reset() {
	*l = markdownLine{style: l.style, inLink: l.inLink, around: l.around, runs: l.runs[:0]}
}

// writeRuns writes runs as Markdown. Characters at the start of a line that could begin a heading or a list are escaped, too.
func writeRuns(out *strings.Builder, runs []run, isLineStart bool) {
	allStyles := []textStyle{bold, italic, struck}
	for _, style := range allStyles {
		dropIdle(runs, style)
	}

	var open []textStyle // the innermost last
	for i, r := range runs {
		open = closeStyles(out, open, r.style)
		if !r.isBlank() {
			isNew := func(s textStyle) bool { return r.style&s != 0 && !slices.Contains(open, s) }
			added := slices.DeleteFunc(slices.Clone(allStyles), func(s textStyle) bool { return !isNew(s) })
			if len(added) > 1 { // what ends last opens first
				slices.SortStableFunc(added, func(a, b textStyle) int { return endOf(runs, i, b) - endOf(runs, i, a) })
			}
			for _, style := range added {
				out.WriteString(style.mark())
				open = append(open, style)
			}
		}
		switch {
		case r.ready != "":
			out.WriteString(r.ready)
		case r.isBlank():
			out.WriteByte(' ')
		default:
			next := "" // the end of the line acts like a space
			if i+1 < len(runs) && !runs[i+1].isBlank() {
				next = runs[i+1].ready + "."
			}
			writeText(out, string(r.text), isLineStart && i == 0 && r.style == 0, next)
		}
	}
	closeStyles(out, open, 0)
}

// closeStyles writes closing marks, the innermost first, until only styles in keep are open.
func closeStyles(out *strings.Builder, open []textStyle, keep textStyle) []textStyle {
	for slices.ContainsFunc(open, func(s textStyle) bool { return s&keep == 0 }) {
		out.WriteString(open[len(open)-1].mark())
		open = open[:len(open)-1]
	}
	return open
}

// endOf returns the index of the first run, from i on, without a style.
func endOf(runs []run, i int, style textStyle) int {
	for i < len(runs) && runs[i].style&style != 0 {
		i++
	}
	return i
}

// dropIdle removes a style from runs where Markdown readers would show its marks as text. In "**Name:**Ann", the closing
// mark follows punctuation and precedes a letter.
func dropIdle(runs []run, style textStyle) {
	for start := 0; start < len(runs); start++ {
		end := endOf(runs, start, style)
		if end == start {
			continue
		}
		before, after := ' ', ' '
		if start > 0 {
			before = runs[start-1].edge(utf8.DecodeLastRune, ')')
		}
		if end < len(runs) {
			after = runs[end].edge(utf8.DecodeRune, '[')
		}
		canOpen := canTouchMark(before) || !isPunctOrSymbol(runs[start].edge(utf8.DecodeRune, '['))
		canClose := canTouchMark(after) || !isPunctOrSymbol(runs[end-1].edge(utf8.DecodeLastRune, ')'))
		for i := start; i < end && !(canOpen && canClose); i++ {
			runs[i].style &^= style
		}
		start = end // runs[end] doesn't have the style
	}
}

// edge returns the first or last character of a run, or bracket for links, pictures and code.
func (r run) edge(decode func([]byte) (rune, int), bracket rune) rune {
	if r.ready != "" {
		return bracket
	}
	letter, _ := decode(r.text)
	return letter
}

// canTouchMark reports whether a mark with punctuation inside is recognised if r is next to it on the outside. Symbols
// count only if they are ASCII, because all readers treat these as punctuation.
func canTouchMark(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsPunct(r) || r < utf8.RuneSelf && unicode.IsSymbol(r)
}

// writeText writes escaped text. next is the Markdown that follows it without a space, or "". A character at either end of
// the text could have a meaning together with its neighbour; to get these escaped, writeText adds dots in their places.
func writeText(out *strings.Builder, text string, isLineStart bool, next string) {
	if isLineStart {
		if length := blockMarkLength(text); length > 0 {
			out.WriteString(text[:length-1] + `\` + text[length-1:length])
			text = text[length:]
		}
	}
	wouldBeginPicture := strings.HasPrefix(next, "[") && strings.HasSuffix(text, "!") // "![" begins a picture
	if wouldBeginPicture {
		text = text[:len(text)-1]
	}

	text = "." + text + "."
	written, end := 1, len(text)-1
	for _, m := range markdown.FindURLs(text[:end]) {
		escapeRun(out, text, written, m[0])
		u := bareURL(text[m[0]:m[1]])
		if m[1] == end && next != "" && !strings.HasPrefix(u, "<") {
			u = "<" + u + ">" // otherwise what follows would become part of the address
		}
		out.WriteString(u)
		written = m[1]
	}
	escapeRun(out, text, written, end)
	if wouldBeginPicture {
		out.WriteString(`\!`)
	}
}
