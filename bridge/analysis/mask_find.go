package analysis

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Found is a part of a text that should be masked: text[From:To].
type Found struct {
	Kind     Kind
	From, To int
}

// invisible replaces all invisible characters, such as soft hyphens, in a folded text (see fold).
const invisible = "\u200b"

// gap matches the separators between the digits of a number. Stars and low lines are also the Markdown of bold digits.
const gap = `[ .\-/()*_` + invisible + `]{0,3}`

// The characters of email addresses. \p{M} matches combining accents.
const (
	localStart  = `[\p{L}\p{N}.!#$%&'*+/=?^_{|}~\-]`
	local       = `[\p{L}\p{M}\p{N}.!#$%&'*+/=?^_{|}~\-` + invisible + `]`
	domainStart = `[\p{L}\p{N}]`
	domain      = `[\p{L}\p{M}\p{N}.\-` + invisible + `]`
	domainEnd   = `[\p{L}\p{M}\p{N}]`
)

var (
	email = regexp.MustCompile(localStart + local + `*@` + invisible + `*` + domainStart + `(?:` + domain + `*` + domainEnd + `)?`)
	// An address with spaces around the @, as some keyboards write them, or with a word for it, which is to deceive robots.
	spacedEmail = regexp.MustCompile(localStart + local + `* ?(?:@|\(at\)|\[at\]) ?` + domainStart + domain + `*\.\p{L}{2,}`)

	iban = regexp.MustCompile(`[A-Za-z]{2}` + gap + `[0-9]` + gap + `[0-9](?:` + gap + `[A-Za-z0-9]){11,30}`)
	card = regexp.MustCompile(`[0-9](?:` + gap + `[0-9]){11,}`)
	// Phone numbers that begin with a plus or a zero, possibly in brackets, or that are written in three groups as in North
	// America. The patterns for all others are in national.go.
	plusPhone    = regexp.MustCompile(`(?:\+|\(\+)` + gap + `[0-9](?:` + gap + `[0-9]){5,17}`)
	zeroPhone    = regexp.MustCompile(`\(?0[0-9]?(?:` + gap + `[0-9]){6,16}`)
	groupedPhone = regexp.MustCompile(`\(?[2-9][0-9]{2}\)?[ .\-]{1,2}[0-9]{3}[ .\-]{1,2}[0-9]{4}`)
)

// Find returns the email addresses, phone numbers, card numbers and IBANs in a text, in order and without overlaps. In
// "call 0170-1234567 or kim@example.com" it finds a phone number and an email address. If two of them overlap, Find
// returns the one that begins first, or the longer one if both begin at the same offset. It then searches the rest of the
// other one again.
func Find(text string) []Found {
	folded, offsets := fold(text)
	all := findBetween(folded, 0, len(folded))
	for i, f := range all {
		all[i] = Found{Kind: f.Kind, From: offsets[f.From], To: offsets[f.To]}
	}
	return all
}

// findBetween searches text[from:to] and ignores the text around it.
func findBetween(text string, from, to int) []Found {
	all := findCandidates(text[from:to])
	if len(all) == 0 {
		return nil
	}

	slices.SortStableFunc(all, func(a, b Found) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(b.To, a.To))
	})

	var kept []Found
	end := from
	for _, f := range all {
		f.From += from
		f.To += from
		if f.From < end {
			continue
		}

		kept = append(kept, findBetween(text, end, f.From)...)
		kept = append(kept, f)
		end = f.To
	}
	return append(kept, findBetween(text, end, to)...)
}

// findCandidates returns everything that may have to be masked, with overlaps.
func findCandidates(text string) []Found {
	all := append(findIBANs(text), findCards(text)...)
	for _, exp := range []*regexp.Regexp{email, spacedEmail} {
		for _, m := range exp.FindAllStringIndex(text, -1) {
			all = append(all, Found{Kind: Email, From: m[0], To: m[1]})
		}
	}
	for _, exp := range []*regexp.Regexp{plusPhone, groupedPhone} {
		all = append(all, findNumbers(exp, text, Phone, isWholeNumber)...)
	}
	all = append(all, findNumbers(zeroPhone, text, Phone, isZeroPhone)...)
	for _, exp := range []*regexp.Regexp{spacedPhone, dottedPhone, dashedPhone, areaPhone, brazilPhone, otherPhone, plainPhone} {
		all = append(all, findNumbers(exp, text, Number, isLikePhone)...)
	}
	return all
}

// findNumbers returns the matches of an expression that accept approves, given their position in the text. After a
// rejected match, it continues one byte after the match's start.
func findNumbers(exp *regexp.Regexp, text string, kind Kind, accept func(text string, from, to int) bool) []Found {
	var all []Found
	for start := 0; start < len(text); {
		m := exp.FindStringIndex(text[start:])
		if m == nil {
			break
		}

		from, to := start+m[0], start+m[1]
		if accept(text, from, to) {
			all = append(all, Found{Kind: kind, From: from, To: to})
			start = to
			continue
		}

		start = from + 1
	}
	return all
}

// The number of digits of a card number.
const (
	minCardDigits = 12
	maxCardDigits = 19
)

// findCards finds card numbers with a valid check digit. In a longer sequence of digits it takes the longest valid number
// at the first possible position, and then searches the rest.
func findCards(text string) []Found {
	var all []Found
	for _, sequence := range card.FindAllStringIndex(text, -1) {
		digits := digitOffsets(text, sequence[0], sequence[1])
		for len(digits) >= minCardDigits {
			n := cardLength(text, digits)
			if n == 0 {
				digits = digits[1:]
				continue
			}

			all = append(all, Found{Kind: Card, From: digits[0], To: digits[n-1] + 1})
			digits = digits[n:]
		}
	}
	return all
}

// cardLength returns the number of digits of the longest card number that starts at the first of some digits, or 0 if
// there is none. The digits are given by their offsets in the text.
func cardLength(text string, digits []int) int {
	for n := min(maxCardDigits, len(digits)); n >= minCardDigits; n-- {
		from, to := digits[0], digits[n-1]+1
		if isWholeNumber(text, from, to) && isCardNumber(text[from:to]) {
			return n
		}
	}
	return 0
}

func digitOffsets(text string, from, to int) []int {
	var offsets []int
	for i := from; i < to; i++ {
		if isDigit(text[i]) {
			offsets = append(offsets, i)
		}
	}
	return offsets
}

// findIBANs finds IBANs of any country with valid check digits.
func findIBANs(text string) []Found {
	var all []Found
	for start := 0; start < len(text); {
		m := iban.FindStringIndex(text[start:])
		if m == nil {
			break
		}

		from, to := start+m[0], start+m[1]
		end, found := ibanEnd(text, from, to)
		if !found {
			start = from + 1
			continue
		}

		all = append(all, Found{Kind: IBAN, From: from, To: end})
		start = end
	}
	return all
}

// ibanEnd returns the end of the longest IBAN that starts at from and ends at or before to.
func ibanEnd(text string, from, to int) (end int, found bool) {
	if isWithinWord(text, from) {
		return 0, false
	}
	for ; to > from; to-- {
		if !isAlnum(text[to-1]) || isWithinWord(text, to) {
			continue
		}
		if isIBAN(text[from:to]) {
			return to, true
		}
	}
	return 0, false
}

// isCardNumber checks the length and the check digit of a card number (the Luhn algorithm): after every second digit from
// the end is doubled, the sum of all digits must end with 0. One digit repeated isn't a card number.
func isCardNumber(s string) bool {
	sum, n := 0, 0
	seen := map[byte]bool{}
	for i := len(s) - 1; i >= 0; i-- {
		if !isDigit(s[i]) {
			continue
		}

		d := int(s[i] - '0')
		if n%2 == 1 {
			d *= 2
			d = d/10 + d%10
		}

		sum += d
		n++
		seen[s[i]] = true
	}

	isValid := sum%10 == 0 && len(seen) > 1
	return isValid && minCardDigits <= n && n <= maxCardDigits
}

// The number of letters and digits of an IBAN, including the country and the check digits.
const (
	minIBANLength = 15
	maxIBANLength = 34
)

// isIBAN checks the length and the check digits of an IBAN (ISO 7064, mod 97): if its first four characters are moved to
// the end and each letter is written as a number from 10 to 35, the remainder of a division by 97 must be 1.
func isIBAN(s string) bool {
	const (
		divisor     = 97
		head        = 4
		letterShift = 100 // a letter counts as two digits
	)

	s = strings.ToUpper(strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII && isAlnum(byte(r)) {
			return r
		}
		return -1
	}, s))
	if len(s) < minIBANLength || len(s) > maxIBANLength {
		return false
	}

	remainder := 0
	for _, c := range []byte(s[head:] + s[:head]) {
		if isDigit(c) {
			remainder = (remainder*10 + int(c-'0')) % divisor
		} else {
			remainder = (remainder*letterShift + int(c-'A') + 10) % divisor
		}
	}
	return remainder == 1
}

// isWholeNumber reports whether text[from:to] neither starts nor ends within a longer sequence of digits.
func isWholeNumber(text string, from, to int) bool {
	return !maskIsBetweenDigits(text, from) && !maskIsBetweenDigits(text, to)
}

// isBetweenDigits reports whether the bytes before and after an offset are both digits.
func maskIsBetweenDigits(text string, offset int) bool {
	if offset <= 0 || offset >= len(text) {
		return false
	}
	return isDigit(text[offset-1]) && isDigit(text[offset])
}

// isWithinWord reports whether the bytes before and after an offset are both letters or digits.
func isWithinWord(text string, offset int) bool {
	if offset <= 0 || offset >= len(text) {
		return false
	}
	return isAlnum(text[offset-1]) && isAlnum(text[offset])
}

// isAlnum reports whether a byte is an ASCII letter or digit.
func isAlnum(c byte) bool { return isDigit(c) || isCapital(c) || isSmallLetter(c) }

func isCapital(c byte) bool { return 'A' <= c && c <= 'Z' }

func isSmallLetter(c byte) bool { return 'a' <= c && c <= 'z' }
