package numeral

import "strings"

// IsDistinctive reports whether a number looks like a reference wherever it stands: capitals and digits, or groups of
// digits, joined by a hyphen or a stroke.
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
		mostLetters = 5
		fewLetters  = 3 // of a number without a mark between: "RG1183"
		leastDigits = 4 // of such a number
		leastBehind = 3 // digits behind a mark: "ORC-118"
	)
	if len(letters) > mostLetters || strings.ToUpper(letters) != letters {
		return false
	}
	if strings.ContainsAny(value, ".:") {
		return false
	}
	if letters == "" {
		return hasLettersAtEnd(value) || hasLettersBetween(value) || hasJoinedDigits(value)
	}

	digits := CountDigits(value)
	hasMark := letters != head
	if hasMark {
		return digits >= leastBehind && !isModelName(value, digits)
	}

	return digits >= leastDigits && len(letters) <= fewLetters
}

// isModelName reports whether letters, a hyphen and few digits end as names of models do: "SX-2000", "HD-450".
func isModelName(value string, digits int) bool {
	if strings.HasSuffix(value, "00") {
		return digits <= len("2000")
	}
	return digits == len("450") && strings.HasSuffix(value, "0")
}

// hasJoinedDigits reports whether a number has five digits or more in parts, and no letters: "55-1188".
func hasJoinedDigits(value string) bool {
	const leastDigits = 5
	if value[0] == '0' || CountDigits(value) < leastDigits {
		return false
	}
	return strings.ContainsAny(value, "-/") && HasOnly(value, Digits+"-/")
}

// HasMixedParts reports whether a number has two parts or more of digits and capitals, joined by hyphens, strokes or dots,
// with both in it: "77Q-3310", "4/2026-B", "C.2026.551".
func HasMixedParts(value string) bool {
	const (
		leastDigits  = 4
		mostCapitals = 4 // of one part
	)

	parts := splitAt(value, "-/.")
	if len(parts) < 2 || CountDigits(value) < leastDigits {
		return false
	}

	capitals := 0
	for _, part := range parts {
		ofPart := len(part) - CountDigits(part)
		if ofPart > mostCapitals || !HasOnly(part, Digits+Capitals) {
			return false
		}
		capitals += ofPart
	}

	isModel := len(parts) == 2 && !HasDigit(parts[0])
	if isModel && strings.HasSuffix(value, "00") { // "SX-2000"
		return false
	}

	return capitals > 0
}

// hasLettersAtEnd reports whether a number of four digits or more ends with a hyphen and one or two capitals: "77120-B".
func hasLettersAtEnd(value string) bool {
	const leastDigits = 4
	number, end, found := strings.Cut(value, "-")
	if !found || len(number) < leastDigits || len(end) > 2 {
		return false
	}
	return HasOnlyDigits(number) && HasOnlyCapitals(end)
}

// hasLettersBetween reports whether up to three capitals stand between digits, of which four or more are behind them:
// "26F00417".
func hasLettersBetween(value string) bool {
	letters := strings.Trim(value, Digits)
	if !IsWithin(len(letters), 1, 3) || !HasOnlyCapitals(letters) {
		return false
	}
	head, tail, _ := strings.Cut(value, letters)
	return head != "" && len(tail) >= 4
}

// IsCountedInYear reports whether a number is counted within a year of this decade or the next ones, as those of invoices:
// "54/26".
func IsCountedInYear(value string) bool {
	number, year, _ := strings.Cut(value, "/")
	if len(year) != 2 || !HasOnlyDigits(number+year) {
		return false
	}
	const longest = 5
	return year[0] == '2' && IsWithin(len(number), 2, longest)
}

// IsDotted reports whether a number of five or six digits with a dot before the last three isn't a round one: "64.713",
// but not "12.500" or "12.550".
func IsDotted(value string) bool {
	const longestWhole = 3
	whole, thousands, _ := strings.Cut(value, ".")
	if !IsWithin(len(whole), 2, longestWhole) || !HasOnlyDigits(whole) {
		return false
	}
	isRound := strings.HasSuffix(thousands, "00") || strings.HasSuffix(thousands, "50")
	return isLike(thousands, "713") && !isRound
}
