package offline

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/bridge/analysis/offline/numeral"
	"parley/bridge/analysis/offline/wordform"
)

// token is a word, a number, an emoji or an emoticon in a text.
type token struct {
	from, to int    // in text.all
	form     string // the folded word; ":)" or ":(" for an emoticon
	alt      string // a second reading of form, or ""
	sentence int    // the sentence's number in the text
	clause   int    // the number of the part of a sentence, between commas and the like
	number   bool   // starts with a digit
	quoted   bool   // somebody else's words, or those of an earlier message
	caps     bool   // three or more letters, all in capitals
	loud     bool   // the last word of a sentence with an exclamation mark
	asks     bool   // the last word of a sentence with a question mark
}

// tokenizer cuts a text into tokens in one pass.
type tokenizer struct {
	t        *text
	sentence int    // the number of the current sentence
	clause   int    // the number of the current clause
	quotes   []span // the quotations in the text
	quote    int    // the index of the first quotation that hasn't ended yet
}

// readTokens sets t.tokens to the words, numbers, emojis and emoticons of a text.
func (t *text) readTokens() {
	z := tokenizer{t: t, quotes: quotesIn(t.all)}
	const bytesPerWord = 6 // an estimate, to avoid reallocations
	t.tokens = make([]token, 0, len(t.all)/bytesPerWord+4)
	for i := 0; i < len(t.all); {
		r, n := rune(t.all[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(t.all[i:])
		}

		switch {
		case wordform.IsWordRune(r):
			i = z.readWord(i)
		case isEyes(r):
			i += z.readEmoticon(i)
		case wordform.IsEmoji(r):
			z.add(token{from: i, to: i + n, form: t.all[i : i+n]})
			i += n
		default:
			z.readMark(r, i)
			i += n
		}
	}
}

// add appends a token. It sets the token's sentence, clause and quoted.
func (z *tokenizer) add(k token) {
	k.sentence, k.clause = z.sentence, z.clause
	for z.quote < len(z.quotes) && z.quotes[z.quote].to <= k.from {
		z.quote++
	}
	isInQuote := z.quote < len(z.quotes) && k.from >= z.quotes[z.quote].from
	isForwardedSubject := z.t.forwarded && z.t.isInSubject(k.from)
	k.quoted = isInQuote || isForwardedSubject
	z.t.tokens = append(z.t.tokens, k)
}

// readWord adds the word that starts at an offset, and returns its end.
func (z *tokenizer) readWord(start int) (end int) {
	all := z.t.all
	var letters, capitals, digits int
	end = start
	for end < len(all) {
		r, n := utf8.DecodeRuneInString(all[end:])
		if wordform.IsApostrophe(r) {
			if !isApostropheOfWord(all[start:end], all[end+n:]) {
				break
			}
		} else if !wordform.IsWordRune(r) {
			break
		}

		if unicode.IsDigit(r) {
			digits++
		} else {
			letters++ // or an apostrophe, so that "DON'T" doesn't count as in capitals
			if unicode.IsUpper(r) {
				capitals++
			}
		}

		end += n
	}

	k := token{from: start, to: end, form: wordform.Fold(all[start:end]), number: numeral.IsDigit(all[start])}
	const minCapitals = 3 // "OK" isn't shouted
	isInCapitals := capitals == letters && digits == 0
	k.caps = isInCapitals && capitals >= minCapitals
	if k.caps {
		z.t.capitals++
	}
	if k.form != "" {
		z.add(k)
	}

	return end
}

// isApostropheOfWord reports whether an apostrophe is within a word, given the text before and after it. An apostrophe after
// an elided article or pronoun separates two words: "l'ordine", "n'est".
func isApostropheOfWord(before, after string) bool {
	next, _ := utf8.DecodeRuneInString(after)
	if !unicode.IsLetter(next) {
		return false
	}
	const maxElidedBytes = 8
	return len(before) > maxElidedBytes || !wordform.IsElided(wordform.Fold(before))
}

// readMark processes a character between words. It may end a sentence or a clause.
func (z *tokenizer) readMark(r rune, at int) {
	switch r {
	case '\n', '\r', '!', '?', '…', '。', '！', '？', '\u2028', '\u2029':
		z.sentence++
		z.clause++
	case '.':
		if z.isSentenceEnd(at) {
			z.sentence++
			z.clause++
		}
	case ',', ';', ':', '(', ')', '–', '—', '|', '/', '•':
		z.clause++
	}

	last := len(z.t.tokens) - 1
	if last < 0 {
		return
	}

	switch r {
	case '!', '！':
		z.t.tokens[last].loud = true
	case '?', '？':
		z.t.tokens[last].asks = true
	}
}

// isSentenceEnd reports whether the full stop at an offset ends a sentence. It doesn't within a number or after an
// abbreviation.
func (z *tokenizer) isSentenceEnd(at int) bool {
	all := z.t.all
	if at+1 < len(all) && strings.IndexByte(" \n.\"", all[at+1]) < 0 {
		return false
	}
	if len(z.t.tokens) == 0 {
		return false
	}

	k := z.t.tokens[len(z.t.tokens)-1]
	if k.to != at {
		return true
	}

	const (
		ahead           = 4 // bytes, including the full stop
		maxAbbreviation = 5 // before a number: "art. 12"
		maxDay          = 2 // "5. Dezember"
	)

	rest := strings.TrimLeft(all[at+1:min(len(all), at+ahead)], " .")
	isDigitNext := rest != "" && numeral.IsDigit(rest[0])
	if isDigitNext && len(k.form) <= maxAbbreviation {
		return false
	}

	isDay := k.number && len(k.form) <= maxDay
	if isDay && rest != "" {
		return false
	}

	if abbreviated.has(k.form) {
		return false
	}

	return len(k.form) > 1
}

// readEmoticon adds the emoticon at an offset and returns its length. If there is none, it processes the character as a mark.
func (z *tokenizer) readEmoticon(at int) int {
	length, form := emoticonAt(z.t.all, at)
	if form == "" {
		z.readMark(rune(z.t.all[at]), at)
		return 1
	}
	z.add(token{from: at, to: at + length, form: form})
	return length
}

// isEyes reports whether a character can be the eyes of an emoticon.
func isEyes(r rune) bool {
	switch r {
	case ':', ';', '=':
		return true
	}
	return false
}

// emoticonAt returns the length of the emoticon whose eyes are at an offset, and ":)" or ":(" for its mood. form is "" if
// there is none.
func emoticonAt(all string, at int) (length int, form string) {
	if at > 0 && numeral.IsDigit(all[at-1]) {
		return 0, ""
	}

	mouth := at + 1
	hasNose := mouth < len(all) && strings.IndexByte("-'", all[mouth]) >= 0
	if hasNose {
		mouth++
	}
	if mouth >= len(all) {
		return 0, ""
	}

	isWordNext := mouth+1 < len(all) && wordform.IsWordRune(rune(all[mouth+1]))
	switch all[mouth] {
	case ')':
		form = ":)"
	case 'D':
		if !isWordNext {
			form = ":)"
		}
	case '(':
		if !isWordNext {
			form = ":("
		}
	case '[', '/':
		if hasNose {
			form = ":("
		}
	}

	if form == "" {
		return 0, ""
	}

	return mouth + 1 - at, form
}
