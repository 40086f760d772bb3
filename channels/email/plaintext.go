package email

import (
	"fmt"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"

	"parley/channels/markdown"
)

// plainText writes a Markdown tree as plain text.
type plainText struct{ src []byte }

// blocks renders the children of a block, joined by sep.
func (p plainText) blocks(parent ast.Node, sep string) string {
	var parts []string
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if s := p.block(n); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, sep)
}

func (p plainText) block(n ast.Node) string {
	switch n := n.(type) {
	case *ast.Blockquote:
		return markdown.Indent(p.blocks(n, "\n\n"), "> ", "> ")
	case *ast.List:
		return p.list(n)
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		return markdown.Indent(strings.TrimRight(markdown.Lines(n, p.src), "\n"), "    ", "    ")
	case *ast.ThematicBreak:
		return "* * *"
	case *east.Table:
		return p.table(n)
	}
	return strings.Trim(p.inline(n), "\n")
}

func (p plainText) list(n *ast.List) string {
	sep := "\n\n"
	if n.IsTight {
		sep = "\n"
	}
	number := n.Start
	var items []string
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		marker := "- "
		if n.IsOrdered() {
			marker = fmt.Sprintf("%d. ", number)
			number++
		}
		items = append(items, markdown.Indent(p.blocks(item, sep), marker, strings.Repeat(" ", len(marker))))
	}
	return strings.Join(items, sep)
}

func (p plainText) table(n *east.Table) string {
	var rows []string
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		var cells []string
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			cells = append(cells, strings.ReplaceAll(p.inline(cell), "\n", " "))
		}
		rows = append(rows, strings.Join(cells, " | "))
	}
	return strings.Join(rows, "\n")
}

// inline renders the inline children of a node.
func (p plainText) inline(parent ast.Node) string {
	var out strings.Builder
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			out.WriteString(markdown.Unescape(n.Value(p.src)))
			if n.SoftLineBreak() || n.HardLineBreak() {
				out.WriteByte('\n')
			}
		case *ast.String:
			out.Write(n.Value)
		case *ast.CodeSpan:
			out.WriteString("`" + markdown.SpanText(n, p.src) + "`")
		case *ast.Emphasis:
			mark := "_"
			if n.Level > 1 {
				mark = "*"
			}
			out.WriteString(mark + p.inline(n) + mark)
		case *ast.Link:
			out.WriteString(link(p.inline(n), markdown.Destination(n.Destination)))
		case *ast.Image:
			out.WriteString(link(p.inline(n), markdown.Destination(n.Destination)))
		case *ast.AutoLink:
			out.Write(n.Label(p.src))
		case *ast.RawHTML:
			if raw, breaks := markdown.HTML(n, p.src); breaks {
				out.WriteByte('\n')
			} else {
				out.Write(raw)
			}
		case *east.TaskCheckBox:
			if n.IsChecked {
				out.WriteString("[x] ")
			} else {
				out.WriteString("[ ] ")
			}
		default: // strikethrough and what may come: its text
			out.WriteString(p.inline(n))
		}
	}
	return out.String()
}

// link shows where a link goes, once, unless it goes where links must not.
func link(label, to string) string {
	if to == "" || util.IsBlank([]byte(to)) {
		return label
	}
	if label == "" || label == to || "mailto:"+label == to || "tel:"+label == to {
		return strings.TrimPrefix(strings.TrimPrefix(to, "mailto:"), "tel:")
	}
	return label + " <" + to + ">"
}
