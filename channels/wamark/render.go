package wamark

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"parley/channels/markdown"
)

// Render writes canonical Markdown with WhatsApp's marks. Marks that WhatsApp would show
// as signs (inside a word) are left out; a link becomes its words and its address.
// WhatsApp knows no escape: signs that the text itself has may act there.
func Render(source string) string { return render(source, true) }

// Plain writes canonical Markdown as people type it where there are no marks.
func Plain(source string) string { return render(source, false) }

func render(source string, marks bool) string {
	src := []byte(strings.ReplaceAll(source, "\x00", ""))
	w := writer{src: src, marks: marks}
	return w.blocks(markdown.New().Parser().Parse(text.NewReader(src)), "\n\n", 0)
}

// writer writes a Markdown tree.
type writer struct {
	src   []byte
	marks bool
}

// maxDepth bounds how deep quotes and lists are written inside each other.
const maxDepth = 16

// blocks writes the children of a block, joined by sep.
func (w writer) blocks(parent ast.Node, sep string, depth int) string {
	var parts []string
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if s := w.block(n, depth+1); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, sep)
}

func (w writer) block(n ast.Node, depth int) string {
	if depth > maxDepth {
		return ""
	}
	switch n := n.(type) {
	case *ast.Blockquote:
		return markdown.Indent(w.blocks(n, "\n\n", depth), "> ", "> ")
	case *ast.List:
		return w.list(n, depth)
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		code := strings.TrimRight(markdown.Lines(n, w.src), "\n")
		if w.marks {
			return "```\n" + code + "\n```"
		}
		return code
	case *ast.Heading:
		return w.marked("*", strings.Trim(w.inline(n, "*"), "\n"))
	case *ast.ThematicBreak:
		return "———"
	case *east.Table:
		return w.table(n)
	}
	return strings.Trim(w.inline(n, ""), "\n")
}

func (w writer) list(n *ast.List, depth int) string {
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
		items = append(items, markdown.Indent(w.blocks(item, sep, depth), marker, strings.Repeat(" ", len(marker))))
	}
	return strings.Join(items, "\n")
}

func (w writer) table(n *east.Table) string {
	var rows []string
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		var cells []string
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			cells = append(cells, strings.ReplaceAll(w.inline(cell, ""), "\n", " "))
		}
		rows = append(rows, strings.Join(cells, " | "))
	}
	return strings.Join(rows, "\n")
}

// span is rendered inline text that wants a mark around it, "" for none.
type span struct{ mark, text string }

// inline writes the inline children of a node. inside holds the marks around it.
func (w writer) inline(parent ast.Node, inside string) string {
	var spans []span
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		spans = append(spans, w.span(n, inside))
	}
	var out strings.Builder
	for i, s := range spans {
		if s.mark == "" {
			out.WriteString(s.text)
			continue
		}
		before, _ := utf8.DecodeLastRuneInString(out.String())
		after := ' '
		if i+1 < len(spans) && spans[i+1].mark == "" && spans[i+1].text != "" {
			after, _ = utf8.DecodeRuneInString(spans[i+1].text)
		}
		if out.Len() > 0 && wordRune(before) || wordRune(after) {
			out.WriteString(s.text)
		} else {
			out.WriteString(w.marked(s.mark, s.text))
		}
	}
	return out.String()
}

// marked puts a mark around each line: marks don't reach over line ends.
func (w writer) marked(mark, s string) string {
	if !w.marks {
		return s
	}
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if core := strings.TrimSpace(line); core != "" {
			lines[i] = strings.Replace(line, core, mark+core+mark, 1)
		}
	}
	return strings.Join(lines, "\n")
}

func (w writer) span(n ast.Node, inside string) span {
	switch n := n.(type) {
	case *ast.Text:
		s := markdown.Unescape(n.Value(w.src))
		if n.SoftLineBreak() || n.HardLineBreak() {
			s += "\n"
		}
		return span{text: s}
	case *ast.String:
		return span{text: string(n.Value)}
	case *ast.CodeSpan:
		return span{mark: "`", text: markdown.SpanText(n, w.src)}
	case *ast.Emphasis:
		if n.Level > 1 {
			return w.emphasis(n, "*", inside)
		}
		return w.emphasis(n, "_", inside)
	case *east.Strikethrough:
		return w.emphasis(n, "~", inside)
	case *ast.Link:
		return span{text: link(w.inline(n, inside), markdown.Destination(n.Destination))}
	case *ast.Image:
		return span{text: link(w.inline(n, inside), markdown.Destination(n.Destination))}
	case *ast.AutoLink:
		return span{text: string(n.Label(w.src))}
	case *ast.RawHTML:
		raw, breaks := markdown.HTML(n, w.src)
		if breaks {
			raw = []byte("\n")
		}
		return span{text: string(raw)}
	case *east.TaskCheckBox:
		if n.IsChecked {
			return span{text: "☑ "}
		}
		return span{text: "☐ "}
	}
	return span{text: w.inline(n, inside)}
}

// emphasis marks what isn't marked this way already.
func (w writer) emphasis(n ast.Node, mark, inside string) span {
	if strings.Contains(inside, mark) {
		return span{text: w.inline(n, inside)}
	}
	return span{mark: mark, text: w.inline(n, inside+mark)}
}

// link shows where a link goes, once.
func link(label, to string) string {
	bare := strings.TrimPrefix(strings.TrimPrefix(to, "mailto:"), "tel:")
	switch {
	case to == "":
		return label
	case label == "" || label == to || label == bare:
		return bare
	}
	return label + ": " + bare
}

// wordRune reports whether a mark beside r is inside a word.
func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
