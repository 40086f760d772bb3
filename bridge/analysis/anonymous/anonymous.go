// Package anonymous removes personal data from the texts of a resolved conversation, so that these texts can be used to
// answer other customers. With the customer's name known to be Maria Rossi, it turns
//
//	Dear Maria,
//	please send the lamp to Hauptstraße 12, 10115 Berlin. Call 030 555 0199 if it is late.
//
// into
//
//	please send the lamp to […], […]. Call […] if it is late.
//
// It would rather remove too much than too little: all numbers of three or more digits, words next to a number that
// look like a postal address, email addresses, links, and the known names of the people in the conversation, also in
// inflected forms. It can't recognise names that it wasn't given, such as a friend's, unless they are part of an address.
//
// The removal is final. Package mask replaces data by placeholders that can be restored.
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

// Hole replaces the data that was removed from a text.
const Hole = "[…]"

// maxFrameWords is the maximum number of words of a greeting, a signature line or an address line (see isFrame).
const maxFrameWords = 6

// Person holds the names of the people in a conversation. Use NewPerson to make one.
type Person struct {
	unspaced []string // names in scripts without spaces, in NFC; longest first, since one may be a part of another
	folded   []string // the words of all other names, as fold returns them
}

// NewPerson collects the words of names and email addresses, such as "Maria Rossi" and "maria.rossi@customer.test".
func NewPerson(names ...string) Person {
	var p Person
	for name := range strings.FieldsSeq(strings.Join(names, " ")) {
		for _, word := range strings.FieldsFunc(trimPublicSuffix(name), isNoLetter) {
			if strings.ContainsFunc(word, isWrittenWithoutSpaces) {
				p.unspaced = append(p.unspaced, norm.NFC.String(word))
				continue
			}

			folded := fold(word)
			isInitial := utf8.RuneCountInString(folded) <= 1 // ignored: many words are a single letter
			if !isInitial && !slices.Contains(p.folded, folded) {
				p.folded = append(p.folded, folded)
			}
		}
	}

	slices.SortStableFunc(p.unspaced, func(a, b string) int { return len(b) - len(a) })

	return p
}

func isNoLetter(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }

// trimPublicSuffix removes the public suffix of an email address: "maria@shop.com.br" becomes "maria@shop". Otherwise
// "com" would count as a name, and "come" and "company" as forms of it. Other names are returned unchanged.
func trimPublicSuffix(name string) string {
	_, domain, isAddress := strings.Cut(name, "@")
	suffix, _ := publicsuffix.PublicSuffix(strings.ToLower(domain))
	if !isAddress || len(suffix) >= len(domain) {
		return name
	}
	return name[:len(name)-len(suffix)]
}

// isWrittenWithoutSpaces reports whether a letter belongs to a script that puts no spaces between words.
func isWrittenWithoutSpaces(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul,
		unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// hasAttachedWords reports whether a letter belongs to a script in which short words, such as "and" or "to", are written
// together with the word behind them: "ולרבקה" is "and to Rivka".
func hasAttachedWords(r rune) bool { return unicode.In(r, unicode.Arabic, unicode.Hebrew) }

// Parts of the patterns below. The language of a text is not detected: every pattern covers all eight languages.
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

	// "via dei canarini 5": without capital letters, only the first word shows that it is a street.
	street = regexp.MustCompile(`(?i)\b(?:` + streetKind + `)[ ]+(?:[\p{L}\p{M}'’.]+[ ,]+){1,5}` + houseNumber)

	// Licence plates with fewer than three digits in a row: "B-AB 12", "KX19 ABC", "12-AB-34".
	plate = regexp.MustCompile(`\b(?:` +
		`[A-ZÄÖÜ]{1,3}-[A-Z]{1,2} ?\p{Nd}{1,4}` +
		`|[A-Z]{2}\p{Nd}{2} ?[A-Z]{3}` +
		`|(?:\p{Nd}{2}|[A-Z]{2})-(?:\p{Nd}{2}|[A-Z]{2})-(?:\p{Nd}{2}|[A-Z]{2})` +
		`)\b`)

	// "14 Tage": German units are capitalised, so that they look like the name of a town.
	quantity = regexp.MustCompile(`^\p{Nd}+[ ]+(?:` + unit + `)[a-z]*$`)
)

// Text returns a text with Hole in place of all personal data. Greetings and signatures at its ends are removed as a
// whole if they contained any. Short lines in the middle, such as "Not for order 4711", keep their hole: without that
// line, the lines around it could promise too much.
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

// isFrame reports whether the first or last line of a text can be dropped: it is empty, or it has a hole and only a few
// words that are not a sentence, like a greeting, a signature or an address.
func isFrame(line string) bool {
	words := strings.Fields(line)
	if len(words) == 0 {
		return true
	}
	isShort := len(words) <= maxFrameWords && !strings.ContainsFunc(line, isWrittenWithoutSpaces)
	isSentence := strings.HasSuffix(words[len(words)-1], ".")
	return isShort && !isSentence && strings.Contains(line, Hole)
}

// cleanLine replaces email addresses, links, postal addresses, long numbers and names by Hole.
func (p Person) cleanLine(line string) string {
	var b strings.Builder
	done := 0
	for _, found := range mask.Find(line) {
		b.WriteString(line[done:found.From] + Hole)
		done = found.To
	}
	b.WriteString(line[done:])

	line = removeSpelledNumbers(b.String())
	line = link.ReplaceAllString(line, Hole)
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
	for _, name := range p.unspaced {
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

// isName reports whether a folded word is one of the names or a form of one, such as "marias" or "marii".
func (p Person) isName(folded string) bool {
	return slices.ContainsFunc(p.folded, func(name string) bool {
		return folded == name || isFormOf(folded, name) || isAttachedTo(folded, name)
	})
}

// isAttachedTo reports whether a folded word is a form of a folded name with short words attached before it.
func isAttachedTo(word, name string) bool {
	const (
		maxAttached = 4    // characters: "and to the"
		article     = "ال" // of a name that begins with it; "to" replaces its first letter
	)
	name = strings.TrimPrefix(name, article)
	start := strings.Index(word, name)
	if start < 0 || !strings.ContainsFunc(name, hasAttachedWords) {
		return false
	}
	return utf8.RuneCountInString(word[:start]) <= maxAttached && isFormOf(word[start:], name)
}

// isFormOf reports whether a folded word is a folded name with another ending.
func isFormOf(word, name string) bool {
	const (
		minStem   = 3 // characters; too many words begin like "Al"
		longName  = 4 // characters; the last one of a longer name may change: "Maria" is "Marii" in Polish
		maxEnding = 4 // characters
	)
	stem := []rune(name)
	if len(stem) > longName {
		stem = stem[:len(stem)-1]
	}
	if len(stem) < minStem || !strings.HasPrefix(word, string(stem)) {
		return false
	}
	return utf8.RuneCountInString(word) <= len(stem)+maxEnding
}

// fold returns a word in lower case and without accents.
func fold(w string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		lower := unicode.ToLower(r)
		if lower == 'ł' { // NFD doesn't decompose it
			return 'l'
		}
		return lower
	}, norm.NFD.String(w))
}
