package bodytext

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"parley/channels/markdown"
)

// markdownWriter writes a tree as canonical Markdown in one walk. It collects a line (markdownLine) and writes it when it ends
// (blockWriter). So each node takes the same time, however many elements are around it. For example,
//
//	<p>Dear Ann,</p><ul><li>one<br>more</li></ul>
//
// becomes
//
//	Dear Ann,
//
//	- one
//	  more
type markdownWriter struct {
	blockWriter

	line       markdownLine
	lists      []*list                       // the open lists, outermost first
	deepLists  int                           // open lists beyond maxListDepth, which are not in lists
	singleLine int                           // how many open elements can't have line breaks
	dataTables map[*html.Node][][]*html.Node // the cells, by rows, of tables that show data
}

// writeMarkdown returns the Markdown of a node's children.
func writeMarkdown(n *html.Node) string {
	w := &markdownWriter{dataTables: map[*html.Node][][]*html.Node{}}
	w.classify(n)
	w.writeChildren(n)
	w.endLine()
	return w.out.String()
}

// classify decides for n and each element in it whether it is a line, or a paragraph with empty lines around it. Paragraphs are those of
// HTML, and all elements that contain one. It renames elements that have no other meaning: lines to div, paragraphs to p. It returns
// whether n is a paragraph.
func (w *markdownWriter) classify(n *html.Node) (isParagraph bool) {
	switch n.DataAtom {
	case atom.P:
		isParagraph = paragraphGap(n) == emptyLine
	case atom.Table:
		if rows := dataRows(n); rows != nil {
			w.dataTables[n] = rows
			isParagraph = true
		}
	case atom.Div, atom.Dt, atom.Dd, atom.Tr, atom.Caption, atom.Thead, atom.Tbody, atom.Tfoot, atom.Li:
		// paragraphs only if they contain one
	default:
		isParagraph = isBlockTag(n.DataAtom)
	}

	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode && w.classify(c) {
			isParagraph = true
		}
	}

	switch n.DataAtom {
	case atom.P, atom.Div, atom.Dt, atom.Dd, atom.Tr, atom.Caption, atom.Thead, atom.Tbody, atom.Tfoot, atom.Table:
		switch {
		case w.dataTables[n] != nil: // stays a table
		case isParagraph:
			n.DataAtom = atom.P
		default:
			n.DataAtom = atom.Div
		}
	}

	return isParagraph
}

func (w *markdownWriter) writeChildren(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		w.writeNode(c)
	}
}

// writeNode writes a node and its children.
func (w *markdownWriter) writeNode(n *html.Node) {
	if n.Type == html.TextNode {
		w.line.addText(n.Data)
		return
	}

	switch n.DataAtom {
	case atom.Br:
		w.lineBreak()
	case atom.Img:
		w.line.addPicture(attributeOf(n, "src"), attributeOf(n, "alt"))
	case atom.A:
		w.writeLink(n)
	case atom.Code, atom.Samp, atom.Kbd, atom.Tt:
		w.line.addCode(n)
	case atom.B, atom.Strong, atom.I, atom.Em, atom.Del, atom.S, atom.Strike:
		before := w.line.style
		w.line.style |= styleOf(n.DataAtom)
		w.writeChildren(n)
		w.line.style = before
	default:
		w.writeBlock(n)
	}
}

// writeBlock writes an element that has lines of its own, or that only contains other elements.
func (w *markdownWriter) writeBlock(n *html.Node) {
	if w.singleLine > 0 {
		w.writeInOneLine(n)
		return
	}

	switch n.DataAtom {
	case atom.Div:
		w.writeOwnLines(n, newLine)
	case atom.Td, atom.Th:
		w.writeLayoutCell(n)
	case atom.Table:
		w.writeTable(n)
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		w.writeHeading(n)
	case atom.Hr:
		w.beginBlock(emptyLine)
		w.line.isRule = true
		w.endBlock(emptyLine)
	case atom.Pre, atom.Listing, atom.Xmp, atom.Plaintext:
		w.writePreformatted(n)
	case atom.Blockquote:
		w.writeQuote(n)
	case atom.Ul, atom.Ol, atom.Menu, atom.Dir:
		w.writeList(n)
	case atom.Li:
		w.writeItem(n)
	default:
		if isBlockTag(n.DataAtom) {
			w.writeOwnLines(n, emptyLine)
		} else {
			w.writeChildren(n)
		}
	}
}

// writeOwnLines writes an element that shares no line with its neighbours. around is what stands before and behind it.
func (w *markdownWriter) writeOwnLines(n *html.Node, around gap) {
	w.beginBlock(around)
	w.writeChildren(n)
	w.endBlock(around)
}

// paragraphGap returns what stands around a paragraph: empty lines, unless mailers use it as a line.
func paragraphGap(n *html.Node) gap {
	class := strings.ToLower(attributeOf(n, "class"))
	if strings.Contains(class, "msonormal") || strings.Contains(class, "msoplaintext") {
		return newLine
	}
	if style := attributeOf(n, "style"); style != "" {
		style = strings.ToLower(strings.Join(strings.Fields(style[:min(len(style), maxStyleBytes)]), ""))
		if strings.Contains(style, "margin:0") || strings.Contains(style, "margin-bottom:0") {
			return newLine
		}
	}
	return emptyLine
}

// writeInOneLine writes an element where line breaks are impossible: with spaces around it instead.
func (w *markdownWriter) writeInOneLine(n *html.Node) {
	if !isBlockTag(n.DataAtom) && !isCell(n.DataAtom) {
		w.writeChildren(n)
		return
	}
	w.line.addText(" ")
	w.writeChildren(n)
	w.line.addText(" ")
}

// lineBreak ends a line. A second one in a row leaves an empty line.
func (w *markdownWriter) lineBreak() {
	switch {
	case w.singleLine > 0:
		w.line.addText(" ")
	case w.endLine():
		w.wantGap(newLine)
	default:
		w.wantGap(emptyLine)
	}
}

// beginBlock starts a block.
func (w *markdownWriter) beginBlock(before gap) {
	w.endLine()
	w.wantGap(before)
}

// endBlock ends a block. A block of nothing but a non-breaking space is an empty line.
func (w *markdownWriter) endBlock(behind gap) {
	hadNBSP := w.line.hasNBSP
	hadContent := w.endLine()
	if hadNBSP && !hadContent {
		behind = emptyLine
	}
	w.wantGap(behind)
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

// writeHeading writes a heading, which is a single line.
func (w *markdownWriter) writeHeading(n *html.Node) {
	w.beginBlock(emptyLine)
	w.line.heading = int(n.Data[1] - '0')
	w.singleLine++
	w.writeChildren(n)
	w.singleLine--
	w.endBlock(emptyLine)
}

// writeLink writes a link as a single line. If its target isn't linkable, only its content is written.
func (w *markdownWriter) writeLink(n *html.Node) {
	href := strings.TrimSpace(attributeOf(n, "href"))
	if !canBeLink(href) || w.line.isInLink() {
		w.writeChildren(n)
		return
	}
	w.line.openLink()
	w.singleLine++
	w.writeChildren(n)
	w.singleLine--
	w.line.closeLink(href)
}

// writePreformatted writes text as a fenced block, with its own line breaks.
func (w *markdownWriter) writePreformatted(n *html.Node) {
	text := strings.Trim(rawText(n), "\n")
	if strings.TrimSpace(text) == "" {
		return
	}
	const minFence = 3 // by CommonMark
	fence := strings.Repeat("`", max(minFence, markdown.LongestRun(text, '`')+1))
	w.beginBlock(emptyLine)
	w.writeRawLine(fence)
	for line := range strings.SplitSeq(text, "\n") {
		w.writeRawLine(strings.TrimRight(line, " \t\r"))
	}
	w.writeRawLine(fence)
	w.wantGap(emptyLine)
}
