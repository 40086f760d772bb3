package bodytext

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Limits of a table that shows data.
const (
	tableRows      = 200
	tableColumns   = 20
	tableCellBytes = 200
	columnRunes    = 60 // cells are padded to the width of their column, but to this width at most
)

// table writes a table that shows data (dataRows). Tables that only arrange things are not written by
// it: measure has turned them into lines or paragraphs.
func (w *markdownWriter) table(n *html.Node) {
	rows := w.data[n]
	var cells [][]string
	widths := make([]int, len(rows[0]))
	inside := &markdownWriter{singleLine: 1}
	for _, row := range rows {
		texts := make([]string, len(row))
		for i, cell := range row {
			var text strings.Builder
			inside.children(cell)
			inside.line.writeTo(&text)
			widths[i] = min(max(widths[i], utf8.RuneCountInString(text.String())), columnRunes)
			texts[i] = strings.ReplaceAll(text.String(), "|", `\|`)
		}
		cells = append(cells, texts)
	}
	w.begin(2)
	for i, texts := range cells {
		w.tableLine(texts, widths, ' ')
		if i == 0 {
			w.tableLine(make([]string, len(texts)), widths, '-')
		}
	}
	w.wantGap(2)
}

// tableLine writes a line of a table, with cells padded by fill to their widths.
func (w *markdownWriter) tableLine(cells []string, widths []int, fill byte) {
	w.beginLine()
	for i, cell := range cells {
		w.out.WriteByte('|')
		w.out.WriteByte(fill)
		w.out.WriteString(cell)
		for range max(0, widths[i]-utf8.RuneCountInString(cell)) + 1 {
			w.out.WriteByte(fill)
		}
	}
	w.out.WriteByte('|')
	w.wantGap(1)
}

// layoutCell writes a cell of a table that only arranges things.
func (w *markdownWriter) layoutCell(n *html.Node) {
	before := w.lines
	w.children(n)
	if w.lines > before { // it has lines of its own
		w.begin(1)
		return
	}
	w.line.text(" ")
}

// dataRows returns the cells, by rows, of a table that shows data: it has at least two rows and two
// columns of short cells, and as many cells in each row. nil for any other table.
func dataRows(table *html.Node) [][]*html.Node {
	if strings.EqualFold(attr(table, "role"), "presentation") {
		return nil
	}
	rows, ok := appendRows(nil, table)
	if !ok || len(rows) < 2 || len(rows[0]) < 2 {
		return nil
	}
	return rows
}

// appendRows appends the rows of a table or of a part of it; false if it has other content, or rows
// that don't fit.
func appendRows(rows [][]*html.Node, part *html.Node) (all [][]*html.Node, ok bool) {
	for c := part.FirstChild; c != nil; c = c.NextSibling {
		switch {
		case c.DataAtom == atom.Tr:
			cells, ok := rowCells(c)
			if !ok || len(rows) == tableRows || len(rows) > 0 && len(cells) != len(rows[0]) {
				return nil, false
			}
			rows = append(rows, cells)
		case c.DataAtom == atom.Tbody, c.DataAtom == atom.Thead, c.DataAtom == atom.Tfoot:
			if rows, ok = appendRows(rows, c); !ok {
				return nil, false
			}
		case c.Type != html.TextNode || strings.TrimSpace(c.Data) != "":
			return nil, false
		}
	}
	return rows, true
}

// rowCells returns the cells of a row; false if not all of them are plain.
func rowCells(row *html.Node) (cells []*html.Node, ok bool) {
	for c := row.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.TextNode && strings.TrimSpace(c.Data) == "" {
			continue
		}
		if !isCell(c.DataAtom) || len(cells) == tableColumns || !isPlainCell(c) {
			return nil, false
		}
		cells = append(cells, c)
	}
	return cells, true
}

// isPlainCell reports whether a cell is one short line of text.
func isPlainCell(cell *html.Node) bool {
	for _, span := range []string{attr(cell, "colspan"), attr(cell, "rowspan")} {
		if span != "" && span != "1" {
			return false
		}
	}
	letters, ended := 0, false
	var plain func(n *html.Node) bool
	plain = func(n *html.Node) bool {
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			switch {
			case c.Type == html.TextNode:
				text := strings.TrimSpace(c.Data)
				if letters += len(text); ended && text != "" || letters > tableCellBytes {
					return false
				}
			case c.DataAtom == atom.Br:
				ended = true
			case c.DataAtom == atom.Img, isBlockTag(c.DataAtom) && !isLine(c), !plain(c):
				return false
			case isLine(c):
				ended = letters > 0
			}
		}
		return true
	}
	return plain(cell)
}

// isLine reports whether mailers use an element as a line: a div, or a paragraph without empty lines
// around it.
func isLine(n *html.Node) bool {
	return n.DataAtom == atom.Div || n.DataAtom == atom.P && paragraphGap(n) == 1
}
