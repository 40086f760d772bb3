package bodytext

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The attribution is the line above a quote that says who wrote the quoted mail, and when: "On Monday, Ann wrote:". Mail programs write it
// in the language of the person who answers.

// attributionVerb matches how mail programs say "wrote" above a quote.
var attributionVerb = regexp.MustCompile(`(?i)\b(?:wrote|writes|schrieb|schreibt|geschrieben|escribi[oó]|escreveu|` +
	`ha scritto|scrisse|schreef|napisał\(?a?\)?|pisze|skrev|kirjoitti|napsal\(?a?\)?|napísal\(?a?\)?|yazdı|` +
	`a scris)(?:\P{L}|$)` +
	`|a [ée]crit|írta|написал|пишет|писал|написав|写道|寫道|書きました|のメッセージ|작성|님이|كتب|כתב|έγραψε`)

// Limits of the beginning of an attribution: how much of a line is looked at, with its marks and behind them; how
// many characters, such as a name, may stand before a date; and how many digits a year has.
const (
	maxMarkedBytes = 400
	maxBeginBytes  = 100
	maxRunesBefore = 61
	maxYearDigits  = 4
)

// canBeginAttribution reports whether a line begins like an attribution in one of the languages of attributionVerb, or
// with a date. It uses no regular expression, because that took a millisecond for a long line.
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
	if rest[0] == ':' { // "10:15 AM, November 2, 2026, …"
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

// clockInText matches a time of day in an attribution. Behind a point it needs a word for the time: 12.11 may also be
// a date, and 49.90 a price.
var clockInText = regexp.MustCompile(`\d{1,2}\s?[:h時点]\s?\d{2}|(?i)\b(?:um|kl|klo|kello|ore|pukul)\.?\s\d{1,2}\.\d{2}`)

// ownWords matches what a person writes and no attribution has: the first person, or the end of a sentence. No
// abbreviation of a date or a name is as long as the word before that end.
var ownWords = regexp.MustCompile(`(?:^|\s)(?:I|[Ww]e|[Ii]ch|[Ww]ir|[Ii]k|[Ww]ij|[Jj]ag|[Jj]eg|[Vv]i|jsem|[Яя]|[Мм]ы)\s` +
	`|\p{Ll}{4}[.!?]\s+\p{Lu}`)

// dateInText matches a year, or a day with its month, in an attribution.
var dateInText = regexp.MustCompile(`\p{Nd}{4}|\p{Nd}[./\-]\s?\p{Nd}`)

// lacksName reports whether an attribution doesn't begin with a name, which then stands in the line above: it has only
// a verb, or begins with the address.
func lacksName(s string) bool {
	return strings.HasPrefix(s, "<") || !strings.ContainsFunc(attributionVerb.ReplaceAllString(s, ""), unicode.IsLetter)
}

// cutVerb ends an attribution of which a program has taken the dashes or the colon away.
const cutVerb = "> wrote"

// maxAttributionRunes is the length of the longest attribution that is recognised.
const maxAttributionRunes = 400

// isAttribution reports whether s introduces a quote. If strict is true, which is for quotes whose lines
// aren't marked, s must say who wrote and when.
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

	// Most lines are decided without the regular expressions, which are slow.
	mayHaveAddressAndDate := hasDigit && strings.Contains(s, "@")
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

// isStrictAttribution reports whether s introduces a quote and says who wrote and when, without words of the sender's own. It needs
// two of a verb, an address and a time of day, or all three if no colon ends it. The caller has checked that s has digits.
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

// Limits of what may stand between the verb or address of an attribution and its colon, in words.
const (
	maxNameWords = 4
	maxTimeWords = 9
)

// endsAsAttribution reports whether nothing stands between the last verb or address of s and its colon but a name
// ("schrieb Ann Bauer:"), a time ("schrieb am Mo., 2. Nov. 2026, 10:15:") or, behind an address in brackets, a verb
// that attributionVerb doesn't know ("<help@acme.test> menulis:").
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
