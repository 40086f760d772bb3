package message

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"parley/channels/markdown"
)

// markdownWriter writes an HTML tree as Markdown in a single pass: it collects the text of a line in a markdownLine,
// and at the end of the line writes it with its blockWriter. The time is linear, however deeply elements are nested.
// For example,
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
	deepLists  int                           // how many open lists are deeper than maxListDepth and thus not in lists
	singleLine int                           // how many open elements allow no line breaks, such as headings
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

// classify decides for n and each of its descendants whether it is a line or a paragraph, which has empty lines around
// it. An element that contains a paragraph is one itself. classify renames generic elements: lines become div,
// paragraphs become p. It also fills dataTables. It reports whether n is a paragraph.
func (w *markdownWriter) classify(n *html.Node) (isParagraph bool) {
	if n.DataAtom == atom.Table {
		if rows := dataRows(n); rows != nil {
			w.dataTables[n] = rows
		}
	}

	isDataTable := w.dataTables[n] != nil
	isParagraph = isDataTable || isParagraphTag(n)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode && w.classify(c) {
			isParagraph = true
		}
	}

	if isDataTable || !isGeneric(n.DataAtom) {
		return isParagraph
	}
	n.DataAtom = atom.Div
	if isParagraph {
		n.DataAtom = atom.P
	}
	return isParagraph
}

// isParagraphTag reports whether an element is a paragraph even if it contains none.
func isParagraphTag(n *html.Node) bool {
	if n.DataAtom == atom.P {
		return paragraphGap(n) == emptyLine
	}
	return isBlockTag(n.DataAtom) && !isGeneric(n.DataAtom) && n.DataAtom != atom.Li
}

// isGeneric reports whether elements of this kind are only lines or paragraphs in Markdown.
func isGeneric(tag atom.Atom) bool {
	switch tag {
	case atom.P, atom.Div, atom.Dt, atom.Dd, atom.Tr, atom.Caption, atom.Thead, atom.Tbody, atom.Tfoot, atom.Table:
		return true
	}
	return false
}

func (w *markdownWriter) writeChildren(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		w.writeNode(c)
	}
}

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

// writeBlock writes an element that has its own lines, or an unknown element, of which only the children matter.
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

// writeOwnLines writes an element that shares no line with its neighbours. margin is the gap before and after it.
func (w *markdownWriter) writeOwnLines(n *html.Node, margin gap) {
	w.beginBlock(margin)
	w.writeChildren(n)
	w.endBlock(margin)
}

// paragraphGap returns the gap around a p element: an empty line, unless the mail program uses p for single lines, as
// Outlook does.
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

// writeInOneLine writes an element where line breaks aren't allowed. Blocks get spaces around them instead.
func (w *markdownWriter) writeInOneLine(n *html.Node) {
	if !isBlockTag(n.DataAtom) && !isCell(n.DataAtom) {
		w.writeChildren(n)
		return
	}
	w.line.addText(" ")
	w.writeChildren(n)
	w.line.addText(" ")
}

// lineBreak handles <br>. Two of them in a row make an empty line.
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

func (w *markdownWriter) beginBlock(before gap) {
	w.endLine()
	w.wantGap(before)
}

// endBlock ends a block. Mail programs write an empty line as a block with only a non-breaking space.
func (w *markdownWriter) endBlock(after gap) {
	hadNBSP := w.line.hasNBSP
	hadContent := w.endLine()
	isEmptyLine := hadNBSP && !hadContent
	if isEmptyLine {
		after = emptyLine
	}
	w.wantGap(after)
}

// endLine writes the collected line and begins a new one. It returns false if the line was empty.
func (w *markdownWriter) endLine() bool {
	if w.line.isEmpty() {
		w.line.reset()
		return false
	}
	w.beginLine()
	w.line.writeTo(&w.out)
	return true
}

func (w *markdownWriter) writeHeading(n *html.Node) {
	w.beginBlock(emptyLine)
	w.line.heading = int(n.Data[1] - '0') // n.Data is "h1" to "h6"
	w.singleLine++
	w.writeChildren(n)
	w.singleLine--
	w.endBlock(emptyLine)
}

// writeLink writes a link, or only its content if the target is unsafe or another link is open.
func (w *markdownWriter) writeLink(n *html.Node) {
	href := strings.TrimSpace(attributeOf(n, "href"))
	if !canBeLink(href) || w.line.inLink {
		w.writeChildren(n)
		return
	}
	w.line.openLink()
	w.singleLine++
	w.writeChildren(n)
	w.singleLine--
	w.line.closeLink(href)
}

// writePreformatted writes text as a fenced code block and keeps its line breaks.
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
