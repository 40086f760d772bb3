package markdown

import (
	"strings"

	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// This file converts replies, which Parley stores as Markdown, to WhatsApp's formatting, or to plain text for
// SMS. For example, "**Hi** [docs](https://x.test)" becomes "*Hi* docs: https://x.test". A mark is a
// character, such as *, that is written on both sides of a text to format it.

// Render converts canonical Markdown to WhatsApp's formatting. A link becomes its label and address. Marks
// inside a word are omitted, because WhatsApp would display them as characters. WhatsApp has no escape
// character, so characters of the text itself may be displayed as formatting.
func Render(source string) string { return render(source, true) }

// WamarkPlain converts canonical Markdown to plain text. Only struck text keeps its marks, because without them it would say
// what its author took back: "~50~ 40 euros". Plain indents with ordinary spaces: one no-break space would reduce the
// capacity of an SMS from 160 to 70 characters.
func WamarkPlain(source string) string { return strings.ReplaceAll(render(source, false), nbsp, " ") }

func render(source string, marks bool) string {
	src := []byte(strings.ReplaceAll(source, "\x00", ""))
	w := writer{src: src, marks: marks}
	layout := Layout{Source: src, Rule: "———", Code: w.codeText, Text: w.blockText}
	return layout.Write(New().Parser().Parse(text.NewReader(src)))
}

// writer converts a Markdown tree to text.
type writer struct {
	src   []byte // the Markdown source of the tree
	marks bool   // write WhatsApp's marks; false for plain text, which has struckMark only
}

// struckMark is the mark around text that its author struck.
const struckMark = "~"

// blockText returns the text of a block. Headings become bold.
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

// span is converted inline text, and the mark that belongs around it: "" for unformatted text.
type span struct{ mark, text string }

// inlineText converts the inline children of a node. inside has the marks that are already around it.
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

		before, _ := utf8.DecodeLastRuneInString(out.String()) // not a letter if nothing was written yet
		if isWordRune(before) || isWordNext(spans[i+1:]) {
			out.WriteString(s.text)
		} else {
			out.WriteString(w.withMarks(s.mark, s.text))
		}
	}

	return out.String()
}

// isWordNext reports whether spans begin with unformatted text that starts with a letter or digit.
func isWordNext(spans []span) bool {
	if len(spans) == 0 || spans[0].mark != "" {
		return false
	}
	first, _ := utf8.DecodeRuneInString(spans[0].text)
	return isWordRune(first)
}

// withMarks puts a mark around each line of s, because marks don't extend over line breaks.
func (w writer) withMarks(mark, s string) string {
	if !w.marks && mark != struckMark {
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

// renderSpan converts one inline node.
func (w writer) renderSpan(n ast.Node, inside string) span {
	switch n := n.(type) {
	case *ast.Text:
		s := Unescape(n.Value(w.src))
		if n.SoftLineBreak() || n.HardLineBreak() {
			s += "\n"
		}
		return span{text: s}
	case *ast.String:
		return span{text: string(n.Value)}
	case *ast.CodeSpan:
		return span{mark: "`", text: SpanText(n, w.src)}
	case *ast.Emphasis:
		if n.Level > 1 {
			return w.renderEmphasis(n, "*", inside)
		}
		return w.renderEmphasis(n, "_", inside)
	case *east.Strikethrough:
		return w.renderEmphasis(n, struckMark, inside)
	case *ast.Link:
		return span{text: linkText(w.inlineText(n, inside), Destination(n.Destination))}
	case *ast.Image:
		return span{text: linkText(w.inlineText(n, inside), Destination(n.Destination))}
	case *ast.AutoLink:
		return span{text: string(n.Label(w.src))}
	case *ast.RawHTML:
		raw, isBreak := HTML(n, w.src)
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

// renderEmphasis converts emphasized text. It sets no mark if the same mark is already around the text.
func (w writer) renderEmphasis(n ast.Node, mark, inside string) span {
	if strings.Contains(inside, mark) {
		return span{text: w.inlineText(n, inside)}
	}
	return span{mark: mark, text: w.inlineText(n, inside+mark)}
}

// linkText returns the label and address of a link, or only the address if both are the same.
func linkText(label, address string) string {
	if address == "" {
		return label
	}
	shown := ShownAddress(address)
	if label == "" || IsSameAddress(label, address) {
		return shown
	}
	return label + ": " + shown
}
