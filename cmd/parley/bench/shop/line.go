package shop

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
)

// errPosted means that a customer's line is missing in its thread, came twice or came out of order.
var errPosted = errors.New("bench: lines are lost, doubled or out of order")

// line is the n-th message of a customer, from 1 on.
type line struct {
	who string
	n   int
}

// name returns the word by which posts show a line: "s0n7x3" for the third one of shopper s0n7.
func (l line) name() string { return fmt.Sprintf("%sx%d", l.who, l.n) }

var linePattern = regexp.MustCompile(`Line (s\d+n\d+)x(\d+):`)

// linesIn finds the lines in a post; several may share one. If a post has blocks, they count and not its text, which only
// notifications show.
func linesIn(text, blocks string) (lines []line) {
	if blocks != "" {
		text = blocks
	}
	for _, found := range linePattern.FindAllStringSubmatch(text, -1) {
		n, _ := strconv.Atoi(found[2]) // the pattern finds digits alone
		lines = append(lines, line{found[1], n})
	}
	return lines
}

// lineCount counts, by customer, the lines that posts show.
type lineCount map[string]int

// add counts the lines of the next post. Errors: errPosted for a line that isn't its customer's next one.
func (c lineCount) add(lines []line) error {
	for _, l := range lines {
		if want := c[l.who] + 1; l.n != want {
			return fmt.Errorf("%w: line %d of %s in place of %d", errPosted, l.n, l.who, want)
		}
		c[l.who]++
	}
	return nil
}

// compare returns errPosted unless all lines that customers said were counted.
func (c lineCount) compare(said map[string]int) error {
	for who, n := range said {
		if c[who] != n {
			return fmt.Errorf("%w: %s said %d lines, %d are posted", errPosted, who, n, c[who])
		}
	}
	return nil
}
