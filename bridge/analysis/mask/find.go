package mask

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Found is a place in a text, in bytes.
type Found struct {
	Kind     Kind
	From, To int
}

// invisible stands for all invisible characters, such as soft hyphens; see foldRune.
const invisible = "\u200b"

// gap is the separators that people write into numbers.
const gap = `[ .\-/()` + invisible + `]{0,3}`

// The characters of mail addresses. Accents may stand behind their letters, as characters of their own.
const (
	localStart  = `[\p{L}\p{N}.!#$%&'*+/=?^_{|}~\-]`
	local       = `[\p{L}\p{M}\p{N}.!#$%&'*+/=?^_{|}~\-` + invisible + `]`
	domainStart = `[\p{L}\p{N}]`
	domain      = `[\p{L}\p{M}\p{N}.\-` + invisible + `]`
	domainEnd   = `[\p{L}\p{M}\p{N}]`
)

var (
	email = regexp.MustCompile(localStart + local + `*@` + invisible + `*` + domainStart + `(?:` + domain + `*` + domainEnd + `)?`)
	iban  = regexp.MustCompile(`[A-Za-z]{2}` + gap + `[0-9]` + gap + `[0-9](?:` + gap + `[A-Za-z0-9]){11,30}`)
	card  = regexp.MustCompile(`[0-9](?:` + gap + `[0-9]){11,}`)
	// Numbers of phones begin with a plus, a zero or a bracket, or are written in North America's three groups. Others are
	// found by national.go.
	plusPhone    = regexp.MustCompile(`(?:\+|\(\+)` + gap + `[0-9](?:` + gap + `[0-9]){5,17}`)
	zeroPhone    = regexp.MustCompile(`\(?0[0-9]?(?:` + gap + `[0-9]){6,16}`)
	groupedPhone = regexp.MustCompile(`\(?[2-9][0-9]{2}\)?[ .\-]{1,2}[0-9]{3}[ .\-]{1,2}[0-9]{4}`)
)

// Find finds the mail addresses, phone numbers, card numbers and IBANs in a text, in order and without overlaps. Of two that
// overlap it takes the one that begins first, or if both begin there the longer one, and looks again at what is left of the
// other.
func Find(text string) []Found {
	folded, places := fold(text)
	all := findBetween(folded, 0, len(folded))
	for i, f := range all {
		all[i] = Found{Kind: f.Kind, From: places[f.From], To: places[f.To]}
	}
	return all
}

// findBetween finds in a part of a text as if there were nothing around it.
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

// findCandidates finds all that looks like something to be masked, with overlaps.
func findCandidates(text string) []Found {
	all := append(findIBANs(text), findCards(text)...)
	for _, m := range email.FindAllStringIndex(text, -1) {
		all = append(all, Found{Kind: Email, From: m[0], To: m[1]})
	}
	for _, exp := range []*regexp.Regexp{plusPhone, zeroPhone, groupedPhone} {
		all = append(all, findNumbers(exp, text, Phone, isWholeRow)...)
	}
	for _, exp := range []*regexp.Regexp{spacedPhone, dottedPhone, dashedPhone, areaPhone, brazilPhone, plainPhone} {
		all = append(all, findNumbers(exp, text, Number, isLikePhone)...)
	}
	return all
}

// findNumbers finds numbers that stand alone. Behind one that doesn't, it looks from the next character on.
func findNumbers(exp *regexp.Regexp, text string, kind Kind, isAlone func(text string, from, to int) bool) []Found {
	var all []Found
	for at := 0; at < len(text); {
		m := exp.FindStringIndex(text[at:])
		if m == nil {
			break
		}

		from, to := at+m[0], at+m[1]
		if isAlone(text, from, to) {
			all = append(all, Found{Kind: kind, From: from, To: to})
			at = to
			continue
		}

		at = from + 1
	}
	return all
}

// How many digits the number of a card has.
const (
	shortestCard = 12
	longestCard  = 19
)

// findCards finds numbers of cards whose check digit is right (Luhn): of each row of digits the longest that begin first.
func findCards(text string) []Found {
	var all []Found
	for _, row := range card.FindAllStringIndex(text, -1) {
		digits := digitPlaces(text, row[0], row[1])
		for len(digits) >= shortestCard {
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

// cardLength returns how many digits the longest card's number has that begins with the first of some digits; 0 if none does.
func cardLength(text string, digits []int) int {
	for n := min(longestCard, len(digits)); n >= shortestCard; n-- {
		from, to := digits[0], digits[n-1]+1
		if isWholeRow(text, from, to) && isCardNumber(text[from:to]) {
			return n
		}
	}
	return 0
}

func digitPlaces(text string, from, to int) []int {
	var places []int
	for i := from; i < to; i++ {
		if isDigit(text[i]) {
			places = append(places, i)
		}
	}
	return places
}

// findIBANs finds account numbers whose check digits are right (ISO 7064, mod 97), of any country.
func findIBANs(text string) []Found {
	var all []Found
	for at := 0; at < len(text); {
		m := iban.FindStringIndex(text[at:])
		if m == nil {
			break
		}

		from, to := at+m[0], at+m[1]
		end, found := ibanEnd(text, from, to)
		if !found {
			at = from + 1
			continue
		}

		all = append(all, Found{Kind: IBAN, From: from, To: end})
		at = end
	}
	return all
}

// ibanEnd returns the end of the longest account number that begins at a place and ends at another or before.
func ibanEnd(text string, from, to int) (end int, found bool) {
	if isWithinWord(text, from) {
		return 0, false
	}
	for ; to > from; to-- {
		if !isAlnum(text[to-1]) || isWithinWord(text, to) {
			continue
		}
		if isAccountNumber(text[from:to]) {
			return to, true
		}
	}
	return 0, false
}

// isCardNumber checks a card's number by its last digit: every second digit from the end counts twice, and the sum of all
// digits ends with 0. A row of one digit alone isn't a card.
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

	isRight := sum%10 == 0 && len(seen) > 1
	return isRight && shortestCard <= n && n <= longestCard
}

// How many letters and digits the number of an account has, with its country and its check digits.
const (
	shortestIBAN = 15
	longestIBAN  = 34
)

// isAccountNumber checks an account's number: its first four characters put at its end, and each letter written as a number
// from 10 to 35, it leaves 1 when divided by 97.
func isAccountNumber(s string) bool {
	const (
		divisor  = 97
		head     = 4
		ofLetter = 100 // it counts as two digits
	)

	s = strings.ToUpper(strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII && isAlnum(byte(r)) {
			return r
		}
		return -1
	}, s))
	if len(s) < shortestIBAN || len(s) > longestIBAN {
		return false
	}

	rest := 0
	for _, c := range []byte(s[head:] + s[:head]) {
		if isDigit(c) {
			rest = (rest*10 + int(c-'0')) % divisor
		} else {
			rest = (rest*ofLetter + int(c-'A') + 10) % divisor
		}
	}
	return rest == 1
}

// isWholeRow reports whether a part of a text neither begins nor ends within a longer row of digits.
func isWholeRow(text string, from, to int) bool {
	return !isWithinDigits(text, from) && !isWithinDigits(text, to)
}

// isWithinDigits reports whether there is a digit on both sides of a place.
func isWithinDigits(text string, at int) bool {
	if at <= 0 || at >= len(text) {
		return false
	}
	return isDigit(text[at-1]) && isDigit(text[at])
}

// isWithinWord reports whether there is a letter or a digit on both sides of a place.
func isWithinWord(text string, at int) bool {
	if at <= 0 || at >= len(text) {
		return false
	}
	return isAlnum(text[at-1]) && isAlnum(text[at])
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isAlnum reports whether a byte is a letter or a digit of ASCII.
func isAlnum(c byte) bool { return isDigit(c) || isCapital(c) || isSmallLetter(c) }

func isCapital(c byte) bool { return 'A' <= c && c <= 'Z' }

func isSmallLetter(c byte) bool { return 'a' <= c && c <= 'z' }
