package card

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"parley/channels/markdown"
)

// characters reads what stands in n where there is no formatting: in code, and in the cell of a table. Behind the words of
// a link stands its address. Mentions, emoji, pictures and files count as they do elsewhere.
func (r *reader) characters(n *html.Node) string {
	switch {
	case n.Type == html.TextNode:
		return n.Data
	case n.Type != html.ElementNode:
		return ""
	case n.DataAtom == atom.Br:
		return "\n"
	case isMention(n):
		return r.mentioned(n)
	case isEmoji(n):
		return attr(n, "alt")
	case n.DataAtom == atom.Img:
		r.picture(n, markdown.Style{})
		return ""
	case n.Data == "attachment":
		r.file(n)
		return ""
	case hidden(n):
		return ""
	}
	words := r.charactersIn(n)
	if n.DataAtom == atom.A {
		return markdown.Run{Text: words, URL: attr(n, "href")}.Spelled()
	}
	return words
}

// charactersIn reads the children of n; a block among them has lines of its own.
func (r *reader) charactersIn(n *html.Node) string {
	var b strings.Builder
	ended := true // the line
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		words := r.characters(c)
		if block(c) {
			if !ended {
				b.WriteByte('\n')
			}
			words = strings.TrimSuffix(words, "\n") + "\n"
		}
		b.WriteString(words)
		ended = ended && words == "" || strings.HasSuffix(words, "\n")
	}
	return b.String()
}

// mentioned reads a mention; there is nothing of one of us.
func (r *reader) mentioned(n *html.Node) string {
	i, words := r.entity(n)
	if i < 0 {
		return words
	}
	m := r.typed.Mentions[i]
	if r.own(m) {
		r.used[i] = true
		return ""
	}
	id := r.resolve(i)
	if id == "" {
		r.nameOnly(m)
		return "@" + m.Name
	}
	inner := r.writer.Inner() // so that the token is known
	inner.User(id)
	r.writer.Mention(id)
	return inner.Plain()
}

// block says whether an element stands on lines of its own.
func block(n *html.Node) bool {
	switch n.DataAtom {
	case atom.P, atom.Div, atom.Li, atom.Tr, atom.Pre, atom.Blockquote, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return n.Type == html.ElementNode
	}
	return false
}

// hidden says whether people don't see an element, or whether it has words of somebody else (see quoted).
func hidden(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Head, atom.Title, atom.Template, atom.Iframe, atom.Object:
		return true
	case atom.Blockquote:
		kind := attr(n, "itemtype")
		return strings.HasSuffix(kind, "/Reply") || strings.HasSuffix(kind, "/Forward")
	}
	return n.Data == "systemeventmessage"
}
