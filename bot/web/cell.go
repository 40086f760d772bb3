package web

import "strings"

// Cell writes a text for a cell of a CSV file, so that no spreadsheet takes it, or a part of it, for a formula: customers and
// colleagues choose names, and "=HYPERLINK(…)" is one. In many countries spreadsheets also split such a file at semicolons. So
// a formula is also looked for after each of them, and at the beginning of each line.
func Cell(text string) string {
	var b strings.Builder
	cellMayBegin := true // before this character, a cell may begin in some spreadsheet
	for i, r := range text {
		isFirst := i == 0
		isFormula := cellMayBegin && strings.ContainsRune("=+-@", r)
		isBreak := isFirst && strings.ContainsRune("\t\r\n", r)
		if isFormula || isBreak {
			b.WriteByte('\'')
		}

		b.WriteRune(r)
		isFiller := !isFirst && strings.ContainsRune(` "`, r) // a space or a quotation mark before the cell's text
		staysAtStart := cellMayBegin && isFiller
		cellMayBegin = strings.ContainsRune(";\t\r\n", r) || staysAtStart
	}

	return b.String()
}
