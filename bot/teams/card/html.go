package card

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"parley/channels/markdown"
)

// reader reads a person's message. It collects inline pieces until their line ends, and writes the
// line breaks only before the next line.
type reader struct {
	writer *markdown.Writer
	typed  Typed
	used   []bool // mentions that were found
	out    Text
	line   []markdown.Run
	begun  bool // a part of the line is written already
	gap    int  // line breaks before the next line: 1, or 2 for an empty line
	spaced bool // the line has a space that was typed
	skip   bool // leave out the spaces that come next
	lists  int

	nameless []string // mentions of whom only the name is known
}

// html reads a message's HTML; false if it is too long or can't be parsed.
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

// text adds characters to the line. A run of plain spaces becomes one space, as HTML shows it; spaces
// that a person typed (U+00A0) all stay.
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

// flush writes what is collected of a line that ends, without the spaces at its end.
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

// flushRuns writes what is collected of a line, which may go on.
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

// begin writes the line breaks before a line, unless the line is begun already.
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

// newline ends a line where a person ended it; two in a row make an empty line.
func (r *reader) newline() {
	r.flush()
	if r.begun {
		r.gap, r.begun = 1, false
	} else {
		r.gap = 2
	}
	r.spaced = false
}

// edge ends a line where a block begins or ends. A block with nothing but spaces makes an empty
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

// apart ends a line, and has an empty line follow it, before or after a block that stands alone.
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

// inline reads an element within a line. It returns false if the caller has to read the children of n:
// n isn't such an element, or only changes the style or the link of its text.
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
	case isMention(n):
		r.at(n)
		return true
	case isEmoji(n):
		r.text(attr(n, "alt"), markdown.Style{}, "")
		return true
	case n.Data == "attachment":
		r.file(n)
		return true
	case n.Data == "systemeventmessage":
		return true
	}
	return false
}

func isMention(n *html.Node) bool {
	return n.Data == "at" || n.DataAtom == atom.Span && strings.HasSuffix(attr(n, "itemtype"), "/Mention")
}

// isEmoji says whether an element is an emoji, of which alt has the characters.
func isEmoji(n *html.Node) bool {
	picture := n.DataAtom == atom.Img && (strings.HasSuffix(attr(n, "itemtype"), "/Emoji") || attr(n, "src") == "")
	return picture || n.Data == "emoji" || n.Data == "customemoji"
}

// at reads an <at> element as a mention, if an entity belongs to it.
func (r *reader) at(n *html.Node) {
	i, words := r.entity(n)
	if i >= 0 {
		r.mention(i)
		return
	}
	r.text(words, markdown.Style{}, "")
}

// entity gives the index of the entity that belongs to an <at> element, -1 if there is none, and its words as people see them.
func (r *reader) entity(n *html.Node) (int, string) {
	words := content(n)
	index, err := strconv.Atoi(attr(n, "id") + attr(n, "itemid"))
	if err != nil {
		index = -1
	}
	return r.find(index, words), "@" + strings.TrimPrefix(words, "@")
}

// picture reads an <img> element: an emoji, or a picture that is treated as a file.
func (r *reader) picture(n *html.Node, st markdown.Style) {
	if isEmoji(n) {
		r.text(attr(n, "alt"), st, "")
		return
	}
	r.out.Images = append(r.out.Images, attr(n, "src"))
}

// file reads an <attachment> element, which stands for a file.
func (r *reader) file(n *html.Node) {
	if id := attr(n, "id"); id != "" {
		r.out.Files = append(r.out.Files, id)
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

// Words gives the words of a mention from its markup: "Ann Lee" for "<at>Ann Lee</at>".
func Words(markup string) string {
	words := strings.TrimSuffix(strings.TrimPrefix(markup, "<at>"), "</at>")
	return html.UnescapeString(words)
}
