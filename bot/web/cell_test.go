package web_test

import (
	"testing"

	"parley/bot/web"
)

// A spreadsheet may split a text at semicolons, tabs and line ends. No part begins as formulas do: a "'" is put before it.
func TestCell(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                  "",
		"Ann – the 2nd":     "Ann – the 2nd",
		"=1+1":              "'=1+1",
		"@ann":              "'@ann",
		"\t=1":              "'\t'=1",
		"x;=cmd|' /C calc'": "x;'=cmd|' /C calc'",
		`x; "=1+1"`:         `x; "'=1+1"`,
		"one\n=two":         "one\n'=two",
		"a; b = c":          "a; b = c",
	} {
		if got := web.Cell(text); got != want {
			t.Errorf("Cell(%q) = %q, want %q", text, got, want)
		}
	}
}
