package numeral

import "strings"

// IsDistinctive reports whether the form of a number alone shows that it is a reference, such as an order number: "RG1183",
// "ORC-118", "77Q-3310", "55-1188". Names of models ("SX-2000"), years and phone numbers aren't.
func IsDistinctive(value string) bool {
	if isLookalike(value) {
		return false
	}
	if HasMixedParts(value) {
		return true
	}

	head := value[:PrefixLength(value)]
	letters := strings.TrimRight(head, "-/_")
	const (
		maxLetters         = 5
		maxLettersUnjoined = 3 // without a separator: "RG1183"
		minDigitsUnjoined  = 4
		minDigitsJoined    = 3 // after a separator: "ORC-118"
	)
	if len(letters) > maxLetters || strings.ToUpper(letters) != letters {
		return false
	}
	if strings.ContainsAny(value, ".:") {
		return false
	}
	if letters == "" {
		return hasLettersAtEnd(value) || hasLettersBetween(value) || hasJoinedDigits(value)
	}

	digits := CountDigits(value)
	hasSeparator := letters != head
	if hasSeparator {
		return digits >= minDigitsJoined && !isModelName(value, digits)
	}

	return digits >= minDigitsUnjoined && len(letters) <= maxLettersUnjoined
}

// isModelName reports whether letters, a hyphen and a few digits end like the name of a model: "SX-2000", "HD-450".
func isModelName(value string, digits int) bool {
	if strings.HasSuffix(value, "00") {
		return digits <= len("2000")
	}
	return digits == len("450") && strings.HasSuffix(value, "0")
}

// hasJoinedDigits reports whether a number is at least five digits, joined by hyphens or slashes: "55-1188".
func hasJoinedDigits(value string) bool {
	const minDigits = 5
	if value[0] == '0' || CountDigits(value) < minDigits {
		return false
	}
	return strings.ContainsAny(value, "-/") && HasOnly(value, Digits+"-/")
}

// HasMixedParts reports whether a number consists of two or more parts, joined by hyphens, slashes or dots, with digits and
// capitals: "77Q-3310", "4/2026-B", "C.2026.551".
func HasMixedParts(value string) bool {
	const (
		minDigits         = 4
		maxCapitalsOfPart = 4
	)

	parts := splitAt(value, "-/.")
	if len(parts) < 2 || CountDigits(value) < minDigits {
		return false
	}

	capitals := 0
	for _, part := range parts {
		inPart := len(part) - CountDigits(part)
		if inPart > maxCapitalsOfPart || !HasOnly(part, Digits+Capitals) {
			return false
		}
		capitals += inPart
	}

	isModel := len(parts) == 2 && !HasDigit(parts[0])
	if isModel && strings.HasSuffix(value, "00") { // "SX-2000"
		return false
	}

	return capitals > 0
}

// hasLettersAtEnd reports whether a number is at least four digits, a hyphen and up to two capitals: "77120-B".
func hasLettersAtEnd(value string) bool {
	const minDigits = 4
	number, end, found := strings.Cut(value, "-")
	if !found || len(number) < minDigits || len(end) > 2 {
		return false
	}
	return HasOnlyDigits(number) && HasOnlyCapitals(end)
}

// hasLettersBetween reports whether a number has one to three capitals between digits, with at least four digits after them:
// "26F00417".
func hasLettersBetween(value string) bool {
	letters := strings.Trim(value, Digits)
	if !IsWithin(len(letters), 1, 3) || !HasOnlyCapitals(letters) {
		return false
	}
	head, tail, _ := strings.Cut(value, letters)
	return head != "" && len(tail) >= 4
}

// IsCountedInYear reports whether a number is a consecutive number, a slash and a year of the 2020s: "54/26". Many invoices
// have such numbers.
func IsCountedInYear(value string) bool {
	number, year, _ := strings.Cut(value, "/")
	if len(year) != 2 || !HasOnlyDigits(number+year) {
		return false
	}
	const maxDigits = 5
	return year[0] == '2' && IsWithin(len(number), 2, maxDigits)
}

// IsDotted reports whether a number has five or six digits with a dot before the last three, and isn't a round amount:
// "64.713", but not "12.500" or "12.550".
func IsDotted(value string) bool {
	const maxThousands = 3 // digits
	thousands, rest, _ := strings.Cut(value, ".")
	if !IsWithin(len(thousands), 2, maxThousands) || !HasOnlyDigits(thousands) {
		return false
	}
	isRound := strings.HasSuffix(rest, "00") || strings.HasSuffix(rest, "50")
	return isLike(rest, "713") && !isRound
}
