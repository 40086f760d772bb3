package bodytext

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"parley/channels/email/rawmail"
)

// Limits of a tree. Elements that are nested deeper than treeDepth become siblings. Of an element with
// more than treeAttributes attributes only the first ones are read.
const (
	treeDepth      = 256
	treeAttributes = 32
)

// treeBuilder makes a tree of a mail's HTML in one pass. Like browsers, it closes elements that mailers
// leave open. Unlike html.Parse, it never reopens elements that were closed too early: that copies
// elements, and can turn each paragraph of a hostile mail into hundreds of nodes. html.Parse also
// refuses deeply nested HTML.
type treeBuilder struct {
	tokens *html.Tokenizer
	keeps  func(attribute string) bool // whether an attribute is kept
	open   []*html.Node                // the open elements, the body first
	count  map[atom.Atom]int           // how many of each kind are in open; kind 0 means all unknown ones
	deeper map[atom.Atom]int           // how many of each kind are open beyond treeDepth
	attrs  []html.Attribute            // of the current element
	slab   []html.Node                 // unused nodes: one allocation for many
	nodes  int                         // nodes made so far
}

// parseTree reads HTML until it has made limit nodes, with the attributes that keeps selects. complete
// is false if the limit ended it.
func parseTree(source string, keeps func(attribute string) bool, limit int) (body *html.Node, nodes int, complete bool) {
	body = &html.Node{Type: html.ElementNode, DataAtom: atom.Body, Data: "body"}
	b := &treeBuilder{
		tokens: html.NewTokenizer(strings.NewReader(source)), keeps: keeps,
		open: []*html.Node{body}, count: map[atom.Atom]int{}, deeper: map[atom.Atom]int{},
	}
	for b.nodes < limit {
		switch token := b.tokens.Next(); token {
		case html.ErrorToken: // the end of the string
			return body, b.nodes, true
		case html.TextToken:
			b.add(html.TextNode, 0, rawmail.DropControls(html.UnescapeString(string(b.tokens.Raw()))))
		case html.StartTagToken, html.SelfClosingTagToken:
			b.start(token == html.SelfClosingTagToken)
		case html.EndTagToken:
			b.end()
		}
	}
	return body, b.nodes, false
}

// add appends a new node to the innermost open element.
func (b *treeBuilder) add(kind html.NodeType, tag atom.Atom, data string) *html.Node {
	if len(b.slab) == 0 {
		b.slab = make([]html.Node, min(256, 16+b.nodes))
	}
	n := &b.slab[0]
	b.slab = b.slab[1:]
	b.nodes++
	n.Type, n.DataAtom, n.Data = kind, tag, data
	b.open[len(b.open)-1].AppendChild(n)
	return n
}

// tagName returns the name of the current tag, its atom (0 means unknown), and whether it has attributes.
func (b *treeBuilder) tagName() (tag atom.Atom, name string, more bool) {
	raw, more := b.tokens.TagName()
	if tag = atom.Lookup(raw); tag != 0 {
		return tag, tag.String(), more
	}
	return 0, string(raw), more
}

// start reads a start tag. A self-closing tag ("<svg/>") is an empty element only for drawings and
// inside of them; in HTML the slash has no meaning.
func (b *treeBuilder) start(selfClosing bool) {
	tag, name, more := b.tagName()
	if !b.makeRoom(tag) {
		return
	}
	n := b.add(html.ElementNode, tag, name)
	b.attrs = b.attrs[:0]
	for more && len(b.attrs) < treeAttributes {
		var key, value []byte
		key, value, more = b.tokens.TagAttr()
		if known := atom.String(key); b.keeps(known) {
			b.attrs = append(b.attrs, html.Attribute{Key: known, Val: rawmail.DropControls(string(value))})
		}
	}
	n.Attr = slices.Clone(b.attrs)
	drawing := isDrawing(tag) || b.count[atom.Svg] > 0 || b.count[atom.Math] > 0
	if isVoid(tag) || selfClosing && drawing {
		return
	}
	b.begin(n)
}

// begin opens an element: the next nodes become its children.
func (b *treeBuilder) begin(n *html.Node) {
	if len(b.open) >= treeDepth {
		b.deeper[n.DataAtom]++
		return
	}
	b.open = append(b.open, n)
	b.count[n.DataAtom]++
}

// makeRoom closes the elements that end where an element of this kind begins. It returns false if the
// element can't be here and must be ignored.
func (b *treeBuilder) makeRoom(tag atom.Atom) bool {
	switch tag {
	case atom.Html, atom.Head, atom.Body, atom.Frameset, atom.Col, atom.Colgroup:
		return false // nothing of them is shown, and the body exists already
	case atom.Caption, atom.Thead, atom.Tbody, atom.Tfoot:
		return b.leaveTable(atom.Caption, atom.Thead, atom.Tbody, atom.Tfoot, atom.Tr)
	case atom.Tr:
		return b.leaveTable(atom.Caption, atom.Tr) && b.imply(atom.Tbody, atom.Table)
	case atom.Td, atom.Th:
		return b.leaveTable(atom.Caption, atom.Td, atom.Th) && b.imply(atom.Tbody, atom.Table) &&
			b.imply(atom.Tr, atom.Thead, atom.Tbody, atom.Tfoot)
	case atom.Li:
		b.endNearest(isList, atom.Li)
	case atom.Dt, atom.Dd:
		b.endNearest(isList, atom.Dt, atom.Dd)
	case atom.A:
		b.endNearest(isCell, atom.A)
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		b.endNearest(isCell, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6)
	}
	if isBlockTag(tag) {
		b.endNearest(isCell, atom.Svg, atom.Math) // a drawing can't contain blocks
		b.endNearest(isCell, atom.P)
	}
	return true
}

// leaveTable closes the outermost of these parts of the innermost table. It returns false outside of
// tables.
func (b *treeBuilder) leaveTable(parts ...atom.Atom) bool {
	if b.count[atom.Table] == 0 {
		return false
	}
	outermost := len(b.open)
	for i := len(b.open) - 1; b.open[i].DataAtom != atom.Table; i-- {
		if slices.Contains(parts, b.open[i].DataAtom) {
			outermost = i
		}
	}
	b.endFrom(outermost)
	return true
}

// imply opens a part of a table that its author left out, if the innermost open element is one of
// around. It always returns true.
func (b *treeBuilder) imply(part atom.Atom, around ...atom.Atom) bool {
	if slices.Contains(around, b.open[len(b.open)-1].DataAtom) {
		b.begin(b.add(html.ElementNode, part, part.String()))
	}
	return true
}

// endNearest closes the innermost open element of these kinds, unless a boundary was opened after it.
// It reports whether it closed one.
func (b *treeBuilder) endNearest(boundary func(atom.Atom) bool, tags ...atom.Atom) bool {
	if !slices.ContainsFunc(tags, func(tag atom.Atom) bool { return b.count[tag] > 0 }) {
		return false
	}
	for i := len(b.open) - 1; i > 0; i-- {
		tag := b.open[i].DataAtom
		if slices.Contains(tags, tag) {
			b.endFrom(i)
			return true
		}
		if boundary(tag) {
			return false
		}
	}
	return false
}

// endFrom closes the open element with this index and all inside of it.
func (b *treeBuilder) endFrom(i int) {
	for _, n := range b.open[i:] {
		b.count[n.DataAtom]--
	}
	b.open = b.open[:i]
}

// end reads an end tag. It ignores one whose element isn't open.
func (b *treeBuilder) end() {
	tag, name, _ := b.tagName()
	switch {
	case tag == atom.Br:
		b.add(html.ElementNode, tag, name)
		return
	case b.deeper[tag] > 0:
		b.deeper[tag]--
		return
	case b.count[tag] == 0:
		return
	}
	boundary := isCell
	switch tag {
	case atom.Table:
		boundary = func(atom.Atom) bool { return false }
	case atom.Caption, atom.Thead, atom.Tbody, atom.Tfoot, atom.Tr, atom.Td, atom.Th:
		boundary = func(tag atom.Atom) bool { return tag == atom.Table }
	case atom.Li, atom.Dt, atom.Dd:
		boundary = isList
	}
	across := isBlockTag(tag) || isCell(tag) || marksText(tag)
	for i := len(b.open) - 1; i > 0; i-- {
		n := b.open[i]
		if n.Data == name {
			b.endFrom(i)
			return
		}
		if boundary(n.DataAtom) || !across && isBlockTag(n.DataAtom) {
			return // the element was opened outside of this block or cell: the tag can't close it
		}
	}
}

// isDrawing reports whether an element is a drawing or a formula.
func isDrawing(tag atom.Atom) bool { return tag == atom.Svg || tag == atom.Math }

// isVoid reports whether an element of this kind is always empty.
func isVoid(tag atom.Atom) bool {
	switch tag {
	case atom.Area, atom.Base, atom.Br, atom.Embed, atom.Frame, atom.Hr, atom.Img, atom.Input, atom.Keygen, atom.Link,
		atom.Meta, atom.Param, atom.Source, atom.Track, atom.Wbr:
		return true
	}
	return false
}

// isCell reports whether an end tag inside of the element can't close elements around it.
func isCell(tag atom.Atom) bool {
	return tag == atom.Td || tag == atom.Th || tag == atom.Caption || tag == atom.Table
}

// isList reports whether an element separates its items from those of lists around it.
func isList(tag atom.Atom) bool {
	return tag == atom.Ul || tag == atom.Ol || tag == atom.Dl || tag == atom.Menu || tag == atom.Dir || isCell(tag)
}
