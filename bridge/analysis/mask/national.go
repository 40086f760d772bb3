package mask

import (
	"net/netip"
	"regexp"
)

// money is a currency whose sums may have nine digits.
const money = `(?:\p{Sc}|EUR|USD|GBP|CHF|PLN|zł|BRL|MXN|ARS|CLP|COP)`

// Numbers of phones as they are written within a country, or with its code and no plus. Their form alone tells them, so that
// some numbers of orders are among them.
var (
	// Within one number all groups are parted alike: "250 20.11.26" has a date.
	spacedPhone = regexp.MustCompile(groupedBy(` `))
	dottedPhone = regexp.MustCompile(groupedBy(`\.`))
	dashedPhone = regexp.MustCompile(groupedBy(`-`))

	areaPhone   = regexp.MustCompile(`(?:\([1-9][0-9]{2}\) ?|[1-9][0-9]{2}[ .\-/]{1,3})[0-9]{7}`) // "347 1234567"
	brazilPhone = regexp.MustCompile(`(?:\([1-9][0-9]\) ?|[1-9][0-9] )9?[0-9]{4}[ \-][0-9]{4}`)   // "(11) 98765-4321"
	plainPhone  = regexp.MustCompile(`[1-9][0-9]{9,12}|[2-9][0-9]{8}`)                            // nine digits with a 1 are rather an order
)

// What stands beside a number that is a part of a longer one, a code, or a sum of money.
var (
	codeBefore  = regexp.MustCompile(`[0-9A-Z#_]$|[0-9]\.$|[0-9A-Z]-$`)
	codeBehind  = regexp.MustCompile(`^[0-9A-Z_]|^[.\-][0-9]|^,[0-9]{1,2}(?:[^0-9]|$)`)
	moneyBefore = regexp.MustCompile(money + ` ?$`)
	moneyBehind = regexp.MustCompile(`^ ?` + money)
)

// groupedBy returns an expression for "612 345 678", "612 34 56 78", "347 123 45 67", "91 234 56 78" and "21 123 4567" with
// such a mark between the groups. A stroke may stand behind the first one.
func groupedBy(mark string) string {
	pair, triple := mark+`[0-9]{2}`, `[0-9]{3}`
	begin := func(digits string) string { return `(?:\(` + digits + `\) ?|` + digits + `(?:` + mark + `|/))` }
	behindThree := `(?:` + triple + mark + `[0-9]{3,4}|` + triple + pair + pair + `|[0-9]{2}` + pair + mark + `[0-9]{2,3})`
	behindTwo := `(?:` + triple + mark + `[0-9]{4}|` + triple + pair + pair + `)`
	return begin(`[1-9][0-9]{2}`) + behindThree + `|` + begin(`[1-9][0-9]`) + behindTwo
}

// isLikePhone reports whether a number that is written like a phone's isn't part of a longer one or of a code, no sum of
// money, and no address of a computer.
func isLikePhone(text string, from, to int) bool {
	const widest = 5 // bytes of what is looked at on each side: "EUR "
	before, behind := text[max(0, from-widest):from], text[to:min(len(text), to+widest)]
	if codeBefore.MatchString(before) || codeBehind.MatchString(behind) {
		return false
	}
	if moneyBefore.MatchString(before) || moneyBehind.MatchString(behind) {
		return false
	}
	_, err := netip.ParseAddr(text[from:to])
	return err != nil
}
