package markdown

import (
	"net/url"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	gmtext "github.com/yuin/goldmark/text"
)

// Run is text of one formatting; with URL a link.
type Run struct {
	Text  string
	URL   string // http, https, mailto or tel
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
	Indent  int // Item
	Ordered bool
	Number  int // Item, Ordered: its number
}

// Parts reads canonical Markdown. Nothing in it is dropped: raw HTML and images
// become text, and a link's label can't pass for another address. The same text gives the same
// parts.
func Parts(md string) []Part {
	var parts []Part
	reading := New().Parser()
	broken := false // the chunk begins inside of a line
	for _, chunk := range chunks(md) {
		source := []byte(chunk)
		if broken {
			source = []byte(unbroken(chunk))
		}
		broken = !strings.HasSuffix(chunk, "\n")
		doc := reading.Parse(gmtext.NewReader(source))
		r := reader{source: source}
		r.children(doc, Section, 0)
		parts = append(parts, r.parts...)
	}
	return parts
}

// reader walks a Markdown tree.
type reader struct {
	source []byte
	parts  []Part
}

func (r *reader) children(n ast.Node, kind Kind, indent int) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		r.block(c, kind, indent)
	}
}

func (r *reader) block(n ast.Node, kind Kind, indent int) {
	switch n := n.(type) {
	case *ast.Heading:
		r.add(Part{Kind: kind, Runs: r.inline(n, Style{Bold: true}, "")})
	case *ast.Blockquote:
		r.children(n, Quote, indent)
	case *ast.List:
		r.list(n, indent)
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		r.add(Part{Kind: Code, Runs: []Run{{Text: strings.TrimSuffix(Lines(n, r.source), "\n")}}})
	case *ast.ThematicBreak:
		r.add(Part{Kind: kind, Runs: []Run{{Text: "———"}}})
	case *extast.Table:
		r.table(n)
	default:
		if n.Type() == ast.TypeBlock && n.FirstChild() != nil && n.FirstChild().Type() == ast.TypeBlock {
			r.children(n, kind, indent)
			return
		}
		r.add(Part{Kind: kind, Runs: r.inline(n, Style{}, "")})
	}
}

func (r *reader) add(p Part) {
	if len(p.Runs) > 0 {
		r.parts = append(r.parts, p)
	}
}

// list writes one part per item; what an item holds besides its first paragraph follows.
func (r *reader) list(l *ast.List, indent int) {
	number := l.Start
	for item := l.FirstChild(); item != nil; item = item.NextSibling() {
		p := Part{Kind: Item, Indent: min(indent, 8), Ordered: l.IsOrdered(), Number: number}
		number++
		first := item.FirstChild()
		if first != nil && (first.Kind() == ast.KindParagraph || first.Kind() == ast.KindTextBlock) {
			p.Runs = r.inline(first, Style{}, "")
			first = first.NextSibling()
		}
		if len(p.Runs) == 0 {
			p.Runs = []Run{{Text: " "}}
		}
		r.add(p)
		for c := first; c != nil; c = c.NextSibling() {
			r.block(c, Section, indent+1)
		}
	}
}

// table becomes code with bars: chats have no tables.
func (r *reader) table(t *extast.Table) {
	var b strings.Builder
	for row := t.FirstChild(); row != nil; row = row.NextSibling() {
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			if cell != row.FirstChild() {
				b.WriteString(" | ")
			}
			for _, run := range r.inline(cell, Style{}, "") {
				b.WriteString(strings.ReplaceAll(run.Text, "\n", " "))
			}
		}
		b.WriteByte('\n')
	}
	r.add(Part{Kind: Code, Runs: []Run{{Text: strings.TrimSuffix(b.String(), "\n")}}})
}

// inline gives the runs of a node's children.
func (r *reader) inline(n ast.Node, st Style, link string) []Run {
	var out []Run
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		out = append(out, r.span(c, st, link)...)
	}
	return out
}

func (r *reader) span(n ast.Node, st Style, link string) []Run {
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
		return r.inline(n, st, link)
	case *extast.Strikethrough:
		st.Strike = true
		return r.inline(n, st, link)
	case *ast.Link:
		return r.link(n, st, Destination(n.Destination))
	case *ast.Image:
		return r.link(n, st, Destination(n.Destination))
	case *ast.AutoLink:
		label := string(n.Label(r.source))
		return []Run{{Text: label, Style: st, URL: SafeURL(string(n.URL(r.source)), n.AutoLinkType == ast.AutoLinkEmail)}}
	case *ast.RawHTML:
		raw, breaks := HTML(n, r.source)
		if breaks {
			raw = []byte("\n")
		}
		return []Run{{Text: string(raw), Style: st, URL: link}}
	case *extast.TaskCheckBox:
		if n.IsChecked {
			return []Run{{Text: "☑ "}}
		}
		return []Run{{Text: "☐ "}}
	}
	return r.inline(n, st, link)
}

// link keeps a label only where it can't pass for another address. An address that is no link for
// a chat stands behind the label as text.
func (r *reader) link(n ast.Node, st Style, dest string) []Run {
	target := SafeURL(dest, false)
	runs := r.inline(n, st, target)
	label := ""
	for i := range runs {
		label += runs[i].Text
	}
	switch {
	case dest == "":
		return runs
	case strings.TrimSpace(label) == "":
		return []Run{{Text: dest, Style: st, URL: target}}
	case target == "":
		return append(runs, Run{Text: " (" + dest + ")", Style: st})
	case deceptive(label, target):
		return append(runs2text(runs), Run{Text: " (", Style: st}, Run{Text: target, Style: st, URL: target}, Run{Text: ")", Style: st})
	}
	return []Run{{Text: label, Style: st, URL: target}}
}

func runs2text(runs []Run) []Run {
	out := slices.Clone(runs)
	for i := range out {
		out[i].URL = ""
	}
	return out
}

// urlBytes is how long the address of a link may be: Slack and Teams refuse longer ones.
const urlBytes = 2900

// SafeURL gives an address that may be shown as a link, "" for others.
func SafeURL(s string, email bool) string {
	if email && !strings.HasPrefix(s, "mailto:") {
		s = "mailto:" + s
	}
	u, err := url.Parse(s)
	if err != nil || len(s) > urlBytes {
		return ""
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https":
		if u.Host == "" {
			return ""
		}
		return s
	case "mailto", "tel":
		return s
	}
	return ""
}

// deceptive tells that a label looks like an address other than the one it leads to.
func deceptive(label, target string) bool {
	label = strings.ToLower(strings.TrimSpace(label))
	if strings.ContainsAny(label, " \n") || !strings.Contains(label, ".") && !strings.Contains(label, "://") {
		return false
	}
	strip := func(s string) string {
		for _, p := range []string{"https://", "http://", "mailto:", "tel:", "www."} {
			s = strings.TrimPrefix(s, p)
		}
		return strings.TrimSuffix(s, "/")
	}
	return strip(label) != strip(strings.ToLower(target))
}
