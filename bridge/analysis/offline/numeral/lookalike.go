package numeral

import "strings"

// isLookalike reports whether a number in parts has the form of a reference, such as an order number, but is more likely
// something else: a season ("2026/27"), a phone number ("600-100-200"), a tyre size or a licence plate.
func isLookalike(value string) bool {
	const partsOfPlate = 3 // or of a phone number
	parts := splitAt(value, "-/")
	switch len(parts) {
	case 2:
		return isRange(parts[0], parts[1])
	case partsOfPlate:
		if areShortNumbers(parts) {
			return isPhoneInParts(parts)
		}
		return isLicencePlate(value, parts)
	}
	return false
}

// IsRating reports whether a value ends with a quantity and its unit, like a model name on a machine: "XR-4410-220V",
// "SL-2200W".
func IsRating(value string) bool {
	for _, unit := range []string{"V", "W", "A", "HZ", "MM", "CM", "KG", "L"} {
		head, hasUnit := strings.CutSuffix(strings.ToUpper(value), "0"+unit)
		if hasUnit && head != "" && PrefixLength(value) > 0 {
			return true
		}
	}
	return false
}

// isRange reports whether two parts are a range of years or round numbers, a month of a year, or the size of a tyre.
func isRange(first, last string) bool {
	if IsYear(first) && areShortNumbers([]string{first, last}) {
		return isInYear(first, last)
	}
	if isDayOrMonth(first) && len(first) == 2 && first <= "12" && IsYear(last) && HasOnlyDigits(first+last) {
		return true // "11/2027"
	}
	if HasOnlyDigits(first + last) {
		return strings.HasSuffix(first, "00") && strings.HasSuffix(last, "00") // "40000-60000"
	}
	return strings.Contains(last, "R1") // a tyre: "205/55R16"
}

// isInYear reports whether the part after a year is a month, the next year or a year of the same century: "2026/04",
// "2026/27", "2019-2024".
func isInYear(year, last string) bool {
	if len(last) == len(year) {
		return last[:2] == year[:2]
	}
	isMonth := len(last) == 2 && last <= "12"
	return isMonth || last == nextYear(year)
}

// nextYear returns the last two digits of the following year: "27" for "2026".
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

// areShortNumbers reports whether all parts consist of two to four digits.
func areShortNumbers(parts []string) bool {
	const maxDigits = 4
	for _, part := range parts {
		if !IsWithin(len(part), 2, maxDigits) || !HasOnlyDigits(part) {
			return false
		}
	}
	return true
}

// isPhoneInParts reports whether three short numbers have the length of a phone number: "600-100-200".
func isPhoneInParts(parts []string) bool {
	const (
		minDigits = 9
		maxDigits = 11
	)
	digits := len(parts[0]) + len(parts[1]) + len(parts[2])
	return IsWithin(digits, minDigits, maxDigits)
}

// isLicencePlate reports whether three parts have the form of a car's licence plate: "12-AB-34", "AB-123-CD".
func isLicencePlate(value string, parts []string) bool {
	const maxLetters = 4
	all := strings.Join(parts, "")
	letters := len(all) - CountDigits(all)
	if len(parts[0]) != 2 || letters > maxLetters {
		return false
	}
	switch len(value) {
	case len("12-AB-34"):
		return len(parts[1]) == 2
	case len("AB-123-CD"):
		return isLike(parts[1], "123") && letters == maxLetters
	}
	return false
}
