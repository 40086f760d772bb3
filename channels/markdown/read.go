package markdown

import (
	"net/url"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	gmtext "github.com/yuin/goldmark/text"
)

// Run is text with the same formatting throughout.
type Run struct {
	Text  string
	URL   string // if not empty, the text is a link: http, https, mailto or tel
	Style Style
}

// Kind says how a part of rich text is shown.
type Kind string

// Kinds of parts.
const (
	Section Kind = "section"
	Item    Kind = "item" // one item of a list
	Quote   Kind = "quote"
	Code    Kind = "code"
)

// Part is a paragraph, list item, quotation or code block.
type Part struct {
	Kind    Kind
	Runs    []Run
	Indent  int  // of an Item: how many lists contain its list
	Ordered bool // the Item has a number
	Number  int  // of an ordered Item
}

// Parts reads canonical Markdown. It drops nothing: HTML and images become text. A link whose label looks
// like another address becomes text, too. The same Markdown always has the same parts.
func Parts(md string) []Part {
	var parts []Part
	parser := New().Parser()
	insideLine := false // the chunk begins inside of a line
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

// addChildren adds the parts of a block's children.
func (r *reader) addChildren(n ast.Node, kind Kind, indent int) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		r.addBlock(c, kind, indent)
	}
}

// addBlock adds the parts of a block. kind is that of a paragraph here, and indent how many lists are around it.
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

// ruleText is what a rule, a line across, is in a chat.
const ruleText = "———"

func (r *reader) addPart(p Part) {
	if len(p.Runs) > 0 {
		r.parts = append(r.parts, p)
	}
}

// addList adds a part for each item. The first paragraph of an item is the item's own text; the blocks
// behind it are parts of their own.
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

// isParagraph reports whether a block is a paragraph; nil isn't one. In a list without empty lines, paragraphs are of another kind.
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

// inlineRuns returns the runs of a node's children. st and link are the formatting and the address that the
// children have from the nodes around them; link is "" outside of links.
func (r *reader) inlineRuns(n ast.Node, st Style, link string) []Run {
	var out []Run
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		out = append(out, r.spanRuns(c, st, link)...)
	}
	return out
}

func (r *reader) spanRuns(n ast.Node, st Style, link string) []Run {
	switch n := n.(type) {
	case *ast.Text:
		text := Unescape(n.Segment.Value(r.source))
		if n.SoftLineBreak() || n.HardLineBreak() {
			text += "\n"
		}
		return []Run{{Text: text, Style: st, URL: link}}
	case *ast.String:
		return []Run{{Text: string(n.Value), Style: st, URL: link}}
	case *ast.CodeSpan:
		st.Code = true
		return []Run{{Text: SpanText(n, r.source), Style: st, URL: link}}
	case *ast.Emphasis:
		if n.Level == 1 {
			st.Italic = true
		} else {
			st.Bold = true
		}
		return r.inlineRuns(n, st, link)
	case *extast.Strikethrough:
		st.Strike = true
		return r.inlineRuns(n, st, link)
	case *ast.Link:
		return r.linkRuns(n, st, Destination(n.Destination))
	case *ast.Image:
		dest := Destination(n.Destination)
		isPartOfMail := strings.HasPrefix(dest, "cid:") // its file stands beside the text, and its name is the label
		if isPartOfMail && n.HasChildren() {
			return r.inlineRuns(n, st, link)
		}
		return r.linkRuns(n, st, dest)
	case *ast.AutoLink:
		label := string(n.Label(r.source))
		return []Run{{Text: label, Style: st, URL: SafeURL(string(n.URL(r.source)), n.AutoLinkType == ast.AutoLinkEmail)}}
	case *ast.RawHTML:
		raw, isBreak := HTML(n, r.source)
		if isBreak {
			raw = []byte("\n")
		}
		return []Run{{Text: string(raw), Style: st, URL: link}}
	case *extast.TaskCheckBox:
		if n.IsChecked {
			return []Run{{Text: "☑ "}}
		}
		return []Run{{Text: "☐ "}}
	}

	return r.inlineRuns(n, st, link)
}

// linkRuns returns the runs of a link to dest:
//
//	a usual link                     the label, as a link
//	no label                         the address
//	the label names another address  the label as text, and behind it the real address as a link
//	chats don't link to dest         the label, and behind it the address, as text
func (r *reader) linkRuns(n ast.Node, st Style, dest string) []Run {
	target := SafeURL(dest, false)
	runs := r.inlineRuns(n, st, target)
	label := ""
	for _, run := range runs {
		label += run.Text
	}

	if dest == "" {
		return runs
	}
	if strings.TrimSpace(label) == "" {
		return []Run{{Text: dest, Style: st, URL: target}}
	}
	if target == "" {
		return append(runs, Run{Text: " (" + dest + ")", Style: st})
	}
	if isDeceptive(label, target) {
		return append(withoutURLs(runs), Run{Text: " (", Style: st}, Run{Text: target, Style: st, URL: target}, Run{Text: ")", Style: st})
	}

	return []Run{{Text: label, Style: st, URL: target}}
}

// withoutURLs returns a copy of runs in which none is a link.
func withoutURLs(runs []Run) []Run {
	out := slices.Clone(runs)
	for i := range out {
		out[i].URL = ""
	}
	return out
}

// maxURLBytes is the maximum length of a link's address: Slack and Teams refuse longer ones.
const maxURLBytes = 2900

// SafeURL returns address if chats may show it as a link, and "" otherwise. isMail says that it is a mail
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

// isDeceptive reports whether a label looks like another address than target, to which the link leads.
func isDeceptive(label, target string) bool {
	label = strings.ToLower(strings.TrimSpace(label))
	isOneWord := !strings.ContainsAny(label, " \n")
	mayBeAddress := strings.Contains(label, ".") || strings.Contains(label, "://")
	if !isOneWord || !mayBeAddress {
		return false
	}
	return shortAddress(label) != shortAddress(strings.ToLower(target))
}

// shortAddress returns an address without what people leave out when they type it.
func shortAddress(s string) string {
	for _, prefix := range []string{"https://", "http://", "mailto:", "tel:", "www."} {
		s = strings.TrimPrefix(s, prefix)
	}
	return strings.TrimSuffix(s, "/")
}
