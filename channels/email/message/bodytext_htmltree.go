package message

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Limits of a tree. Elements below maxTreeDepth become siblings. Further attributes of an element are dropped.
const (
	maxHTMLNodes  = 20_000 // of all trees of a mail
	maxTreeDepth  = 256
	maxAttributes = 32
	maxStyleBytes = 4000 // of one style attribute
)

// treeBuilder parses the HTML of a mail in linear time and memory. Like a browser, it closes elements that mail programs
// leave open: "<p>one<p>two" has two paragraphs, and "<td>" outside of a row gets one.
//
// html.Parse isn't used, for two reasons. It refuses deeply nested HTML. And it reopens elements that were closed too
// early (<b><p></b>), as the HTML standard requires, which copies them: a hostile mail can turn each of its paragraphs
// into hundreds of nodes.
type treeBuilder struct {
	tokens        *html.Tokenizer
	keepAttribute func(name string) bool
	open          []*html.Node      // the open elements, outermost first; open[0] is the body
	openCount     map[atom.Atom]int // how many elements of each kind are in open; all unknown kinds are counted as 0
	openTooDeep   map[atom.Atom]int // how many elements of each kind are open below maxTreeDepth
	nodes         int               // in the tree
}

// parseTree parses HTML into at most maxNodes nodes below body. It keeps the attributes for which keepAttribute returns
// true. complete is false if maxNodes was reached.
func parseTree(source string, keepAttribute func(name string) bool, maxNodes int) (body *html.Node, nodes int, complete bool) {
	body = &html.Node{Type: html.ElementNode, DataAtom: atom.Body, Data: "body"}
	b := &treeBuilder{
		tokens:        html.NewTokenizer(strings.NewReader(source)),
		keepAttribute: keepAttribute,
		open:          []*html.Node{body},
		openCount:     map[atom.Atom]int{},
		openTooDeep:   map[atom.Atom]int{},
	}
	for b.nodes < maxNodes {
		switch token := b.tokens.Next(); token {
		case html.ErrorToken: // the end of the source
			return body, b.nodes, true
		case html.TextToken:
			b.addNode(html.TextNode, 0, DropControls(html.UnescapeString(string(b.tokens.Raw()))))
		case html.StartTagToken, html.SelfClosingTagToken:
			b.readStartTag(token == html.SelfClosingTagToken)
		case html.EndTagToken:
			b.readEndTag()
		}
	}

	return body, b.nodes, false
}

// addNode appends a new node to the innermost open element.
func (b *treeBuilder) addNode(kind html.NodeType, tag atom.Atom, data string) *html.Node {
	n := &html.Node{Type: kind, DataAtom: tag, Data: data}
	b.nodes++
	b.open[len(b.open)-1].AppendChild(n)
	return n
}

// tagName returns the atom of the current tag (0 if unknown), its name, and whether it has attributes.
func (b *treeBuilder) tagName() (tag atom.Atom, name string, hasAttributes bool) {
	raw, hasAttributes := b.tokens.TagName()
	if tag = atom.Lookup(raw); tag != 0 {
		return tag, tag.String(), hasAttributes
	}
	return 0, string(raw), hasAttributes
}

// readStartTag handles a start tag. The slash of a self-closing tag ("<path/>") counts only in SVG and MathML; HTML
// ignores it.
func (b *treeBuilder) readStartTag(selfClosing bool) {
	tag, name, hasAttributes := b.tagName()
	if !b.closeBefore(tag) {
		return
	}

	n := b.addNode(html.ElementNode, tag, name)
	if hasAttributes {
		n.Attr = b.readAttributes()
	}

	partOfDrawing := isDrawing(tag) || b.isInDrawing()
	isEmpty := selfClosing && partOfDrawing
	if isEmpty || isVoid(tag) {
		return
	}

	b.openElement(n)
}

// readAttributes returns the attributes of the current tag that are kept.
func (b *treeBuilder) readAttributes() (attrs []html.Attribute) {
	for hasMore := true; hasMore && len(attrs) < maxAttributes; {
		key, value, isMore := b.tokens.TagAttr()
		if name := atom.String(key); b.keepAttribute(name) {
			attrs = append(attrs, html.Attribute{Key: name, Val: DropControls(string(value))})
		}
		hasMore = isMore
	}
	return attrs
}

// isInDrawing reports whether an SVG or MathML element is open.
func (b *treeBuilder) isInDrawing() bool {
	return b.openCount[atom.Svg] > 0 || b.openCount[atom.Math] > 0
}

// openElement makes n the parent of the nodes that follow, unless it is too deep.
func (b *treeBuilder) openElement(n *html.Node) {
	if len(b.open) >= maxTreeDepth {
		b.openTooDeep[n.DataAtom]++
		return
	}
	b.open = append(b.open, n)
	b.openCount[n.DataAtom]++
}

// closeBefore prepares for a new element. It closes the elements that implicitly end here, such as a paragraph before a
// paragraph. It returns false if the element must be ignored.
func (b *treeBuilder) closeBefore(tag atom.Atom) bool {
	switch tag {
	case atom.Html, atom.Head, atom.Body, atom.Frameset, atom.Col, atom.Colgroup:
		return false // they have no text of their own, and the body exists already
	case atom.Caption, atom.Thead, atom.Tbody, atom.Tfoot:
		return b.closeTableParts(atom.Caption, atom.Thead, atom.Tbody, atom.Tfoot, atom.Tr)
	case atom.Tr:
		return b.closeTableParts(atom.Caption, atom.Tr)
	case atom.Td, atom.Th:
		return b.closeTableParts(atom.Caption, atom.Td, atom.Th)
	case atom.Li:
		b.closeNearest(isList, atom.Li)
	case atom.Dt, atom.Dd:
		b.closeNearest(isList, atom.Dt, atom.Dd)
	case atom.A:
		b.closeNearest(isCell, atom.A)
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		b.closeNearest(isCell, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6)
	}

	if isBlockTag(tag) {
		b.closeNearest(isCell, atom.Svg, atom.Math) // a drawing can't contain blocks
		b.closeNearest(isCell, atom.P)
	}

	return true
}

// closeTableParts closes the outermost open element of these kinds within the innermost table, with all elements in it.
// It returns false outside of tables.
func (b *treeBuilder) closeTableParts(parts ...atom.Atom) bool {
	if b.openCount[atom.Table] == 0 {
		return false
	}
	outermost := len(b.open)
	for i := len(b.open) - 1; b.open[i].DataAtom != atom.Table; i-- {
		if slices.Contains(parts, b.open[i].DataAtom) {
			outermost = i
		}
	}
	b.closeFrom(outermost)
	return true
}

// closeNearest closes the innermost open element of these kinds, unless there is a boundary inside it. For example, a
// new <li> closes the previous one, but not the <li> around the list in which it is.
func (b *treeBuilder) closeNearest(boundary func(atom.Atom) bool, tags ...atom.Atom) {
	if !slices.ContainsFunc(tags, func(tag atom.Atom) bool { return b.openCount[tag] > 0 }) {
		return
	}

	for i := len(b.open) - 1; i > 0; i-- {
		tag := b.open[i].DataAtom
		if slices.Contains(tags, tag) {
			b.closeFrom(i)
			return
		}
		if boundary(tag) {
			return
		}
	}
}

// closeFrom closes open[i] and all elements in it.
func (b *treeBuilder) closeFrom(i int) {
	for _, n := range b.open[i:] {
		b.openCount[n.DataAtom]--
	}
	b.open = b.open[:i]
}

// readEndTag handles an end tag: it closes the innermost element with this name. It ignores the tag if there is no such
// element, or if a boundary lies between: </b> in a cell can't close a <b> around the table.
func (b *treeBuilder) readEndTag() {
	tag, name, _ := b.tagName()
	if tag == atom.Br { // browsers treat </br> as a line break
		b.addNode(html.ElementNode, tag, name)
		return
	}
	if b.openTooDeep[tag] > 0 {
		b.openTooDeep[tag]--
		return
	}
	if b.openCount[tag] == 0 {
		return
	}

	isBoundary := endTagBoundary(tag)
	closesBlocks := isBlockTag(tag) || isCell(tag) || styleOf(tag) != 0 ||
		slices.Contains([]atom.Atom{atom.A, atom.Code, atom.Samp, atom.Kbd, atom.Tt}, tag)
	for i := len(b.open) - 1; i > 0; i-- {
		n := b.open[i]
		if n.Data == name {
			b.closeFrom(i)
			return
		}
		if isBoundary(n.DataAtom) {
			return
		}
		if isBlockTag(n.DataAtom) && !closesBlocks {
			return
		}
	}
}

// endTagBoundary returns which elements an end tag can't reach beyond.
func endTagBoundary(tag atom.Atom) func(atom.Atom) bool {
	switch tag {
	case atom.Table:
		return func(atom.Atom) bool { return false }
	case atom.Caption, atom.Thead, atom.Tbody, atom.Tfoot, atom.Tr, atom.Td, atom.Th:
		return func(outer atom.Atom) bool { return outer == atom.Table }
	case atom.Li, atom.Dt, atom.Dd:
		return isList
	}
	return isCell
}

// isDrawing reports whether an element is the root of SVG or MathML.
func isDrawing(tag atom.Atom) bool { return tag == atom.Svg || tag == atom.Math }

// isVoid reports whether elements of this kind are always empty, such as <br>.
func isVoid(tag atom.Atom) bool {
	switch tag {
	case atom.Area, atom.Base, atom.Br, atom.Embed, atom.Frame, atom.Hr, atom.Img, atom.Input, atom.Keygen, atom.Link,
		atom.Meta, atom.Param, atom.Source, atom.Track, atom.Wbr:
		return true
	}
	return false
}

// isCell reports whether an element is a table, a cell or a caption. Most end tags in it can't close elements around it.
func isCell(tag atom.Atom) bool {
	switch tag {
	case atom.Td, atom.Th, atom.Caption, atom.Table:
		return true
	}
	return false
}

// isList reports whether an element is a list, or a cell (isCell). An item in it can't close an item around it.
func isList(tag atom.Atom) bool {
	switch tag {
	case atom.Ul, atom.Ol, atom.Dl, atom.Menu, atom.Dir:
		return true
	}
	return isCell(tag)
}

// isBlockTag reports whether elements of this kind begin on a new line.
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

// attributeOf returns an attribute of an element, or "" if the element doesn't have it.
func attributeOf(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// rawText returns the text in a node, with its white space.
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
