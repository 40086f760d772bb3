package analysis

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// A reply that an analysis suggests may name only what the conversation, its sources or the desk's patterns have. This file
// looks for what is neither a link nor a long number, and still could mislead: hidden addresses, commands, codes, tokens
// and prices. check_links.go looks for links, addresses and long numbers.

// opaque holds the compiled expressions that find such things.
type opaque struct {
	disguise, command, digits, token, price, grouped *regexp.Regexp

	spelled map[string]bool // words for digits
}

//nolint:gochecknoglobals // expressions that never change and cost much to compile
var opaqueOnce = sync.OnceValue(func() opaque {
	return opaque{
		// An address that a reader's program puts together: by entities of HTML, by a dot that Markdown escapes, or
		// without a scheme, by a host and its port.
		disguise: regexp.MustCompile(`(?i)&(#x?[0-9a-f]+|period|colon|sol|commat|lowbar|dash);|[\pL\pN]\\[.:/@][\pL\pN/]|` +
			`\b[a-z0-9-]+:[0-9]{2,5}/`),
		// A line that is a command where agents work.
		command: regexp.MustCompile(`(?m)^[\s>*_~` + "`" + `-]*[!/]\pL`),
		// Numbers of four digits and more: short telephone numbers, codes.
		digits: regexp.MustCompile(`\pN{4,}`),
		// Words of sixteen letters and digits and more: wallets, tokens, keys.
		token: regexp.MustCompile(`[\pL\pN]{16,}`),
		// A number beside a currency.
		price: regexp.MustCompile(`(?i)(?:(` + currencies + `)\s?)?(\d{1,3}(?:[.,'’ ]\d{3})+|\d+)([.,](?:\d{2}|-))?` +
			`(?:\s?(` + currencies + `)(?:\PL|$))?`),
		// A number in groups of three digits: 12.500, 12 500, 12'500.
		grouped: regexp.MustCompile(`\b\d{1,3}(?:[.,'’ ]\d{3})+\b`),
		spelled: digitWords(),
	}
})

// digitWords are the ten digits in the eight languages.
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

// leastSpelled is how many digits in words, one after the other, are a number: four may be a code, three rather count.
const leastSpelled = 4

// spelledNumbers returns the numbers that a text spells out, digit by digit, each with single spaces.
func spelledNumbers(text string) (numbers []string) {
	known := opaqueOnce().spelled
	var row []string
	end := func() {
		if len(row) >= leastSpelled {
			numbers = append(numbers, strings.Join(row, " "))
		}
		row = nil
	}
	for word := range strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if !known[word] {
			end()
			continue
		}
		row = append(row, word)
	}

	end()
	return numbers
}

// currencies stand beside prices.
const currencies = `€|\$|£|zł|EUR|euros?|USD|GBP|CHF|PLN|Fr\.|R\$`

// wholePrices writes prices without what groups their digits and without their cents: "12.500,00 €", "€12,500" and
// "12500 EUR" name the same number.
func wholePrices(text string) string {
	price := opaqueOnce().price
	if !strings.ContainsAny(text, "0123456789") {
		return text
	}
	return price.ReplaceAllStringFunc(text, func(found string) string {
		m := price.FindStringSubmatchIndex(found)
		group := func(n int) (from, to int) { return m[2*n], m[2*n+1] } // -1 if it is not there
		currencyBefore, _ := group(1)
		currencyBehind, _ := group(4)
		if currencyBefore < 0 && currencyBehind < 0 {
			return found
		}

		whole, end := group(2)
		amount := digitsOf(found[whole:end])

		if cents, endOfCents := group(3); cents >= 0 {
			end = endOfCents
		}

		return found[:whole] + amount + found[end:]
	})
}

// isYear reports whether a number of four digits is a year of our time, which anybody may name.
func isYear(number string) bool {
	isOfCentury := strings.HasPrefix(number, "19") || strings.HasPrefix(number, "20")
	return isOfCentury && len(number) == len("2026")
}

// isDisguise reports whether a reply hides an address, gives a command, or names a number, a wallet or a key that is in none
// of the given texts. look and given are plain, without Markdown (see plain).
func isDisguise(look string, given ...string) bool {
	o := opaqueOnce()
	if o.disguise.MatchString(look) || o.command.MatchString(look) {
		return true
	}

	from := wholePrices(strings.Join(given, "\n"))
	from += "\n" + strings.Join(spelledNumbers(from), "\n") + "\n" + o.grouped.ReplaceAllStringFunc(from, digitsOf)
	short := compiled().number.ReplaceAllString(wholePrices(look), " ") // long numbers are judged by the vocabulary
	words := slices.DeleteFunc(o.digits.FindAllString(short, -1), isYear)
	words = append(words, spelledNumbers(look)...)
	for _, w := range o.token.FindAllString(look, -1) {
		if strings.IndexFunc(w, unicode.IsDigit) >= 0 {
			words = append(words, w)
		}
	}

	return slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(from, w) })
}

// sourceTexts returns the words of the sources that a reply cites, and of the desk's links of numbers, plain.
func sourceTexts(q Question, cited []string) string {
	var all []string
	for _, s := range q.Desk.Sources {
		for _, id := range cited {
			if id == s.ID {
				all = append(all, s.Title, s.Link, s.Text, s.Reply)
			}
		}
	}
	for _, p := range q.Desk.References {
		all = append(all, p.Link)
	}
	return plain(strings.Join(all, "\n"))
}
