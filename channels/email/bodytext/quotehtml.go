package bodytext

import (
	"bytes"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// htmlLine is a line of an HTML body, and the node with which it begins.
type htmlLine struct {
	line
	node *html.Node
}

// lineReader walks an HTML body and collects its lines.
type lineReader struct {
	lines            []htmlLine
	maxLines         int        // no more lines are read
	nodesLeft        int        // nodes that may still be looked at
	ignoreAttributes bool       // only the text matters, not what attributes of blocks say about it
	text             []byte     // the beginning of the current line
	firstNode        *html.Node // the first node of the current line; nil while the line has none
	state            line       // what the blocks around the current text say: quoteDepth, isSignature, maybeIndented
	historyBlock     *html.Node // a block with which history begins, until its first line is in lines; else nil
}

// htmlLines returns the lines of a body as a reader sees them.
func htmlLines(body *html.Node) []htmlLine {
	r := &lineReader{maxLines: maxQuoteLines + 1, nodesLeft: maxHTMLNodes + 1} // longer bodies have no history
	r.walk(body)
	r.endLine()
	return r.lines
}

// endLine adds the current line to lines, unless it has no node.
func (r *lineReader) endLine() {
	if r.firstNode == nil {
		return
	}

	l := r.state
	l.setText(string(bytes.TrimSpace(r.text)))
	if strings.HasPrefix(l.text, ">") { // quoted by hand
		l.quoteDepth++
	}

	if r.historyBlock != nil {
		l.beginsHistory = true
		r.firstNode = r.historyBlock // the whole block is cut off
		r.historyBlock = nil
	}

	r.lines = append(r.lines, htmlLine{l, r.firstNode})
	r.text = r.text[:0]
	r.firstNode = nil
}

// walk reads a node and its children.
func (r *lineReader) walk(n *html.Node) {
	switch n.Type {
	case html.TextNode:
		r.addText(n, n.Data)
		return
	case html.ElementNode:
	default:
		r.walkChildren(n)
		return
	}

	switch n.DataAtom {
	case atom.Br:
		if r.firstNode == nil {
			r.firstNode = n
		}
		r.endLine()
		return
	case atom.Img:
		r.addText(n, "\uFFFC")
		return
	case atom.Hr:
		r.endLine()
		r.addText(n, "________")
		r.endLine()
		return
	}

	if !isBlockTag(n.DataAtom) {
		r.walkChildren(n)
		return
	}

	r.endLine()
	outer := r.state

	if !r.ignoreAttributes {
		r.readMarks(n)
	}

	r.walkChildren(n)
	r.endLine()
	r.state = outer
}

// walkChildren reads the children of a node.
func (r *lineReader) walkChildren(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if len(r.lines) >= r.maxLines || r.nodesLeft <= 0 {
			return
		}
		r.nodesLeft--
		r.walk(c)
	}
}

// addText adds text to the current line.
func (r *lineReader) addText(n *html.Node, text string) {
	maxBytes := maxLineBytes
	if r.ignoreAttributes {
		maxBytes = maxFieldBytes
		text = text[:min(len(text), maxBytes)]
	}

	if r.firstNode == nil {
		text = strings.TrimLeftFunc(text, unicode.IsSpace)
		if text == "" {
			return
		}
		r.firstNode = n
	}

	for i := 0; i < len(text) && len(r.text) < maxBytes; i++ {
		c := text[i]
		if strings.HasPrefix(text[i:], nbsp) {
			c = ' '
			i += len(nbsp) - 1
		} else if c == '\n' || c == '\t' {
			c = ' '
		}

		r.text = append(r.text, c)
	}
}

// readMarks reads from a block's class, id and style, as mail programs write them, whether its text is a quote, a signature, or the
// beginning of history. Outlook puts "x_" before names in the mail that it answers.
func (r *lineReader) readMarks(n *html.Node) {
	if len(n.Attr) == 0 && n.DataAtom != atom.Blockquote {
		return
	}

	class := " " + strings.ToLower(attributeOf(n, "class")) + " "
	class = strings.ReplaceAll(class, " x_", " ")
	id := strings.ToLower(attributeOf(n, "id"))
	for strings.HasPrefix(id, "x_") {
		id = id[2:]
	}

	switch id {
	case "divrplyfwdmsg", "appendonsend", "mail-editor-reference-message-container", "olk_src_body_section":
		r.historyBlock = n
	case "signature", "ms-outlook-mobile-signature", "applemailsignature", "signature_old":
		r.state.isSignature = true
	}

	for _, box := range []string{" yahoo_quoted ", " protonmail_quote ", " zmail_extra ", " tutanota_quote "} {
		if strings.Contains(class, box) {
			r.state.quoteDepth++
		}
	}

	for _, sig := range []string{" gmail_signature ", " moz-signature ", " protonmail_signature_block ", " applemailsignature "} {
		if strings.Contains(class, sig) {
			r.state.isSignature = true
		}
	}

	if strings.Contains(class, " ms-outlook-mobile-reference-message ") || isOutlookBorder(n) {
		r.historyBlock = n
	}

	// With this style a block quote only indents text.
	indents := strings.Contains(strings.ReplaceAll(attributeOf(n, "style"), " ", ""), "margin:0040px;border:none")
	if n.DataAtom == atom.Blockquote && !indents {
		r.state.quoteDepth++
		isMarkedQuote := strings.EqualFold(attributeOf(n, "type"), "cite") || strings.Contains(class, " gmail_quote ")
		r.state.maybeIndented = !isMarkedQuote
	}
}

// Limits of the search for headers in a block: how many of its nodes are looked at, and how much of a line, which
// is enough to recognise a header field.
const (
	maxHeaderNodes = 500
	maxFieldBytes  = 200
)

// isOutlookBorder reports whether a block is the one with which desktop Outlook begins the history: it has
// a line above it and the headers of the answered mail in it.
func isOutlookBorder(n *html.Node) bool {
	style := attributeOf(n, "style")
	if !strings.Contains(style, "order") { // "border" or "Border": most blocks have none
		return false
	}

	style = strings.ToLower(strings.Join(strings.Fields(style[:min(len(style), maxStyleBytes)]), ""))
	isBorder := false
	for _, border := range []string{
		"border-top:solid#e1e1e11.0pt", "border-top:solid#b5c4df1.0pt", "border-top:1ptsolidrgb(225,225,225)",
	} {
		isBorder = isBorder || strings.Contains(style, border)
	}

	if !isBorder {
		return false
	}

	r := &lineReader{maxLines: maxHeaderLines, nodesLeft: maxHeaderNodes, ignoreAttributes: true}
	r.walkChildren(n)
	r.endLine()
	var lines []line
	for _, l := range r.lines {
		lines = append(lines, l.line)
	}

	seen, _ := headerFields(lines) // the border is proof enough
	return isLikeHeaders(seen)
}

// splitHistory moves signature and quoted history out of a body and returns them. It returns nil if there is none, or if the body has
// nothing else: then onlyHistory is true. noHistory says that nothing in the body is history.
func splitHistory(body *html.Node, noHistory bool) (history *html.Node, onlyHistory bool) {
	if noHistory {
		return nil, false
	}

	found := htmlLines(body)
	lines := make([]line, len(found))
	for i, l := range found {
		lines[i] = l.line
	}
	cut := findHistory(lines)
	if cut >= len(lines) {
		return nil, isOnlyHistory(lines)
	}
	return moveOut(body, found[cut].node), false
}

// moveOut moves n and all nodes behind it, in reading order, out of root. It returns them inside of
// copies of the elements that were around them.
func moveOut(root, n *html.Node) *html.Node {
	var right *html.Node
	at := n
	for at != root && at.Parent != nil {
		parent, next := at.Parent, at.NextSibling
		outline := &html.Node{Type: parent.Type, DataAtom: parent.DataAtom, Data: parent.Data, Attr: parent.Attr}
		if right == nil {
			next = at
		} else {
			outline.AppendChild(right)
		}

		for next != nil {
			following := next.NextSibling
			parent.RemoveChild(next)
			outline.AppendChild(next)
			next = following
		}

		right, at = outline, parent
	}

	return right
}
