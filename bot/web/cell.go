package web

import "strings"

// Cell writes a text for a cell of a CSV file, so that no spreadsheet takes it, or a part of it, for a formula: customers
// and colleagues choose names, and "=HYPERLINK(…)" is one. In many countries spreadsheets split such a file at semicolons,
// too; so a formula is also looked for behind each of them, and at the beginning of each line.
func Cell(text string) string {
	var b strings.Builder
	begins, first := true, true // a cell may begin here; it is that of the text
	for _, r := range text {
		if begins && strings.ContainsRune("=+-@", r) || first && strings.ContainsRune("\t\r\n", r) {
			b.WriteByte('\'')
		}
		b.WriteRune(r)
		begins = strings.ContainsRune(";\t\r\n", r) || begins && !first && strings.ContainsRune(` "`, r)
		first = false
	}
	return b.String()
}
