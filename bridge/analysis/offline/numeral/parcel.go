package numeral

import "strings"

// IsParcelNumber says whether a number has the form that carriers give to parcels.
func IsParcelNumber(value string) bool {
	upper := strings.ToUpper(value)
	if isUPSNumber(upper) || isPostalNumber(upper) {
		return true
	}
	return isDHLNumber(upper) || isLabelNumber(upper)
}

// isUPSNumber says whether a number has the form that UPS gives to parcels.
func isUPSNumber(value string) bool {
	return len(value) == len("1Z999AA10123456784") && strings.HasPrefix(value, "1Z")
}

// isPostalNumber says whether a number has the form that all posts give to parcels: two letters, nine digits and the
// country, "RR123456785DE".
func isPostalNumber(value string) bool {
	if len(value) != len("RR123456785DE") {
		return false
	}
	country := len(value) - 2
	return HasOnlyCapitals(value[:2]+value[country:]) && HasOnlyDigits(value[2:country])
}

// isDHLNumber says whether a number has the form that DHL and Hermes give to parcels: "JD014600003828392821",
// "H1001234567890123456".
func isDHLNumber(value string) bool {
	const (
		leastDigits = 14
		mostLetters = 3
	)
	digits := len(value) - len(strings.TrimRight(value, Digits))
	if digits < leastDigits || len(value)-digits > mostLetters {
		return false
	}
	return strings.HasPrefix(value, "JD") || strings.HasPrefix(value, "H")
}

// isLabelNumber says whether a number has as many digits as those on other labels: "00340434161094015902" has twenty.
func isLabelNumber(value string) bool {
	const (
		leastDigits = 18
		mostDigits  = 30
	)
	return IsWithin(len(value), leastDigits, mostDigits) && HasOnlyDigits(value)
}
