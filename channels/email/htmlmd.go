package email

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"github.com/JohannesKaufmann/dom"
	"github.com/JohannesKaufmann/html-to-markdown/v2/converter"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/base"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/commonmark"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/strikethrough"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/table"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// newConverter makes the converter from HTML to canonical Markdown.
func newConverter() *converter.Converter {
	c := converter.NewConverter(
		// The converter's own escaping takes quadratic time on hostile text.
		converter.WithEscapeMode(converter.EscapeModeDisabled),
		converter.WithPlugins(
			base.NewBasePlugin(),
			commonmark.NewCommonmarkPlugin(commonmark.WithListEndComment(false)),
			strikethrough.NewStrikethroughPlugin(),
			table.NewTablePlugin(table.WithNewlineBehavior(table.NewlineBehaviorPreserve), table.WithHeaderPromotion(true)),
		))
	angleBrackets := strings.NewReplacer("<", string(lessMark), ">", string(moreMark))
	c.Register.TextTransformer(func(_ converter.Context, text string) string {
		return nodeText(angleBrackets.Replace(text))
	}, converter.PriorityEarly)
	c.Register.RendererFor("a", converter.TagTypeInline, renderLink, converter.PriorityEarly)
	c.Register.RendererFor("img", converter.TagTypeInline, renderPicture, converter.PriorityEarly)
	return c
}

// Private-use letters that stand for "<" and ">", which the converter would write
// as entities, for "|" in a table, and for a backslash that is needed only if a
// line begins there, while the converter works.
const (
	lineMark = '\uE0FC'
	pipeMark = '\uE0FD'
	lessMark = '\uE0FE'
	moreMark = '\uE0FF'
)

// nodeText escapes one piece of HTML's text. Any piece may begin a line, and what
// stands beside it is not known.
func nodeText(s string) string {
	body := strings.TrimLeftFunc(s, unicode.IsSpace)
	if body == "" {
		return s
	}
	var b strings.Builder
	b.WriteString(s[:len(s)-len(body)])
	if n := blockMark(body); n > 0 {
		mark := string(lineMark)
		if strings.IndexByte("*_~", body[n-1]) >= 0 {
			mark = `\` // acts inside a line too
		}
		b.WriteString(body[:n-1] + mark + body[n-1:n])
		body = body[n:]
	}
	escapeRun(&b, "."+body+".", 1, len(body)+1)
	return b.String()
}

// writeMarks puts back what the private-use letters stand for, escaped where it
// could act.
func writeMarks(s string) string {
	if !strings.Contains(s, markPrefix) {
		return s
	}
	var b strings.Builder
	before := ' '
	begins := true // only marks of lists and quotes stand before on this line
	for _, r := range s {
		switch {
		case r == lineMark && begins:
			b.WriteByte('\\')
		case r == lineMark:
		case r == lessMark:
			b.WriteString(`\<`)
		case r == pipeMark:
			b.WriteString(`\|`)
		case r == moreMark && wordRune(before):
			b.WriteByte('>')
		case r == moreMark:
			b.WriteString(`\>`)
		default:
			b.WriteRune(r)
		}
		begins = r == '\n' || begins && (r == lineMark || strings.ContainsRune(" \t>+-*.)0123456789", r))
		before = r
	}
	return b.String()
}

// dropMarks removes private-use letters that a sender wrote.
func dropMarks(s string) string {
	if !strings.Contains(s, markPrefix) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r >= lineMark && r <= moreMark {
			return -1
		}
		return r
	}, s)
}

// markPrefix is how the private-use letters begin in UTF-8.
const markPrefix = "\xee\x83"

// markdown converts a body.
// Errors: the converter's.
func (t *htmlTools) markdown(body *html.Node) (string, error) {
	layOut(body)
	out, err := t.converter.ConvertNode(body)
	if err != nil {
		return "", fmt.Errorf("email: html: to markdown: %w", err)
	}
	return tidyLines(writeMarks(string(out))), nil
}

// tidyLines drops blanks before line ends, which are the converter's hard breaks
// (canonical Markdown breaks at every line end), and all but one empty line.
func tidyLines(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	blank := 0
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimRight(line, " \t"+nbsp)
		if line == "" {
			blank++
			continue
		}
		if b.Len() > 0 {
			b.WriteString("\n\n"[:1+min(blank, 1)])
		}
		blank = 0
		b.WriteString(line)
	}
	return strings.TrimSpace(b.String())
}

// renderLink writes a link, or only its text when its target is not for people.
func renderLink(ctx converter.Context, w converter.Writer, n *html.Node) converter.RenderStatus {
	href := strings.TrimSpace(attr(n, "href"))
	label := strings.Join(strings.Fields(dom.CollectText(n)), " ")
	if target, ok := plainTarget(href, label); ok {
		w.WriteString(target)
		return converter.RenderSuccess
	}
	var b strings.Builder
	ctx.RenderChildNodes(ctx.WithValue("is_inside_link", true), builderWriter{&b}, n)
	inner := b.String()
	content := strings.Join(strings.Fields(inner), " ")
	if content == "" || !linkable(href) {
		w.WriteString(inner)
		return converter.RenderSuccess
	}
	if strings.HasPrefix(inner, " ") {
		w.WriteString(" ")
	}
	w.WriteString("[" + content + "](" + destination(href) + ")")
	if host := foreignHost(label, href); host != "" {
		w.WriteString(" (" + host + ")") // the text names another place
	}
	if strings.HasSuffix(inner, " ") {
		w.WriteString(" ")
	}
	return converter.RenderSuccess
}

// builderWriter makes the converter's writer of a builder.
type builderWriter struct{ *strings.Builder }

// plainTarget gives a link whose text is its target as that target alone.
func plainTarget(href, label string) (string, bool) {
	if strings.ContainsAny(href, " <>\"`\\\n") || !linkable(href) {
		return "", false
	}
	switch lower := strings.ToLower(href); {
	case strings.HasPrefix(lower, "mailto:"), strings.HasPrefix(lower, "tel:"):
		_, address, _ := strings.Cut(href, ":")
		if address == label {
			return escaped(label), true
		}
	case href == label, strings.TrimSuffix(href, "/") == label:
		return bareURL(href), true
	}
	return "", false
}

// linkable reports whether a target may be a link: the web, mail, telephone.
func linkable(href string) bool {
	scheme, rest, found := strings.Cut(strings.ToLower(href), ":")
	if !found || rest == "" || len(href) > 4000 {
		return false
	}
	switch scheme {
	case "http", "https":
		return strings.HasPrefix(rest, "//") && len(rest) > 2
	case "mailto", "tel":
		return true
	}
	return false
}

// destination writes a target so that nothing in it ends the link.
func destination(href string) string {
	var b strings.Builder
	for i := range len(href) {
		switch c := href[i]; {
		case c <= ' ' || c == 0x7f || strings.IndexByte("()<>[]\\\"`|", c) >= 0:
			fmt.Fprintf(&b, "%%%02X", c)
		case c == '&' && entityPattern.MatchString(href[i:min(len(href), i+40)]):
			b.WriteString("&amp;")
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// hostInText finds the host that a link's text claims.
var hostInText = regexp.MustCompile(`(?i)^(?:https?://|www\.)([\p{L}\d\-]+(?:\.[\p{L}\d\-]+)+)`)

// foreignHost gives where a link really leads when its text names another host.
func foreignHost(label, href string) string {
	if !strings.Contains(label, ".") {
		return ""
	}
	if m := hostInText.FindStringSubmatch(label); m != nil {
		u, err := url.Parse(href)
		if err != nil || u.Host == "" {
			return ""
		}
		claimed := strings.TrimPrefix(strings.ToLower(m[1]), "www.")
		real := strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
		if claimed != real {
			return escaped(u.Hostname())
		}
	}
	return ""
}

// renderPicture writes a picture of the mail itself; others are text by now.
func renderPicture(_ converter.Context, w converter.Writer, n *html.Node) converter.RenderStatus {
	if src := attr(n, "src"); strings.HasPrefix(src, "cid:") {
		w.WriteString("![" + escaped(attr(n, "alt")) + "](" + destination(src) + ")")
	}
	return converter.RenderSuccess
}

// layOut makes a mail's HTML say in elements what it says in looks: tables that
// only place things become blocks, blocks of one line become lines, bare
// addresses become links.
func layOut(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		layOut(c)
	}
	switch {
	case n.Type == html.TextNode:
		n.Data = dropMarks(n.Data)
		if n.Parent != nil && !isWithin(n, atom.Pre) {
			n.Data = strings.ReplaceAll(n.Data, nbsp, " ")
		}
	case n.Type != html.ElementNode:
	case n.DataAtom == atom.Table && isDataTable(n):
		markPipes(n)
	case n.DataAtom == atom.Table:
		flatten(n)
	}
	joinLines(n)
	linkText(n)
}

// isWithin reports whether a node lies in an element of a kind.
func isWithin(n *html.Node, kind atom.Atom) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		if p.DataAtom == kind {
			return true
		}
	}
	return false
}

// linkText makes links of the addresses in the text directly below n.
func linkText(n *html.Node) {
	if n.DataAtom == atom.A || n.DataAtom == atom.Pre || n.DataAtom == atom.Code || isWithin(n, atom.A) || isWithin(n, atom.Pre) {
		return
	}
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		if c.Type == html.TextNode && strings.Contains(c.Data, "://") {
			at := 0
			for _, m := range findURLs(c.Data) {
				u := c.Data[m[0]:m[1]]
				insertText(n, c, c.Data[at:m[0]])
				a := &html.Node{Type: html.ElementNode, DataAtom: atom.A, Data: "a", Attr: []html.Attribute{{Key: "href", Val: u}}}
				a.AppendChild(&html.Node{Type: html.TextNode, Data: u})
				n.InsertBefore(a, c)
				at = m[1]
			}
			if at > 0 {
				c.Data = c.Data[at:]
			}
		}
		c = next
	}
}

// insertText puts text before a node, nothing for no text.
func insertText(parent, before *html.Node, text string) {
	if text != "" {
		parent.InsertBefore(&html.Node{Type: html.TextNode, Data: text}, before)
	}
}
