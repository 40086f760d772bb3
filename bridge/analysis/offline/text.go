package offline

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/bridge/analysis"
)

// Longer texts are analysed only in part, to bound the cost. What matters is mostly at the beginning or the end.
const (
	headBytes = 8 << 10 // of all messages
	tailBytes = 2 << 10 // of the last message
)

// text is the input of an analysis: the subjects and texts of a burst of messages, which a customer sent in one go, joined
// and cut into words.
type text struct {
	all      string
	subjects []span // the positions of subjects in all
	tokens   []token
	capitals int // the number of words in capitals
}

// span is the part s[from:to] of a string.
type span struct{ from, to int }

// token is a word, a number, an emoji or an emoticon in a text.
type token struct {
	from, to int    // in text.all
	form     string // the folded word; ":)" or ":(" for an emoticon
	alt      string // a second reading of form, or ""
	sentence int    // the sentence's number in the text
	clause   int    // the number of the part of a sentence, between commas and the like
	number   bool   // starts with a digit
	quoted   bool   // somebody else's words
	loud     bool   // the last word of a sentence with an exclamation mark
	asks     bool   // the last word of a sentence with a question mark
}

// readText joins the subjects and texts of a burst, each with a line end, and cuts them into words.
func readText(burst []analysis.Message) *text {
	t := &text{}
	var b strings.Builder
	add := func(s string) {
		b.WriteString(clipText(s, headBytes-b.Len()))
		b.WriteByte('\n')
	}
	for _, m := range burst {
		if b.Len() >= headBytes {
			break
		}
		if m.Subject != "" {
			from := b.Len()
			add(m.Subject)
			t.subjects = append(t.subjects, span{from, b.Len()})
		}
		add(m.Text)
	}
	if b.Len() >= headBytes {
		last := burst[len(burst)-1].Text
		from := max(0, len(last)-tailBytes)
		for from < len(last) && !utf8.RuneStart(last[from]) {
			from++
		}
		b.WriteString(last[from:] + "\n")
	}
	t.all = b.String()
	t.readTokens()
	return t
}

// clipText returns at most limit bytes from the beginning of a text. It doesn't cut a character.
func clipText(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	limit = max(limit, 0)
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

var (
	// quotation finds lines that start with ">", and text in quotation marks within a line.
	quotation = regexp.MustCompile(`(?m)^[ \t]*>.*$|"[^"\n]+"|[“„][^“”\n]+[“”]|«[^»\n]+»|»[^«\n]+«`)
	emoticon  = regexp.MustCompile(`^[:;=][-']?([)D(])`)
	// shortened words have a full stop that doesn't end a sentence.
	shortened = regexp.MustCompile(`^(\pL|nr|no|num|bzw|ca|ggf|mr|mrs|dr|sr|sra|mme|tel|ref|\d{1,2})$`)
)

// readTokens sets t.tokens.
func (t *text) readTokens() {
	quotes := quotation.FindAllStringIndex(t.all, -1)
	sentence, clause := 0, 0
	add := func(k token) {
		k.sentence, k.clause = sentence, clause
		for len(quotes) > 0 && quotes[0][1] <= k.from {
			quotes = quotes[1:]
		}
		k.quoted = len(quotes) > 0 && k.from >= quotes[0][0]
		t.tokens = append(t.tokens, k)
	}
	for i := 0; i < len(t.all); {
		r, n := utf8.DecodeRuneInString(t.all[i:])
		end := i + n
		if IsWordRune(r) {
			end = t.wordEnd(i)
			if form := Fold(t.all[i:end]); form != "" {
				add(token{from: i, to: end, form: form, number: r >= '0' && r <= '9'})
				t.capitals += isShouted(t.all[i:end])
			}
		} else if IsEmoji(r) {
			add(token{from: i, to: end, form: t.all[i:end]})
		} else if m := emoticon.FindStringSubmatch(t.all[i:min(len(t.all), i+3)]); m != nil {
			end = i + len(m[0])
			add(token{from: i, to: end, form: ":" + strings.ReplaceAll(m[1], "D", ")")})
		} else {
			clause += t.endsClause(r)
			if t.endsSentence(r, i) {
				sentence++
				clause++
			}
		}
		i = end
	}
}

// wordEnd returns the end of the word that starts at an offset. An apostrophe is a part of the word if a letter follows,
// but not after an elided article or pronoun: "l'ordine" and "n'est" are two words.
func (t *text) wordEnd(start int) int {
	for i, r := range t.all[start:] {
		if IsWordRune(r) {
			continue
		}
		end := start + i
		next, _ := utf8.DecodeRuneInString(t.all[end+utf8.RuneLen(r):])
		if !IsApostrophe(r) || !unicode.IsLetter(next) || IsElided(t.all[start:end]) {
			return end
		}
	}
	return len(t.all)
}

// isShouted returns 1 for a word of three or more capitals, otherwise 0.
func isShouted(word string) int {
	const minCapitals = 3
	if len(word) >= minCapitals && word == strings.ToUpper(word) && word != strings.ToLower(word) {
		return 1
	}
	return 0
}

// endsClause returns 1 for a character that separates parts of a sentence, otherwise 0.
func (t *text) endsClause(r rune) int {
	if strings.ContainsRune(",;:()–—|/•", r) {
		return 1
	}
	return 0
}

// endsSentence reports whether a character between words ends a sentence. It marks the word before it as loud or asking.
func (t *text) endsSentence(r rune, at int) bool {
	last := &token{}
	if len(t.tokens) > 0 {
		last = &t.tokens[len(t.tokens)-1]
	}
	switch r {
	case '!', '！':
		last.loud = true
		return true
	case '?', '？':
		last.asks = true
		return true
	case '.':
		isAtSpace := at+1 == len(t.all) || strings.IndexByte(" \n.\"", t.all[at+1]) >= 0
		return isAtSpace && (last.to != at || !shortened.MatchString(last.form))
	}
	return strings.ContainsRune("\n\r…。\u2028\u2029", r)
}

// isInSubject reports whether the word i is within a subject.
func (t *text) isInSubject(i int) bool {
	return slices.ContainsFunc(t.subjects, func(s span) bool { return t.tokens[i].from >= s.from && t.tokens[i].from < s.to })
}

// sentenceOf returns the first and the last word of the sentence that contains the word i. In this package, words are given
// by their index in t.tokens.
func (t *text) sentenceOf(i int) (first, last int) {
	first, last = i, i
	for first > 0 && t.tokens[first-1].sentence == t.tokens[i].sentence {
		first--
	}
	for last+1 < len(t.tokens) && t.tokens[last+1].sentence == t.tokens[i].sentence {
		last++
	}
	return first, last
}

// wordAt returns the word i as the customer wrote it.
func (t *text) wordAt(i int) string { return t.all[t.tokens[i].from:t.tokens[i].to] }
