package analysis

import "regexp"

// A date may begin with a zero like a phone number: "05.12.2026" is eight digits with separators. It identifies nobody, and a
// model needs it to tell until when a customer is away. This file tells the two apart.

// These match a date that begins with a zero, or the rest of a date from its month on. A year of two digits isn't followed by
// another group of digits, since "05.11.26.33.44" is a French phone number.
var (
	dateAtZero = regexp.MustCompile(`^0[1-9][./\-] ?[0-3]?[0-9][./\-] ?(?:` +
		`(?:19|20)[0-9]{2}(?:[^0-9]|$)|` + // "05.12.2026", "05/27/2026"
		`[0-9]{2}(?:$|[^0-9./\- ]|\.(?: |$)| [^0-9]| [0-9]{1,2}:))`) // "05.12.26 10:30"
	monthAndYear = regexp.MustCompile(`^0[1-9][./\-] ?(?:19|20)[0-9]{2}(?:[^0-9]|$)`) // of "10.05.2026"
	monthAndDay  = regexp.MustCompile(`^0[1-9]-[0-3][0-9](?:[^0-9]|$)`)               // of "2026-05-10"
	dayBefore    = regexp.MustCompile(`(?:^|[^0-9])[0-3]?[0-9][./\-] ?$`)
	yearBefore   = regexp.MustCompile(`(?:^|[^0-9])(?:19|20)[0-9]{2}-$`)
)

// isZeroPhone reports whether text[from:to], which begins with a zero and has as many digits as a phone number, may be one: it
// neither starts nor ends within a longer number, and is no date or part of one.
func isZeroPhone(text string, from, to int) bool {
	const (
		beforeBytes = 6  // a year with the characters beside it
		dateBytes   = 20 // the longest date with what follows it
	)
	before, rest := text[max(0, from-beforeBytes):from], text[from:min(len(text), from+dateBytes)]
	isMonth := dayBefore.MatchString(before) && monthAndYear.MatchString(rest) ||
		yearBefore.MatchString(before) && monthAndDay.MatchString(rest)
	isDate := isMonth || dateAtZero.MatchString(rest)
	return !isDate && isWholeNumber(text, from, to)
}
