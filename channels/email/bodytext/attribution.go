package bodytext

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// This file recognises the attribution of a quote: the line above it that says who wrote the quoted mail and when.
// Mail programs write it in the language of the person who answers:
//
//	On Mon, Nov 2, 2026 at 10:15 AM Ann Bauer <ann@acme.test> wrote:
//	Am Mo., 2. Nov. 2026 um 10:15 Uhr schrieb Ann Bauer <ann@acme.test>:
//
// A false match would hide the sender's own text, so the tests are stricter if the quote isn't marked with ">".
// Regular expressions are slow here; cheaper checks decide most lines before any pattern is tried.

// attributionVerb matches how mail programs say "wrote" above a quote.
var attributionVerb = regexp.MustCompile(`(?i)\b(?:wrote|writes|schrieb|schreibt|geschrieben|escribi[oó]|escreveu|` +
	`ha scritto|scrisse|schreef|napisał\(?a?\)?|pisze|skrev|kirjoitti|napsal\(?a?\)?|napísal\(?a?\)?|yazdı|` +
	`a scris)(?:\P{L}|$)` +
	`|a [ée]crit|írta|написал|пишет|писал|написав|写道|寫道|書きました|のメッセージ|작성|님이|كتب|כתב|έγραψε`)

// Limits of canBeginAttribution.
const (
	maxMarkedBytes = 400 // of a line, including the marks (">", "*") at its beginning
	maxBeginBytes  = 100 // of a line, after these marks
	maxRunesBefore = 61  // before a date: "Ann Bauer, 2. Nov. 2026"
	maxYearDigits  = 4
)

// canBeginAttribution reports whether a line begins like an attribution: with a preposition ("On", "Am"), or with a
// date after at most a name. It avoids regular expressions, which took a millisecond for a long line.
func canBeginAttribution(s string) bool {
	s = strings.TrimLeft(s[:min(len(s), maxMarkedBytes)], "*_>- \t\r\f")
	s = strings.ToLower(s[:min(len(s), maxBeginBytes)])
	for _, word := range []string{
		"on", "am", "le", "el", "em", "il", "op", "w dniu", "dnia", "den", "på", "dne", "dňa", "в", "ve", "tarihinde",
		"στις", "pe", "في", "בתאריך",
	} {
		rest, ok := strings.CutPrefix(s, word)
		next, _ := utf8.DecodeRuneInString(rest)
		if ok && !unicode.IsLetter(next) {
			return true
		}
	}

	first := strings.IndexAny(s, "0123456789@")
	if first < 0 || s[first] == '@' {
		return false
	}
	if utf8.RuneCountInString(s[:first]) > maxRunesBefore {
		return false
	}

	rest := strings.TrimLeft(s[first:], "0123456789")
	digits := len(s) - first - len(rest)
	if digits > maxYearDigits || rest == "" {
		return false
	}
	if rest[0] == ':' { // a time: "10:15 AM, November 2, 2026, …"
		return first == 0 && strings.Contains(rest, ", 20")
	}

	return strings.IndexByte("./- ", rest[0]) >= 0 || strings.HasPrefix(rest, "年")
}

// startsWithDate matches the beginning of older attributions, which have a date and no verb.
var startsWithDate = regexp.MustCompile(`^\d{4}[-/.年]\s?\d{1,2}`)

// mailInText matches a mail address in a line.
var mailInText = regexp.MustCompile(`[\w.+%\-]+@[\w\-]+(?:\.[\w\-]+)+`)

// AddressInText returns the first mail address in a text, or "" if there is none.
func AddressInText(text string) string { return mailInText.FindString(text) }

// clockInText matches a time of day. A time with a dot, such as "10.15", must follow a word such as "um": otherwise it
// may be a date or a price.
var clockInText = regexp.MustCompile(`\d{1,2}\s?[:h時点]\s?\d{2}|(?i)\b(?:um|kl|klo|kello|ore|pukul)\.?\s\d{1,2}\.\d{2}`)

// ownWords matches what people write but mail programs don't: the first person, or the end of a sentence. The word
// before the full stop has at least four lower-case letters, so that abbreviations ("Nov. Ann") don't match.
var ownWords = regexp.MustCompile(`(?:^|\s)(?:I|[Ww]e|[Ii]ch|[Ww]ir|[Ii]k|[Ww]ij|[Jj]ag|[Jj]eg|[Vv]i|jsem|[Яя]|[Мм]ы)\s` +
	`|\p{Ll}{4}[.!?]\s+\p{Lu}`)

// dateInText matches a year, or a day with its month, in an attribution.
var dateInText = regexp.MustCompile(`\p{Nd}{4}|\p{Nd}[./\-]\s?\p{Nd}`)

// lacksName reports whether an attribution has only a verb or begins with the address. Its name is then in the line
// above.
func lacksName(s string) bool {
	return strings.HasPrefix(s, "<") || !strings.ContainsFunc(attributionVerb.ReplaceAllString(s, ""), unicode.IsLetter)
}

// cutVerb ends an attribution that has lost its colon: "Ann <ann@acme.test> wrote".
const cutVerb = "> wrote"

// maxAttributionRunes is the length of the longest attribution that is recognised.
const maxAttributionRunes = 400

// isAttribution reports whether s introduces a quote. If strict is true, s must name both the author and the time.
// Callers are strict if the lines of the quote aren't marked with ">".
func isAttribution(s string, strict bool) bool {
	s = strings.TrimSpace(s)
	if s == "" || utf8.RuneCountInString(s) > maxAttributionRunes {
		return false
	}

	hasColon := strings.HasSuffix(s, ":") || strings.HasSuffix(s, "：")
	if strings.HasPrefix(s, "--") && strings.HasSuffix(s, "--") { // Zoho writes dashes in place of the colon
		s = strings.Trim(s, "- ")
		hasColon = true
	}

	hasDigit := strings.ContainsAny(s, "0123456789")
	if strict {
		return hasDigit && isStrictAttribution(s, hasColon)
	}

	mayHaveAddressAndDate := hasDigit && strings.Contains(s, "@") // a cheap check before the regular expressions
	if !hasColon && !mayHaveAddressAndDate {
		return false
	}

	hasVerb := attributionVerb.MatchString(s)
	hasAddress := mailInText.MatchString(s)

	if hasColon && hasVerb {
		return true
	}
	if !hasAddress || !hasDigit {
		return false
	}

	return hasColon || hasVerb || startsWithDate.MatchString(s)
}

// isStrictAttribution reports whether s names author and time and has no words of the sender's own. It requires two of
// a verb, an address and a time of day, or all three if there is no final colon. The caller has checked that s has
// digits.
func isStrictAttribution(s string, hasColon bool) bool {
	hasCutVerb := !hasColon && strings.HasSuffix(s, cutVerb)
	hasEnd := hasColon || hasCutVerb
	if !hasEnd || !canBeginAttribution(s) {
		return false
	}

	hasAddress := mailInText.MatchString(s)
	if hasCutVerb {
		return hasAddress && clockInText.MatchString(s)
	}

	hasVerb := attributionVerb.MatchString(s)
	if ownWords.MatchString(s) || !endsAsAttribution(s) {
		return false
	}
	if hasVerb && hasAddress {
		return true
	}
	if !hasVerb && !hasAddress {
		return false
	}

	return clockInText.MatchString(s)
}

// Limits of endsAsAttribution: how many words a name or a time between verb and colon has.
const (
	maxNameWords = 4
	maxTimeWords = 9
)

// endsAsAttribution reports whether only one of these follows the last verb or address of s, before its colon:
//   - nothing: "Ann wrote:"
//   - a name: "schrieb Ann Bauer:"
//   - a time: "schrieb am Mo., 2. Nov. 2026, 10:15:"
//   - after an address in brackets, a verb that attributionVerb doesn't know: "<help@acme.test> menulis:"
func endsAsAttribution(s string) bool {
	end := 0
	for _, pattern := range []*regexp.Regexp{attributionVerb, mailInText} {
		for _, found := range pattern.FindAllStringIndex(s, -1) {
			end = max(end, found[1])
		}
	}

	rest := s[end:]
	words := strings.Fields(strings.Trim(rest, "<>()[]\"'*_:：\u200e\u200f "+nbsp))
	if len(words) == 0 {
		return true
	}
	if strings.HasPrefix(rest, ">") && len(words) <= maxNameWords {
		return true
	}

	isLower := func(word string) bool {
		first, _ := utf8.DecodeRuneInString(word)
		return unicode.IsLower(first)
	}
	if isLower(words[len(words)-1]) {
		return false
	}
	isName := len(words) <= maxNameWords && !isLower(words[0])
	return isName || len(words) <= maxTimeWords && clockInText.MatchString(rest)
}
