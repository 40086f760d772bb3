package offline

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// isDate says whether a number is a date as 05.12.2026, 2026-12-05, 5/12/26 or 5.12.
func isDate(value string) bool {
	parts := strings.FieldsFunc(value, func(r rune) bool { return r == '.' || r == '-' || r == '/' })
	for _, part := range parts {
		if !hasOnlyDigits(part) {
			return false
		}
	}
	switch len(parts) {
	case 3:
		return isFullDate(parts)
	case 2:
		isDayAndMonth := isDayOrMonth(parts[0]) && isDayOrMonth(parts[1])
		return isDayAndMonth && !strings.Contains(value, "-")
	}
	return false
}

// isFullDate says whether three numbers are a day, a month and a year, in the order of any country.
func isFullDate(parts []string) bool {
	first, last := parts[0], parts[2]
	if !isDayOrMonth(parts[1]) {
		return false
	}
	if isYear(first) {
		return isDayOrMonth(last)
	}
	endsInYear := isYear(last) || len(last) == 2
	return isDayOrMonth(first) && endsInYear
}

// isDayOrMonth says whether a number may be the day of a date, or its month.
func isDayOrMonth(s string) bool {
	if len(s) == 2 {
		return s <= "31"
	}
	return len(s) == 1
}

// isYear says whether four digits are a year of this or the last century.
func isYear(word string) bool {
	isOfCentury := strings.HasPrefix(word, "19") || strings.HasPrefix(word, "20")
	return len(word) == 4 && isOfCentury
}

// isDecimal says whether a number has two digits behind its point, as a price has: "3.90".
func isDecimal(value string) bool {
	whole, rest, found := strings.Cut(value, ".")
	if !found || !hasOnlyDigits(whole+rest) {
		return false
	}
	return isWithin(len(whole), 1, 3) && len(rest) == 2
}

// isErrorCode says whether a number is what a machine shows when it fails: "E-77", "F03".
func isErrorCode(value string) bool {
	if !strings.HasPrefix(value, "E") && !strings.HasPrefix(value, "F") {
		return false
	}
	digits := strings.TrimPrefix(value[1:], "-")
	return isWithin(len(digits), 1, 3) && hasOnlyDigits(digits)
}

// isTime says whether a number is an hour of the day, "17:30", "14h30", or has another unit right behind its digits: "40mm",
// "3rd".
func isTime(value string) bool {
	hour, minute, found := strings.Cut(value, ":")
	if found {
		return len(hour) <= 2 && len(minute) <= len("30:00")
	}
	lower := strings.ToLower(value)
	for _, end := range []string{"pm", "am", "h", "uhr", "kg", "km", "cm", "mm", "ml", "gb", "mb", "st", "nd", "rd", "th", "eme", "x", "€"} {
		head, hasUnit := strings.CutSuffix(lower, end)
		if hasUnit && head != "" && hasOnlyDigits(head) {
			return true
		}
	}
	hour, minute, found = strings.Cut(lower, "h")
	if !found || !hasOnlyDigits(hour+minute) {
		return false
	}
	return len(hour) <= 2 && len(minute) == 2
}

// isTaxNumber says whether a number has the form of a company's for value added tax, as DE811887442: two letters for the
// state, and as many digits as its numbers have.
func isTaxNumber(value string) bool {
	if len(value) < 2 {
		return false
	}
	country, rest := value[:2], value[2:]
	switch country {
	case "DE", "PT", "GB", "EL":
		return len(rest) == 9 && hasOnlyDigits(rest)
	case "IT", "FR", "HR":
		return len(rest) == 11 && hasOnlyDigits(rest)
	case "PL", "BE", "SK":
		return len(rest) == 10 && hasOnlyDigits(rest)
	case "AT": // "ATU12345678"
		return len(rest) == 9 && rest[0] == 'U' && countDigits(rest) == 8
	case "NL": // "NL123456789B01"
		return len(rest) == 12 && rest[9] == 'B' && countDigits(rest) == 11
	case "ES": // "ESB12345678", "ESX1234567L"
		return len(rest) == 9 && isWithin(countDigits(rest), 7, 8)
	}
	return false
}

// isPostcode says whether a number is a Portuguese, Brazilian or Polish postcode before the name of a town: "4000-123
// Porto", "01310-100 São Paulo", "30-001 Kraków".
func isPostcode(value, after string) bool {
	head, end, _ := strings.Cut(value, "-")
	if len(end) != 3 || !hasOnlyDigits(head+end) {
		return false
	}
	switch len(head) {
	case 2, 4, 5:
		town, isSpaced := strings.CutPrefix(after, " ")
		r, _ := utf8.DecodeRuneInString(town)
		return isSpaced && unicode.IsUpper(r)
	}
	return false
}

// How much is read of the number of a bank account.
const (
	longestIBAN = 34 // characters, without spaces
	ibanAhead   = 36 // bytes that are looked at to know that it is one
	ibanHead    = 15 // characters of these that have to fit: no country's numbers are shorter
)

// isIBAN says whether a text begins like the number of a bank account.
func isIBAN(s string) bool {
	if len(s) > 2 && s[2] == ' ' {
		return false // "RB 4410 2277" is a parcel's
	}
	s = strings.ReplaceAll(s, " ", "")
	if len(s) < ibanHead || strings.HasPrefix(s, "JD") { // "JD014600003828392821" is a parcel's
		return false
	}
	if !hasOnlyCapitals(s[:2]) || !hasOnlyDigits(s[2:4]) {
		return false
	}
	const leastDigits = 7
	account := s[4:ibanHead]
	return hasOnly(account, digitSet+capitalSet) && countDigits(account) >= leastDigits
}

// endOfIBAN gives the last word of a bank account's number: groups of at most four characters follow each other.
func (t *text) endOfIBAN(at int) int {
	const longestGroup = 4
	size := len(t.wordAt(at))
	for at+1 < len(t.tokens) {
		group := t.wordAt(at + 1)
		size += len(group)
		if size > longestIBAN || len(group) > longestGroup || t.separatorAfter(at) != " " {
			break
		}
		if !isCode(group) || strings.ToUpper(group) != group {
			break
		}
		at++
	}
	return at
}

// mostPhoneGroups bounds how many groups of digits are read to know a telephone.
const mostPhoneGroups = 12

// isInPhone says whether a number is one of several groups of digits, as telephones and cards have, or has four parts of
// its own: "030 1234567", "06.39.98.41.20".
func isInPhone(all string, n *numberSpan) bool {
	if !hasOnly(n.value, digitSet+"-/.") {
		return false
	}
	behind, digitsBehind := countGroupsBehind(all, n.to, mostPhoneGroups-1)
	before, digitsBefore := countGroupsBefore(all, n.from, mostPhoneGroups-1-behind)
	digits := countDigits(n.value) + digitsBehind + digitsBefore
	if behind+before > 0 {
		return digits >= 8
	}
	parts := 1 + strings.Count(n.value, "-") + strings.Count(n.value, ".")
	return parts >= 4 && digits >= 9
}

// countGroupsBehind counts the groups of digits behind a place, each behind a space, and their digits.
func countGroupsBehind(all string, at, most int) (groups, digits int) {
	for groups < most && isSpaceAndDigit(all, at) {
		at++
		for at < len(all) && isDigit(all[at]) {
			at++
			digits++
		}
		groups++
	}
	return groups, digits
}

func isSpaceAndDigit(all string, at int) bool {
	return at+1 < len(all) && all[at] == ' ' && isDigit(all[at+1])
}

// countGroupsBefore counts the groups of digits before a place, and their digits. A group may have brackets and a plus:
// "(030) 123", "+44 7700".
func countGroupsBefore(all string, at, most int) (groups, digits int) {
	at--
	for groups < most && isEndOfGroup(all, at) {
		end := at
		at--
		for at >= 0 && isInSet(all[at], digitSet+"()+") {
			at--
		}
		digits += countDigits(all[at+1 : end])
		groups++
	}
	return groups, digits
}

// isEndOfGroup says whether a space or a bracket stands behind a digit or a bracket.
func isEndOfGroup(all string, at int) bool {
	if at <= 0 {
		return false
	}
	return isInSet(all[at], " )") && isInSet(all[at-1], digitSet+")")
}
