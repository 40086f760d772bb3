package web

import "strings"

// Cell writes a text for a cell of a CSV file, so that no spreadsheet takes it for a formula: customers and colleagues
// choose names, and "=HYPERLINK(…)" is one.
func Cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n", rune(text[0])) {
		return "'" + text
	}
	return text
}
