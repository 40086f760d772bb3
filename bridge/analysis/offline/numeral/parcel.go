package numeral

import "strings"

// IsParcelNumber reports whether a number has the form of a carrier's tracking number, such as "1Z999AA10123456784" or
// "RR 123 456 785 DE". It ignores spaces and case.
func IsParcelNumber(value string) bool {
	value = strings.ToUpper(strings.ReplaceAll(value, " ", ""))
	for _, isOfCarrier := range []func(string) bool{
		isUPSNumber, isPostalNumber, isChineseNumber, isFrenchNumber, isPolishNumber, isAmazonNumber, isDHLNumber,
		isDutchNumber, isLabelNumber,
	} {
		if isOfCarrier(value) {
			return true
		}
	}
	return false
}

// isFrenchNumber reports whether a number has the form of the French carrier Colissimo: "6A04418829311".
func isFrenchNumber(value string) bool {
	return len(value) == len("6A04418829311") && IsDigit(value[0]) && IsCapital(value[1]) && HasOnlyDigits(value[2:])
}

// isPolishNumber reports whether a number has the form of Poczta Polska's domestic parcels: "PX4417009312".
func isPolishNumber(value string) bool {
	return len(value) == len("PX4417009312") && strings.HasPrefix(value, "PX") && HasOnlyDigits(value[2:])
}

// isAmazonNumber reports whether a number has the form of Amazon's own deliveries: "TBA441700931187".
func isAmazonNumber(value string) bool {
	return len(value) == len("TBA441700931187") && strings.HasPrefix(value, "TB") && IsCapital(value[2]) && HasOnlyDigits(value[3:])
}

// isDutchNumber reports whether a number has the form of the Dutch post: "3S", a sender of four letters or digits, and seven to
// nine digits, such as "3SKLMN00874412".
func isDutchNumber(value string) bool {
	const head = len("3SKLMN")
	if len(value) < head || !strings.HasPrefix(value, "3S") || !HasOnly(value[:head], Digits+Capitals) {
		return false
	}
	return IsWithin(len(value)-head, 7, 9) && HasOnlyDigits(value[head:])
}

// isUPSNumber reports whether a number has the form of UPS: "1Z999AA10123456784".
func isUPSNumber(value string) bool {
	return len(value) == len("1Z999AA10123456784") && strings.HasPrefix(value, "1Z")
}

// isPostalNumber reports whether a number has the international form of postal services: two letters, nine digits and a
// country code, such as "RR123456785DE".
func isPostalNumber(value string) bool {
	if len(value) != len("RR123456785DE") {
		return false
	}
	country := len(value) - 2
	return HasOnlyCapitals(value[:2]+value[country:]) && HasOnlyDigits(value[2:country])
}

// isChineseNumber reports whether a number has the form of parcels from China: "LP00471188207735".
func isChineseNumber(value string) bool {
	if len(value) != len("LP00471188207735") || !HasOnlyDigits(value[2:]) {
		return false
	}
	return value[:2] == "LP" || value[:2] == "CN"
}

// isDHLNumber reports whether a number has the form of DHL or Hermes: "JD014600003828392821",
// "H1001234567890123456".
func isDHLNumber(value string) bool {
	const (
		minDigits  = 14
		maxLetters = 3
	)
	digits := len(value) - len(strings.TrimRight(value, Digits))
	if digits < minDigits || len(value)-digits > maxLetters {
		return false
	}
	return strings.HasPrefix(value, "JD") || strings.HasPrefix(value, "H")
}

// isLabelNumber reports whether a number has as many digits as those on other carriers' labels: "00340434161094015902".
func isLabelNumber(value string) bool {
	const (
		minDigits = 18
		maxDigits = 30
	)
	return IsWithin(len(value), minDigits, maxDigits) && HasOnlyDigits(value)
}
