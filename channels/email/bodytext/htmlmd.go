package bodytext

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"parley/channels/markdown"
)

// markdownWriter writes a tree as canonical Markdown in one walk. It collects a line (markdownLine) and
// writes it when it ends. So each node takes the same time, however many elements are around it.
type markdownWriter struct {
	out        strings.Builder
	line       markdownLine
	boxes      []box   // the open quotes and list items, outermost first
	lists      []*list // the open lists, outermost first
	items      int     // how many of boxes are items
	quotes     int     // how many of boxes are quotes
	deepLists  int     // open lists beyond maxListDepth, which are not in lists
	gap        int     // newlines due before the next line; 2 = an empty line
	kept       int     // how many of boxes, from the outermost on, have a line already
	lines      int     // lines written so far
	margin     []byte  // the prefix of further lines in the kept boxes: see box
	singleLine int     // above 0 means inside of an element that can't have line breaks

	data map[*html.Node][][]*html.Node // tables that show data: their cells by rows
}

// writeMarkdown returns the Markdown of a node's children.
func writeMarkdown(n *html.Node) string {
	w := &markdownWriter{data: map[*html.Node][][]*html.Node{}}
	w.measure(n)
	w.children(n)
	w.endLine()
	return w.out.String()
}

// measure decides for each element whether it is a line, or a paragraph with empty lines around it.
// Paragraphs are those of HTML, and all elements that contain one. Where nothing else distinguishes
// the elements, it turns lines into div and paragraphs into p. It reports whether n is a paragraph.
func (w *markdownWriter) measure(n *html.Node) bool {
	wide := false
	switch n.DataAtom {
	case atom.P:
		wide = paragraphGap(n) == 2
	case atom.Table:
		if rows := dataRows(n); rows != nil {
			w.data[n] = rows
			wide = true
		}
	case atom.Div, atom.Dt, atom.Dd, atom.Tr, atom.Caption, atom.Thead, atom.Tbody, atom.Tfoot, atom.Li:
	default:
		wide = isBlockTag(n.DataAtom)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		wide = c.Type == html.ElementNode && w.measure(c) || wide
	}
	switch n.DataAtom {
	case atom.P, atom.Div, atom.Dt, atom.Dd, atom.Tr, atom.Caption, atom.Thead, atom.Tbody, atom.Tfoot, atom.Table:
		switch {
		case w.data[n] != nil:
		case wide:
			n.DataAtom = atom.P
		default:
			n.DataAtom = atom.Div
		}
	}
	return wide
}

func (w *markdownWriter) children(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		w.node(c)
	}
}

// node writes a node and its children.
func (w *markdownWriter) node(n *html.Node) {
	if n.Type == html.TextNode {
		w.line.text(n.Data)
		return
	}
	switch n.DataAtom {
	case atom.Br:
		w.lineBreak()
	case atom.Img:
		w.line.picture(attr(n, "src"), attr(n, "alt"))
	case atom.A:
		w.link(n)
	case atom.Code, atom.Samp, atom.Kbd, atom.Tt:
		w.line.code(n)
	case atom.B, atom.Strong, atom.I, atom.Em, atom.Del, atom.S, atom.Strike:
		before := w.line.style
		w.line.style |= styleOf(n.DataAtom)
		w.children(n)
		w.line.style = before
	default:
		w.block(n)
	}
}

// block writes an element that has lines of its own, or that only contains other elements.
func (w *markdownWriter) block(n *html.Node) {
	if w.singleLine > 0 {
		w.inOneLine(n)
		return
	}
	switch n.DataAtom {
	case atom.Div:
		w.ownLines(n, 1)
	case atom.Td, atom.Th:
		w.layoutCell(n)
	case atom.Table:
		w.table(n)
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		w.heading(n)
	case atom.Hr:
		w.begin(2)
		w.line.rule = true
		w.end(2)
	case atom.Pre, atom.Listing, atom.Xmp, atom.Plaintext:
		w.preformatted(n)
	case atom.Blockquote:
		w.quote(n)
	case atom.Ul, atom.Ol, atom.Menu, atom.Dir:
		w.list(n)
	case atom.Li:
		w.item(n)
	default:
		if isBlockTag(n.DataAtom) {
			w.ownLines(n, 2)
		} else {
			w.children(n)
		}
	}
}

// ownLines writes an element that shares no line with its neighbours. gap is 2 if there are empty
// lines around it, else 1.
func (w *markdownWriter) ownLines(n *html.Node, gap int) {
	w.begin(gap)
	w.children(n)
	w.end(gap)
}

// paragraphGap returns 2 for a paragraph with empty lines around it, and 1 for one that mailers use
// as a line.
func paragraphGap(n *html.Node) int {
	class := strings.ToLower(attr(n, "class"))
	if strings.Contains(class, "msonormal") || strings.Contains(class, "msoplaintext") {
		return 1
	}
	if style := attr(n, "style"); style != "" {
		style = strings.ToLower(strings.Join(strings.Fields(style[:min(len(style), styleBytes)]), ""))
		if strings.Contains(style, "margin:0") || strings.Contains(style, "margin-bottom:0") {
			return 1
		}
	}
	return 2
}

// inOneLine writes an element where line breaks are impossible: with spaces around it instead.
func (w *markdownWriter) inOneLine(n *html.Node) {
	if !isBlockTag(n.DataAtom) && !isCell(n.DataAtom) {
		w.children(n)
		return
	}
	w.line.text(" ")
	w.children(n)
	w.line.text(" ")
}

// lineBreak ends a line. A second one in a row leaves an empty line.
func (w *markdownWriter) lineBreak() {
	switch {
	case w.singleLine > 0:
		w.line.text(" ")
	case w.endLine():
		w.wantGap(1)
	default:
		w.wantGap(2)
	}
}

// begin starts a block; gap is as in ownLines.
func (w *markdownWriter) begin(gap int) {
	w.endLine()
	w.wantGap(gap)
}

// end ends a block; gap is as in ownLines. A block of nothing but a non-breaking space is an empty line.
func (w *markdownWriter) end(gap int) {
	if spaced := w.line.spaced; !w.endLine() && spaced {
		gap = 2
	}
	w.wantGap(gap)
}

// wantGap asks for at least this many newlines before the next line, but not at the beginning of a box.
func (w *markdownWriter) wantGap(gap int) {
	if len(w.boxes) == w.kept {
		w.gap = max(w.gap, gap)
	}
}

// endLine writes the collected line and begins a new one. It reports whether the line had content.
func (w *markdownWriter) endLine() bool {
	if w.line.isEmpty() {
		w.line.reset()
		return false
	}
	w.beginLine()
	w.line.writeTo(&w.out)
	return true
}

// beginLine ends the previous line and writes the prefix of the next one.
func (w *markdownWriter) beginLine() {
	if w.lines > 0 {
		if w.gap > 1 {
			w.out.WriteByte('\n')
			w.out.Write(bytes.TrimRight(w.marginOf(w.kept), " "))
		}
		w.out.WriteByte('\n')
	}
	w.writeMarks()
	w.lines++
	w.gap, w.kept = 0, len(w.boxes)
}

// heading writes a heading, which is a single line.
func (w *markdownWriter) heading(n *html.Node) {
	w.begin(2)
	w.line.heading = int(n.Data[1] - '0')
	w.singleLine++
	w.children(n)
	w.singleLine--
	w.end(2)
}

// link writes a link as a single line. If its target isn't linkable, only its content is written.
func (w *markdownWriter) link(n *html.Node) {
	href := strings.TrimSpace(attr(n, "href"))
	if !linkable(href) || w.line.inLink() {
		w.children(n)
		return
	}
	w.line.openLink()
	w.singleLine++
	w.children(n)
	w.singleLine--
	w.line.closeLink(href)
}

// preformatted writes text as a fenced block, with its own line breaks.
func (w *markdownWriter) preformatted(n *html.Node) {
	text := strings.Trim(rawText(n), "\n")
	if strings.TrimSpace(text) == "" {
		return
	}
	fence := strings.Repeat("`", max(3, markdown.LongestRun(text, '`')+1))
	w.begin(2)
	w.rawLine(fence)
	for line := range strings.SplitSeq(text, "\n") {
		w.rawLine(strings.TrimRight(line, " \t\r"))
	}
	w.rawLine(fence)
	w.wantGap(2)
}

// rawLine writes a line without escaping it.
func (w *markdownWriter) rawLine(text string) {
	w.beginLine()
	w.out.WriteString(text)
	w.wantGap(1)
}

// rawText returns the text in a node with its own line breaks.
func rawText(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		switch {
		case n.Type == html.TextNode:
			b.WriteString(n.Data)
		case n.DataAtom == atom.Br, n.DataAtom == atom.Div && b.Len() > 0:
			b.WriteByte('\n')
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(n)
	return b.String()
}
