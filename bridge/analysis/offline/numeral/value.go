package numeral

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// IsDate reports whether a number is a date as 05.12.2026, 2026-12-05, 5/12/26 or 5.12.
func IsDate(value string) bool {
	parts := splitAt(value, ".-/")
	for _, part := range parts {
		if !HasOnlyDigits(part) {
			return false
		}
	}
	if len(parts) == 2 {
		isDayAndMonth := isDayOrMonth(parts[0]) && isDayOrMonth(parts[1])
		return isDayAndMonth && !strings.Contains(value, "-")
	}
	return isFullDate(parts)
}

// isFullDate reports whether some numbers are a day, a month and a year, in the order of any country.
func isFullDate(parts []string) bool {
	const inDate = 3
	if len(parts) != inDate || !isDayOrMonth(parts[1]) {
		return false
	}
	first, last := parts[0], parts[2]
	if IsYear(first) {
		return isDayOrMonth(last)
	}
	endsInYear := IsYear(last) || len(last) == 2
	return isDayOrMonth(first) && endsInYear
}

// isDayOrMonth reports whether a number may be the day of a date, or its month.
func isDayOrMonth(s string) bool {
	if len(s) == 2 {
		return s <= "31"
	}
	return len(s) == 1
}

// IsYear reports whether four digits are a year of this or the last century.
func IsYear(word string) bool {
	isOfCentury := strings.HasPrefix(word, "19") || strings.HasPrefix(word, "20")
	return len(word) == len("2026") && isOfCentury
}

// IsDecimal reports whether a number has two digits behind its point, as a price has: "3.90".
func IsDecimal(value string) bool {
	const longestWhole = 3
	whole, rest, _ := strings.Cut(value, ".")
	return IsWithin(len(whole), 1, longestWhole) && HasOnlyDigits(whole) && isLike(rest, "90")
}

// IsErrorCode reports whether a number is what a machine shows when it fails: "E-77", "F03".
func IsErrorCode(value string) bool {
	if !strings.HasPrefix(value, "E") && !strings.HasPrefix(value, "F") {
		return false
	}
	const longest = 3
	digits := strings.TrimPrefix(value[1:], "-")
	return IsWithin(len(digits), 1, longest) && HasOnlyDigits(digits)
}

// IsHourOrMeasure reports whether a number is an hour of the day, "17:30", "14h30", or has another unit right behind its digits: "40mm",
// "3rd".
func IsHourOrMeasure(value string) bool {
	hour, minute, found := strings.Cut(value, ":")
	if found {
		return len(hour) <= 2 && len(minute) <= len("30:00")
	}

	lower := strings.ToLower(value)
	for _, end := range []string{"pm", "am", "h", "uhr", "kg", "km", "cm", "mm", "ml", "gb", "mb", "st", "nd", "rd", "th", "eme", "x", "€"} {
		count, hasUnit := strings.CutSuffix(lower, end)
		isCount := count != "" && HasOnlyDigits(count)
		if isCount && hasUnit {
			return true
		}
	}

	before, behind, _ := strings.Cut(lower, "h")
	return isLike(behind, "30") && len(before) <= 2 && HasOnlyDigits(before)
}

// IsTaxNumber reports whether a number has the form of a company's for value added tax, as DE811887442: two letters for the
// state, and as many digits as its numbers have.
func IsTaxNumber(value string) bool {
	if len(value) < 2 {
		return false
	}

	country, rest := value[:2], value[2:]
	switch country {
	case "DE", "PT", "GB", "EL":
		return isLike(rest, "123456789")
	case "PL", "BE", "SK":
		return isLike(rest, "1234567890")
	case "IT", "FR", "HR":
		return isLike(rest, "12345678901")
	case "AT": // "ATU12345678"
		number, found := strings.CutPrefix(rest, "U")
		return found && isLike(number, "12345678")
	case "NL": // "NL123456789B01"
		number, end, _ := strings.Cut(rest, "B")
		return isLike(number, "123456789") && isLike(end, "01")
	case "ES": // one or two letters among the digits: "ESB12345678", "ESX1234567L"
		letters := len(rest) - CountDigits(rest)
		return len(rest) == len("X1234567L") && IsWithin(letters, 1, 2)
	}

	return false
}

// IsPostcode reports whether a number is a Portuguese, Brazilian or Polish postcode before the name of a town: "4000-123
// Porto", "01310-100 São Paulo", "30-001 Kraków".
//
// A British one needs no town: "SW1A 1AA".
func IsPostcode(value, after string) bool {
	if isBritishPostcode(value) {
		return true
	}

	head, end, _ := strings.Cut(value, "-")
	if !isLike(end, "123") || !HasOnlyDigits(head) {
		return false
	}

	switch len(head) {
	case len("30"), len("4000"), len("01310"):
		town, isSpaced := strings.CutPrefix(after, " ")
		r, _ := utf8.DecodeRuneInString(town)
		return isSpaced && unicode.IsUpper(r)
	}

	return false
}

// isBritishPostcode reports whether a value has the form of a British postcode: one or two letters, a digit, perhaps one more
// character, and behind a space a digit and two letters.
func isBritishPostcode(value string) bool {
	area, end, _ := strings.Cut(value, " ")
	if len(end) != 3 || !IsDigit(end[0]) || !HasOnlyCapitals(end[1:]) || !IsWithin(len(area), 2, 4) {
		return false
	}
	letters := PrefixLength(area)
	if !IsWithin(letters, 1, 2) || letters == len(area) || !HasOnly(area, Digits+Capitals) {
		return false
	}
	return len(area)-letters <= 2
}

// LongestIBAN is how many characters the number of a bank account has at most, without spaces.
const LongestIBAN = 34

// hasBankAccounts reports whether a country's banks number accounts so. None is called JD or LP: "JD014600003828392821" and
// "LP00471188207735" are parcels'.
func hasBankAccounts(country string) bool {
	const countries = " AD AE AL AT AZ BA BE BG BH BR BY CH CR CY CZ DE DK DO EE EG ES FI FO FR GB GE GI GL GR GT HR HU IE IL " +
		"IQ IS IT JO KW KZ LB LC LI LT LU LV LY MC MD ME MK MR MT MU NL NO PK PL PS PT QA RO RS SA SC SE SI SK SM ST SV TL TN " +
		"TR UA VA VG XK "
	return HasOnlyCapitals(country) && strings.Contains(countries, " "+country+" ")
}

// IsIBAN reports whether a text begins like the number of a bank account.
func IsIBAN(s string) bool {
	const (
		ahead = 36 // bytes that are looked at
		head  = 15 // characters of these, without spaces, that have to fit: no country's numbers are shorter
	)

	s = s[:min(len(s), ahead)]
	if len(s) > 2 && s[2] == ' ' {
		return false // "RB 4410 2277" is a parcel's
	}

	s = strings.ReplaceAll(s, " ", "")
	if len(s) < head || !hasBankAccounts(s[:2]) || !HasOnlyDigits(s[2:4]) {
		return false
	}

	const leastDigits = 7
	account := s[4:head]
	return HasOnly(account, Digits+Capitals) && CountDigits(account) >= leastDigits
}
