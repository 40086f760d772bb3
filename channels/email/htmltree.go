package email

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Bounds of a tree. What lies deeper than treeDepth is put beside what is around it; of
// an element with more attributes the first count.
const (
	treeDepth      = 256
	treeAttributes = 32
)

// treeBuilder makes a tree of a mail's HTML in one pass. It ends what mailers leave open
// where browsers do. Unlike them it never begins an element anew that was ended too early:
// for that html.Parse copies elements, so that each paragraph of a hostile mail becomes
// hundreds of nodes; and it refuses what is nested deeply.
type treeBuilder struct {
	tokens *html.Tokenizer
	keeps  func(attribute string) bool
	open   []*html.Node      // the elements around what comes next, the body first
	count  map[atom.Atom]int // how many of each kind are among them; 0 = all unknown ones
	deeper map[atom.Atom]int // how many of each kind are open beyond treeDepth
	attrs  []html.Attribute  // of the element that is read
	slab   []html.Node       // nodes not used yet: one allocation for many
	nodes  int
}

// parseTree reads HTML up to a number of nodes, with the attributes that keeps selects.
// complete reports whether that was all of it.
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
			b.add(html.TextNode, 0, dropControls(html.UnescapeString(string(b.tokens.Raw()))))
		case html.StartTagToken, html.SelfClosingTagToken:
			b.start(token == html.SelfClosingTagToken)
		case html.EndTagToken:
			b.end()
		}
	}
	return body, b.nodes, false
}

// add puts a new node at the end of the innermost element.
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

// tagName gives the name of the tag that is read, and its atom if it is a known one.
func (b *treeBuilder) tagName() (tag atom.Atom, name string, more bool) {
	raw, more := b.tokens.TagName()
	if tag = atom.Lookup(raw); tag != 0 {
		return tag, tag.String(), more
	}
	return 0, string(raw), more
}

// start begins an element. One that closes itself is empty in drawings, "<svg/>", as is the
// drawing then; in HTML the slash says nothing.
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
			b.attrs = append(b.attrs, html.Attribute{Key: known, Val: dropControls(string(value))})
		}
	}
	n.Attr = slices.Clone(b.attrs)
	drawing := isDrawing(tag) || b.count[atom.Svg] > 0 || b.count[atom.Math] > 0
	if isVoid(tag) || selfClosing && drawing {
		return
	}
	b.begin(n)
}

// begin lets an element take what comes next.
func (b *treeBuilder) begin(n *html.Node) {
	if len(b.open) >= treeDepth {
		b.deeper[n.DataAtom]++
		return
	}
	b.open = append(b.open, n)
	b.count[n.DataAtom]++
}

// makeRoom ends the elements that end where an element of this kind begins. It reports
// whether one may stand there at all.
func (b *treeBuilder) makeRoom(tag atom.Atom) bool {
	switch tag {
	case atom.Html, atom.Head, atom.Body, atom.Frameset, atom.Col, atom.Colgroup:
		return false // nothing is seen of them, and the body is there
	case atom.Caption, atom.Thead, atom.Tbody, atom.Tfoot:
		return b.leaveTable(atom.Caption, atom.Thead, atom.Tbody, atom.Tfoot, atom.Tr)
	case atom.Tr:
		return b.leaveTable(atom.Caption, atom.Tr) && b.imply(atom.Tbody, atom.Table)
	case atom.Td, atom.Th:
		return b.leaveTable(atom.Caption, atom.Td, atom.Th) && b.imply(atom.Tbody, atom.Table) && b.imply(atom.Tr, atom.Thead, atom.Tbody, atom.Tfoot)
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
		b.endNearest(isCell, atom.Svg, atom.Math) // drawings hold none
		b.endNearest(isCell, atom.P)
	}
	return true
}

// leaveTable ends the outermost of these parts of the innermost table. It reports whether
// there is a table.
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

// imply begins the part of a table that its author left out between one of these elements
// and what comes next.
func (b *treeBuilder) imply(part atom.Atom, around ...atom.Atom) bool {
	if slices.Contains(around, b.open[len(b.open)-1].DataAtom) {
		b.begin(b.add(html.ElementNode, part, part.String()))
	}
	return true
}

// endNearest ends the innermost element of these kinds, unless a boundary is around what
// comes next but not around that element.
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

// endFrom ends an open element and all that are open in it.
func (b *treeBuilder) endFrom(i int) {
	for _, n := range b.open[i:] {
		b.count[n.DataAtom]--
	}
	b.open = b.open[:i]
}

// end takes an end tag. One that has no beginning says nothing.
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
			return // not a block's end: a span in it was opened outside of it
		}
	}
}

// isDrawing reports whether an element holds a drawing or a formula.
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

// isCell reports whether an element keeps what is in it apart from what is around it.
func isCell(tag atom.Atom) bool {
	return tag == atom.Td || tag == atom.Th || tag == atom.Caption || tag == atom.Table
}

// isList reports whether an element keeps its items apart from those of lists around it.
func isList(tag atom.Atom) bool {
	return tag == atom.Ul || tag == atom.Ol || tag == atom.Dl || tag == atom.Menu || tag == atom.Dir || isCell(tag)
}
