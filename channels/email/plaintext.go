package email

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"
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
		return indent(p.blocks(n, "\n\n"), "> ", "> ")
	case *ast.List:
		return p.list(n)
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		return indent(strings.TrimRight(p.lines(n), "\n"), "    ", "    ")
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
		items = append(items, indent(p.blocks(item, sep), marker, strings.Repeat(" ", len(marker))))
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

// lines gives the source lines of a code block.
func (p plainText) lines(n ast.Node) string {
	var out bytes.Buffer
	for i := range n.Lines().Len() {
		at := n.Lines().At(i)
		out.Write(at.Value(p.src))
	}
	return out.String()
}

// inline renders the inline children of a node.
func (p plainText) inline(parent ast.Node) string {
	var out strings.Builder
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			out.WriteString(unescape(n.Value(p.src)))
			if n.SoftLineBreak() || n.HardLineBreak() {
				out.WriteByte('\n')
			}
		case *ast.String:
			out.Write(n.Value)
		case *ast.CodeSpan:
			out.WriteString("`" + p.code(n) + "`")
		case *ast.Emphasis:
			mark := "_"
			if n.Level > 1 {
				mark = "*"
			}
			out.WriteString(mark + p.inline(n) + mark)
		case *ast.Link:
			out.WriteString(link(p.inline(n), string(util.ResolveEntityNames(n.Destination))))
		case *ast.Image:
			out.WriteString(link(p.inline(n), string(util.ResolveEntityNames(n.Destination))))
		case *ast.AutoLink:
			out.Write(n.Label(p.src))
		case *ast.RawHTML:
			if raw := rawText(n, p.src); lineBreak.Match(raw) {
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

// code gives the text of a code span, in which nothing is escaped.
func (p plainText) code(parent ast.Node) string {
	var out bytes.Buffer
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if t, ok := n.(*ast.Text); ok {
			out.Write(t.Value(p.src))
		}
	}
	return strings.ReplaceAll(out.String(), "\n", " ")
}

// link shows where a link goes, once, unless it goes where links must not.
func link(label, to string) string {
	if to == "" || util.IsBlank([]byte(to)) || dangerous(to) {
		return label
	}
	if label == "" || label == to || "mailto:"+label == to || "tel:"+label == to {
		return strings.TrimPrefix(strings.TrimPrefix(to, "mailto:"), "tel:")
	}
	return label + " <" + to + ">"
}

// dangerous tells whether the HTML part leaves this address out too.
func dangerous(to string) bool {
	scheme, _, found := strings.Cut(strings.ToLower(strings.TrimSpace(to)), ":")
	switch scheme {
	case "javascript", "vbscript", "file", "data":
		return found
	}
	return false
}

// unescape resolves backslashes and entities. What a backslash protects is no entity.
func unescape(b []byte) string {
	var out []byte
	for {
		i := bytes.IndexByte(b, '\\')
		if i < 0 || i+1 == len(b) {
			return string(append(out, entities(b)...))
		}
		out = append(out, entities(b[:i])...)
		if !util.IsPunct(b[i+1]) {
			out = append(out, '\\')
			b = b[i+1:]
			continue
		}
		out = append(out, b[i+1])
		b = b[i+2:]
	}
}

func entities(b []byte) []byte {
	return util.ResolveEntityNames(util.ResolveNumericReferences(b))
}

// indent puts first before the first line and rest before the others.
func indent(s, first, rest string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		prefix := rest
		if i == 0 {
			prefix = first
		}
		lines[i] = strings.TrimRight(prefix+line, " ")
	}
	return strings.Join(lines, "\n")
}
