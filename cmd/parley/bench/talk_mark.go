package bench

import (
	"fmt"
	"strconv"
	"strings"
)

// customerPrefix begins the name of every customer.
const customerPrefix = "customer-"

func customerName(i int) string { return fmt.Sprintf(customerPrefix+"%05d", i) }

// markOf returns the mark of the n-th message of a talk, by which the message is recognised: "customer-00017/5:".
func markOf(customer string, n int) string { return fmt.Sprintf("%s/%d:", customer, n) }

// parseMark reads the first mark (see markOf) in a text: the index of the talk, and the message's number.
func parseMark(text string) (talk, n int, ok bool) {
	_, rest, _ := strings.Cut(text, customerPrefix)
	inside, _, found := strings.Cut(rest, ":")
	first, second, _ := strings.Cut(inside, "/")
	talk, talkErr := strconv.Atoi(first)
	n, err := strconv.Atoi(second)
	areNumbers := talkErr == nil && err == nil
	return talk, n, found && areNumbers
}

// postedMarks reads the marks of a post. It reads them from the blocks, because the text beside blocks is shown only in
// notifications, and is shortened if a post shows many messages. If the blocks have no marks, it reads the text.
func postedMarks(text, blocks string) (talk int, numbers []int) {
	if talk, numbers = parseMarks(blocks); len(numbers) > 0 {
		return talk, numbers
	}
	return parseMarks(text)
}

// parseMarks reads all marks in a text. Messages of one customer that wait together are posted together.
func parseMarks(text string) (talk int, numbers []int) {
	for at := strings.Index(text, customerPrefix); at >= 0; at = strings.Index(text, customerPrefix) {
		if index, n, ok := parseMark(text[at:]); ok {
			talk, numbers = index, append(numbers, n)
		}
		text = text[at+len(customerPrefix):]
	}
	return talk, numbers
}
