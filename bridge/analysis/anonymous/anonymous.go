// Package anonymous takes out of a conversation's texts who the customer is, for good, before these texts help to answer
// other customers. It takes out more than needed rather than less: all numbers of three digits and more, what stands
// beside a number as in postal addresses, mail addresses, links, and the names of people of the conversation, as far as
// they are known, in other forms too.
//
// What does not belong here: placeholders that are put back (package mask). Names of people whom nobody knows, such
// as a friend's, can't be told from other words, unless they stand in an address.
package anonymous

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/publicsuffix"
	"golang.org/x/text/unicode/norm"

	"parley/bridge/analysis"
	"parley/bridge/analysis/mask"
)

// Hole stands where something was taken out.
const Hole = "[…]"

// shortLine is how many words a line has at most that counts as a greeting, a signature or an address once one was taken out.
const shortLine = 6

// Person knows names of a conversation's people.
type Person struct {
	whole []string // of scripts without spaces, in NFC, the longest first: one may be a part of another
	words []string // folded
}

// NewPerson collects the words of names and addresses: "Maria Rossi", "maria.rossi@customer.test".
func NewPerson(names ...string) Person {
	var p Person
	for name := range strings.FieldsSeq(strings.Join(names, " ")) {
		for _, word := range strings.FieldsFunc(withoutSuffix(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }) {
			if strings.ContainsFunc(word, isWrittenWithoutSpaces) {
				p.whole = append(p.whole, norm.NFC.String(word))
				continue
			}

			folded := fold(word)
			isInitial := utf8.RuneCountInString(folded) <= 1 // an initial is any word
			if !isInitial && !slices.Contains(p.words, folded) {
				p.words = append(p.words, folded)
			}
		}
	}

	slices.SortStableFunc(p.whole, func(a, b string) int { return len(b) - len(a) })

	return p
}

// withoutSuffix returns a mail address without the end of its domain that names nobody: of "maria@shop.com.br" it leaves
// "maria@shop". With it, "come" and "company" would be forms of a name. Everything else it returns as it is.
func withoutSuffix(name string) string {
	_, domain, isAddress := strings.Cut(name, "@")
	suffix, _ := publicsuffix.PublicSuffix(strings.ToLower(domain))
	if !isAddress || len(suffix) >= len(domain) {
		return name
	}
	return name[:len(name)-len(suffix)]
}

// isWrittenWithoutSpaces reports whether a letter belongs to a script that puts no spaces between words.
func isWrittenWithoutSpaces(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai)
}

// Parts of the patterns below. Languages are told apart by nothing: each pattern holds what is usual in any of them.
const (
	capitalised = `\p{Lu}[\p{L}\p{M}'’-]*`
	particle    = `de|del|della|dei|di|da|do|dos|du|des|la|le|van|von|der|den|of`
	houseNumber = `\p{Nd}+[a-zA-Z]?`
	streetKind  = `rue|avenue|av\.?|boulevard|calle|carrer|via|viale|piazza|rua|avenida|praça|ul\.?|ulica|aleja|al\.|straat|` +
		`street|road|lane|plaza|straße|strasse|str\.?|weg|platz`
	unit = `Tag|Werktag|Woche|Monat|Jahr|Stunde|Minute|Uhr|Euro|EUR|USD|Prozent|Stück|Grad`
)

var (
	word        = regexp.MustCompile(`[\p{L}\p{M}]+`)
	link        = regexp.MustCompile(`(?i)(?:\b[a-z][a-z0-9+.-]*://|\bwww\.)\S+`)
	threeDigits = regexp.MustCompile(`[\p{L}\p{N}_#/-]*\p{Nd}(?:[ .\-/()]?[\p{L}_-]?\p{Nd}){2,}[\p{L}\p{N}_-]*`)

	// "Hauptstraße 12", "Calle Mayor, 5"
	nameAndNumber = regexp.MustCompile(
		capitalised + `(?:[ ]+(?:` + capitalised + `|` + particle + `))*` +
			`,?[ ]+(?:n[°ºr.]*[ ]*)?` + houseNumber + `\b`)

	// "10 Downing Street", "12 rue des Lilas", "10115 Berlin"
	numberAndName = regexp.MustCompile(
		`(?:` + houseNumber + `|` + regexp.QuoteMeta(Hole) + `),?[ ]+(?:bis[ ]+|ter[ ]+)?` +
			`(?:[\p{Ll}'’]+[ ]+){0,3}` + capitalised + `(?:,?[ -]+` + capitalised + `)*`)

	// "via dei canarini 5": written without a capital, it is known by its first word.
	street = regexp.MustCompile(`(?i)\b(?:` + streetKind + `)[ ]+(?:[\p{L}\p{M}'’.]+[ ,]+){1,5}` + houseNumber)

	// Plates of cars with fewer than three digits in a row: "B-AB 12", "KX19 ABC", "12-AB-34".
	plate = regexp.MustCompile(`\b(?:` +
		`[A-ZÄÖÜ]{1,3}-[A-Z]{1,2} ?\p{Nd}{1,4}` +
		`|[A-Z]{2}\p{Nd}{2} ?[A-Z]{3}` +
		`|(?:\p{Nd}{2}|[A-Z]{2})-(?:\p{Nd}{2}|[A-Z]{2})-(?:\p{Nd}{2}|[A-Z]{2})` +
		`)\b`)

	// "14 Tage": in German a unit has a capital, and looks like the name of a place.
	quantity = regexp.MustCompile(`^\p{Nd}+[ ]+(?:` + unit + `)[a-z]*$`)
)

// Text returns a text with Hole in place of what shows who somebody is. Greetings and signatures from which something
// was taken out are left out whole. Between other lines a hole stays, however short its line is: "Not for order 4711"
// is no greeting, and without it the others may say something else.
func (p Person) Text(text string) string {
	var lines []string
	for line := range strings.SplitSeq(norm.NFC.String(text), "\n") {
		lines = append(lines, p.cleanLine(line))
	}

	for len(lines) > 0 && isFrame(lines[0]) {
		lines = lines[1:]
	}
	for len(lines) > 0 && isFrame(lines[len(lines)-1]) {
		lines = lines[:len(lines)-1]
	}

	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// isFrame reports whether a line at the beginning or at the end of a text is empty, or a greeting, a signature or a part of
// an address from which something was taken out: a few words that are no sentence.
func isFrame(line string) bool {
	words := strings.Fields(line)
	if len(words) == 0 {
		return true
	}
	isShort := len(words) <= shortLine && !strings.ContainsFunc(line, isWrittenWithoutSpaces)
	isSentence := strings.HasSuffix(words[len(words)-1], ".")
	return isShort && !isSentence && strings.Contains(line, Hole)
}

// cleanLine puts Hole in place of mail addresses, links, postal addresses, long numbers and names.
func (p Person) cleanLine(line string) string {
	var b strings.Builder
	at := 0
	for _, f := range mask.Find(line) {
		b.WriteString(line[at:f.From] + Hole)
		at = f.To
	}

	line = link.ReplaceAllString(withoutSpelled(b.String()+line[at:]), Hole)
	line = analysis.ReplaceDomains(line, func(string) string { return Hole })
	for _, exp := range []*regexp.Regexp{plate, street, nameAndNumber} {
		line = exp.ReplaceAllString(line, Hole)
	}

	line = threeDigits.ReplaceAllString(line, Hole)
	line = numberAndName.ReplaceAllStringFunc(line, func(s string) string {
		if quantity.MatchString(s) {
			return s
		}
		return Hole
	})
	for _, name := range p.whole {
		line = strings.ReplaceAll(line, name, Hole)
	}

	line = word.ReplaceAllStringFunc(line, func(w string) string {
		if p.isName(fold(w)) {
			return Hole
		}
		return w
	})

	return line
}

// isName reports whether a word is one of the names, or a form of it: "Marias", "Marii".
func (p Person) isName(w string) bool {
	return slices.ContainsFunc(p.words, func(name string) bool { return w == name || isFormOf(w, name) })
}

// isFormOf reports whether a word is a name with another ending.
func isFormOf(w, name string) bool {
	const (
		shortest      = 3 // characters of a name that has forms: "Al" begins too many words
		longName      = 4 // of a longer one, the last character may change: "Maria" is "Marii" in Polish
		longestEnding = 4
	)
	stem := []rune(name)
	if len(stem) > longName {
		stem = stem[:len(stem)-1]
	}
	if len(stem) < shortest || !strings.HasPrefix(w, string(stem)) {
		return false
	}
	return utf8.RuneCountInString(w) <= len(stem)+longestEnding
}

// fold writes a word without accents and in small letters.
func fold(w string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		small := unicode.ToLower(r)
		if small == 'ł' { // Unicode doesn't take it apart
			return 'l'
		}
		return small
	}, norm.NFD.String(w))
}
