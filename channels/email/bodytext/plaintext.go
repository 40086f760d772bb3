package bodytext

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"

	"parley/channels/markdown"
)

// plainText writes a Markdown tree as plain text.
type plainText struct{ src []byte }

// write renders a whole tree.
func (p plainText) write(tree ast.Node) string {
	return markdown.Layout{Source: p.src, Rule: "* * *", Loose: true, Text: p.inline,
		Code: func(code string) string { return markdown.Indent(code, "    ", "    ") }}.Write(tree)
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
