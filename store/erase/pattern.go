package erase

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
)

// Addresses, numbers, names and subjects are looked for as a whole: u-17 is not in u-170, nor ann@shop.example in
// joann@shop.example. Regular expressions do that. Where much is looked through, LIKE first finds where they may be, which is
// cheap.

// What may stand before an address or a number, and behind it. Characters may be escaped as JSON, URLs, mails (=20) and
// PostgreSQL's form of bytes (\303) do it, and end in a letter or digit then. In a form (%40), a plus is a blank.
const (
	escapedEnd    = `\\u[0-9a-f]{4}|\\[0-7]{3}`
	beforeAddress = `(^|[^a-z0-9._%+-]|\\[nrtbf]|=[0-3][0-9a-f]|%(?!2[bde]|5f)[0-9a-f]{2}|` + escapedEnd + `)`
	beforeInForm  = `(^|[^a-z0-9._%-]|%(?!2[bde]|5f)[0-9a-f]{2}|` + escapedEnd + `)`
	afterAddress  = `(?![a-z0-9-]|\.[a-z0-9])`
	beforeNumber  = `(^|[^0-9]|%[0-9a-f]{2}|=[0-3][0-9a-f]|` + escapedEnd + `)(00)?`
	afterNumber   = `(?![0-9])`
	// A provider's id is only found where it is a whole value in JSON or in a form.
	beforeID = `["=]`
	afterID  = `(["&\\]|$)`
)

// A word begins where no letter or digit stands before it. Letters of Latin, Greek and Cyrillic script count (ä, Ж), so that
// Fung is not in Prüfung; others don't, since some languages put prefixes, or no blanks, before names. Behind a word only ASCII
// counts, because many languages put endings there.
const (
	beforeWord = `(^|[^a-z0-9À-ӿ])`
	afterWord  = `(?![a-z0-9])`
)

// What people wrote stands in values of JSON: those of some keys, those of the text inputs of Teams' forms, and names of files,
// which have an extension. Other values, and the names of fields, are words of programs or names of colleagues: a customer may
// be called Line, User or Rich.
const (
	anyCharacter = `([^"\\]|\\[0-7]{3}|\\\\(\\\\|[^\\]))`
	// noLetter is a character behind which a word may begin, as beforeWord says it, with its escapes.
	noLetter = `([^a-z0-9"\\]|\\\\(\\\\|["/nrtbf])|\\(302|32[4-7]|33[0-7]|2[0-7]{2})\\[0-7]{3}` +
		`|\\\\u(00[0-9ab][0-9a-f]|0[5-9a-f][0-9a-f]{2}|[1-9a-f][0-9a-f]{3}))`
	upToWord     = `\s*:\s*"(` + anyCharacter + `*` + noLetter + `)?`
	personalText = `"(t:[^"\\]+|text|note|subject|value|content|title)"` + upToWord
	fileName     = `"name"` + upToWord
	restOfFile   = anyCharacter + `*\.[a-z0-9]{1,8}"`
)

// hasWord is true if one of the contact's names and subjects stands in a text (words). There may be hundreds of them, and of
// regular expressions PostgreSQL keeps 32 compiled: only those are compared of which LIKE has found the word.
const hasWord = `EXISTS (SELECT FROM unnest(@likely::text[], @whole::text[]) AS w(likely, whole)
	WHERE CASE WHEN words LIKE w.likely THEN words ~ w.whole ELSE false END)`

// isGlobal returns whether a key means the same person everywhere: an address or a number. Others mean somebody only in
// their own account.
func isGlobal(key string) bool {
	digits := strings.TrimPrefix(key, "+")
	return strings.Contains(key, "@") || isNumber(digits) && len(digits) >= minDigits
}

func isLocal(key string) bool { return !isGlobal(key) }

// wholeKeys returns regular expressions that find the addresses and numbers among the contact's keys. write returns the form
// in which a text stands there.
func (s *scope) wholeKeys(write func(string) string) []string {
	list := []string{}
	for _, form := range keyForms(s.Keys, isGlobal) {
		literal := regexp.QuoteMeta(write(form))
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

// wholeIDs returns regular expressions that find the other keys of the contact in bytes, where they are whole values.
func (s *scope) wholeIDs() []string {
	list := []string{}
	for _, form := range inBytes(keyForms(s.Keys, isLocal)) {
		list = append(list, beforeID+regexp.QuoteMeta(form)+afterID)
	}
	return list
}

// orderForms returns how the chosen keys stand in order keys and external ids, in small letters.
func orderForms(keys []string, chosen func(string) bool) []string {
	list := []string{}
	for _, key := range keys {
		if len(key) < minName || !chosen(key) {
			continue
		}
		list = append(list, strings.ToLower(key))
		if digits := strings.TrimPrefix(key, "+"); isNumber(digits) {
			list = append(list, digits, "+"+digits)
		}
	}
	return list
}

// idsInTexts returns regular expressions that find the other keys in texts of our own.
func (s *scope) idsInTexts() []string {
	list := []string{}
	for _, form := range keyForms(s.Keys, isLocal) {
		list = append(list, `(?<!\w)`+regexp.QuoteMeta(form)+`(?!\w)`)
	}
	return list
}

// wholeWords returns a regular expression for each text that finds it as whole words.
func wholeWords(texts []string) []string {
	list := []string{}
	for _, t := range texts {
		list = append(list, beforeWord+regexp.QuoteMeta(t)+afterWord)
	}
	return list
}

// inPersonalText returns a regular expression for each text that finds it as whole words in what people wrote, in bytes of
// JSON. The texts are written as inBytes does it.
func inPersonalText(texts []string) []string {
	list := []string{}
	for _, t := range texts {
		whole := regexp.QuoteMeta(t) + afterWord
		list = append(list, personalText+whole+`|`+fileName+whole+restOfFile)
	}
	return list
}

// inBytes returns the forms of texts in the bytes of an event: as they are, as markup has them, and as writers of JSON
// escape both: none but what they must, Go, and Slack, which writes ASCII.
func inBytes(texts []string) []string {
	goes, slacks := strings.NewReplacer("&", `\u0026`, "<", `\u003c`, ">", `\u003e`), strings.NewReplacer("/", `\/`)
	forms := []string{}
	for _, t := range texts {
		for _, text := range []string{t, inMarkup(t)} {
			plain, ascii := asJSON(text, unicode.MaxRune), asJSON(text, '~')
			for _, form := range []string{text, plain, goes.Replace(plain), ascii, slacks.Replace(ascii)} {
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

// asBytes returns a text as PostgreSQL writes bytes in the form "escape", with ASCII letters small.
func asBytes(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		switch {
		case c == 0 || c >= 0x80:
			fmt.Fprintf(&b, `\%03o`, c)
		case c == '\\':
			b.WriteString(`\\`)
		case 'A' <= c && c <= 'Z':
			b.WriteByte(c + 'a' - 'A')
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
