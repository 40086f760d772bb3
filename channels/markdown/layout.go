package markdown

import (
	"fmt"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
)

// Layout writes a tree of Markdown as text with the quotes, lists and tables that people type
// where there is no formatting.
type Layout struct {
	Source []byte
	Rule   string                   // a line across
	Loose  bool                     // empty lines stand between items that have some in Markdown
	Code   func(code string) string // a code block
	// Text writes what stands in a block: a paragraph, a heading, a cell of a table.
	Text func(block ast.Node) string
}

// Write gives the text of a whole tree.
func (l Layout) Write(tree ast.Node) string { return l.blocks(tree, "\n\n") }

// blocks writes the children of a block, joined by sep.
func (l Layout) blocks(parent ast.Node, sep string) string {
	var parts []string
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if s := l.block(n); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, sep)
}

func (l Layout) block(n ast.Node) string {
	switch n := n.(type) {
	case *ast.Blockquote:
		return Indent(l.blocks(n, "\n\n"), "> ", "> ")
	case *ast.List:
		return l.list(n)
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		return l.Code(strings.TrimRight(Lines(n, l.Source), "\n"))
	case *ast.ThematicBreak:
		return l.Rule
	case *east.Table:
		return l.table(n)
	}
	return strings.Trim(l.Text(n), "\n")
}

func (l Layout) list(n *ast.List) string {
	inside, between := "\n\n", "\n"
	if n.IsTight {
		inside = "\n"
	} else if l.Loose {
		between = "\n\n"
	}
	number := n.Start
	var items []string
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		mark := "- "
		if n.IsOrdered() {
			mark = fmt.Sprintf("%d. ", number)
			number++
		}
		items = append(items, Indent(l.blocks(item, inside), mark, strings.Repeat(" ", len(mark))))
	}
	return strings.Join(items, between)
}

// table writes a row a line, with bars between the cells.
func (l Layout) table(n *east.Table) string {
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
