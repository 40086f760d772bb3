package message

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// This file writes the tables of a mail's HTML as Markdown. Most tables in mails only arrange text and pictures: they
// become lines or paragraphs. A data table has at least two rows and two columns of short cells, and becomes
//
//	| Item  | Price |
//	|-------|-------|
//	| Paper | 4.90  |

// Limits of a data table.
const (
	maxTableRows    = 200
	maxTableColumns = 20
	maxCellBytes    = 200
	maxColumnRunes  = 60 // cells are padded to the width of their column, up to this width
)

// writeTable writes a data table. classify has found it and has replaced all other tables.
func (w *markdownWriter) writeTable(n *html.Node) {
	rows := w.dataTables[n]
	var written [][]string // the cells as Markdown, by rows
	widths := make([]int, len(rows[0]))
	cellWriter := &markdownWriter{singleLine: 1}
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			var text strings.Builder
			cellWriter.writeChildren(cell)
			cellWriter.line.writeTo(&text)
			widths[i] = min(max(widths[i], utf8.RuneCountInString(text.String())), maxColumnRunes)
			cells[i] = strings.ReplaceAll(text.String(), "|", `\|`)
		}

		written = append(written, cells)
	}

	w.beginBlock(emptyLine)
	for i, cells := range written {
		w.writeTableLine(cells, widths, ' ')
		if i == 0 {
			noCells := make([]string, len(cells)) // the line below the head has only dashes
			w.writeTableLine(noCells, widths, '-')
		}
	}

	w.wantGap(emptyLine)
}

// writeTableLine writes a line of a table, with cells padded to their widths with fill.
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

// writeLayoutCell writes a cell of a table that isn't a data table. Short cells share a line.
func (w *markdownWriter) writeLayoutCell(n *html.Node) {
	linesBefore := w.linesWritten
	w.writeChildren(n)
	hasOwnLines := w.linesWritten > linesBefore
	if hasOwnLines {
		w.beginBlock(newLine)
		return
	}
	w.line.addText(" ")
}

// dataRows returns the cells of a data table, by rows. All rows have the same number of cells. It returns nil for other
// tables.
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

// appendRows appends the rows of a table or of a part of it, such as tbody. ok is false if it isn't a data table.
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

func isBlankText(n *html.Node) bool {
	return n.Type == html.TextNode && strings.TrimSpace(n.Data) == ""
}

// rowCells returns the cells of a row. ok is false unless all of them are plain.
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

// isPlainCell reports whether a cell spans one row and column and has one short line of text.
func isPlainCell(cell *html.Node) bool {
	for _, span := range []string{attributeOf(cell, "colspan"), attributeOf(cell, "rowspan")} {
		if span != "" && span != "1" {
			return false
		}
	}
	var reader cellReader
	return reader.isOneLine(cell)
}

// cellReader checks the length of a cell's text, and whether it is a single line.
type cellReader struct {
	bytes     int  // of text so far
	lineEnded bool // more text would begin a second line
}

// isOneLine reads the children of a node. It returns false as soon as the cell has a second line, a picture or too much
// text.
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

// isLine reports whether an element is a single line: a div, or a p without empty lines around it.
func isLine(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Div:
		return true
	case atom.P:
		return paragraphGap(n) == newLine
	}
	return false
}
