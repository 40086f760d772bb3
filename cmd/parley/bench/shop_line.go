package bench

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
)

// errPosted means that a line is missing in its thread, was posted twice, or is out of order.
var errPosted = errors.New("bench: lines are lost, doubled or out of order")

// line is one message of a customer: number n, counted from 1. Customers are called s0n7: number 7 of shop 0.
type line struct {
	who string
	n   int
}

// name returns the word that identifies the line in its text, such as "s0n7x3" for the third line of customer
// s0n7.
func (l line) name() string { return fmt.Sprintf("%sx%d", l.who, l.n) }

// linePattern finds lines in a post: "Line s0n7x3: where is my parcel?"
var linePattern = regexp.MustCompile(`Line (s\d+n\d+)x(\d+):`)

// linesIn returns the lines in a post, in order; Parley may combine several into one post. If the post has
// blocks (Slack's rich layout), linesIn ignores text, which then only appears in notifications.
func linesIn(text, blocks string) (lines []line) {
	if blocks != "" {
		text = blocks
	}
	for _, found := range linePattern.FindAllStringSubmatch(text, -1) {
		n, _ := strconv.Atoi(found[2]) // the pattern only matches digits
		lines = append(lines, line{found[1], n})
	}
	return lines
}

// lineCount counts the lines that posts show, by customer. It detects lines that are lost, duplicated or out of
// order.
type lineCount map[string]int

// add counts the lines of the next post.
//
// Errors: errPosted, for a line that isn't its customer's next one.
func (c lineCount) add(lines []line) error {
	for _, l := range lines {
		if want := c[l.who] + 1; l.n != want {
			return fmt.Errorf("%w: line %d of %s in place of %d", errPosted, l.n, l.who, want)
		}
		c[l.who]++
	}
	return nil
}

// compare returns errPosted unless every customer has as many counted lines as written says.
func (c lineCount) compare(written map[string]int) error {
	for who, n := range written {
		if c[who] != n {
			return fmt.Errorf("%w: %s said %d lines, %d are posted", errPosted, who, n, c[who])
		}
	}
	return nil
}
