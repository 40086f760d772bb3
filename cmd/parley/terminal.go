package main

import (
	"errors"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"
)

// printRemark says something once to the person at the terminal.
func printRemark(text string) { _, _ = io.WriteString(os.Stderr, printable(text)+"\n") }

// printable returns a text of several lines without the characters that a terminal obeys instead of showing them. Customers choose
// their names, and errors quote what servers answered: by an escape sequence such a text could hide, or change, what stands beside it.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		isShown := r == '\n' || r == '\t' || !unicode.IsControl(r) && !unicode.Is(unicode.Bidi_Control, r)
		if isShown {
			return r
		}
		return utf8.RuneError
	}, text)
}

// oneLine returns a text that somebody else has chosen as a part of a line: printable, and without ends of lines, behind which it
// could pretend to be a line of ours.
func oneLine(text string) string { return strings.Join(strings.Fields(printable(text)), " ") }

// errReported ends the program with 1 after the reason was printed already.
var errReported = errors.New("reported")
