package analysis

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// A suggested reply may contain only links, numbers and codes whose origin is known: from the conversation, from a source
// that the reply cites or from the desk's patterns. check_links.go checks links, email addresses and long numbers. This
// file checks the rest that could mislead: disguised addresses ("evil&period;example"), chat commands ("/invite @eve"),
// codes, crypto wallets, access tokens and prices.

// opaqueExpressions find such content.
type opaqueExpressions struct {
	disguise *regexp.Regexp // an address written with HTML entities or Markdown escapes, or a host with a port: "evil\.example"
	command  *regexp.Regexp // a line that is a command in the agents' chat: "/invite"
	digits   *regexp.Regexp // four or more digits: a short phone number, a code
	token    *regexp.Regexp // sixteen or more letters and digits: a wallet, an access token, a key
	price    *regexp.Regexp // a number, possibly with a currency; groups: currency, whole units, cents, currency
	grouped  *regexp.Regexp // a number in groups of three digits: 12.500, 12 500, 12'500

	digitWords map[string]bool // words for the ten digits
}

//nolint:gochecknoglobals // expressions that never change and cost much to compile
var opaqueOnce = sync.OnceValue(func() opaqueExpressions {
	return opaqueExpressions{
		disguise: regexp.MustCompile(`(?i)&(#x?[0-9a-f]+|period|colon|sol|commat|lowbar|dash);|[\pL\pN]\\[.:/@][\pL\pN/]|` +
			`\b[a-z0-9-]+:[0-9]{2,5}/`),
		command: regexp.MustCompile(`(?m)^[\s>*_~` + "`" + `-]*[!/]\pL`),
		digits:  regexp.MustCompile(`\pN{4,}`),
		token:   regexp.MustCompile(`[\pL\pN]{16,}`),
		price: regexp.MustCompile(`(?i)(?:(` + currencies + `)\s?)?(\d{1,3}(?:[.,'’ ]\d{3})+|\d+)([.,](?:\d{2}|-))?` +
			`(?:\s?(` + currencies + `)(?:\PL|$))?`),
		grouped: regexp.MustCompile(`\b\d{1,3}(?:[.,'’ ]\d{3})+\b`),

		digitWords: digitWords(),
	}
})

// digitWords returns the words for the ten digits in eight languages.
func digitWords() map[string]bool {
	words := map[string]bool{}
	for word := range strings.FieldsSeq(`
		zero oh one two three four five six seven eight nine null eins zwei zwo drei vier fünf sechs sieben acht neun
		un deux trois quatre cinq sept huit neuf cero uno dos tres cuatro cinco seis siete ocho nueve um dois três quatro sete oito nove
		due tre quattro cinque sei sette otto nul een één twee drie vijf zes zeven negen
		jeden dwa trzy cztery pięć sześć siedem osiem dziewięć`) {
		words[word] = true
	}
	return words
}

// minSpelledDigits is the minimum number of consecutive digit words that count as a number: four may be a code, three
// are more likely a quantity.
const minSpelledDigits = 4

// spelledNumbers returns the numbers that a text spells out digit by digit, such as "four seven one one", with single
// spaces between the words.
func spelledNumbers(text string) []string {
	isDigitWord := opaqueOnce().digitWords
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	var numbers []string
	for start := 0; start < len(words); {
		end := start
		for end < len(words) && isDigitWord[words[end]] {
			end++
		}
		if end-start >= minSpelledDigits {
			numbers = append(numbers, strings.Join(words[start:end], " "))
		}
		start = end + 1 // words[end] isn't a digit word
	}
	return numbers
}

// currencies matches the currencies of prices.
const currencies = `€|\$|£|zł|EUR|euros?|USD|GBP|CHF|PLN|Fr\.|R\$`

// wholePrices removes digit separators and cents from prices, so that the same price is always the same number. "€12,500"
// becomes "€12500", and "12.500,00 EUR" becomes "12500 EUR".
func wholePrices(text string) string {
	price := opaqueOnce().price
	if !strings.ContainsAny(text, "0123456789") {
		return text
	}
	return price.ReplaceAllStringFunc(text, func(found string) string {
		m := price.FindStringSubmatchIndex(found)
		group := func(n int) (from, to int) { return m[2*n], m[2*n+1] } // -1 if the group didn't match
		currencyBefore, _ := group(1)
		currencyAfter, _ := group(4)
		if currencyBefore < 0 && currencyAfter < 0 {
			return found
		}

		whole, end := group(2)
		amount := digitsOf(found[whole:end])

		if cents, centsEnd := group(3); cents >= 0 {
			end = centsEnd
		}

		return found[:whole] + amount + found[end:]
	})
}

// isYear reports whether a number is a year from 1900 to 2099. Any reply may contain one.
func isYear(number string) bool {
	isOfCentury := strings.HasPrefix(number, "19") || strings.HasPrefix(number, "20")
	return isOfCentury && len(number) == len("2026")
}

// isDeceptive reports whether a reply disguises an address, contains a chat command, or contains a number or token that
// isn't in any of the known texts. All texts are in plain form, without Markdown (see plain).
func isDeceptive(reply string, known ...string) bool {
	o := opaqueOnce()
	if o.disguise.MatchString(reply) || o.command.MatchString(reply) {
		return true
	}

	allowed := wholePrices(strings.Join(known, "\n"))
	allowed += "\n" + strings.Join(spelledNumbers(allowed), "\n") + "\n" + o.grouped.ReplaceAllStringFunc(allowed, digitsOf)

	withoutLongNumbers := compiled().number.ReplaceAllString(wholePrices(reply), " ") // the vocabulary covers long numbers
	found := slices.DeleteFunc(o.digits.FindAllString(withoutLongNumbers, -1), isYear)
	found = append(found, spelledNumbers(reply)...)
	for _, token := range o.token.FindAllString(reply, -1) {
		isLongWord := !strings.ContainsFunc(token, unicode.IsDigit)
		if !isLongWord {
			found = append(found, token)
		}
	}

	return slices.ContainsFunc(found, func(s string) bool { return !strings.Contains(allowed, s) })
}

// sourceTexts returns the texts of the sources that a reply cites and the links of the desk's patterns, in plain form.
func sourceTexts(q Question, cited []string) string {
	var all []string
	for _, s := range q.Desk.Sources {
		for _, id := range cited {
			if id == s.ID {
				all = append(all, s.Title, s.Link, s.Text)
			}
		}
	}
	for _, p := range q.Desk.References {
		all = append(all, p.Link)
	}
	return plain(strings.Join(all, "\n"))
}
