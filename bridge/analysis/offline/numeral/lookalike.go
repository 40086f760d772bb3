package numeral

import (
	"slices"
	"strings"
)

// isLookalike reports whether a number of parts looks like a reference and is none where no word announces it: a season, a
// telephone, a tyre, a number plate.
func isLookalike(value string) bool {
	parts := splitAt(value, "-/")
	if len(parts) == 2 {
		return isSpan(parts[0], parts[1])
	}
	const inPlate = 3
	if len(parts) != inPlate {
		return false
	}
	if areShortNumbers(parts) {
		return isPhoneInParts(parts)
	}
	return isNumberPlate(value, parts)
}

// IsRating reports whether a value ends with a measure of electricity or light, as what stands on the plates of machines:
// "XR-4410-220V", "SL-2200W".
func IsRating(value string) bool {
	for _, unit := range []string{"V", "W", "A", "HZ", "MM", "CM", "KG", "L"} {
		head, hasUnit := strings.CutSuffix(strings.ToUpper(value), "0"+unit)
		if hasUnit && head != "" && PrefixLength(value) > 0 {
			return true
		}
	}
	return false
}

// isSpan reports whether two parts are a span of years or of round numbers, a month of a year, or the size of a tyre.
func isSpan(first, last string) bool {
	if IsYear(first) && areShortNumbers([]string{first, last}) {
		return isInYear(first, last)
	}
	if isDayOrMonth(first) && len(first) == 2 && first <= "12" && IsYear(last) && HasOnlyDigits(first+last) {
		return true // "11/2027"
	}
	if HasOnlyDigits(first + last) {
		return strings.HasSuffix(first, "00") && strings.HasSuffix(last, "00") // "40000-60000"
	}
	return strings.Contains(last, "R1") // of a tyre: "205/55R16"
}

// isInYear reports whether what stands behind a year is a month of it, or a year of the same century: "2026/04", "2026/27",
// "2019-2024".
func isInYear(year, last string) bool {
	if len(last) == len(year) {
		return last[:2] == year[:2]
	}
	isMonth := len(last) == 2 && last <= "12"
	return isMonth || last == nextYear(year)
}

// nextYear returns the last two digits of the year after one.
func nextYear(year string) string {
	decade, ones := year[len(year)-2], year[len(year)-1]
	if ones < '9' {
		return string([]byte{decade, ones + 1})
	}
	if decade < '9' {
		return string([]byte{decade + 1, '0'})
	}
	return "00"
}

// areShortNumbers reports whether all parts are of two to four digits.
func areShortNumbers(parts []string) bool {
	const longest = 4
	return !slices.ContainsFunc(parts, func(part string) bool { return !IsWithin(len(part), 2, longest) || !HasOnlyDigits(part) })
}

// isPhoneInParts reports whether three short numbers are a telephone's: "600-100-200".
func isPhoneInParts(parts []string) bool {
	const (
		leastDigits = 9
		mostDigits  = 11
	)
	digits := len(parts[0]) + len(parts[1]) + len(parts[2])
	return IsWithin(digits, leastDigits, mostDigits)
}

// isNumberPlate reports whether three parts are on a car: "12-AB-34", "AB-123-CD".
func isNumberPlate(value string, parts []string) bool {
	const mostLetters = 4
	all := strings.Join(parts, "")
	letters := len(all) - CountDigits(all)
	if len(parts[0]) != 2 || letters > mostLetters {
		return false
	}
	switch len(value) {
	case len("12-AB-34"):
		return len(parts[1]) == 2
	case len("AB-123-CD"):
		return isLike(parts[1], "123") && letters == mostLetters
	}
	return false
}
