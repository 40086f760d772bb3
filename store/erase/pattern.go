package erase

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
)

// To erase a contact, its addresses, numbers, names and subjects are looked for in texts and in the bytes of events. This
// file makes the regular expressions that find them as a whole: u-17 is not in u-170, nor ann@shop.example in
// joann@shop.example. Where much is looked through, LIKE first finds where they may be, which is cheap.

// Characters may be escaped in what is looked through, as JSON, URLs and mails do it, and as PostgreSQL writes bytes. An
// escaped character ends in a letter or a digit, though it may stand for a sign. escapedEnd matches one.
const escapedEnd = `\\u[0-9a-f]{4}` + // \u00e4, as JSON writes ä
	`|\\[0-7]{3}` // \303, as PostgreSQL writes a byte

// What may stand before an address, and behind it. The examples are what may stand before ann@shop.example.
const (
	beforeAddress = `(` +
		`^` + // the beginning of the text
		`|[^a-z0-9._%+-]` + // a sign that no address has: <
		`|\\[nrtbf]` + // a control character in JSON: \n
		`|=[0-3][0-9a-f]` + // a sign in a mail: =20, a blank
		`|%(?!2[bde]|5f)[0-9a-f]{2}` + // a sign in a URL: %3c, a <; but not %2b, %2d, %2e and %5f: + - . _ belong to addresses
		`|` + escapedEnd +
		`)`
	// In a form, where @ is %40, a plus is a blank.
	beforeInForm = `(` +
		`^` + // the beginning of the form
		`|[^a-z0-9._%-]` + // a sign that no address has: =, +
		`|%(?!2[bde]|5f)[0-9a-f]{2}` + // a sign in a form: %3c, a <
		`|` + escapedEnd +
		`)`
	afterAddress = `(?!` + // not one of these:
		`[a-z0-9-]` + // a further letter: ann@shop.examples
		`|\.[a-z0-9]` + // a further part of the domain: ann@shop.example.org
		`)`
)

// What may stand before a number without its plus, and behind it. The examples are what may stand before 491715550100.
const (
	beforeNumber = `(` +
		`^` + // the beginning of the text
		`|[^0-9]` + // a letter or sign: +
		`|%[0-9a-f]{2}` + // a sign in a URL: %2b, a plus
		`|=[0-3][0-9a-f]` + // a sign in a mail: =20, a blank
		`|` + escapedEnd +
		`)` +
		`(00)?` // 00491715550100
	afterNumber = `(?![0-9])` // no further digit: 4917155501001
)

// A provider's id is only found where it is a whole value in JSON or in a form.
const (
	beforeID = `["=]` // "u-17" and user=u-17
	afterID  = `(` +
		`["&\\]` + // "u-17", user=u-17&text=hi, and "u-17\n"
		`|$` + // user=u-17, at the end of the form
		`)`
)

// A word begins where no letter or digit stands before it. Letters of Latin, Greek and Cyrillic script count (ä, Ж), so
// that Fung is not in Prüfung. Letters of other scripts don't: some of their languages put prefixes before names, or write
// no blanks. After a word only ASCII counts, because many languages put endings there.
const (
	beforeWord = `(` +
		`^` + // the beginning of the text
		`|[^a-z0-9À-ӿ]` + // a sign, or a letter of another script
		`)`
	afterWord = `(?![a-z0-9])`
)

// In JSON, what people wrote stands in the values of some keys, in those of the text inputs of Teams' forms, and in names of
// files, which have an extension. All other values and names are words of programs or names of colleagues, in which a
// customer who is called Line, User or Rich must not be found.
//
// These expressions look through bytes in PostgreSQL's form "escape", which writes a backslash twice: JSON's \n is \\n there.
const (
	// anyCharacter is a character of a value.
	anyCharacter = `(` +
		`[^"\\]` + // one that is written as it is: a
		`|\\[0-7]{3}` + // a byte that isn't ASCII: \303
		`|\\\\(\\\\|[^\\])` + // one that JSON escapes: \\n, and \\\\ for a backslash
		`)`
	// noLetter is a character behind which a word may begin, as beforeWord says it.
	noLetter = `(` +
		`[^a-z0-9"\\]` + // a sign: a blank
		`|\\\\(\\\\|["/nrtbf])` + // a sign that JSON escapes: \\n
		`|\\(` + // two bytes in UTF-8
		`302` + // of a sign up to U+00BF: \302\240, a blank that doesn't break
		`|32[4-7]|33[0-7]` + // of a letter from U+0500 on: \327\220, an alef
		`|2[0-7]{2}` + // at the end of a longer character: \216\213, the end of 王
		`)\\[0-7]{3}` +
		`|\\\\u(` + // the same characters, as JSON escapes them
		`00[0-9ab][0-9a-f]` + // up to U+00BF: \\u00a0
		`|0[5-9a-f][0-9a-f]{2}` + // from U+0500 on: \\u05d0
		`|[1-9a-f][0-9a-f]{3}` + // from U+1000 on: \\u738b
		`))`
	// upToWord is what stands between a key and a word of its value.
	upToWord = `\s*:\s*"` + // the colon, and the quote with which the value begins
		`(` + anyCharacter + `*` + noLetter + `)?` // what stands before the word in the value: My name is, with a blank
	personalText = `"(` +
		`t:[^"\\]+` + // "t:reason", an input of Teams' forms
		`|text|note|subject|value|content|title` + // "text"
		`)"` + upToWord
	fileName   = `"name"` + upToWord                // "name":"letter of Ann
	restOfFile = anyCharacter + `*\.[a-z0-9]{1,8}"` // 's cat.jpeg"
)

// hasWord is true if one of the contact's names and subjects stands in a text (words). There may be hundreds of them, and
// PostgreSQL keeps only 32 regular expressions compiled. So an expression is used only if LIKE has found its word.
const hasWord = `EXISTS (SELECT FROM unnest(@likely::text[], @whole::text[]) AS w(likely, whole)
	WHERE CASE WHEN words LIKE w.likely THEN words ~ w.whole ELSE false END)`

// isGlobal returns whether a key means the same person everywhere: an address or a number. Others mean somebody only in
// their own account.
func isGlobal(key string) bool {
	digits := strings.TrimPrefix(key, "+")
	return strings.Contains(key, "@") || isNumber(digits) && len(digits) >= minDigits
}

func isLocal(key string) bool { return !isGlobal(key) }

// wholeKeys returns regular expressions that find the addresses and numbers among the contact's keys, in small letters.
// write escapes a text as it is escaped in what is looked through.
func (s *scope) wholeKeys(write func(string) string) []string {
	list := []string{}
	for _, form := range keyForms(s.Keys, isGlobal) {
		literal := regexp.QuoteMeta(write(strings.ToLower(form)))
		switch {
		case isNumber(form):
			list = append(list, beforeNumber+literal+afterNumber)
		case strings.Contains(form, "%40"):
			list = append(list, beforeInForm+literal+afterAddress)
		default:
			list = append(list, beforeAddress+literal+afterAddress)
		}
	}
	return list
}

// wholeIDs returns regular expressions that find the contact's local keys in bytes, where they are whole values. They heed
// upper and lower case, since to a shop U-17 and u-17 may be two customers.
func (s *scope) wholeIDs() []string {
	list := []string{}
	for _, form := range inBytes(keyForms(s.Keys, isLocal)) {
		list = append(list, beforeID+regexp.QuoteMeta(form)+afterID)
	}
	return list
}

// orderForms returns the forms in which the chosen keys stand in the order keys and external ids of events.
func orderForms(keys []string, chosen func(string) bool) []string {
	list := []string{}
	for _, key := range keys {
		if len(key) < minName || !chosen(key) {
			continue
		}
		list = append(list, key)
		if digits := strings.TrimPrefix(key, "+"); isNumber(digits) {
			list = append(list, digits, "+"+digits)
		}
	}
	return list
}

// idsInTexts returns regular expressions that find the contact's local keys in texts of our own, in small letters.
func (s *scope) idsInTexts() []string {
	list := []string{}
	for _, form := range lowerAll(keyForms(s.Keys, isLocal)) {
		list = append(list, `(?<!\w)`+regexp.QuoteMeta(form)+`(?!\w)`)
	}
	return list
}

// wholeWords returns a regular expression for each text, which finds the text as whole words.
func wholeWords(texts []string) []string {
	list := []string{}
	for _, t := range texts {
		list = append(list, beforeWord+regexp.QuoteMeta(t)+afterWord)
	}
	return list
}

// inPersonalText returns a regular expression for each text, which finds the text as whole words in what people wrote, in bytes
// of JSON. The texts must be in the forms that inBytes returns.
func inPersonalText(texts []string) []string {
	list := []string{}
	for _, t := range texts {
		whole := regexp.QuoteMeta(t) + afterWord
		list = append(list, personalText+whole+`|`+fileName+whole+restOfFile)
	}
	return list
}

// inBytes returns the forms of texts in the bytes of an event: the text and its form in markup, each as it is and as
// different writers of JSON escape it. Some writers escape only what they must. Go's also escapes markup, and Slack's also
// all that isn't ASCII.
func inBytes(texts []string) []string {
	goEscapes := strings.NewReplacer("&", `\u0026`, "<", `\u003c`, ">", `\u003e`)
	slackEscapes := strings.NewReplacer("/", `\/`)
	forms := []string{}
	for _, t := range texts {
		for _, text := range []string{t, inMarkup(t)} {
			plain, ascii := asJSON(text, unicode.MaxRune), asJSON(text, '~')
			for _, form := range []string{text, plain, goEscapes.Replace(plain), ascii, slackEscapes.Replace(ascii)} {
				if bytes := asBytes(form); !slices.Contains(forms, bytes) {
					forms = append(forms, bytes)
				}
			}
		}
	}
	return forms
}

// likePatterns returns patterns for LIKE that find each of the texts anywhere.
func likePatterns(texts []string) []string {
	list := []string{}
	for _, t := range texts {
		list = append(list, "%"+strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(t)+"%")
	}
	return list
}

// asBytes returns a text as PostgreSQL writes bytes in the form "escape".
func asBytes(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		switch {
		case c == 0 || c >= 0x80:
			fmt.Fprintf(&b, `\%03o`, c)
		case c == '\\':
			b.WriteString(`\\`)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// asJSON returns a text as JSON writes it, without the quotes. Characters behind the last one that may stand as it is are
// escaped.
func asJSON(text string, last rune) string {
	var b strings.Builder
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c < ' ' || c > last:
			for _, unit := range utf16.AppendRune(nil, c) {
				fmt.Fprintf(&b, `\u%04x`, unit)
			}
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// inMarkup returns a text as it stands in Slack's texts and in HTML.
func inMarkup(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}
