package card

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"parley/channels/markdown"
)

// A reader (see html.go) turns the HTML of a person's message into Markdown. The methods in this file read code and
// the cells of tables, which have no formatting: <td><b>12</b> kg</td> gives "12 kg".

// readCharacters returns the text of n without formatting, with the address of a link after its words. Mentions,
// emoji, pictures and files are recorded as in other text.
func (r *reader) readCharacters(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	if n.Type != html.ElementNode {
		return ""
	}

	switch {
	case n.DataAtom == atom.Br:
		return "\n"
	case isMention(n):
		return r.readMentionText(n)
	case isEmoji(n):
		return attributeOf(n, "alt")
	case n.DataAtom == atom.Img:
		r.readImage(n, markdown.Style{})
		return ""
	case n.Data == "attachment":
		r.readFile(n)
		return ""
	case isHidden(n):
		return ""
	}

	words := r.readChildCharacters(n)
	if n.DataAtom == atom.A {
		return markdown.Run{Text: words, URL: attributeOf(n, "href")}.Spelled()
	}

	return words
}

// readChildCharacters returns the text of the children of n. Each block among them is on lines of its own.
func (r *reader) readChildCharacters(n *html.Node) string {
	var b strings.Builder
	lineEnded := true
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		words := r.readCharacters(c)
		if isBlock(c) {
			if !lineEnded {
				b.WriteByte('\n')
			}
			words = strings.TrimSuffix(words, "\n") + "\n"
		}

		b.WriteString(words)

		if words != "" {
			lineEnded = strings.HasSuffix(words, "\n")
		}
	}

	return b.String()
}

// readMentionText returns the text of a mention; "" for a mention of our app.
func (r *reader) readMentionText(n *html.Node) string {
	i, words := r.entityOf(n)
	hasEntity := i >= 0
	if !hasEntity {
		r.noteWithoutEntity(words)
		return words
	}

	m := r.typed.Mentions[i]
	if r.isMentionOfUs(m) {
		r.used[i] = true
		return ""
	}

	id := r.useEntity(i)
	if id == "" {
		r.noteNameOnly(m)
		return "@" + m.Name
	}

	inner := r.writer.Inner() // shares its tokens with the writer of the whole text
	inner.User(id)
	r.writer.Mention(id)
	return inner.Plain()
}

// isBlock reports whether an element is on lines of its own.
func isBlock(n *html.Node) bool {
	switch n.DataAtom {
	case atom.P, atom.Div, atom.Li, atom.Tr, atom.Pre, atom.Blockquote, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return n.Type == html.ElementNode
	}
	return false
}

// isHidden reports whether people don't see an element, or whether its words are somebody else's (see noteQuote).
func isHidden(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Head, atom.Title, atom.Template, atom.Iframe, atom.Object:
		return true
	case atom.Blockquote:
		return isOthersMessage(n)
	}
	return n.Data == "systemeventmessage"
}

// isOthersMessage reports whether a blockquote is a quoted or forwarded message.
func isOthersMessage(n *html.Node) bool {
	kind := attributeOf(n, "itemtype")
	return strings.HasSuffix(kind, "/Reply") || strings.HasSuffix(kind, "/Forward")
}
