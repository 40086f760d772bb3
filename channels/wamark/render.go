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

// This file writes a reply, which Parley keeps as Markdown, in WhatsApp's formatting ("marks": *bold*, _italic_), or
// as plain text for SMS.

// Render writes canonical Markdown with WhatsApp's marks. It leaves out marks inside a word, which WhatsApp would
// show as signs. A link becomes its words and its address. WhatsApp can't escape a sign, so signs in the text itself
// may become formatting there.
func Render(source string) string { return render(source, true) }

// Plain writes canonical Markdown as plain text, without marks. It indents with spaces, because a single no-break
// space would cut an SMS from 160 to 70 characters.
func Plain(source string) string { return strings.ReplaceAll(render(source, false), nbsp, " ") }

func render(source string, marks bool) string {
	src := []byte(strings.ReplaceAll(source, "\x00", ""))
	w := writer{src: src, marks: marks}
	layout := markdown.Layout{Source: src, Rule: "———", Code: w.codeText, Text: w.blockText}
	return layout.Write(markdown.New().Parser().Parse(text.NewReader(src)))
}

// writer writes a Markdown tree.
type writer struct {
	src   []byte
	marks bool
}

// blockText writes what stands in a block; headings are bold.
func (w writer) blockText(block ast.Node) string {
	if block.Kind() == ast.KindHeading {
		return w.withMarks("*", strings.Trim(w.inlineText(block, "*"), "\n"))
	}
	return w.inlineText(block, "")
}

func (w writer) codeText(code string) string {
	if w.marks {
		return "```\n" + code + "\n```"
	}
	return code
}

// span is rendered inline text with the mark that belongs around it. The mark is "" for text without formatting.
type span struct{ mark, text string }

// inlineText writes the inline children of a node. inside holds the marks around it.
func (w writer) inlineText(parent ast.Node, inside string) string {
	var spans []span
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		spans = append(spans, w.renderSpan(n, inside))
	}

	var out strings.Builder
	for i, s := range spans {
		if s.mark == "" {
			out.WriteString(s.text)
			continue
		}

		before, _ := utf8.DecodeLastRuneInString(out.String()) // no letter if nothing was written yet
		if isWordRune(before) || isWordNext(spans[i+1:]) {
			out.WriteString(s.text)
		} else {
			out.WriteString(w.withMarks(s.mark, s.text))
		}
	}

	return out.String()
}

// isWordNext reports whether the first of some spans is text without a mark that begins with a letter or digit.
func isWordNext(spans []span) bool {
	if len(spans) == 0 || spans[0].mark != "" {
		return false
	}
	first, _ := utf8.DecodeRuneInString(spans[0].text)
	return isWordRune(first)
}

// withMarks puts a mark around each line: marks don't reach over line ends.
func (w writer) withMarks(mark, s string) string {
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

func (w writer) renderSpan(n ast.Node, inside string) span {
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
			return w.renderEmphasis(n, "*", inside)
		}
		return w.renderEmphasis(n, "_", inside)
	case *east.Strikethrough:
		return w.renderEmphasis(n, "~", inside)
	case *ast.Link:
		return span{text: linkText(w.inlineText(n, inside), markdown.Destination(n.Destination))}
	case *ast.Image:
		return span{text: linkText(w.inlineText(n, inside), markdown.Destination(n.Destination))}
	case *ast.AutoLink:
		return span{text: string(n.Label(w.src))}
	case *ast.RawHTML:
		raw, isBreak := markdown.HTML(n, w.src)
		if isBreak {
			raw = []byte("\n")
		}
		return span{text: string(raw)}
	case *east.TaskCheckBox:
		if n.IsChecked {
			return span{text: "☑ "}
		}
		return span{text: "☐ "}
	}

	return span{text: w.inlineText(n, inside)}
}

// renderEmphasis renders emphasised text. It adds the mark only if no mark of the same kind is around the text.
func (w writer) renderEmphasis(n ast.Node, mark, inside string) span {
	if strings.Contains(inside, mark) {
		return span{text: w.inlineText(n, inside)}
	}
	return span{mark: mark, text: w.inlineText(n, inside+mark)}
}

// linkText returns the label of a link and its address, or only the address if the label is the same.
func linkText(label, address string) string {
	if address == "" {
		return label
	}
	shown := markdown.ShownAddress(address)
	if label == "" || markdown.IsSameAddress(label, address) {
		return shown
	}
	return label + ": " + shown
}

// isWordRune reports whether r is part of a word.
func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
