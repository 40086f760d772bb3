package bodytext

import (
	"bytes"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// This file splits the HTML of a mail into the sender's new text and the quoted history, as quote.go does for plain
// text. It converts the HTML to lines, finds the line at which the history begins (findHistory), and cuts the tree
// there. It also uses the marks of mail programs, such as <blockquote type="cite"> or <div class="gmail_signature">.

// htmlLine is a line of an HTML body.
type htmlLine struct {
	line
	node *html.Node // the first node of the line: a cut at this line begins here
}

// lineReader walks an HTML body and collects its lines.
type lineReader struct {
	lines            []htmlLine
	maxLines         int        // stop after so many lines
	nodesLeft        int        // stop after so many more nodes
	ignoreAttributes bool       // read only text, not the marks of mail programs
	text             []byte     // the beginning of the current line
	firstNode        *html.Node // the first node of the current line; nil while the line is empty
	state            line       // quoteDepth, isSignature and maybeIndented of the current text
	historyBlock     *html.Node // a block that begins the history, until its first line is in lines; usually nil
}

// htmlLines returns the lines of a body as its reader sees them.
func htmlLines(body *html.Node) []htmlLine {
	r := &lineReader{maxLines: maxQuoteLines + 1, nodesLeft: maxHTMLNodes + 1} // longer bodies are never cut
	r.walk(body)
	r.endLine()
	return r.lines
}

// endLine adds the current line to lines, unless it is empty.
func (r *lineReader) endLine() {
	if r.firstNode == nil {
		return
	}

	l := r.state
	l.setText(string(bytes.TrimSpace(r.text)))
	if strings.HasPrefix(l.text, ">") { // plain text that was converted to HTML
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

// walk adds the lines of a node and its children.
func (r *lineReader) walk(n *html.Node) {
	if n.Type == html.TextNode {
		r.addText(n, n.Data)
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

	isBlock := n.Type == html.ElementNode && isBlockTag(n.DataAtom)
	if !isBlock {
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

// readMarks updates the state for a block that a mail program marks as a quote, a signature or the beginning of the
// history, with its class, id or style. Outlook prepends "x_" to the names in a mail that it quotes.
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

	r.readID(n, id)
	r.readClass(n, class)
	if n.DataAtom == atom.Blockquote && !onlyIndents(n) {
		r.state.quoteDepth++
		isMarkedQuote := strings.EqualFold(attributeOf(n, "type"), "cite") || strings.Contains(class, " gmail_quote ")
		r.state.maybeIndented = !isMarkedQuote
	}
}

// readID handles the id of a block, which must be in lower case.
func (r *lineReader) readID(n *html.Node, id string) {
	switch id {
	case "divrplyfwdmsg", "appendonsend", "mail-editor-reference-message-container", "olk_src_body_section":
		r.historyBlock = n
	case "signature", "ms-outlook-mobile-signature", "applemailsignature", "signature_old":
		r.state.isSignature = true
	}
}

// readClass handles the classes of a block, which must be in lower case, each between spaces.
func (r *lineReader) readClass(n *html.Node, class string) {
	for _, quote := range []string{" yahoo_quoted ", " protonmail_quote ", " zmail_extra ", " tutanota_quote "} {
		if strings.Contains(class, quote) {
			r.state.quoteDepth++
		}
	}

	for _, signature := range []string{" gmail_signature ", " moz-signature ", " protonmail_signature_block ", " applemailsignature "} {
		if strings.Contains(class, signature) {
			r.state.isSignature = true
		}
	}

	if strings.Contains(class, " ms-outlook-mobile-reference-message ") || isOutlookBorder(n) {
		r.historyBlock = n
	}
}

// onlyIndents reports whether a block quote has the style that Gmail uses for indented text.
func onlyIndents(n *html.Node) bool {
	return strings.Contains(strings.ReplaceAll(attributeOf(n, "style"), " ", ""), "margin:0040px;border:none")
}

// Limits of the search for headers in a block.
const (
	maxHeaderNodes = 500
	maxFieldBytes  = 200 // of a line; enough to recognise a header field
)

// isOutlookBorder reports whether a block is the one with which desktop Outlook begins the history. It has a border at
// its top and contains the headers of the quoted mail.
func isOutlookBorder(n *html.Node) bool {
	style := attributeOf(n, "style")
	if !strings.Contains(style, "order") { // "border" or "Border": most blocks have none
		return false
	}

	style = strings.ToLower(strings.Join(strings.Fields(style[:min(len(style), maxStyleBytes)]), ""))
	borders := []string{"border-top:solid#e1e1e11.0pt", "border-top:solid#b5c4df1.0pt", "border-top:1ptsolidrgb(225,225,225)"}
	if !slices.ContainsFunc(borders, func(border string) bool { return strings.Contains(style, border) }) {
		return false
	}

	r := &lineReader{maxLines: maxHeaderLines, nodesLeft: maxHeaderNodes, ignoreAttributes: true}
	r.walkChildren(n)
	r.endLine()
	var lines []line
	for _, l := range r.lines {
		lines = append(lines, l.line)
	}

	seen, _ := headerFields(lines) // no address is needed: the border is proof enough
	return isLikeHeaders(seen)
}

// splitHistory moves signature and quoted history out of a body and returns them, or nil if the body has neither or
// must be shown as a whole. onlyHistory is true if the body has nothing else. If noHistory is true, the whole body is
// new text.
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

// moveOut moves n and all nodes after it, in reading order, out of root. It returns them inside copies of the elements
// that were around them. For example, it splits <div><p>a<br>b</p>c</div> at "b" into <div><p>a<br></p></div> and
// <div><p>b</p>c</div>.
func moveOut(root, n *html.Node) *html.Node {
	var moved *html.Node
	current := n
	for current != root && current.Parent != nil {
		parent, next := current.Parent, current.NextSibling
		parentCopy := &html.Node{Type: parent.Type, DataAtom: parent.DataAtom, Data: parent.Data, Attr: parent.Attr}
		if moved == nil {
			next = current // n itself is moved
		} else {
			parentCopy.AppendChild(moved)
		}

		for next != nil {
			following := next.NextSibling
			parent.RemoveChild(next)
			parentCopy.AppendChild(next)
			next = following
		}

		moved, current = parentCopy, parent
	}

	return moved
}
