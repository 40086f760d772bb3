package card

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"parley/channels/markdown"
)

// reader takes a person's message apart. Inline pieces are collected until their line
// ends; breaks are written before the next line.
type reader struct {
	writer *markdown.Writer
	typed  Typed
	used   []bool // mentions that were found
	out    Text
	line   []markdown.Run
	begun  bool // something of the line is written
	gap    int  // line breaks that come before what is written next: 1, or 2 for an empty line
	spaced bool // the line has a space that was typed
	skip   bool // spaces that follow are left out
	lists  int

	nameless []string // mentions of whom only the name is known
}

// html reads markup; false if it can't be parsed.
func (r *reader) html(markup string) bool {
	if len(markup) > htmlMostBytes {
		return false
	}
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(markup), body)
	if err != nil {
		return false
	}
	for _, n := range nodes {
		r.node(n, markdown.Style{}, "")
	}
	return true
}

// text adds characters to the line. Spaces of the source that people don't see are one
// space; those that they typed stay.
func (r *reader) text(s string, st markdown.Style, link string) {
	var b strings.Builder
	for _, c := range s {
		space := c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'
		switch {
		case (space || c == '\u00a0') && r.skip:
		case space && !strings.HasSuffix(b.String(), " ") && (b.Len() > 0 || !r.endsInSpace()):
			b.WriteByte(' ')
		case space:
		case c == '\u00a0':
			r.spaced = true
			b.WriteByte(' ')
		default:
			r.skip = false
			b.WriteRune(c)
		}
	}
	if b.Len() > 0 {
		r.line = append(r.line, markdown.Run{Text: b.String(), Style: st, URL: link})
	}
}

func (r *reader) endsInSpace() bool {
	last := len(r.line) - 1
	return last >= 0 && strings.HasSuffix(r.line[last].Text, " ")
}

// flush writes the line that ends here.
func (r *reader) flush() {
	for len(r.line) > 0 { // spaces at its end
		last := &r.line[len(r.line)-1]
		if last.Text = strings.TrimRight(last.Text, " "); last.Text != "" {
			break
		}
		r.line = r.line[:len(r.line)-1]
	}
	r.flushRuns()
}

// flushRuns writes what is collected of a line that goes on.
func (r *reader) flushRuns() {
	if !r.begun {
		for len(r.line) > 0 { // spaces at its beginning
			if r.line[0].Text = strings.TrimLeft(r.line[0].Text, " "); r.line[0].Text != "" {
				break
			}
			r.line = r.line[1:]
		}
	}
	if len(r.line) > 0 {
		r.begin()
		r.writer.Runs(r.line)
	}
	r.line = nil
}

// begin writes the breaks before a line.
func (r *reader) begin() {
	if r.begun {
		return
	}
	switch {
	case r.writer.Empty():
	case r.gap > 1:
		r.writer.Paragraph()
	case r.gap == 1:
		r.writer.BreakLine()
	}
	r.gap, r.begun = 0, true
}

// newline ends a line that people ended; one more makes an empty line.
func (r *reader) newline() {
	r.flush()
	if r.begun {
		r.gap, r.begun = 1, false
	} else {
		r.gap = 2
	}
	r.spaced = false
}

// edge ends a line where a block begins or ends. A block of nothing but spaces is an empty
// line.
func (r *reader) edge() {
	r.flush()
	switch {
	case r.begun:
		r.gap, r.begun = max(r.gap, 1), false
	case r.spaced:
		r.gap = 2
	}
	r.spaced = false
}

// apart ends a line before or after what stands alone.
func (r *reader) apart() {
	r.edge()
	r.gap = 2
}

func (r *reader) children(n *html.Node, st markdown.Style, link string) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		r.node(c, st, link)
	}
}

func (r *reader) node(n *html.Node, st markdown.Style, link string) {
	if n.Type == html.TextNode {
		r.text(n.Data, st, link)
		return
	}
	if n.Type != html.ElementNode {
		return
	}
	if r.inline(n, &st, &link) || r.standing(n) {
		return
	}
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Head, atom.Title, atom.Template, atom.Iframe, atom.Object:
	case atom.P, atom.Div, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Body, atom.Html:
		r.edge()
		r.children(n, st, link)
		r.edge()
	default:
		r.children(n, st, link)
	}
}

// inline reads what is within a line; false if n isn't, or only changes the style of what
// it holds.
func (r *reader) inline(n *html.Node, st *markdown.Style, link *string) bool {
	switch n.DataAtom {
	case atom.Br:
		r.newline()
		return true
	case atom.Strong, atom.B:
		st.Bold = true
	case atom.Em, atom.I:
		st.Italic = true
	case atom.S, atom.Strike, atom.Del:
		st.Strike = true
	case atom.Code:
		st.Code = true
	case atom.A:
		*link = attr(n, "href")
	case atom.Img:
		r.picture(n, *st)
		return true
	}
	switch {
	case n.Data == "at" || n.DataAtom == atom.Span && strings.HasSuffix(attr(n, "itemtype"), "/Mention"):
		r.at(n)
		return true
	case n.Data == "emoji" || n.Data == "customemoji":
		r.text(attr(n, "alt"), markdown.Style{}, "")
		return true
	case n.Data == "attachment":
		if id := attr(n, "id"); id != "" {
			r.out.Files = append(r.out.Files, id)
		}
		return true
	case n.Data == "systemeventmessage":
		return true
	}
	return false
}

// at reads a mention, if an entity says that it is one.
func (r *reader) at(n *html.Node) {
	words := content(n)
	index, err := strconv.Atoi(attr(n, "id") + attr(n, "itemid"))
	if err != nil {
		index = -1
	}
	if i := r.find(index, words); i >= 0 {
		r.mention(i)
		return
	}
	r.text("@"+strings.TrimPrefix(words, "@"), markdown.Style{}, "")
}

// picture reads an emoji, or a picture that is sent as a file.
func (r *reader) picture(n *html.Node, st markdown.Style) {
	src, kind := attr(n, "src"), attr(n, "itemtype")
	switch {
	case strings.HasSuffix(kind, "/Emoji") || src == "":
		r.text(attr(n, "alt"), st, "")
	default:
		r.out.Images = append(r.out.Images, src)
	}
}

// attr gives an attribute, "" if there is none.
func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// content gives the characters in n.
func content(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	if n.DataAtom == atom.Br {
		return "\n"
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(content(c))
	}
	return b.String()
}

// Words gives the words of a mention as it stands in text.
func Words(markup string) string {
	words := strings.TrimSuffix(strings.TrimPrefix(markup, "<at>"), "</at>")
	return html.UnescapeString(words)
}
