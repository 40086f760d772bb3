package erase

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
)

// To erase a contact, who is a customer, Parley searches texts and the raw bytes of events for the contact's addresses, phone
// numbers, names, and subjects of conversations. This file builds the PostgreSQL regular expressions that find them as a
// whole: u-17 must not match in u-170, nor ann@shop.example in joann@shop.example. Where there is much to search, LIKE is
// tried first, because it is cheaper.

// Characters in the searched text may be escaped: by JSON, in a URL or a mail, or by PostgreSQL when it writes bytes as
// text. An escape sequence ends in a letter or digit, but may represent a character that is neither. escapedEnd matches one.
const escapedEnd = `\\u[0-9a-f]{4}` + // \u00e4, as JSON writes ä
	`|\\[0-7]{3}` // \303, as PostgreSQL writes a byte

// These expressions match what may precede and follow an address. The examples are for ann@shop.example.
const (
	beforeAddress = `(` +
		`^` + // the beginning of the text
		`|[^a-z0-9._%+-]` + // a character that no address contains: <
		`|\\[nrtbf]` + // a control character in JSON: \n
		`|=[0-3][0-9a-f]` + // a quoted-printable character in a mail: =20, a space
		`|%(?!2[bde]|5f)[0-9a-f]{2}` + // an escape in a URL: %3c for <; but not those for + - . _ which addresses contain
		`|` + escapedEnd +
		`)`
	// beforeInForm is beforeAddress for an encoded form, in which @ is %40 and a plus is a space.
	beforeInForm = `(` +
		`^` + // the beginning of the form
		`|[^a-z0-9._%-]` + // a character that no address contains: =, +
		`|%(?!2[bde]|5f)[0-9a-f]{2}` + // an escape: %3c for <
		`|` + escapedEnd +
		`)`
	afterAddress = `(?!` + // not one of these:
		`[a-z0-9-]` + // another letter: ann@shop.examples
		`|\.[a-z0-9]` + // another part of the domain: ann@shop.example.org
		`)`
)

// These expressions match what may precede and follow a phone number without its plus. The examples are for 491715550100.
const (
	beforeNumber = `(` +
		`^` + // the beginning of the text
		`|[^0-9]` + // a character that is no digit: +
		`|%[0-9a-f]{2}` + // an escape in a URL: %2b for +
		`|=[0-3][0-9a-f]` + // a quoted-printable character in a mail: =20, a space
		`|` + escapedEnd +
		`)` +
		`(00)?` // 00491715550100
	afterNumber = `(?![0-9])` // no other digit: 4917155501001
)

// An id of a provider, such as u-17, must be a whole value in JSON or in an encoded form.
const (
	beforeID = `["=]` // "u-17" and user=u-17
	afterID  = `(` +
		`["&\\]` + // "u-17", user=u-17&text=hi, and "u-17\n"
		`|$` + // user=u-17, at the end of the form
		`)`
)

// A word must not be preceded by a letter or digit. Letters of Latin, Greek and Cyrillic script count (ä, Ж), so that Fung
// doesn't match in Prüfung. Letters of other scripts don't count, because some languages write prefixes before names, or no
// spaces. After a word, only ASCII letters and digits count, because many languages append endings to names.
const (
	beforeWord = `(` +
		`^` + // the beginning of the text
		`|[^a-z0-9À-ӿ]` + // neither a letter nor a digit, or a letter of another script
		`)`
	afterWord = `(?![a-z0-9])`
)

// A customer may be called Line, User or Rich, words that also occur as keys and values in JSON. So names are searched only
// where people's own words are: in the values of some keys, in the text inputs of Teams' forms, and in names of files,
// which have an extension.
//
// These expressions search bytes in PostgreSQL's format "escape", which doubles backslashes: JSON's \n is written \\n.
const (
	// anyCharacter matches one character of a value.
	anyCharacter = `(` +
		`[^"\\]` + // one that isn't escaped: a
		`|\\[0-7]{3}` + // a byte that isn't ASCII: \303
		`|\\\\(\\\\|[^\\])` + // one that JSON escapes: \\n, and \\\\ for a backslash
		`)`
	// noLetter matches a character that may precede a word. It is the equivalent of beforeWord.
	noLetter = `(` +
		`[^a-z0-9"\\]` + // an ASCII character that is neither letter nor digit: a space
		`|\\\\(\\\\|["/nrtbf])` + // one that JSON escapes: \\n
		`|\\(` + // two bytes in UTF-8
		`302` + // of a character up to U+00BF: \302\240, a no-break space
		`|32[4-7]|33[0-7]` + // of a letter from U+0500 on: \327\220, an alef
		`|2[0-7]{2}` + // at the end of a longer character: \216\213, the end of 王
		`)\\[0-7]{3}` +
		`|\\\\u(` + // the same characters, as JSON escapes them
		`00[0-9ab][0-9a-f]` + // up to U+00BF: \\u00a0
		`|0[5-9a-f][0-9a-f]{2}` + // from U+0500 on: \\u05d0
		`|[1-9a-f][0-9a-f]{3}` + // from U+1000 on: \\u738b
		`))`
	// upToWord matches what is between a key and a word in its value.
	upToWord = `\s*:\s*"` + // the colon, and the opening quote of the value
		`(` + anyCharacter + `*` + noLetter + `)?` // the text before the word: "My name is "
	personalText = `"(` +
		`t:[^"\\]+` + // "t:reason", an input of Teams' forms
		`|text|note|subject|value|content|title` + // "text"
		`)"` + upToWord
	fileName   = `"name"` + upToWord                // "name":"letter of Ann
	restOfFile = anyCharacter + `*\.[a-z0-9]{1,8}"` // 's cat.jpeg"
)

// hasWord is the SQL condition that a text (words) contains one of the contact's names or subjects. There may be hundreds of
// them, and PostgreSQL caches only 32 compiled regular expressions, so each is used only if LIKE finds its word.
const hasWord = `EXISTS (SELECT FROM unnest(@likely::text[], @whole::text[]) AS w(likely, whole)
	WHERE CASE WHEN words LIKE w.likely THEN words ~ w.whole ELSE false END)`

// isGlobal reports whether a key identifies the same person on all accounts: a mail address or a phone number. Other keys,
// such as a customer's number in a shop, identify somebody only on their own account.
func isGlobal(key string) bool {
	digits := strings.TrimPrefix(key, "+")
	return strings.Contains(key, "@") || isNumber(digits) && len(digits) >= minDigits
}

func isLocal(key string) bool { return !isGlobal(key) }

// wholeKeys returns regular expressions for the contact's addresses and phone numbers, in lower case. escape escapes a text
// in the way in which the searched text is escaped.
func (s *scope) wholeKeys(escape func(string) string) []string {
	list := []string{}
	for _, form := range keyForms(s.Keys, isGlobal) {
		literal := regexp.QuoteMeta(escape(strings.ToLower(form)))
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

// wholeIDs returns regular expressions for the contact's local keys as whole values in bytes. They are case-sensitive,
// because U-17 and u-17 may be two customers of a shop.
func (s *scope) wholeIDs() []string {
	list := []string{}
	for _, form := range inBytes(keyForms(s.Keys, isLocal)) {
		list = append(list, beforeID+regexp.QuoteMeta(form)+afterID)
	}
	return list
}

// orderForms returns the keys that isChosen accepts, in the forms in which order keys and external ids of events contain them.
func orderForms(keys []string, isChosen func(string) bool) []string {
	list := []string{}
	for _, key := range keys {
		if len(key) < minName || !isChosen(key) {
			continue
		}
		list = append(list, key)
		if digits := strings.TrimPrefix(key, "+"); isNumber(digits) {
			list = append(list, digits, "+"+digits)
		}
	}
	return list
}

// idsInTexts returns regular expressions for the contact's local keys in texts that Parley wrote, in lower case.
func (s *scope) idsInTexts() []string {
	list := []string{}
	for _, form := range lowerAll(keyForms(s.Keys, isLocal)) {
		list = append(list, `(?<!\w)`+regexp.QuoteMeta(form)+`(?!\w)`)
	}
	return list
}

// wholeWords returns a regular expression for each text, which matches it as whole words.
func wholeWords(texts []string) []string {
	list := []string{}
	for _, t := range texts {
		list = append(list, beforeWord+regexp.QuoteMeta(t)+afterWord)
	}
	return list
}

// inPersonalText returns a regular expression for each text, which matches it as whole words in what people wrote, in the
// bytes of JSON. texts must be in the forms that inBytes returns.
func inPersonalText(texts []string) []string {
	list := []string{}
	for _, t := range texts {
		whole := regexp.QuoteMeta(t) + afterWord
		list = append(list, personalText+whole+`|`+fileName+whole+restOfFile)
	}
	return list
}

// inBytes returns the forms in which the bytes of an event may contain texts: each text with and without escaped markup, and
// both as different JSON encoders escape them. Some encoders escape only what they must. Go's also escapes & < >, and
// Slack's escapes everything that isn't ASCII.
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

// likePatterns returns a LIKE pattern for each text, which matches the text anywhere.
func likePatterns(texts []string) []string {
	list := []string{}
	for _, t := range texts {
		list = append(list, "%"+strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(t)+"%")
	}
	return list
}

// asBytes returns a text in the format "escape" in which PostgreSQL writes bytes.
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

// asJSON returns a text as a JSON string, without the quotes. It escapes characters greater than lastPlain.
func asJSON(text string, lastPlain rune) string {
	var b strings.Builder
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c < ' ' || c > lastPlain:
			for _, unit := range utf16.AppendRune(nil, c) {
				fmt.Fprintf(&b, `\u%04x`, unit)
			}
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// inMarkup returns a text as Slack's messages and HTML escape it.
func inMarkup(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}
