package markdown

import (
	"fmt"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
)

// Layout writes parsed Markdown as plain text, with quotes, lists and tables as people type them where there
// is no formatting. For example, a table becomes
//
//	Item | Price
//	Tea | 3 EUR
//
// The caller provides the functions for code and for the text of paragraphs.
type Layout struct {
	Source []byte                   // the parsed Markdown
	Rule   string                   // written for a thematic break
	Loose  bool                     // keep empty lines between the items of a list
	Code   func(code string) string // writes a code block
	// Text writes the content of a block without nested blocks: a paragraph, a heading, a table cell.
	Text func(block ast.Node) string
}

// Write returns the text of a tree.
func (l Layout) Write(tree ast.Node) string { return l.writeBlocks(tree, "\n\n") }

// writeBlocks writes the children of a block, separated by sep.
func (l Layout) writeBlocks(parent ast.Node, sep string) string {
	var parts []string
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if s := l.writeBlock(n); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, sep)
}

func (l Layout) writeBlock(n ast.Node) string {
	switch n := n.(type) {
	case *ast.Blockquote:
		return Indent(l.writeBlocks(n, "\n\n"), "> ", "> ")
	case *ast.List:
		return l.writeList(n)
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		return l.Code(strings.TrimRight(Lines(n, l.Source), "\n"))
	case *ast.ThematicBreak:
		return l.Rule
	case *east.Table:
		return l.writeTable(n)
	}
	return strings.Trim(l.Text(n), "\n")
}

func (l Layout) writeList(n *ast.List) string {
	inside, between := "\n\n", "\n" // separators of the blocks in an item, and of the items
	if n.IsTight {                  // the list has no empty lines
		inside = "\n"
	} else if l.Loose {
		between = "\n\n"
	}

	number := n.Start
	var items []string
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		mark := "- "
		switch {
		case n.Marker == '+': // "+ 20 EUR" must not become "- 20 EUR"
			mark = "+ "
		case n.IsOrdered():
			mark = fmt.Sprintf("%d. ", number)
			number++
		}

		items = append(items, Indent(l.writeBlocks(item, inside), mark, strings.Repeat(" ", len(mark))))
	}

	return strings.Join(items, between)
}

// writeTable writes one line per row, with bars between the cells.
func (l Layout) writeTable(n *east.Table) string {
	var rows []string
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		var cells []string
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			cells = append(cells, strings.ReplaceAll(l.Text(cell), "\n", " "))
		}
		rows = append(rows, strings.Join(cells, " | "))
	}
	return strings.Join(rows, "\n")
}
