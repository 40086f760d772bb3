package numeral

import "strings"

const (
	minPhoneDigits = 8
	maxPhoneGroups = 12 // more groups of digits are ignored, to bound the cost
)

// IsInPhone reports whether the number text[from:to] is a phone or card number, or a part of one. Such a number consists of
// several groups of digits, as in "030 1234567", or has at least four parts, as in "06.39.98.41.20".
func IsInPhone(text string, from, to int) bool {
	number := text[from:to]
	if !HasOnly(number, Digits+"-/.") {
		return false
	}
	groupsAfter, digitsAfter := countGroupsAfter(text[to:], maxPhoneGroups-1)
	groupsBefore, digitsBefore := countGroupsBefore(text[:from], maxPhoneGroups-1-groupsAfter)
	digits := CountDigits(number) + digitsAfter + digitsBefore
	if groupsAfter+groupsBefore > 0 {
		return digits >= minPhoneDigits
	}
	const minSeparators = 3
	separators := strings.Count(number, "-") + strings.Count(number, ".")
	return separators >= minSeparators && digits > minPhoneDigits
}

// countGroupsAfter counts the groups of digits at the beginning of a text, each after a space, and their digits.
func countGroupsAfter(text string, maxGroups int) (groups, digits int) {
	end := 0
	for groups < maxGroups && isGroupAtStart(text[end:]) {
		end++
		for end < len(text) && IsDigit(text[end]) {
			end++
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
// plus sign: "(030) ", "+44 ".
func countGroupsBefore(text string, maxGroups int) (groups, digits int) {
	for groups < maxGroups && isGroupAtEnd(text) {
		text = text[:len(text)-1]
		before := strings.TrimRight(text, Digits+"()+")
		digits += CountDigits(text[len(before):])
		text = before
		groups++
	}
	return groups, digits
}

// isGroupAtEnd reports whether a text ends with a group: a digit or a bracket, followed by a space or a bracket.
func isGroupAtEnd(text string) bool {
	if len(text) < 2 {
		return false
	}
	return isInSet(text[len(text)-2], Digits+")") && isInSet(text[len(text)-1], " )")
}
