package numeral

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// IsDate reports whether a number is a date, such as 05.12.2026, 2026-12-05, 5/12/26 or 5.12.
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

// isFullDate reports whether three parts are a day, a month and a year, in the order of any country.
func isFullDate(parts []string) bool {
	const partsOfDate = 3
	if len(parts) != partsOfDate || !isDayOrMonth(parts[1]) {
		return false
	}
	first, last := parts[0], parts[2]
	if IsYear(first) {
		return isDayOrMonth(last)
	}
	endsInYear := IsYear(last) || len(last) == 2
	return isDayOrMonth(first) && endsInYear
}

// isDayOrMonth reports whether a number can be the day or the month of a date.
func isDayOrMonth(s string) bool {
	if len(s) == 2 {
		return s <= "31"
	}
	return len(s) == 1
}

// IsYear reports whether a number is a year from 1900 to 2099.
func IsYear(word string) bool {
	isOfCentury := strings.HasPrefix(word, "19") || strings.HasPrefix(word, "20")
	return len(word) == len("2026") && isOfCentury
}

// IsDecimal reports whether a number has two decimals, like a price: "3.90".
func IsDecimal(value string) bool {
	const maxWhole = 3 // digits
	whole, rest, _ := strings.Cut(value, ".")
	return IsWithin(len(whole), 1, maxWhole) && HasOnlyDigits(whole) && isLike(rest, "90")
}

// IsErrorCode reports whether a number has the form of a machine's error code: "E-77", "F03".
func IsErrorCode(value string) bool {
	if !strings.HasPrefix(value, "E") && !strings.HasPrefix(value, "F") {
		return false
	}
	const maxDigits = 3
	digits := strings.TrimPrefix(value[1:], "-")
	return IsWithin(len(digits), 1, maxDigits) && HasOnlyDigits(digits)
}

// IsHourOrMeasure reports whether a number is a time of day ("17:30", "14h30"), has a unit ("40mm") or is an ordinal ("3rd").
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

	hour, minute, _ = strings.Cut(lower, "h")
	return isLike(minute, "30") && len(hour) <= 2 && HasOnlyDigits(hour)
}

// IsTaxNumber reports whether a number has the form of a European VAT identification number, such as DE811887442.
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

// IsPostcode reports whether a number is a postcode, given the text after it. A Portuguese, Brazilian or Polish postcode must
// be followed by the name of a town: "4000-123 Porto", "01310-100 São Paulo", "30-001 Kraków". A British one, such as
// "SW1A 1AA", need not.
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

// isBritishPostcode reports whether a value has the form of a British postcode: one or two letters, a digit, optionally one
// more character, a space, a digit and two letters.
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

// LongestIBAN is the maximum number of characters of an IBAN, without spaces.
const LongestIBAN = 34

// hasIBANs reports whether a country code is used in IBANs. Prefixes of parcel numbers aren't: "JD014600003828392821" and
// "LP00471188207735".
func hasIBANs(country string) bool {
	const countries = " AD AE AL AT AZ BA BE BG BH BR BY CH CR CY CZ DE DK DO EE EG ES FI FO FR GB GE GI GL GR GT HR HU IE IL " +
		"IQ IS IT JO KW KZ LB LC LI LT LU LV LY MC MD ME MK MR MT MU NL NO PK PL PS PT QA RO RS SA SC SE SI SK SM ST SV TL TN " +
		"TR UA VA VG XK "
	return HasOnlyCapitals(country) && strings.Contains(countries, " "+country+" ")
}

// IsIBAN reports whether a text begins like an IBAN, possibly with spaces. It doesn't verify the check digits.
func IsIBAN(s string) bool {
	const (
		maxBytes = 36 // that are examined
		minIBAN  = 15 // characters without spaces
	)

	s = s[:min(len(s), maxBytes)]
	if len(s) > 2 && s[2] == ' ' {
		return false // "RB 4410 2277" is a parcel number
	}

	s = strings.ReplaceAll(s, " ", "")
	if len(s) < minIBAN || !hasIBANs(s[:2]) || !HasOnlyDigits(s[2:4]) {
		return false
	}

	const minAccountDigits = 7
	account := s[4:minIBAN]
	return HasOnly(account, Digits+Capitals) && CountDigits(account) >= minAccountDigits
}
