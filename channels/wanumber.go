package channels

import "strings"

// Digits of phone numbers.
const (
	nationalDigits  = 10 // Mexico and Argentina: without country code and the digit that marks mobile phones
	brazilArea      = 2
	brazilOldDigits = 8 // after the area code; mobile phones later got a ninth digit, a 9 before the others
)

// OtherForms returns the other forms of a phone number, in E.164, under which people or WhatsApp may know the same
// customer: a number in Brazil or Mexico with or without the digit that marks mobile phones (9 or 1), and a mobile number
// in Argentina without its 9.
func OtherForms(key string) []string {
	if rest, isMexican := strings.CutPrefix(key, "+52"); isMexican {
		mobile, hasOne := strings.CutPrefix(rest, "1")
		if hasOne && len(mobile) == nationalDigits {
			return []string{"+52" + mobile}
		}
		if len(rest) == nationalDigits {
			return []string{"+521" + rest}
		}
		return nil
	}

	mobile, isArgentine := strings.CutPrefix(key, "+549")
	if isArgentine && len(mobile) == nationalDigits {
		return []string{"+54" + mobile}
	}

	national, isBrazilian := strings.CutPrefix(key, "+55")
	if !isBrazilian || len(national) < brazilArea+brazilOldDigits {
		return nil
	}

	area, local := national[:brazilArea], national[brazilArea:]
	isOldMobile := len(local) == brazilOldDigits && local[0] >= '6' // lower digits begin the numbers of landlines
	if isOldMobile {
		return []string{"+55" + area + "9" + local}
	}

	isNewMobile := len(local) == brazilOldDigits+1 && local[0] == '9'
	if isNewMobile {
		return []string{"+55" + area + local[1:]}
	}

	return nil
}
