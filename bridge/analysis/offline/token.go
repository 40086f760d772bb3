package offline

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is a word, a number, an emoji or an emoticon of a text.
type token struct {
	from, to int    // in text.all
	form     string // folded; of an emoticon ":)" or ":("
	alt      string // a second reading of form, "" if there is none
	sentence int
	clause   int // counts parts of sentences between commas and the like
	number   bool
	quoted   bool // somebody else's words, or an earlier message's
	caps     bool // in capitals, of three letters or more
	loud     bool // its sentence ends with an exclamation mark; set for the last word of the sentence
	asks     bool // its sentence ends with a question mark; likewise
}

// tokenizer walks once through a text.
type tokenizer struct {
	t        *text
	sentence int
	clause   int
	quotes   []span // what stands in quotation marks
	quote    int    // the first of them that may still begin
}

func (t *text) tokenize() {
	z := tokenizer{t: t, quotes: quotesIn(t.all)}
	t.tokens = make([]token, 0, len(t.all)/6+4)
	for i := 0; i < len(t.all); {
		r, n := rune(t.all[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(t.all[i:])
		}
		switch {
		case isWordRune(r):
			i = z.word(i)
		case r == ':' || r == ';' || r == '=':
			i += z.emoticon(i)
		case isEmoji(r):
			z.add(token{from: i, to: i + n, form: t.all[i : i+n]})
			i += n
		default:
			z.mark(r, i)
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
	k.quoted = z.quote < len(z.quotes) && k.from >= z.quotes[z.quote].from || z.t.forwarded && z.t.inSubject(k.from)
	z.t.tokens = append(z.t.tokens, k)
}

// word adds the word that begins at i and returns where it ends. An apostrophe belongs to a word, except
// behind an article or a pronoun that lost its vowel, as in "l'ordine" and "n'est".
func (z *tokenizer) word(i int) int {
	all, start := z.t.all, i
	letters, upper, digits := 0, 0, 0
	for i < len(all) {
		r, n := utf8.DecodeRuneInString(all[i:])
		if isApostrophe(r) {
			next, _ := utf8.DecodeRuneInString(all[i+n:])
			if !unicode.IsLetter(next) {
				break
			}
			if i-start <= 8 && isElided(fold(all[start:i])) {
				break
			}
		} else if !isWordRune(r) {
			break
		}
		switch {
		case unicode.IsUpper(r):
			upper++
			letters++
		case unicode.IsDigit(r):
			digits++
		default:
			letters++
		}
		i += n
	}
	k := token{from: start, to: i, form: fold(all[start:i]), number: digits > 0 && all[start] >= '0' && all[start] <= '9'}
	k.caps = upper >= 3 && upper == letters && digits == 0
	if k.caps {
		z.t.caps++
	}
	if k.form == "" {
		return i
	}
	z.add(k)
	return i
}

// mark reads what stands between words: ends of sentences and of their parts.
func (z *tokenizer) mark(r rune, i int) {
	last := len(z.t.tokens) - 1
	switch r {
	case '\n', '\r', '!', '?', '…', '。', '！', '？', '\u2028', '\u2029':
		z.sentence++
		z.clause++
	case '.':
		if z.endsSentence(i) {
			z.sentence++
			z.clause++
		}
	case ',', ';', ':', '(', ')', '–', '—', '|', '/', '•':
		z.clause++
	}
	if last >= 0 && (r == '!' || r == '！') {
		z.t.tokens[last].loud = true
	}
	if last >= 0 && (r == '?' || r == '？') {
		z.t.tokens[last].asks = true
	}
}

// endsSentence says whether a full stop ends a sentence: not within a number or behind an abbreviation.
func (z *tokenizer) endsSentence(i int) bool {
	all := z.t.all
	if i+1 < len(all) && all[i+1] != ' ' && all[i+1] != '\n' && all[i+1] != '.' && all[i+1] != '"' {
		return false
	}
	rest := strings.TrimLeft(all[i+1:min(len(all), i+4)], " .")
	digitFollows := rest != "" && rest[0] >= '0' && rest[0] <= '9'
	if len(z.t.tokens) == 0 {
		return false
	}
	k := z.t.tokens[len(z.t.tokens)-1]
	if k.to != i {
		return true
	}
	if digitFollows && len(k.form) <= 5 {
		return false // "Nr. 4711", "art. 12"
	}
	if k.number && len(k.form) <= 2 && rest != "" { // "5. Dezember"
		return false
	}
	switch k.form {
	case "nr", "no", "num", "bzw", "ca", "ggf", "usw", "mr", "mrs", "dr", "sr", "sra", "mme", "dhr", "mevr", "approx", "tel", "ref", "rif":
		return false
	}
	return len(k.form) > 1
}

// emoticon adds the emoticon that begins at i, or reads a mark between words, and gives its length.
func (z *tokenizer) emoticon(i int) int {
	all := z.t.all
	n, form := emoticonAt(all, i)
	if form == "" {
		z.mark(rune(all[i]), i)
		return 1
	}
	z.add(token{from: i, to: i + n, form: form})
	return n
}

// emoticonAt gives the length and the mood of an emoticon, and "" where there is none.
func emoticonAt(all string, i int) (int, string) {
	if i > 0 && all[i-1] >= '0' && all[i-1] <= '9' {
		return 0, ""
	}
	n := 1
	if i+n < len(all) && (all[i+n] == '-' || all[i+n] == '\'') {
		n++
	}
	if i+n >= len(all) {
		return 0, ""
	}
	wordFollows := i+n+1 < len(all) && isWordRune(rune(all[i+n+1]))
	switch c := all[i+n]; {
	case c == ')' || c == 'D' && !wordFollows:
		return n + 1, ":)"
	case c == '(' && !wordFollows || c == '[' && n == 2 || c == '/' && n == 2:
		return n + 1, ":("
	}
	return 0, ""
}

func isWordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	}
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsMark(r) && !isVariation(r) || unicode.IsDigit(r))
}

func isVariation(r rune) bool { return r >= 0xFE00 && r <= 0xFE0F || r == 0x20E3 }

func isEmoji(r rune) bool {
	return r >= 0x1F300 && r <= 0x1FAFF || r >= 0x2600 && r <= 0x27BF || r == 0x2B50 || r == 0x203C
}

// isElided says whether a folded word is one that French and Italian shorten before a vowel.
func isElided(form string) bool {
	switch form {
	case "l", "d", "n", "j", "m", "t", "s", "c", "qu", "un", "dell", "all", "nell", "sull", "dall", "quell", "quest",
		"jusqu", "lorsqu", "puisqu", "quelqu", "nient", "tutt", "mezz", "cos", "dov", "com", "anch", "bell":
		return true
	}
	return false
}
