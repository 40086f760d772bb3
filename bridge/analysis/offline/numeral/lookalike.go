package numeral

import "strings"

// isLookalike says whether a number of parts looks like a reference and is none where no word announces it: a season, a
// telephone, a tyre, a number plate.
func isLookalike(value string) bool {
	parts := strings.FieldsFunc(value, func(r rune) bool { return r == '-' || r == '/' })
	switch len(parts) {
	case 2:
		return isSpan(parts[0], parts[1])
	case 3:
		return isPhoneInParts(parts) || isNumberPlate(value, parts)
	}
	return false
}

// isSpan says whether two parts are a span of years or of round numbers, or a month of a year. A tyre's are none, but no
// reference either.
func isSpan(first, last string) bool {
	if IsYear(first) && isShortNumber(first) && isShortNumber(last) {
		return isInYear(first, last)
	}
	if HasOnlyDigits(first + last) {
		return strings.HasSuffix(first, "00") && strings.HasSuffix(last, "00") // "40000-60000"
	}
	return strings.Contains(last, "R1") // of a tyre: "205/55R16"
}

// isInYear says whether what stands behind a year is a month of it, or a year of the same century: "2026/04", "2026/27",
// "2019-2024".
func isInYear(year, last string) bool {
	if len(last) == len(year) {
		return last[:2] == year[:2]
	}
	isMonth := len(last) == 2 && last <= "12"
	return isMonth || last == nextYear(year)
}

// nextYear gives the last two digits of the year after one.
func nextYear(year string) string {
	n := (int(year[2]-'0')*10 + int(year[3]-'0') + 1) % 100
	return string([]byte{byte('0' + n/10), byte('0' + n%10)})
}

// isShortNumber says whether a part is of two to four digits.
func isShortNumber(part string) bool { return IsWithin(len(part), 2, 4) && HasOnlyDigits(part) }

func areShortNumbers(parts []string) bool {
	return isShortNumber(parts[0]) && isShortNumber(parts[1]) && isShortNumber(parts[2])
}

// isPhoneInParts says whether three parts are a telephone's: "600-100-200".
func isPhoneInParts(parts []string) bool {
	const (
		leastDigits = 9
		mostDigits  = 11
	)
	digits := len(parts[0]) + len(parts[1]) + len(parts[2])
	return areShortNumbers(parts) && IsWithin(digits, leastDigits, mostDigits)
}

// isNumberPlate says whether three parts are on a car: "12-AB-34", "AB-123-CD".
func isNumberPlate(value string, parts []string) bool {
	if areShortNumbers(parts) || len(parts[0]) != 2 {
		return false
	}
	all := strings.Join(parts, "")
	letters := len(all) - CountDigits(all)
	switch len(value) {
	case len("12-AB-34"):
		return len(parts[1]) == 2 && letters <= 4
	case len("AB-123-CD"):
		return isShortNumber(parts[1]) && len(parts[1]) == 3 && letters == 4
	}
	return false
}
