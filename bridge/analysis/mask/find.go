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

// The separators that people write into numbers. '\u200b' stands for all invisible characters.
const gap = `[ .\-/()` + "\u200b" + `]{0,3}`

var (
	email = regexp.MustCompile(`[\p{L}\p{N}.!#$%&'*+/=?^_{|}~\-]+@[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}.\-]*[\p{L}\p{M}\p{N}])?`)
	iban  = regexp.MustCompile(`[A-Za-z]{2}` + gap + `[0-9]` + gap + `[0-9](?:` + gap + `[A-Za-z0-9]){11,30}`)
	card  = regexp.MustCompile(`[0-9](?:` + gap + `[0-9]){11,}`)
	// Numbers of phones begin with a plus, a zero or a bracket, or are written in North America's three groups.
	plusPhone    = regexp.MustCompile(`(?:\+|\(\+)` + gap + `[0-9](?:` + gap + `[0-9]){5,17}`)
	zeroPhone    = regexp.MustCompile(`\(?0[0-9]?(?:` + gap + `[0-9]){6,16}`)
	groupedPhone = regexp.MustCompile(`\(?[2-9][0-9]{2}\)?[ .\-]{1,2}[0-9]{3}[ .\-]{1,2}[0-9]{4}`)
)

// Find finds all that is to be masked, in order and without overlaps. Of two that overlap it takes the one that
// begins first, then the longer one; what is left of the other is looked at again.
func Find(text string) []Found {
	folded, places := fold(text)
	all := findBetween(folded, 0, len(folded))
	for i, f := range all {
		all[i] = Found{f.Kind, places[f.From], places[f.To]}
	}
	return all
}

// findBetween finds in a part of a text as if there were nothing around it.
func findBetween(text string, from, to int) []Found {
	all := candidates(text[from:to])
	if len(all) == 0 {
		return nil
	}
	slices.SortStableFunc(all, func(a, b Found) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(b.To, a.To))
	})
	var kept []Found
	end := from
	for _, f := range all {
		if f.From += from; f.From < end {
			continue
		}
		f.To += from
		kept = append(kept, findBetween(text, end, f.From)...)
		kept = append(kept, f)
		end = f.To
	}
	return append(kept, findBetween(text, end, to)...)
}

func candidates(text string) []Found {
	all := append(findIBANs(text), findCards(text)...)
	for _, m := range email.FindAllStringIndex(text, -1) {
		all = append(all, Found{Email, m[0], m[1]})
	}
	for _, exp := range []*regexp.Regexp{plusPhone, zeroPhone, groupedPhone} {
		all = append(all, findPhones(exp, text)...)
	}
	return all
}

// findPhones finds numbers that don't go on as a longer row of digits or letters.
func findPhones(exp *regexp.Regexp, text string) []Found {
	var all []Found
	for at := 0; at < len(text); {
		m := exp.FindStringIndex(text[at:])
		if m == nil {
			break
		}
		from, to := at+m[0], at+m[1]
		if !joins(text, from) && !joins(text, to) {
			all = append(all, Found{Phone, from, to})
			at = to
			continue
		}
		at = from + 1
	}
	return all
}

// findCards finds numbers of 12 to 19 digits whose check digit is right (Luhn).
func findCards(text string) []Found {
	var all []Found
	for _, row := range card.FindAllStringIndex(text, -1) {
		digits := digitPlaces(text, row[0], row[1])
		for i := 0; i+12 <= len(digits); i++ {
			for n := min(19, len(digits)-i); n >= 12; n-- {
				from, to := digits[i], digits[i+n-1]+1
				if !joins(text, from) && !joins(text, to) && luhn(text[from:to]) {
					all = append(all, Found{Card, from, to})
					i += n - 1
					break
				}
			}
		}
	}
	return all
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
		end := -1
		if from == 0 || !isAlnum(text[from-1]) {
			end = ibanEnd(text, from, to)
		}
		if end < 0 {
			at = from + 1
			continue
		}
		all = append(all, Found{IBAN, from, end})
		at = end
	}
	return all
}

// ibanEnd returns the end of the longest account number that begins at a place, or -1.
func ibanEnd(text string, from, to int) int {
	for ; to > from; to-- {
		if !isAlnum(text[to-1]) || to < len(text) && isAlnum(text[to]) {
			continue
		}
		if mod97(text[from:to]) {
			return to
		}
	}
	return -1
}

// luhn checks the digits of a card's number. A row of one digit alone is no card.
func luhn(s string) bool {
	sum, n := 0, 0
	seen := map[byte]bool{}
	for i := len(s) - 1; i >= 0; i-- {
		if !isDigit(s[i]) {
			continue
		}
		d := int(s[i] - '0')
		if n%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
		n++
		seen[s[i]] = true
	}
	return n >= 12 && n <= 19 && sum%10 == 0 && len(seen) > 1
}

// mod97 checks an account number of 15 to 34 letters and digits.
func mod97(s string) bool {
	s = strings.ToUpper(strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII && isAlnum(byte(r)) {
			return r
		}
		return -1
	}, s))
	if len(s) < 15 || len(s) > 34 {
		return false
	}
	rest := 0
	for _, c := range []byte(s[4:] + s[:4]) {
		if isDigit(c) {
			rest = (rest*10 + int(c-'0')) % 97
		} else {
			rest = (rest*100 + int(c-'A') + 10) % 97
		}
	}
	return rest == 1
}

// joins reports whether a place is inside a longer row of digits.
func joins(text string, at int) bool {
	return at > 0 && at < len(text) && isDigit(text[at-1]) && isDigit(text[at])
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isAlnum(c byte) bool { return isDigit(c) || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' }
