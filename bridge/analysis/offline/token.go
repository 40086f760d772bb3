package offline

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/bridge/analysis/offline/numeral"
	"parley/bridge/analysis/offline/wordform"
)

// token is one item of a text: a word, a number, an emoji or an emoticon.
type token struct {
	from, to int    // in text.all
	form     string // folded; of an emoticon ":)" or ":("
	alt      string // a second reading of form, "" if there is none
	sentence int    // counts the sentences of the text
	clause   int    // counts parts of sentences between commas and the like
	number   bool   // begins with a digit
	quoted   bool   // somebody else's words, or an earlier message's
	caps     bool   // in capitals, of three letters or more
	loud     bool   // its sentence ends with an exclamation mark; set for the last word of the sentence
	asks     bool   // its sentence ends with a question mark; likewise
}

// tokenizer walks once through a text.
type tokenizer struct {
	t        *text
	sentence int
	clause   int
	quotes   []span // what stands in quotation marks
	quote    int    // the first of them that may still begin
}

// readTokens cuts a text into its words, numbers, emojis and emoticons.
func (t *text) readTokens() {
	z := tokenizer{t: t, quotes: quotesIn(t.all)}
	const usualWord = 6 // bytes of a word with its space; a guess that saves copying
	t.tokens = make([]token, 0, len(t.all)/usualWord+4)
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

// add appends a token with the place where it stands.
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

// readWord adds the word that begins at a place and returns where it ends.
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
			letters++ // so does an apostrophe, which keeps "DON'T" out of the words in capitals
			if unicode.IsUpper(r) {
				capitals++
			}
		}

		end += n
	}

	k := token{from: start, to: end, form: wordform.Fold(all[start:end]), number: numeral.IsDigit(all[start])}
	const shortestCaps = 3 // letters: who writes "OK" doesn't shout
	isInCapitals := capitals == letters && digits == 0
	k.caps = isInCapitals && capitals >= shortestCaps
	if k.caps {
		z.t.capitals++
	}
	if k.form != "" {
		z.add(k)
	}

	return end
}

// isApostropheOfWord reports whether an apostrophe between two parts of a text belongs to a word. It doesn't behind an article
// or a pronoun that lost its vowel, as in "l'ordine" and "n'est".
func isApostropheOfWord(before, behind string) bool {
	next, _ := utf8.DecodeRuneInString(behind)
	if !unicode.IsLetter(next) {
		return false
	}
	const longestElided = 8 // bytes: no such word is longer
	return len(before) > longestElided || !wordform.IsElided(wordform.Fold(before))
}

// readMark reads what stands between words: ends of sentences and of their parts.
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

// isSentenceEnd reports whether a full stop ends a sentence. It doesn't within a number or behind an abbreviation.
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
		ahead         = 4 // bytes, this full stop included
		longestBefore = 5 // of an abbreviation before a number: "art. 12"
		longestDay    = 2 // "5. Dezember"
	)

	rest := strings.TrimLeft(all[at+1:min(len(all), at+ahead)], " .")
	isDigitNext := rest != "" && numeral.IsDigit(rest[0])
	if isDigitNext && len(k.form) <= longestBefore {
		return false
	}

	isDay := k.number && len(k.form) <= longestDay
	if isDay && rest != "" {
		return false
	}

	if abbreviated.has(k.form) {
		return false
	}

	return len(k.form) > 1
}

// readEmoticon adds the emoticon that begins at a place, or reads a mark between words, and gives its length.
func (z *tokenizer) readEmoticon(at int) int {
	length, form := emoticonAt(z.t.all, at)
	if form == "" {
		z.readMark(rune(z.t.all[at]), at)
		return 1
	}
	z.add(token{from: at, to: at + length, form: form})
	return length
}

// isEyes reports whether a mark may be the eyes of an emoticon.
func isEyes(r rune) bool {
	switch r {
	case ':', ';', '=':
		return true
	}
	return false
}

// emoticonAt returns the length and the mood of an emoticon whose eyes stand at a place, and "" where there is none.
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
