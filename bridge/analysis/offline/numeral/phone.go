package numeral

import "strings"

// What is a telephone's number.
const (
	leastPhoneDigits = 8
	mostPhoneGroups  = 12 // so many groups of digits are read at most
)

// IsInPhone reports whether a number is one of several groups of digits, as telephones and cards have, or has four parts of
// its own: "030 1234567", "06.39.98.41.20".
func IsInPhone(text string, from, to int) bool {
	number := text[from:to]
	if !HasOnly(number, Digits+"-/.") {
		return false
	}
	behind, digitsBehind := countGroupsBehind(text[to:], mostPhoneGroups-1)
	before, digitsBefore := countGroupsBefore(text[:from], mostPhoneGroups-1-behind)
	digits := CountDigits(number) + digitsBehind + digitsBefore
	if behind+before > 0 {
		return digits >= leastPhoneDigits
	}
	const leastMarks = 3
	marks := strings.Count(number, "-") + strings.Count(number, ".")
	return marks >= leastMarks && digits > leastPhoneDigits
}

// countGroupsBehind counts the groups of digits at the beginning of a text, each behind a space, and their digits.
func countGroupsBehind(text string, most int) (groups, digits int) {
	at := 0
	for groups < most && isGroupAtStart(text[at:]) {
		at++
		for at < len(text) && IsDigit(text[at]) {
			at++
			digits++
		}
		groups++
	}
	return groups, digits
}

// isGroupAtStart reports whether a text begins with a space and a digit.
func isGroupAtStart(text string) bool {
	if len(text) < 2 {
		return false
	}
	return text[0] == ' ' && IsDigit(text[1])
}

// countGroupsBefore counts the groups of digits at the end of a text, and their digits. A group may have brackets and a
// plus: "(030) ", "+44 ".
func countGroupsBefore(text string, most int) (groups, digits int) {
	for groups < most && isGroupAtEnd(text) {
		text = text[:len(text)-1]
		before := strings.TrimRight(text, Digits+"()+")
		digits += CountDigits(text[len(before):])
		text = before
		groups++
	}
	return groups, digits
}

// isGroupAtEnd reports whether a text ends with a digit or a bracket, and a space or a bracket behind that.
func isGroupAtEnd(text string) bool {
	if len(text) < 2 {
		return false
	}
	return isInSet(text[len(text)-2], Digits+")") && isInSet(text[len(text)-1], " )")
}
