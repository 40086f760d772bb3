package bodytext

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Limits of a table that shows data.
const (
	maxTableRows    = 200
	maxTableColumns = 20
	maxCellBytes    = 200
	maxColumnRunes  = 60 // cells are padded to the width of their column, but to this width at most
)

// writeTable writes a table that shows data (dataRows). Tables that only arrange things are not written by
// it: classify has turned them into lines or paragraphs.
func (w *markdownWriter) writeTable(n *html.Node) {
	rows := w.dataTables[n]
	var cells [][]string
	widths := make([]int, len(rows[0]))
	inside := &markdownWriter{singleLine: 1}
	for _, row := range rows {
		texts := make([]string, len(row))
		for i, cell := range row {
			var text strings.Builder
			inside.writeChildren(cell)
			inside.line.writeTo(&text)
			widths[i] = min(max(widths[i], utf8.RuneCountInString(text.String())), maxColumnRunes)
			texts[i] = strings.ReplaceAll(text.String(), "|", `\|`)
		}

		cells = append(cells, texts)
	}

	w.beginBlock(emptyLine)
	for i, texts := range cells {
		w.writeTableLine(texts, widths, ' ')
		if i == 0 {
			w.writeTableLine(make([]string, len(texts)), widths, '-')
		}
	}

	w.wantGap(emptyLine)
}

// writeTableLine writes a line of a table, with cells padded by fill to their widths.
func (w *markdownWriter) writeTableLine(cells []string, widths []int, fill byte) {
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
	w.wantGap(newLine)
}

// writeLayoutCell writes a cell of a table that only arranges things.
func (w *markdownWriter) writeLayoutCell(n *html.Node) {
	before := w.linesWritten
	w.writeChildren(n)
	if w.linesWritten > before { // it has lines of its own
		w.beginBlock(newLine)
		return
	}
	w.line.addText(" ")
}

// dataRows returns the cells, by rows, of a table that shows data: a table with at least two rows and two
// columns of short cells, and with as many cells in each row. It returns nil for any other table.
func dataRows(table *html.Node) [][]*html.Node {
	if strings.EqualFold(attributeOf(table, "role"), "presentation") {
		return nil
	}
	rows, ok := appendRows(nil, table)
	if !ok || len(rows) < 2 {
		return nil
	}
	if columns := len(rows[0]); columns < 2 {
		return nil
	}
	return rows
}

// appendRows appends the rows of a table, or of a part of a table. ok is false if it has other content, or
// rows that don't fit.
func appendRows(rows [][]*html.Node, part *html.Node) (all [][]*html.Node, ok bool) {
	for c := part.FirstChild; c != nil; c = c.NextSibling {
		switch c.DataAtom {
		case atom.Tr:
			cells, ok := rowCells(c)
			if !ok || len(rows) == maxTableRows {
				return nil, false
			}
			if len(rows) > 0 && len(cells) != len(rows[0]) {
				return nil, false
			}

			rows = append(rows, cells)
		case atom.Tbody, atom.Thead, atom.Tfoot:
			if rows, ok = appendRows(rows, c); !ok {
				return nil, false
			}
		default:
			if !isBlankText(c) {
				return nil, false
			}
		}
	}

	return rows, true
}

// isBlankText reports whether a node is text of nothing but blanks.
func isBlankText(n *html.Node) bool {
	return n.Type == html.TextNode && strings.TrimSpace(n.Data) == ""
}

// rowCells returns the cells of a row. ok is false if not all of them are plain.
func rowCells(row *html.Node) (cells []*html.Node, ok bool) {
	for c := row.FirstChild; c != nil; c = c.NextSibling {
		if isBlankText(c) {
			continue
		}
		if !isCell(c.DataAtom) || len(cells) == maxTableColumns {
			return nil, false
		}
		if !isPlainCell(c) {
			return nil, false
		}
		cells = append(cells, c)
	}
	return cells, true
}

// isPlainCell reports whether a cell is one short line of text.
func isPlainCell(cell *html.Node) bool {
	for _, span := range []string{attributeOf(cell, "colspan"), attributeOf(cell, "rowspan")} {
		if span != "" && span != "1" {
			return false
		}
	}
	var reader cellReader
	return reader.isOneLine(cell)
}

// cellReader reads a cell up to what makes it more than one short line.
type cellReader struct {
	bytes     int  // of text so far
	lineEnded bool // more text would be in a second line
}

// isOneLine reads a node's children. It returns false if they are more than one short line of text.
func (r *cellReader) isOneLine(n *html.Node) bool {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch {
		case c.Type == html.TextNode:
			text := strings.TrimSpace(c.Data)
			if r.lineEnded && text != "" {
				return false
			}

			r.bytes += len(text)
			if r.bytes > maxCellBytes {
				return false
			}
		case c.DataAtom == atom.Br:
			r.lineEnded = true
		case c.DataAtom == atom.Img, isBlockTag(c.DataAtom) && !isLine(c):
			return false
		default:
			if !r.isOneLine(c) {
				return false
			}
			if isLine(c) {
				r.lineEnded = r.bytes > 0
			}
		}
	}

	return true
}

// isLine reports whether mailers use an element as a line: a div, or a paragraph without empty lines around it.
func isLine(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Div:
		return true
	case atom.P:
		return paragraphGap(n) == newLine
	}
	return false
}
