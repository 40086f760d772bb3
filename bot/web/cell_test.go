package web_test

import (
	"testing"

	"parley/bot/web"
)

// A spreadsheet may split a text at semicolons, tabs and line ends. No part begins as formulas do: a "'" is put before it.
func TestCell(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, want string }{
		{text: "", want: ""},
		{text: "Ann – the 2nd", want: "Ann – the 2nd"},
		{text: "=1+1", want: "'=1+1"},
		{text: "@ann", want: "'@ann"},
		{text: "\t=1", want: "'\t'=1"},
		{text: "x;=cmd|' /C calc'", want: "x;'=cmd|' /C calc'"},
		{text: `x; "=1+1"`, want: `x; "'=1+1"`},
		{text: "one\n=two", want: "one\n'=two"},
		{text: "a; b = c", want: "a; b = c"},
	} {
		if got := web.Cell(tt.text); got != tt.want {
			t.Errorf("Cell(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}
