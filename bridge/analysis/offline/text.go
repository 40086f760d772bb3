package offline

import (
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"parley/bridge/analysis"
	"parley/bridge/analysis/offline/wordform"
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

	forwarded bool // a subject has a prefix like "Fwd:"
}

// span is the part s[from:to] of a string.
type span struct{ from, to int }

// readText joins the subjects and texts of a burst, each with a line end, and cuts them into words.
func readText(burst []analysis.Message) *text {
	t := &text{}
	var b strings.Builder
	size := 0
	for _, m := range burst {
		size += len(m.Subject) + len(m.Text) + 2
	}

	isLong := size > headBytes+tailBytes
	maxBytes := headBytes + tailBytes
	if isLong {
		maxBytes = headBytes
	}

	add := func(s string) {
		s = clipText(s, maxBytes-b.Len())
		b.WriteString(s)
		b.WriteByte('\n')
	}
	for _, m := range burst {
		if b.Len() >= maxBytes {
			break
		}

		if m.Subject != "" {
			from := b.Len()
			add(m.Subject)
			t.subjects = append(t.subjects, span{from: from, to: b.Len()})
			t.forwarded = t.forwarded || isForward(m.Subject)
		}

		add(m.Text)
	}

	if isLong { // then the head and the tail don't overlap
		b.WriteString(tailOf(burst[len(burst)-1].Text))
		b.WriteByte('\n')
	}

	t.all = b.String()
	t.readTokens()
	if t.forwarded {
		t.quoteForwarded()
	}

	return t
}

// quoteForwarded marks the words of a forwarded email as quoted, starting with the first line that begins with a quotation
// mark or ">".
func (t *text) quoteForwarded() {
	marks := []string{"\n\"", "\n“", "\n„", "\n«", "\n>", "\n”"}
	const lookBehind = 5 // bytes before a word: a line end, a quotation mark of up to three bytes, and a space
	quoted := false
	for i := range t.tokens {
		word := &t.tokens[i]
		before := strings.TrimRight(t.all[max(0, word.from-lookBehind):word.from], " ")
		quoted = quoted || slices.ContainsFunc(marks, func(mark string) bool { return strings.HasSuffix(before, mark) })
		word.quoted = word.quoted || quoted
	}
}

// clipText returns at most limit bytes from the beginning of a text. It doesn't cut a character.
func clipText(s string, limit int) string {
	if limit <= 0 {
		return ""
	}
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// tailOf returns at most tailBytes from the end of a text. It doesn't cut a character.
func tailOf(s string) string {
	from := max(0, len(s)-tailBytes)
	for from < len(s) && !utf8.RuneStart(s[from]) {
		from++
	}
	return s[from:]
}

// isInSubject reports whether an offset in t.all is within a subject.
func (t *text) isInSubject(offset int) bool {
	return slices.ContainsFunc(t.subjects, func(s span) bool { return offset >= s.from && offset < s.to })
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

// words returns all words except numbers, each as the customer wrote it, cut to wordform.Longest bytes, and folded.
func (t *text) words() iter.Seq2[string, string] {
	return func(yield func(raw, form string) bool) {
		for i := range t.tokens {
			word := &t.tokens[i]
			if !word.number && !yield(clipText(t.wordAt(i), wordform.Longest), word.form) {
				return
			}
		}
	}
}

// separatorAfter returns the text between the word i and the next one. It panics for the last word.
func (t *text) separatorAfter(i int) string { return t.all[t.tokens[i].to:t.tokens[i+1].from] }

// isOneSpaceAfter reports whether exactly one space separates the word i from a next one.
func (t *text) isOneSpaceAfter(i int) bool { return i+1 < len(t.tokens) && t.separatorAfter(i) == " " }

// isSentenceStart reports whether a word is the first of its sentence.
func (t *text) isSentenceStart(i int) bool {
	return i == 0 || t.tokens[i-1].sentence != t.tokens[i].sentence
}

// isForward reports whether an email's subject has a prefix that means "forwarded": "Fwd: …".
func isForward(subject string) bool {
	prefix, _, found := strings.Cut(strings.TrimSpace(subject), ":")
	if !found {
		return false
	}
	switch strings.ToLower(prefix) {
	case "fw", "fwd", // English
		"wg",       // German
		"rv",       // Spanish
		"enc",      // Portuguese
		"tr",       // French
		"pd",       // Polish
		"i",        // Italian
		"doorst",   // Dutch
		"vs", "vb": // Danish and Norwegian, Swedish
		return true
	}
	return false
}
