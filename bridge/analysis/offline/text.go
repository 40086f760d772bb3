package offline

import (
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"parley/bridge/analysis"
	"parley/bridge/analysis/offline/wordform"
)

// The first step of every analysis: the messages of a burst, which is what the customer wrote in one go, are joined
// to one text and cut into words (token.go).

// Of a longer burst only two parts are read: what matters stands at its beginning or at its end.
const (
	headBytes = 8 << 10 // of all messages in order
	tailBytes = 2 << 10 // of the last message, from its end
)

// text is what is analysed: the subjects and texts of a burst, one after the other, cut into words.
type text struct {
	all      string
	subjects []span // where subjects stand
	tokens   []token
	capitals int // how many words are in capitals

	forwarded bool // a subject begins with a sign of forwarding: "Fwd:"
}

// span is a part of a string, by bytes.
type span struct{ from, to int }

// readText joins a burst's subjects and texts, each with a line end, and cuts them into words.
func readText(burst []analysis.Message) *text {
	t := &text{}
	var b strings.Builder
	size := 0
	for _, m := range burst {
		size += len(m.Subject) + len(m.Text) + 2
	}

	isLong := size > headBytes+tailBytes
	room := headBytes + tailBytes
	if isLong {
		room = headBytes
	}

	add := func(s string) {
		s = clipText(s, room-b.Len())
		b.WriteString(s)
		b.WriteByte('\n')
	}
	for _, m := range burst {
		if b.Len() >= room {
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

	if isLong { // the head ends before the last message's tail begins
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

// quoteForwarded marks all words of a forwarded mail as quoted, from the first line on that begins with a quotation mark or ">".
func (t *text) quoteForwarded() {
	marks := []string{"\n\"", "\n“", "\n„", "\n«", "\n>", "\n”"}
	const lookBehind = 5 // bytes before a word: a line's end, a quotation mark of up to three bytes, and a space
	quoted := false
	for i := range t.tokens {
		word := &t.tokens[i]
		before := strings.TrimRight(t.all[max(0, word.from-lookBehind):word.from], " ")
		quoted = quoted || slices.ContainsFunc(marks, func(mark string) bool { return strings.HasSuffix(before, mark) })
		word.quoted = word.quoted || quoted
	}
}

// clipText returns the beginning of a text: at most limit bytes, without cutting a character.
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

// tailOf returns the end of a text: at most tailBytes, without cutting a character.
func tailOf(s string) string {
	from := max(0, len(s)-tailBytes)
	for from < len(s) && !utf8.RuneStart(s[from]) {
		from++
	}
	return s[from:]
}

// isInSubject reports whether a byte of the text belongs to a subject.
func (t *text) isInSubject(at int) bool {
	return slices.ContainsFunc(t.subjects, func(s span) bool { return at >= s.from && at < s.to })
}

// sentenceOf returns the first and the last word of the sentence that a word is in. Words are numbers of tokens.
func (t *text) sentenceOf(at int) (first, last int) {
	first, last = at, at
	for first > 0 && t.tokens[first-1].sentence == t.tokens[at].sentence {
		first--
	}
	for last+1 < len(t.tokens) && t.tokens[last+1].sentence == t.tokens[at].sentence {
		last++
	}
	return first, last
}

// wordAt returns a word as it is written.
func (t *text) wordAt(i int) string { return t.all[t.tokens[i].from:t.tokens[i].to] }

// words returns all words but numbers, each in two forms: as it is written, cut to wordform.Longest bytes, and folded.
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

// separatorAfter returns what stands between a word and the next one. The last word has none: it panics there.
func (t *text) separatorAfter(i int) string { return t.all[t.tokens[i].to:t.tokens[i+1].from] }

// isOneSpaceAfter reports whether exactly one space separates a word from the next one.
func (t *text) isOneSpaceAfter(i int) bool { return i+1 < len(t.tokens) && t.separatorAfter(i) == " " }

// isSentenceStart reports whether a word is the first of its sentence.
func (t *text) isSentenceStart(i int) bool {
	return i == 0 || t.tokens[i-1].sentence != t.tokens[i].sentence
}

// isForward reports whether a mail's subject begins with a sign of forwarding: "Fwd: …".
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
