package analysis

import (
	"net/netip"
	"regexp"
	"strings"
)

// This file finds phone numbers that have neither a leading "+" nor a leading "0", for example "612 345 678" or
// "(11) 98765-4321". Only their format identifies them, and some order numbers have the same format. That is why
// matches get the kind Number and not Phone. isLikePhone rejects a match that its context gives away as something
// else, such as "EUR 612 345 678".

var (
	// All groups of a number have the same separator: "250 20.11.26" is a number and a date.
	spacedPhone = regexp.MustCompile(groupedBy(` `))
	dottedPhone = regexp.MustCompile(groupedBy(`\.`))
	dashedPhone = regexp.MustCompile(groupedBy(`-`))

	areaPhone   = regexp.MustCompile(`(?:\([1-9][0-9]{2}\) ?|[1-9][0-9]{2}[ .\-/]{1,3})[0-9]{7}`) // "347 1234567"
	brazilPhone = regexp.MustCompile(`(?:\([1-9][0-9]\) ?|[1-9][0-9] )9?[0-9]{4}[ \-][0-9]{4}`)   // "(11) 98765-4321"

	// Groups that are usual in one country, or in a few.
	otherPhone = regexp.MustCompile(strings.Join([]string{
		`7[0-9]{3} [0-9]{3} ?[0-9]{3}`,                                             // Great Britain: "7700 900123"
		`1[5-7][0-9]{2}[ /\-][0-9]{7}`,                                             // Germany: "1512 3456789"
		`33 [1-9](?: [0-9]{2}){4}`,                                                 // France: "33 6 12 34 56 78"
		`[1-9][0-9](?: [0-9]{2}){3,4}`,                                             // Denmark: "12 34 56 78"
		`[49][0-9]{2} [0-9]{2} [0-9]{3}`,                                           // Norway: "912 34 567"
		`[6-9][0-9]{4}[ \-][0-9]{5}`,                                               // India: "98765 43210"
		`[1-9][0-9]{2} [0-9]{4} [0-9]{4}|[1-9][0-9]{2}-[0-9]{4}-[0-9]{4}`,          // China: "138 1234 5678"
		`[5-9][0-9]{3} [0-9]{4}`,                                                   // Singapore: "9123 4567"
		`(?:[78][ \-])?(?:\([0-9]{3}\) ?|[0-9]{3}[ \-])[0-9]{3}-[0-9]{2}-[0-9]{2}`, // Russia: "8 800 555-35-35"
	}, "|"))

	// plainPhone leaves out nine digits that begin with 1, which are more likely an order number.
	plainPhone = regexp.MustCompile(`[1-9][0-9]{9,12}|[2-9][0-9]{8}`)
)

// currency matches a currency symbol or code.
const currency = `(?:\p{Sc}|EUR|USD|GBP|CHF|PLN|zł|BRL|MXN|ARS|CLP|COP)`

// These match the text next to a number that is part of a longer number or code, or is an amount of money.
var (
	codeBefore     = regexp.MustCompile(`[0-9A-Z#_]$|[0-9]\.$|[0-9A-Z]-$`)
	codeAfter      = regexp.MustCompile(`^[0-9A-Z_]|^[.\-][0-9]|^,[0-9]{1,2}(?:[^0-9]|$)`)
	currencyBefore = regexp.MustCompile(currency + ` ?$`)
	currencyAfter  = regexp.MustCompile(`^ ?` + currency)
)

// groupedBy returns a regular expression for numbers whose groups are separated by separator, itself a regular
// expression. The area code may instead be in parentheses, or be followed by a slash.
func groupedBy(separator string) string {
	areaCode := func(digits string) string {
		return `(?:\(` + digits + `\) ?|` + digits + `(?:` + separator + `|/))`
	}
	const (
		two   = `[0-9]{2}`
		three = `[0-9]{3}`
	)
	thenTwo := separator + two

	afterThreeDigits := `(?:` +
		three + separator + `[0-9]{3,4}|` + // "612 345 678"
		three + thenTwo + thenTwo + `|` + // "347 123 45 67"
		two + thenTwo + separator + `[0-9]{2,3})` // "612 34 56 78"
	afterTwoDigits := `(?:` +
		three + separator + `[0-9]{4}|` + // "21 123 4567"
		three + thenTwo + thenTwo + `)` // "91 234 56 78"
	return areaCode(`[1-9][0-9]{2}`) + afterThreeDigits + `|` + areaCode(`[1-9][0-9]`) + afterTwoDigits
}

// isLikePhone reports whether text[from:to], which has the format of a phone number, may be one. It returns false for
// an IP address, an amount of money, and a part of a longer number or code.
func isLikePhone(text string, from, to int) bool {
	const contextBytes = 5 // enough for a currency and a space: "EUR "
	before, after := text[max(0, from-contextBytes):from], text[to:min(len(text), to+contextBytes)]
	if codeBefore.MatchString(before) || codeAfter.MatchString(after) {
		return false
	}
	if currencyBefore.MatchString(before) || currencyAfter.MatchString(after) {
		return false
	}
	_, err := netip.ParseAddr(text[from:to])
	isIPAddress := err == nil
	return !isIPAddress
}
