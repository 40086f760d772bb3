package card

import (
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"parley/channels/markdown"
)

// A reader (see html.go) turns the HTML of a person's message into Markdown. Its methods in this file read blocks:
// headings, quotes, code, lists and tables. For example, they write <ul><li>a</li><li>b</li></ul> as
//
//	- a
//	- b

// readBlock reads a block. It returns false if n isn't one.
func (r *reader) readBlock(n *html.Node) bool {
	switch n.DataAtom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		level := int(n.Data[1] - '0')
		r.readPrefixed(n, strings.Repeat("#", level)+" ")
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
		r.readPrefixed(n, "> ")
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

// readPrefixed reads a block whose lines all begin with prefix in Markdown, such as "> ".
func (r *reader) readPrefixed(n *html.Node, prefix string) {
	r.endBlockWithGap()
	r.beginLine()
	r.lineBegun = false
	r.writer.Prefixed(prefix, func() { r.readBlockContent(n) })
	r.breaks = emptyLine
}

// readBlockContent reads the children of a block. No style or link continues into a block.
func (r *reader) readBlockContent(n *html.Node) {
	r.readChildren(n, markdown.Style{}, "")
	r.endBlock()
	r.breaks = noBreak
}

// noteQuote records the id of a quoted message, or that a message is forwarded, which has no id. It leaves out the
// words, because they are somebody else's and may be meant for colleagues only.
// Source: the bodies of forwarded messages in the tests of github.com/openclaw/openclaw (extensions/msteams), read 2026-11.
func (r *reader) noteQuote(n *html.Node) {
	r.endBlock()
	if id := attributeOf(n, "itemid"); id != "" {
		r.out.Quotes = append(r.out.Quotes, id)
	} else {
		r.out.Forwards = true
	}
}

// quotePlace matches the element that stands for a quoted message in a text.
// Source: Fixture_QuotedReplyEntity_DeserializesMultipleQuotes in the tests of github.com/microsoft/teams.net,
// read 2026-11.
var quotePlace = regexp.MustCompile(`<quoted messageId="([^"<>]*)"\s*/>[ \t]*\r?\n?`)

// removeQuotePlaces removes what quotePlace matches from a text, so that customers don't read it, and records the ids.
func (r *reader) removeQuotePlaces(text string) string {
	for _, found := range quotePlace.FindAllStringSubmatch(text, -1) {
		r.out.Quotes = append(r.out.Quotes, found[1])
	}
	return quotePlace.ReplaceAllString(text, "")
}

// readCode reads code. Its lines and spaces stay as they are. Empty code is left out.
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

// readList reads a list. Only the outermost list is surrounded by empty lines. The writer indents nested lists.
func (r *reader) readList(n *html.Node) {
	r.endBlock()
	if r.listDepth == 0 {
		r.breaks = emptyLine
	}

	number := firstNumber(n)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.DataAtom != atom.Li {
			if c.Type == html.ElementNode { // such as a nested list outside an item
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
		r.writer.Item(0, mark, func() { r.readBlockContent(c) })
		r.listDepth--
		r.breaks = lineBreak
	}

	r.breaks = emptyLine
}

// maxFirstNumber bounds the first number of a list, because a client may send any number.
const maxFirstNumber = 1e6

// firstNumber returns the number of a list's first item: its attribute start, or 1.
func firstNumber(list *html.Node) int {
	start, err := strconv.Atoi(attributeOf(list, "start"))
	if err != nil {
		return 1
	}
	if start < 1 || start >= maxFirstNumber {
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

// findDescendants returns the elements of a kind in n, but none that are nested in another element of that kind.
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
