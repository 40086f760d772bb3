package card

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"parley/channels/markdown"
)

// reader reads the HTML of a person's message, and writes it as Markdown. It collects the pieces of a line until the line
// ends. It writes line breaks only before the next line, so that none stand at the end of the text.
//
// Methods in blocks.go read lists, tables and the like, and those in typed.go read mentions. All of them use the fields from
// line on, which say how far the reader is.
type reader struct {
	writer *markdown.Writer
	typed  Typed
	used   []bool // by the index of a mention in typed: it was found in the text
	out    Text

	line          []markdown.Run // what is collected of the line and not written yet
	lineBegun     bool           // the line breaks before the line are written
	breaks        int            // what comes before the next line: noBreak, lineBreak or emptyLine
	hasTypedSpace bool           // the line has a space that the person typed (U+00A0)
	skipSpaces    bool           // spaces are left out until other text comes, as behind a mention of us
	listDepth     int

	nameless []string // mentions of which only the name is known
}

// What stands between two lines, in line breaks.
const (
	noBreak   = 0 // nothing: the first line, or the first one behind the mark of a list item
	lineBreak = 1
	emptyLine = 2 // an empty line
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

// addText adds characters to the line. Several plain spaces become one, as HTML shows them. Spaces that a person typed
// (U+00A0) all stay.
func (r *reader) addText(s string, st markdown.Style, link string) {
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
		r.line = append(r.line, markdown.Run{Text: b.String(), Style: st, URL: link})
	}
}

// isPlainSpace reports whether HTML shows several of a character as one space.
func isPlainSpace(c rune) bool {
	switch c {
	case ' ', '\t', '\n', '\r', '\f':
		return true
	}
	return false
}

// hasSpaceAtEnd reports whether what is collected of the line ends in a space.
func (r *reader) hasSpaceAtEnd() bool {
	last := len(r.line) - 1
	return last >= 0 && strings.HasSuffix(r.line[last].Text, " ")
}

// flushLine writes what is collected of a line that ends here. It leaves out spaces at its end.
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

// flushRuns writes what is collected of a line, which may go on. It leaves out spaces at its beginning.
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

// beginLine writes the line breaks before a line, unless the line is begun already.
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

// endLine ends a line where the person ended it. Two ends in succession make an empty line.
func (r *reader) endLine() {
	r.flushLine()
	if r.lineBegun {
		r.breaks, r.lineBegun = lineBreak, false
	} else {
		r.breaks = emptyLine
	}
	r.hasTypedSpace = false
}

// endBlock ends a line where a block begins or ends. A block with nothing but typed spaces makes an empty line.
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

// endBlockWithGap ends a line and has an empty line follow. It is called before and after blocks that stand alone.
func (r *reader) endBlockWithGap() {
	r.endBlock()
	r.breaks = emptyLine
}

func (r *reader) readChildren(n *html.Node, st markdown.Style, link string) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		r.readNode(c, st, link)
	}
}

// readNode reads text or an element. st and link are those of the element around it. readInline (here) and readBlock
// (in blocks.go) know the elements that need more than their children to be read.
func (r *reader) readNode(n *html.Node, st markdown.Style, link string) {
	if n.Type == html.TextNode {
		r.addText(n.Data, st, link)
		return
	}
	if n.Type != html.ElementNode {
		return
	}

	st = styleIn(n, st)

	if n.DataAtom == atom.A {
		link = attributeOf(n, "href")
	}
	if r.readInline(n, st) || r.readBlock(n) {
		return
	}

	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Head, atom.Title, atom.Template, atom.Iframe, atom.Object: // people don't see it
	case atom.P, atom.Div, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Body, atom.Html:
		r.endBlock()
		r.readChildren(n, st, link)
		r.endBlock()
	default:
		r.readChildren(n, st, link)
	}
}

// styleIn returns the style of the text in an element. around is the style of the text around the element.
func styleIn(n *html.Node, around markdown.Style) markdown.Style {
	st := around
	switch n.DataAtom {
	case atom.Strong, atom.B:
		st.Bold = true
	case atom.Em, atom.I:
		st.Italic = true
	case atom.S, atom.Strike, atom.Del:
		st.Strike = true
	case atom.Code:
		st.Code = true
	}
	return st
}

// readInline reads an element within a line that stands for something: a line break, a picture, a mention, an emoji or a
// file. It returns false if n is no such element.
func (r *reader) readInline(n *html.Node, st markdown.Style) bool {
	switch n.DataAtom {
	case atom.Br:
		r.endLine()
		return true
	case atom.Img:
		r.readImage(n, st)
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
		r.addText(attributeOf(n, "alt"), st, "")
		return true
	case "customemoji": // a picture of the organisation's own; alt is its name
		if name := strings.Trim(attributeOf(n, "alt"), ":"); name != "" {
			r.addText(":"+name+":", st, "")
		}
		return true
	case "attachment":
		r.readFile(n)
		return true
	case "systemeventmessage": // such as "Ann joined the team": no text of a person
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

// isEmoji reports whether an element is an emoji: an element of that name, or a picture. Its attribute alt has the
// characters. A picture without an address counts, too: there is no file to read, but alt may have text.
func isEmoji(n *html.Node) bool {
	if n.DataAtom != atom.Img {
		return n.Data == "emoji" || n.Data == "customemoji"
	}
	return strings.HasSuffix(attributeOf(n, "itemtype"), "/Emoji") || attributeOf(n, "src") == ""
}

func (r *reader) readMention(n *html.Node) {
	i, words := r.entityOf(n)
	if i >= 0 {
		r.writeMention(i)
		return
	}
	r.noteWithoutEntity(words)
	r.addText(words, markdown.Style{}, "")
}

// noteWithoutEntity remembers an <at> element to which no entity belongs. Nobody typed it, since what people type arrives
// escaped: Teams didn't say whom it mentions. It is never a mention of us, which would make a command of the text.
func (r *reader) noteWithoutEntity(words string) {
	r.noteNameOnly(TypedMention{Name: strings.TrimPrefix(words, "@")})
}

// entityOf returns the index of the entity that belongs to an <at> element, or -1 if there is none, and the element's words
// as people see them.
func (r *reader) entityOf(n *html.Node) (int, string) {
	words := textContent(n)
	index, err := strconv.Atoi(attributeOf(n, "id") + attributeOf(n, "itemid")) // an <at> has an id, a <span> an itemid
	if err != nil {
		index = -1
	}
	return r.findEntity(index, words), "@" + strings.TrimPrefix(words, "@")
}

// readImage reads an <img> element: an emoji, a picture that is treated as a file, or one that Teams takes from a collection.
func (r *reader) readImage(n *html.Node, st markdown.Style) {
	if isEmoji(n) {
		r.addText(attributeOf(n, "alt"), st, "")
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

// attributeOf returns the value of an attribute; "" if there is none.
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
