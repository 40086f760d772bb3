package email

import (
	"strings"

	"github.com/JohannesKaufmann/dom"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Bounds of what is laid out. Text is copied once for each element around it, and
// quotes and lists write marks on each line for each of theirs.
const (
	maxListDepth  = 12
	maxLayoutCost = 64 << 20 // bytes of text times elements around them
	nodeCost      = 256      // of each node besides, in the same unit
	markCost      = 8        // of what Markdown writes for it, copied like text
)

// flattenDeep makes plain blocks of quotes and lists that lie deeper than anybody
// could read.
func flattenDeep(n *html.Node, quotes, lists int) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		q, l := quotes, lists
		switch c.DataAtom {
		case atom.Blockquote:
			q++
		case atom.Ul, atom.Ol:
			l++
		}
		if q > maxQuoteDepth && c.DataAtom == atom.Blockquote || l > maxListDepth && (c.DataAtom == atom.Ul || c.DataAtom == atom.Ol || c.DataAtom == atom.Li) {
			c.DataAtom, c.Data = atom.Div, "div" // its class still says what it is
		}
		flattenDeep(c, q, l)
	}
}

// layoutCost estimates what it takes to lay n out.
func layoutCost(n *html.Node, depth int) int {
	cost := nodeCost + markCost*depth
	if n.Type == html.TextNode {
		cost += len(n.Data) * depth
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		cost += layoutCost(c, depth+1)
	}
	return cost
}

// isLine reports whether a block is one line as mailers write it: a div, or a
// paragraph without margins, with nothing but inline content.
func isLine(n *html.Node) bool {
	if n.Type != html.ElementNode || n.DataAtom != atom.Div && !(n.DataAtom == atom.P && tightParagraph(n)) {
		return false
	}
	return inlineOnly(n)
}

// tightParagraph reports whether a paragraph has no distance to the next one.
func tightParagraph(n *html.Node) bool {
	class := strings.ToLower(attr(n, "class"))
	style := strings.ToLower(strings.Join(strings.Fields(attr(n, "style")), ""))
	return strings.Contains(class, "msonormal") || strings.Contains(class, "msoplaintext") ||
		strings.Contains(style, "margin:0") || strings.Contains(style, "margin-bottom:0")
}

// inlineOnly reports whether there is no block in n.
func inlineOnly(n *html.Node) bool {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode && (isBlock(c) || c.DataAtom == atom.Td || c.DataAtom == atom.Th || !inlineOnly(c)) {
			return false
		}
	}
	return true
}

// joinLines replaces the one-line blocks directly below n by their content and a
// line break, so that a mail typed line by line reads line by line.
func joinLines(n *html.Node) {
	if n.DataAtom == atom.Pre {
		return
	}
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		if isLine(c) {
			empty := strings.TrimSpace(dom.CollectText(c)) == "" && findElement(c, atom.Img) == nil
			if prev := c.PrevSibling; prev != nil && !isBreak(prev) && !(prev.Type == html.ElementNode && isBlock(prev)) {
				if prev.Type != html.TextNode || strings.TrimSpace(prev.Data) != "" {
					n.InsertBefore(newBreak(), c)
				}
			}
			if !empty {
				trimBreak(c)
				for g := c.FirstChild; g != nil; g = c.FirstChild {
					c.RemoveChild(g)
					n.InsertBefore(g, c)
				}
			}
			n.InsertBefore(newBreak(), c)
			n.RemoveChild(c)
		}
		c = next
	}
}

// newBreak makes a line break.
func newBreak() *html.Node {
	return &html.Node{Type: html.ElementNode, DataAtom: atom.Br, Data: "br"}
}

// isBreak reports whether a node is a line break.
func isBreak(n *html.Node) bool {
	return n.Type == html.ElementNode && n.DataAtom == atom.Br
}

// trimBreak removes the break at a block's end, which adds no line.
func trimBreak(n *html.Node) {
	last := n.LastChild
	for last != nil && last.Type == html.TextNode && strings.TrimSpace(last.Data) == "" {
		last = last.PrevSibling
	}
	if last != nil && isBreak(last) {
		n.RemoveChild(last)
	}
}

// isDataTable reports whether a table shows data: at least two rows and columns
// of short cells without blocks. All others only place things.
func isDataTable(t *html.Node) bool {
	if strings.EqualFold(attr(t, "role"), "presentation") {
		return false
	}
	rows := tableRows(t)
	if len(rows) < 2 || len(rows) > 200 {
		return false
	}
	width := 0
	for _, row := range rows {
		cells := 0
		for c := row.FirstChild; c != nil; c = c.NextSibling {
			if c.Type != html.ElementNode {
				continue
			}
			if cells++; !plainCell(c) {
				return false
			}
		}
		if width == 0 {
			width = cells
		}
		if cells != width {
			return false
		}
	}
	return width >= 2 && width <= 20
}

// plainCell reports whether a cell is short and holds no blocks but lines.
func plainCell(c *html.Node) bool {
	if attr(c, "colspan") != "" && attr(c, "colspan") != "1" || attr(c, "rowspan") != "" && attr(c, "rowspan") != "1" {
		return false
	}
	if !inlineOnly(c) || findElement(c, atom.Img) != nil || findElement(c, atom.Br) != c.LastChild && findElement(c, atom.Br) != nil {
		return false
	}
	return len(dom.CollectText(c)) <= 200
}

// tableRows gives the rows of a table, not those of tables in it.
func tableRows(t *html.Node) []*html.Node {
	var rows []*html.Node
	for c := t.FirstChild; c != nil; c = c.NextSibling {
		switch c.DataAtom {
		case atom.Tr:
			rows = append(rows, c)
		case atom.Tbody, atom.Thead, atom.Tfoot:
			rows = append(rows, tableRows(c)...)
		}
	}
	return rows
}

// flatten makes blocks of a table that only places things: a row is a block, its
// cells follow each other in it.
func flatten(t *html.Node) {
	for _, row := range tableRows(t) {
		for c := row.FirstChild; c != nil; c = c.NextSibling {
			if c.Type != html.ElementNode {
				continue
			}
			if inlineOnly(c) {
				rename(c, atom.Span, "span")
				c.AppendChild(&html.Node{Type: html.TextNode, Data: " "})
			} else {
				rename(c, atom.Div, "div")
			}
		}
		rename(row, atom.Div, "div")
		joinLines(row)
	}
	for c := t.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode && c.DataAtom != atom.Div {
			rename(c, atom.Div, "div")
		}
		joinLines(c)
	}
	rename(t, atom.Div, "div")
}

// rename makes another element of a node.
func rename(n *html.Node, kind atom.Atom, name string) {
	n.DataAtom, n.Data, n.Attr = kind, name, nil
}

// markPipes marks the "|" in a data table's text: there it would end a cell.
func markPipes(n *html.Node) {
	if n.Type == html.TextNode {
		n.Data = strings.ReplaceAll(n.Data, "|", string(pipeMark))
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		markPipes(c)
	}
}
