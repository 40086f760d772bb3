package markdown

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	gmtext "github.com/yuin/goldmark/text"
)

// Run is a piece of text with uniform formatting.
type Run struct {
	Text  string
	URL   string // if not empty, the text links to it: http, https, mailto or tel
	Style Style
}

// Kind is the kind of a Part.
type Kind string

// Kinds of parts.
const (
	Section Kind = "section"
	Item    Kind = "item" // one item of a list
	Quote   Kind = "quote"
	Code    Kind = "code"
)

// Part is a paragraph, list item, quotation or code block. For example, "Hello *Ann*" is one Section with the
// runs "Hello " and "Ann", of which the second is italic.
type Part struct {
	Kind    Kind
	Runs    []Run
	Indent  int  // Item: how many lists contain its list
	Ordered bool // Item: whether it has a number
	Number  int  // Item: its number, if Ordered
}

// Bullet returns what stands before the text of an Item: "•", or its number as "2.".
func (p Part) Bullet() string {
	if p.Ordered {
		return strconv.Itoa(p.Number) + "."
	}
	return "•"
}

// Parts parses canonical Markdown for chats, which show text as a list of parts without deeper structure. It
// drops nothing: HTML and images become text, and so does a link whose label looks like a different address.
// It is deterministic.
func Parts(md string) []Part {
	var parts []Part
	parser := New().Parser()
	insideLine := false // whether the chunk begins in the middle of a line
	for _, chunk := range splitChunks(md) {
		source := []byte(chunk)
		if insideLine {
			source = []byte(escapeFirstChar(chunk))
		}

		insideLine = !strings.HasSuffix(chunk, "\n")
		doc := parser.Parse(gmtext.NewReader(source))
		r := reader{source: source}
		r.addChildren(doc, Section, 0)
		parts = append(parts, r.parts...)
	}

	return parts
}

// reader walks a Markdown tree and collects its parts.
type reader struct {
	source []byte
	parts  []Part
}

// addChildren adds the parts of a block's children. See addBlock.
func (r *reader) addChildren(n ast.Node, kind Kind, indent int) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		r.addBlock(c, kind, indent)
	}
}

// addBlock adds the parts of a block. kind is the kind of paragraphs at this place, and indent the number of
// enclosing lists.
func (r *reader) addBlock(n ast.Node, kind Kind, indent int) {
	switch n := n.(type) {
	case *ast.Heading:
		r.addPart(Part{Kind: kind, Runs: r.inlineRuns(n, Style{Bold: true}, "")})
	case *ast.Blockquote:
		r.addChildren(n, Quote, indent)
	case *ast.List:
		r.addList(n, indent)
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		r.addPart(Part{Kind: Code, Runs: []Run{{Text: strings.TrimSuffix(Lines(n, r.source), "\n")}}})
	case *ast.ThematicBreak:
		r.addPart(Part{Kind: kind, Runs: []Run{{Text: ruleText}}})
	case *extast.Table:
		r.addTable(n)
	default:
		if first := n.FirstChild(); first != nil && first.Type() == ast.TypeBlock {
			r.addChildren(n, kind, indent)
			return
		}
		r.addPart(Part{Kind: kind, Runs: r.inlineRuns(n, Style{}, "")})
	}
}

// ruleText represents a thematic break in a chat.
const ruleText = "———"

func (r *reader) addPart(p Part) {
	if len(p.Runs) > 0 {
		r.parts = append(r.parts, p)
	}
}

// addList adds a part for each item. The first paragraph of an item is the text of that part. The blocks
// after it become parts of their own.
func (r *reader) addList(l *ast.List, indent int) {
	number := l.Start
	for item := l.FirstChild(); item != nil; item = item.NextSibling() {
		p := Part{Kind: Item, Indent: min(indent, maxNesting), Ordered: l.IsOrdered(), Number: number}
		number++
		block := item.FirstChild()
		if isParagraph(block) {
			p.Runs = r.inlineRuns(block, Style{}, "")
			block = block.NextSibling()
		}
		if len(p.Runs) == 0 {
			p.Runs = []Run{{Text: " "}} // an item without text still shows its mark
		}

		r.addPart(p)
		for ; block != nil; block = block.NextSibling() {
			r.addBlock(block, Section, indent+1)
		}
	}
}

// isParagraph reports whether a block, which may be nil, is a paragraph. In a list without empty lines,
// goldmark's paragraphs are TextBlocks.
func isParagraph(block ast.Node) bool {
	if block == nil {
		return false
	}
	return block.Kind() == ast.KindParagraph || block.Kind() == ast.KindTextBlock
}

// addTable adds a table as code, with bars between the cells, because chats have no tables.
func (r *reader) addTable(t *extast.Table) {
	var b strings.Builder
	for row := t.FirstChild(); row != nil; row = row.NextSibling() {
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			if cell != row.FirstChild() {
				b.WriteString(" | ")
			}
			for _, run := range r.inlineRuns(cell, Style{}, "") {
				b.WriteString(strings.ReplaceAll(run.Text, "\n", " "))
			}
		}
		b.WriteByte('\n')
	}
	r.addPart(Part{Kind: Code, Runs: []Run{{Text: strings.TrimSuffix(b.String(), "\n")}}})
}

// inlineRuns returns the runs of a node's children. style and link are the formatting and the address of the
// enclosing nodes; link is "" outside of links.
func (r *reader) inlineRuns(n ast.Node, style Style, link string) []Run {
	var out []Run
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		out = append(out, r.spanRuns(c, style, link)...)
	}
	return out
}

// spanRuns returns the runs of one inline node. See inlineRuns.
func (r *reader) spanRuns(n ast.Node, style Style, link string) []Run {
	switch n := n.(type) {
	case *ast.Text:
		text := Unescape(n.Segment.Value(r.source))
		if n.SoftLineBreak() || n.HardLineBreak() {
			text += "\n"
		}
		return []Run{{Text: text, Style: style, URL: link}}
	case *ast.String:
		return []Run{{Text: string(n.Value), Style: style, URL: link}}
	case *ast.CodeSpan:
		style.Code = true
		return []Run{{Text: SpanText(n, r.source), Style: style, URL: link}}
	case *ast.Emphasis:
		if n.Level == 1 {
			style.Italic = true
		} else {
			style.Bold = true
		}
		return r.inlineRuns(n, style, link)
	case *extast.Strikethrough:
		style.Strike = true
		return r.inlineRuns(n, style, link)
	case *ast.Link:
		return r.linkRuns(n, style, Destination(n.Destination))
	case *ast.Image:
		dest := Destination(n.Destination)
		isPartOfMail := strings.HasPrefix(dest, "cid:") // its file is an attachment, and its label is the file's name
		if isPartOfMail && n.HasChildren() {
			return r.inlineRuns(n, style, link)
		}
		return r.linkRuns(n, style, dest)
	case *ast.AutoLink:
		label := string(n.Label(r.source))
		return []Run{{Text: label, Style: style, URL: SafeURL(string(n.URL(r.source)), n.AutoLinkType == ast.AutoLinkEmail)}}
	case *ast.RawHTML:
		raw, isBreak := HTML(n, r.source)
		if isBreak {
			raw = []byte("\n")
		}
		return []Run{{Text: string(raw), Style: style, URL: link}}
	case *extast.TaskCheckBox:
		if n.IsChecked {
			return []Run{{Text: "☑ "}}
		}
		return []Run{{Text: "☐ "}}
	}

	return r.inlineRuns(n, style, link)
}

// linkRuns returns the runs of a link to dest:
//
//	ordinary link                  the label, as a link
//	no label                       the address
//	label names another address    the label as text, and the real address in parentheses, as a link
//	chats don't link to dest       the label and the address in parentheses, as text
func (r *reader) linkRuns(n ast.Node, style Style, dest string) []Run {
	const isMail = false
	target := SafeURL(dest, isMail)
	runs := r.inlineRuns(n, style, target)
	label := ""
	for _, run := range runs {
		label += run.Text
	}

	switch {
	case dest == "":
		return runs
	case strings.TrimSpace(label) == "":
		return []Run{{Text: dest, Style: style, URL: target}}
	case target == "":
		return append(runs, Run{Text: " (" + dest + ")", Style: style})
	case isDeceptive(label, target):
		return append(withoutURLs(runs),
			Run{Text: " (", Style: style},
			Run{Text: target, Style: style, URL: target},
			Run{Text: ")", Style: style})
	default:
		return []Run{{Text: label, Style: style, URL: target}}
	}
}

// withoutURLs returns a copy of runs without links.
func withoutURLs(runs []Run) []Run {
	out := slices.Clone(runs)
	for i := range out {
		out[i].URL = ""
	}
	return out
}

// maxURLBytes is the maximum length of a link's address. Slack and Teams reject longer ones.
const maxURLBytes = 2900

// SafeURL returns address if chats may show it as a link, and "" otherwise. isMail states that it is a mail
// address, with or without "mailto:".
func SafeURL(address string, isMail bool) string {
	if isMail && !strings.HasPrefix(address, "mailto:") {
		address = "mailto:" + address
	}

	u, err := url.Parse(address)
	if err != nil || len(address) > maxURLBytes {
		return ""
	}

	switch strings.ToLower(u.Scheme) {
	case "http", "https":
		if u.Host == "" {
			return ""
		}
		return address
	case "mailto", "tel":
		return address
	}

	return ""
}

// isDeceptive reports whether a label looks like an address, but not the address to which the link leads (target).
func isDeceptive(label, target string) bool {
	label = strings.ToLower(strings.TrimSpace(label))
	isOneWord := !strings.ContainsAny(label, " \n")
	mayBeAddress := strings.Contains(label, ".") || strings.Contains(label, "://")
	if !isOneWord || !mayBeAddress {
		return false
	}
	return shortAddress(label) != shortAddress(strings.ToLower(target))
}

// shortAddress returns an address without the parts that people usually omit.
func shortAddress(s string) string {
	for _, prefix := range []string{"https://", "http://", "mailto:", "tel:", "www."} {
		s = strings.TrimPrefix(s, prefix)
	}
	return strings.TrimSuffix(s, "/")
}
