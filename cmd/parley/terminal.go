package main

import (
	"errors"
	"io"
	"os"
)

// printRemark says something once to the person at the terminal.
func printRemark(text string) { _, _ = io.WriteString(os.Stderr, text+"\n") }

// errReported ends the program with 1 after the reason was printed already.
var errReported = errors.New("reported")
