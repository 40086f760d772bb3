package card

import (
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"parley/channels/markdown"
)

// Methods of reader (html.go) for the blocks in a person's message: headings, quotes, code, lists and tables.

// readBlock reads a block. It returns false if n is none.
func (r *reader) readBlock(n *html.Node) bool {
	switch n.DataAtom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		r.readPrefixed(func() { r.readChildren(n, markdown.Style{}, "") }, func(write func()) {
			r.writer.Prefixed(strings.Repeat("#", int(n.Data[1]-'0'))+" ", write)
		})
	case atom.Hr:
		r.endBlockWithGap()
		if !r.writer.Empty() {
			r.writer.Rule()
		}
	case atom.Pre:
		r.readCode(n)
	case atom.Blockquote:
		if isOthersMessage(n) {
			r.noteQuote(n)
			return true
		}
		r.readPrefixed(func() { r.readChildren(n, markdown.Style{}, "") }, func(write func()) { r.writer.Prefixed("> ", write) })
	case atom.Ul, atom.Ol:
		r.readList(n)
	case atom.Table:
		r.readTable(n)
	default:
		if n.Data != "codeblock" {
			return false
		}
		r.readCode(n)
	}

	return true
}

// readPrefixed reads a block whose lines have a prefix in Markdown, such as "> ". read reads the block. prefix calls write,
// and puts the prefix before each line that write writes.
func (r *reader) readPrefixed(read func(), prefix func(write func())) {
	r.endBlockWithGap()
	r.beginLine()
	r.lineBegun = false
	prefix(func() {
		read()
		r.endBlock()
		r.breaks = noBreak
	})
	r.breaks = emptyLine
}

// noteQuote notes a quoted message by its id, or that a message is forwarded, which has none. It leaves out the words, since
// they are somebody else's, and may be for colleagues.
// Source: the bodies of forwarded messages in the tests of github.com/openclaw/openclaw (extensions/msteams), read 2026-11.
func (r *reader) noteQuote(n *html.Node) {
	r.endBlock()
	if id := attributeOf(n, "itemid"); id != "" {
		r.out.Quotes = append(r.out.Quotes, id)
	} else {
		r.out.Forwards = true
	}
}

// quotePlace matches the place of a quoted message in a text.
// Source: Fixture_QuotedReplyEntity_DeserializesMultipleQuotes in the tests of github.com/microsoft/teams.net,
// read 2026-11.
var quotePlace = regexp.MustCompile(`<quoted messageId="([^"<>]*)"\s*/>[ \t]*\r?\n?`)

// removeQuotePlaces removes the places of quoted messages from a text, so that customers don't read them, and notes the ids.
func (r *reader) removeQuotePlaces(text string) string {
	for _, found := range quotePlace.FindAllStringSubmatch(text, -1) {
		r.out.Quotes = append(r.out.Quotes, found[1])
	}
	return quotePlace.ReplaceAllString(text, "")
}

// readCode reads code, whose lines and spaces stay as they are. It leaves out code that is empty.
func (r *reader) readCode(n *html.Node) {
	code := strings.Trim(strings.ReplaceAll(r.readCharacters(n), "\u00a0", " "), "\n")
	if strings.TrimSpace(code) == "" {
		return
	}
	r.endBlockWithGap()
	r.beginLine()
	r.writer.Preformatted(code)
	r.breaks, r.lineBegun = emptyLine, false
}

// readList reads a list. The writer indents a list within an item, since it is a part of that item. Empty lines stand only
// around the outermost list.
func (r *reader) readList(n *html.Node) {
	r.endBlock()
	if r.listDepth == 0 {
		r.breaks = emptyLine
	}

	number := firstNumber(n)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.DataAtom != atom.Li {
			if c.Type == html.ElementNode { // a list right within a list
				r.readNode(c, markdown.Style{}, "")
			}
			continue
		}

		r.beginLine()
		r.lineBegun = false
		mark := "- "
		if n.DataAtom == atom.Ol {
			mark = strconv.Itoa(number) + ". "
			number++
		}

		r.listDepth++
		r.writer.Item(0, mark, func() {
			r.readChildren(c, markdown.Style{}, "")
			r.endBlock()
			r.breaks = noBreak
		})

		r.listDepth--
		r.breaks = lineBreak
	}

	r.breaks = emptyLine
}

// maxFirstNumber bounds the number with which a list may begin, since a client may send any.
const maxFirstNumber = 1e6

// firstNumber returns the number of a list's first item: 1 unless the list says another one.
func firstNumber(list *html.Node) int {
	start, err := strconv.Atoi(attributeOf(list, "start"))
	if err != nil || start < 1 {
		return 1
	}
	if start >= maxFirstNumber {
		return 1
	}
	return start
}

// readTable reads a table. Each cell becomes one line.
func (r *reader) readTable(n *html.Node) {
	var rows [][]string
	columns := 0
	for _, tr := range findDescendants(n, atom.Tr) {
		var cells []string
		for c := tr.FirstChild; c != nil; c = c.NextSibling {
			if c.DataAtom == atom.Td || c.DataAtom == atom.Th {
				cells = append(cells, strings.Join(strings.Fields(r.readCharacters(c)), " "))
			}
		}

		columns = max(columns, len(cells))
		rows = append(rows, cells)
	}

	if columns == 0 {
		return
	}

	for i := range rows {
		for len(rows[i]) < columns {
			rows[i] = append(rows[i], "")
		}
	}

	r.endBlockWithGap()
	r.beginLine()
	r.writer.Table(rows)
	r.breaks, r.lineBegun = emptyLine, false
}

// findDescendants returns the elements of a kind in n, without those that are inside another element of that kind.
func findDescendants(n *html.Node, kind atom.Atom) []*html.Node {
	var out []*html.Node
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.DataAtom == kind {
			out = append(out, c)
		} else {
			out = append(out, findDescendants(c, kind)...)
		}
	}
	return out
}
