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
	lines []htmlLine
	limit int        // the most lines that are read
	steps int        // nodes that may still be looked at
	bare  bool       // attributes of blocks are ignored: only the text matters
	text  []byte     // the beginning of the current line
	first *html.Node // the first node of the current line
	state line       // depth, sig and loose of the blocks around the current text
	tail  *html.Node // the block with which history begins; nil if there is none, or it is in lines already
}

// htmlLines returns the lines of a body as a reader sees them.
func htmlLines(body *html.Node) []htmlLine {
	r := &lineReader{limit: quoteLines + 1, steps: htmlNodes + 1} // longer bodies have no history
	r.walk(body)
	r.end()
	return r.lines
}

// end closes the current line.
func (r *lineReader) end() {
	if r.first == nil {
		return
	}
	l := r.state
	l.read(string(bytes.TrimSpace(r.text)))
	if strings.HasPrefix(l.text, ">") { // quoted by hand
		l.depth++
	}
	if r.tail != nil {
		l.tail = true
		r.first, r.tail = r.tail, nil
	}
	r.lines = append(r.lines, htmlLine{l, r.first})
	r.text = r.text[:0]
	r.first = nil
}

// walk reads a node and its children.
func (r *lineReader) walk(n *html.Node) {
	switch n.Type {
	case html.TextNode:
		r.add(n, n.Data)
		return
	case html.ElementNode:
	default:
		r.children(n)
		return
	}
	switch n.DataAtom {
	case atom.Br:
		if r.first == nil {
			r.first = n
		}
		r.end()
		return
	case atom.Img:
		r.add(n, "\uFFFC")
		return
	case atom.Hr:
		r.end()
		r.add(n, "________")
		r.end()
		return
	}
	if !isBlockTag(n.DataAtom) {
		r.children(n)
		return
	}
	r.end()
	outer := r.state
	if !r.bare {
		r.mark(n)
	}
	r.children(n)
	r.end()
	r.state = outer
}

// children reads the children of a node.
func (r *lineReader) children(n *html.Node) {
	for c := n.FirstChild; c != nil && len(r.lines) < r.limit && r.steps > 0; c = c.NextSibling {
		r.steps--
		r.walk(c)
	}
}

// add adds text to the current line.
func (r *lineReader) add(n *html.Node, text string) {
	limit := lineBytes
	if r.bare {
		limit = 200 // enough to recognise a header field
		text = text[:min(len(text), limit)]
	}
	if r.first == nil {
		if text = strings.TrimLeftFunc(text, unicode.IsSpace); text == "" {
			return
		}
		r.first = n
	}
	for i := 0; i < len(text) && len(r.text) < limit; i++ {
		c := text[i]
		switch {
		case c == '\n' || c == '\t':
			c = ' '
		case strings.HasPrefix(text[i:], nbsp):
			c = ' '
			i += len(nbsp) - 1
		}
		r.text = append(r.text, c)
	}
}

// mark sets what a block's class, id and style say about its text: whether it is a quote, a signature,
// or the beginning of history. The names are those that mail programs use.
func (r *lineReader) mark(n *html.Node) {
	if len(n.Attr) == 0 && n.DataAtom != atom.Blockquote {
		return
	}
	class, id := " "+strings.ToLower(attr(n, "class"))+" ", strings.ToLower(attr(n, "id"))
	class = strings.ReplaceAll(class, " x_", " ")
	for strings.HasPrefix(id, "x_") {
		id = id[2:]
	}
	switch id {
	case "divrplyfwdmsg", "appendonsend", "mail-editor-reference-message-container", "olk_src_body_section":
		r.tail = n
	case "signature", "ms-outlook-mobile-signature", "applemailsignature", "signature_old":
		r.state.sig = true
	}
	for _, box := range []string{" yahoo_quoted ", " protonmail_quote ", " zmail_extra ", " tutanota_quote "} {
		if strings.Contains(class, box) {
			r.state.depth++
		}
	}
	for _, sig := range []string{" gmail_signature ", " moz-signature ", " protonmail_signature_block ", " applemailsignature "} {
		if strings.Contains(class, sig) {
			r.state.sig = true
		}
	}
	if strings.Contains(class, " ms-outlook-mobile-reference-message ") || outlookBorder(n) {
		r.tail = n
	}
	// With this style a block quote only indents text.
	indents := strings.Contains(strings.ReplaceAll(attr(n, "style"), " ", ""), "margin:0040px;border:none")
	if n.DataAtom == atom.Blockquote && !indents {
		r.state.depth++
		r.state.loose = !strings.EqualFold(attr(n, "type"), "cite") && !strings.Contains(class, " gmail_quote ")
	}
}

// headerNodes is how much of a block is searched for headers.
const headerNodes = 500

// outlookBorder reports whether a block is the one with which desktop Outlook begins the history: it has
// a line above it and the headers of the answered mail in it.
func outlookBorder(n *html.Node) bool {
	style := attr(n, "style")
	if !strings.Contains(style, "order") { // "border" or "Border": most blocks have none
		return false
	}
	style = strings.ToLower(strings.Join(strings.Fields(style[:min(len(style), styleBytes)]), ""))
	if !strings.Contains(style, "border-top:solid#e1e1e11.0pt") && !strings.Contains(style, "border-top:solid#b5c4df1.0pt") &&
		!strings.Contains(style, "border-top:1ptsolidrgb(225,225,225)") {
		return false
	}
	r := &lineReader{limit: headerLines, steps: headerNodes, bare: true}
	r.children(n)
	r.end()
	var lines []line
	for _, l := range r.lines {
		lines = append(lines, l.line)
	}
	return isHeaderBlock(lines)
}

// isBlockTag reports whether an element of this kind starts a line of its own.
func isBlockTag(tag atom.Atom) bool {
	switch tag {
	case atom.P, atom.Div, atom.Blockquote, atom.Ul, atom.Ol, atom.Li, atom.Table, atom.Tr, atom.Pre, atom.Body, atom.Html,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Main, atom.Nav,
		atom.Address, atom.Center, atom.Dl, atom.Dt, atom.Dd, atom.Fieldset, atom.Form, atom.Figure, atom.Figcaption, atom.Tbody,
		atom.Thead, atom.Tfoot, atom.Hr, atom.Aside, atom.Caption, atom.Details, atom.Summary, atom.Menu, atom.Dir, atom.Hgroup,
		atom.Listing, atom.Xmp, atom.Plaintext:
		return true
	}
	return false
}

// splitHistory moves signature and quoted history out of a body and returns them; nil if there is none. only
// reports that the body has nothing else: then they stay.
func splitHistory(body *html.Node, whole bool) (history *html.Node, only bool) {
	found := htmlLines(body)
	lines := make([]line, len(found))
	for i, l := range found {
		lines[i] = l.line
	}
	cut := findHistory(lines, whole)
	if cut >= len(lines) {
		return nil, !whole && onlyHistory(lines)
	}
	return splitAt(body, found[cut].node), false
}

// splitAt moves n and all nodes behind it, in reading order, out of root. It returns them inside of
// copies of the elements that were around them.
func splitAt(root, n *html.Node) *html.Node {
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

// attr returns an attribute of an element; "" if it has none.
func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
