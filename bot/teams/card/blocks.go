package card

import (
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"parley/channels/markdown"
)

// standing reads a block that stands on lines of its own, such as a heading or a list; false if n is no such block.
func (r *reader) standing(n *html.Node) bool {
	switch n.DataAtom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		r.within(func() { r.children(n, markdown.Style{}, "") }, func(write func()) {
			r.writer.Prefixed(strings.Repeat("#", int(n.Data[1]-'0'))+" ", write)
		})
	case atom.Hr:
		r.apart()
		if !r.writer.Empty() {
			r.writer.Rule()
		}
	case atom.Pre:
		r.code(n)
	case atom.Blockquote:
		if kind := attr(n, "itemtype"); strings.HasSuffix(kind, "/Reply") || strings.HasSuffix(kind, "/Forward") {
			r.quoted(n)
			return true
		}
		r.within(func() { r.children(n, markdown.Style{}, "") }, func(write func()) { r.writer.Prefixed("> ", write) })
	case atom.Ul, atom.Ol:
		r.list(n)
	case atom.Table:
		r.table(n)
	default:
		if n.Data != "codeblock" {
			return false
		}
		r.code(n)
	}
	return true
}

// within reads a block whose lines begin with marks of their own; mark writes these marks.
func (r *reader) within(read func(), mark func(write func())) {
	r.apart()
	r.begin()
	r.begun = false
	mark(func() {
		read()
		r.edge()
		r.gap = 0
	})
	r.gap = 2
}

// quoted notes the id of a quoted or forwarded message and leaves out its words: they are somebody else's, and
// may be meant for colleagues. A forwarded one has no id.
//
// Source: the bodies of forwarded messages in the tests of github.com/openclaw/openclaw (extensions/msteams), read 2026-11.
func (r *reader) quoted(n *html.Node) {
	r.edge()
	if id := attr(n, "itemid"); id != "" {
		r.out.Quotes = append(r.out.Quotes, id)
	}
}

// quotePlace matches the place of a quoted message in a text.
//
// Source: Fixture_QuotedReplyEntity_DeserializesMultipleQuotes in the tests of github.com/microsoft/teams.net,
// read 2026-11.
var quotePlace = regexp.MustCompile(`<quoted messageId="([^"<>]*)"\s*/>[ \t]*\r?\n?`)

// withoutPlaces takes the places of quoted messages out of a text and notes their ids: people see the quoted
// messages there, and customers would get Teams' ids of them.
func (r *reader) withoutPlaces(text string) string {
	for _, found := range quotePlace.FindAllStringSubmatch(text, -1) {
		r.out.Quotes = append(r.out.Quotes, found[1])
	}
	return quotePlace.ReplaceAllString(text, "")
}

func (r *reader) code(n *html.Node) {
	code := strings.Trim(strings.ReplaceAll(r.characters(n), "\u00a0", " "), "\n")
	if strings.TrimSpace(code) == "" {
		return
	}
	r.apart()
	r.begin()
	r.writer.Preformatted(code)
	r.gap, r.begun = 2, false
}

func (r *reader) list(n *html.Node) {
	r.edge()
	if r.lists == 0 {
		r.gap = 2
	}
	number := 1
	if start, err := strconv.Atoi(attr(n, "start")); err == nil && start > 0 && start < 1e6 {
		number = start
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.DataAtom != atom.Li {
			if c.Type == html.ElementNode { // a list right within a list
				r.node(c, markdown.Style{}, "")
			}
			continue
		}
		r.begin()
		r.begun = false
		mark := "- "
		if n.DataAtom == atom.Ol {
			mark = strconv.Itoa(number) + ". "
			number++
		}
		r.lists++
		r.writer.Item(0, mark, func() {
			r.children(c, markdown.Style{}, "")
			r.edge()
			r.gap = 0
		})
		r.lists--
		r.gap = 1
	}
	r.gap = 2
}

// table reads a table; its cells are one line each.
func (r *reader) table(n *html.Node) {
	var rows [][]string
	columns := 0
	for _, tr := range descendants(n, atom.Tr) {
		var cells []string
		for c := tr.FirstChild; c != nil; c = c.NextSibling {
			if c.DataAtom == atom.Td || c.DataAtom == atom.Th {
				cells = append(cells, strings.Join(strings.Fields(r.characters(c)), " "))
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
	r.apart()
	r.begin()
	r.writer.Table(rows)
	r.gap, r.begun = 2, false
}

// descendants gives the elements of a kind in n, but not those within another one of that kind.
func descendants(n *html.Node, kind atom.Atom) []*html.Node {
	var out []*html.Node
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.DataAtom == kind {
			out = append(out, c)
		} else {
			out = append(out, descendants(c, kind)...)
		}
	}
	return out
}
