package card

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"parley/channels/markdown"
)

// reader reads the HTML of a person's message and writes it as Markdown:
//
//	<p>Hi <at id="0">Ann</at>, it is <b>fixed</b>.</p>   →   Hi <@id of Ann>, it is **fixed**.
//
// It collects the pieces of a line until the line ends. It writes line breaks only before the next line, so that the
// text doesn't end in line breaks. Methods in blocks.go read lists, tables and other blocks, methods in typed.go read
// mentions, and methods in characters.go read code.
type reader struct {
	// Input.
	writer *markdown.Writer
	typed  Typed
	used   []bool // by the index of a mention in typed: it was found in the text

	// The state of the current line.
	line          []markdown.Run // the pieces that are not written yet
	lineBegun     bool           // the line breaks before the line are written
	breaks        int            // what comes before the next line: noBreak, lineBreak or emptyLine
	hasTypedSpace bool           // the line has a space that the person typed (U+00A0)
	skipSpaces    bool           // leave out spaces until other text comes; set after a mention of our app
	listDepth     int

	// Output.
	out      Text
	nameOnly []string // mentions of which only the name is known
}

// The line breaks between two lines.
const (
	noBreak   = 0 // for the first line of a text or of a list item
	lineBreak = 1
	emptyLine = 2
)

// readHTML reads a message's HTML. It returns false if the HTML is too long or can't be parsed.
func (r *reader) readHTML(markup string) bool {
	if len(markup) > maxHTMLBytes {
		return false
	}
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(markup), body)
	if err != nil {
		return false
	}
	for _, n := range nodes {
		r.readNode(n, markdown.Style{}, "")
	}
	return true
}

// addText adds characters to the line. Several plain spaces become one, as in HTML. Spaces that a person typed
// (U+00A0) are all kept.
func (r *reader) addText(s string, style markdown.Style, link string) {
	const typedSpace = '\u00a0'
	var b strings.Builder
	isAfterSpace := r.hasSpaceAtEnd()
	for _, c := range s {
		if !isPlainSpace(c) && c != typedSpace {
			r.skipSpaces = false
			b.WriteRune(c)
			isAfterSpace = false
			continue
		}

		if r.skipSpaces {
			continue
		}

		if c == typedSpace {
			r.hasTypedSpace = true
		} else if isAfterSpace {
			continue
		}

		b.WriteByte(' ')
		isAfterSpace = true
	}

	if b.Len() > 0 {
		r.line = append(r.line, markdown.Run{Text: b.String(), Style: style, URL: link})
	}
}

// isPlainSpace reports whether c is white space that HTML collapses.
func isPlainSpace(c rune) bool {
	return strings.ContainsRune(" \t\n\r\f", c)
}

// hasSpaceAtEnd reports whether the collected pieces of the line end in a space.
func (r *reader) hasSpaceAtEnd() bool {
	last := len(r.line) - 1
	return last >= 0 && strings.HasSuffix(r.line[last].Text, " ")
}

// flushLine writes the collected pieces of a line that ends here, without spaces at its end.
func (r *reader) flushLine() {
	for len(r.line) > 0 {
		last := &r.line[len(r.line)-1]
		last.Text = strings.TrimRight(last.Text, " ")
		if last.Text != "" {
			break
		}
		r.line = r.line[:len(r.line)-1]
	}
	r.flushRuns()
}

// flushRuns writes the collected pieces of a line that may continue, without spaces at its beginning.
func (r *reader) flushRuns() {
	if !r.lineBegun {
		for len(r.line) > 0 {
			first := &r.line[0]
			first.Text = strings.TrimLeft(first.Text, " ")
			if first.Text != "" {
				break
			}

			r.line = r.line[1:]
		}
	}

	if len(r.line) > 0 {
		r.beginLine()
		r.writer.Runs(r.line)
	}

	r.line = nil
}

// beginLine writes the line breaks before a line if that hasn't been done.
func (r *reader) beginLine() {
	if r.lineBegun {
		return
	}
	if !r.writer.Empty() {
		switch r.breaks {
		case lineBreak:
			r.writer.BreakLine()
		case emptyLine:
			r.writer.Paragraph()
		}
	}
	r.breaks, r.lineBegun = noBreak, true
}

// endLine ends a line where the person typed a line break. Two in succession make an empty line.
func (r *reader) endLine() {
	r.flushLine()
	if r.lineBegun {
		r.breaks, r.lineBegun = lineBreak, false
	} else {
		r.breaks = emptyLine
	}
	r.hasTypedSpace = false
}

// endBlock ends a line where a block begins or ends. A block with only typed spaces makes an empty line.
func (r *reader) endBlock() {
	r.flushLine()
	switch {
	case r.lineBegun:
		r.breaks, r.lineBegun = max(r.breaks, lineBreak), false
	case r.hasTypedSpace:
		r.breaks = emptyLine
	}
	r.hasTypedSpace = false
}

// endBlockWithGap ends a line, to be followed by an empty line.
func (r *reader) endBlockWithGap() {
	r.endBlock()
	r.breaks = emptyLine
}

func (r *reader) readChildren(n *html.Node, style markdown.Style, link string) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		r.readNode(c, style, link)
	}
}

// readNode reads text or an element. style and link are those of the surrounding element. readInline and readBlock
// (in blocks.go) handle the elements for which it isn't enough to read their children.
func (r *reader) readNode(n *html.Node, style markdown.Style, link string) {
	if n.Type == html.TextNode {
		r.addText(n.Data, style, link)
		return
	}
	if n.Type != html.ElementNode {
		return
	}

	style = styleIn(n, style)

	if n.DataAtom == atom.A {
		link = attributeOf(n, "href")
	}
	if r.readInline(n, style) || r.readBlock(n) {
		return
	}

	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Head, atom.Title, atom.Template, atom.Iframe, atom.Object: // people don't see it
	case atom.P, atom.Div, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Body, atom.Html:
		r.endBlock()
		r.readChildren(n, style, link)
		r.endBlock()
	default:
		r.readChildren(n, style, link)
	}
}

// styleIn returns the style of the text in an element, given the style of the text around it.
func styleIn(n *html.Node, style markdown.Style) markdown.Style {
	switch n.DataAtom {
	case atom.Strong, atom.B:
		style.Bold = true
	case atom.Em, atom.I:
		style.Italic = true
	case atom.S, atom.Strike, atom.Del:
		style.Strike = true
	case atom.Code:
		style.Code = true
	}
	return style
}

// readInline reads a line break, picture, video, recording, mention, emoji or file. It returns false if n is none of
// these.
func (r *reader) readInline(n *html.Node, style markdown.Style) bool {
	switch n.DataAtom {
	case atom.Br:
		r.endLine()
		return true
	case atom.Img:
		r.readImage(n, style)
		return true
	case atom.Video:
		r.out.Clips = append(r.out.Clips, "video")
		return true
	case atom.Audio:
		r.out.Clips = append(r.out.Clips, "recording")
		return true
	}

	if isMention(n) {
		r.readMention(n)
		return true
	}

	switch n.Data {
	case "emoji":
		r.addText(attributeOf(n, "alt"), style, "")
		return true
	case "customemoji": // a picture of the organisation's own; alt is its name
		if name := strings.Trim(attributeOf(n, "alt"), ":"); name != "" {
			r.addText(":"+name+":", style, "")
		}
		return true
	case "attachment":
		r.readFile(n)
		return true
	case "systemeventmessage": // such as "Ann joined the team", which nobody typed
		return true
	}

	return false
}

// isMention reports whether an element is a mention, as the webhook (<at>) or Graph (<span>) writes it.
func isMention(n *html.Node) bool {
	if n.Data == "at" {
		return true
	}
	return n.DataAtom == atom.Span && strings.HasSuffix(attributeOf(n, "itemtype"), "/Mention")
}

// isEmoji reports whether an element is an emoji: an <emoji> element, or a picture of one. Its attribute alt has the
// characters. A picture without an address counts, too: it has no file to read, but alt may have text.
func isEmoji(n *html.Node) bool {
	if n.DataAtom != atom.Img {
		return n.Data == "emoji" || n.Data == "customemoji"
	}
	return strings.HasSuffix(attributeOf(n, "itemtype"), "/Emoji") || attributeOf(n, "src") == ""
}

func (r *reader) readMention(n *html.Node) {
	i, words := r.entityOf(n)
	hasEntity := i >= 0
	if hasEntity {
		r.writeMention(i)
		return
	}
	r.noteWithoutEntity(words)
	r.addText(words, markdown.Style{}, "")
}

// noteWithoutEntity records an <at> element that has no entity, so that Teams doesn't say whom it mentions. A person
// can't have typed it, because typed markup arrives escaped. It never counts as a mention of our app, which would make
// the text a command.
func (r *reader) noteWithoutEntity(words string) {
	r.noteNameOnly(TypedMention{Name: strings.TrimPrefix(words, "@")})
}

// entityOf returns the index in Typed.Mentions of an <at> element's entity, or -1 if it has none, and the element's
// words as people see them.
func (r *reader) entityOf(n *html.Node) (int, string) {
	words := textContent(n)
	index, err := strconv.Atoi(attributeOf(n, "id") + attributeOf(n, "itemid")) // an <at> has an id, a <span> an itemid
	if err != nil {
		index = -1
	}
	return r.findEntity(index, words), "@" + strings.TrimPrefix(words, "@")
}

// readImage reads an <img> element: an emoji, a picture that counts as a file, or a GIF or sticker.
func (r *reader) readImage(n *html.Node, style markdown.Style) {
	if isEmoji(n) {
		r.addText(attributeOf(n, "alt"), style, "")
		return
	}
	switch itemType := attributeOf(n, "itemtype"); {
	case strings.HasSuffix(itemType, "/Giphy"), strings.HasSuffix(itemType, "/Tenor"):
		r.out.Clips = append(r.out.Clips, "GIF")
	case strings.HasSuffix(itemType, "/Sticker"):
		r.out.Clips = append(r.out.Clips, "sticker")
	default:
		r.out.Images = append(r.out.Images, attributeOf(n, "src"))
	}
}

// readFile reads an <attachment> element, which stands for a file.
func (r *reader) readFile(n *html.Node) {
	if id := attributeOf(n, "id"); id != "" {
		r.out.Files = append(r.out.Files, id)
	}
}

// attributeOf returns the value of an attribute; "" if n doesn't have it.
func attributeOf(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func textContent(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	if n.DataAtom == atom.Br {
		return "\n"
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(textContent(c))
	}
	return b.String()
}

// Words returns the words of a mention from its markup: "Ann Lee" for "<at>Ann Lee</at>".
func Words(markup string) string {
	words := strings.TrimSuffix(strings.TrimPrefix(markup, "<at>"), "</at>")
	return html.UnescapeString(words)
}
