package message

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"

	"parley/channels/markdown"
)

// plainText renders a Markdown tree for the plain-text part of a mail, with the marks that people type there: *strong*,
// _emphasis_, `code`, label <address>. For example, "see **[our shop](https://acme.test)**" becomes
//
//	see *our shop <https://acme.test>*
type plainText struct {
	src []byte // the Markdown to which the nodes of the tree refer
}

func (p plainText) write(tree ast.Node) string {
	layout := markdown.Layout{
		Source: p.src,
		Rule:   "* * *",
		Loose:  true,
		Code:   func(code string) string { return markdown.Indent(code, "    ", "    ") },
		Text:   p.inlineText,
	}
	return layout.Write(tree)
}

// inlineText renders the inline children of a node.
func (p plainText) inlineText(parent ast.Node) string {
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
			out.WriteString(mark + p.inlineText(n) + mark)
		case *east.Strikethrough:
			out.WriteString("~" + p.inlineText(n) + "~") // without marks it would say what its author took back
		case *ast.Link:
			out.WriteString(linkText(p.inlineText(n), markdown.Destination(n.Destination)))
		case *ast.Image:
			out.WriteString(linkText(p.inlineText(n), markdown.Destination(n.Destination)))
		case *ast.AutoLink:
			out.Write(n.Label(p.src))
		case *ast.RawHTML:
			raw, isLineBreak := markdown.HTML(n, p.src)
			if isLineBreak {
				raw = []byte{'\n'}
			}
			out.Write(raw)
		case *east.TaskCheckBox:
			box := "[ ] "
			if n.IsChecked {
				box = "[x] "
			}
			out.WriteString(box)
		default: // unknown kinds
			out.WriteString(p.inlineText(n))
		}
	}

	return out.String()
}

// linkText returns "label <address>", or one of both if the other is missing or the same. markdown.Destination returns
// an empty address for unsafe links.
func linkText(label, address string) string {
	if address == "" || util.IsBlank([]byte(address)) {
		return label
	}
	if label == "" || markdown.IsSameAddress(label, address) {
		return markdown.ShownAddress(address)
	}
	return label + " <" + address + ">"
}
