package wamark

import (
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
	layout := markdown.Layout{Source: src, Rule: "———", Code: w.code, Text: w.text}
	return layout.Write(markdown.New().Parser().Parse(text.NewReader(src)))
}

// writer writes a Markdown tree.
type writer struct {
	src   []byte
	marks bool
}

// text writes what stands in a block; headings are bold.
func (w writer) text(block ast.Node) string {
	if block.Kind() == ast.KindHeading {
		return w.marked("*", strings.Trim(w.inline(block, "*"), "\n"))
	}
	return w.inline(block, "")
}

func (w writer) code(code string) string {
	if w.marks {
		return "```\n" + code + "\n```"
	}
	return code
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
