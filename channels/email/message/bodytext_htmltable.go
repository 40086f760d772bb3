package message

import (
	"slices"
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
	w.line.addText(" ")
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
	var rows [][]*html.Node
	length, isSecondLine := 0, false // of the text in the current cell
	for n := range table.Descendants() {
		switch n.DataAtom {
		case atom.Tr:
			if len(rows) == maxTableRows {
				return nil
			}
			rows = append(rows, nil)
		case atom.Td, atom.Th:
			if len(rows) == 0 || len(rows[len(rows)-1]) == maxTableColumns || isSpanning(n) {
				return nil
			}
			rows[len(rows)-1] = append(rows[len(rows)-1], n)
			length, isSecondLine = 0, false
		case atom.Thead, atom.Tbody, atom.Tfoot:
		case atom.Br:
			isSecondLine = true
		default:
			text := ""
			if n.Type == html.TextNode {
				text = strings.TrimSpace(n.Data)
			}
			isOutside := n.Parent.DataAtom == atom.Tr || n.Parent == table || isTablePart(n.Parent.DataAtom)
			isBlock := n.DataAtom == atom.Img || isBlockTag(n.DataAtom) && !isLine(n)
			length += len(text)
			if text != "" && (isSecondLine || isOutside) || isBlock || length > maxCellBytes {
				return nil
			}
			isSecondLine = isSecondLine || isLine(n) && length > 0
		}
	}
	if len(rows) < 2 || len(rows[0]) < 2 || slices.ContainsFunc(rows, func(r []*html.Node) bool { return len(r) != len(rows[0]) }) {
		return nil
	}
	return rows
}

func isTablePart(tag atom.Atom) bool {
	return tag == atom.Thead || tag == atom.Tbody || tag == atom.Tfoot
}

// isSpanning reports whether a cell is in several rows or columns.
func isSpanning(cell *html.Node) bool {
	return strings.Trim(attributeOf(cell, "colspan")+attributeOf(cell, "rowspan"), "1") != ""
}

// isLine reports whether an element is a single line: a div, or a p without empty lines around it.
func isLine(n *html.Node) bool {
	return n.DataAtom == atom.Div || n.DataAtom == atom.P && paragraphGap(n) == newLine
}
