package offline

import (
	"iter"
	"strings"
	"unicode/utf8"

	"parley/bridge/analysis"
	"parley/bridge/analysis/offline/wordform"
)

// How much of a longer burst is read. What matters stands at its beginning, or at its end.
const (
	headBytes = 8 << 10 // from its first message on
	tailBytes = 2 << 10 // of its last message
)

// text is what is analysed: the subjects and texts of a burst, one after the other, cut into words.
type text struct {
	all      string
	subjects []span // where subjects stand
	tokens   []token
	caps     int // words in capitals

	forwarded bool // a subject says that somebody else's mail follows
}

// span is a part of a string, by bytes.
type span struct{ from, to int }

// readText joins a burst and cuts it into words.
func readText(burst []analysis.Message) *text {
	t := &text{}
	var b strings.Builder
	size := 0
	for _, m := range burst {
		size += len(m.Subject) + len(m.Text) + 2
	}

	room := headBytes + tailBytes
	if size > room {
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

	if size > headBytes+tailBytes { // then the head ends before the last message's tail begins
		b.WriteString(lastOf(burst[len(burst)-1].Text))
		b.WriteByte('\n')
	}

	t.all = b.String()
	t.readTokens()
	if t.forwarded {
		t.quoteForwarded()
	}

	return t
}

// quoteForwarded makes everything a quotation from where one begins a line of a forwarded mail.
func (t *text) quoteForwarded() {
	quoted := false
	for i := range t.tokens {
		word := &t.tokens[i]
		const lookBehind = 5 // bytes: the end of the line, a mark of up to three bytes, and perhaps a space
		before := strings.TrimRight(t.all[max(0, word.from-lookBehind):word.from], " ")
		for _, mark := range []string{"\n\"", "\n“", "\n„", "\n«", "\n>", "\n”"} {
			quoted = quoted || strings.HasSuffix(before, mark)
		}
		word.quoted = word.quoted || quoted
	}
}

// clipText returns at most limit bytes from the beginning of a text, and no half character.
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

// lastOf returns at most tailBytes from the end of a text, and no half character.
func lastOf(s string) string {
	from := max(0, len(s)-tailBytes)
	for from < len(s) && !utf8.RuneStart(s[from]) {
		from++
	}
	return s[from:]
}

// isInSubject reports whether a place of the text is in a subject.
func (t *text) isInSubject(at int) bool {
	for _, s := range t.subjects {
		if at >= s.from && at < s.to {
			return true
		}
	}
	return false
}

// sentenceOf returns the first and the last word of a word's sentence.
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

// words returns the words that aren't numbers: each as it is written, at most so far as it is compared, and folded.
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

// separatorAfter returns what stands between a word and the next. There has to be a next word.
func (t *text) separatorAfter(i int) string { return t.all[t.tokens[i].to:t.tokens[i+1].from] }

// isSpaceAfter reports whether one space and another word stand behind a word.
func (t *text) isSpaceAfter(i int) bool { return i+1 < len(t.tokens) && t.separatorAfter(i) == " " }

// isSentenceStart reports whether a word is the first of its sentence.
func (t *text) isSentenceStart(i int) bool {
	return i == 0 || t.tokens[i-1].sentence != t.tokens[i].sentence
}

// isForward reports whether a mail's subject says that it was forwarded, in one of our languages.
func isForward(subject string) bool {
	prefix, _, found := strings.Cut(strings.TrimSpace(subject), ":")
	if !found {
		return false
	}
	switch strings.ToLower(prefix) {
	case "fw", "fwd", "wg", "rv", "enc", "tr", "pd", "i", "doorst", "vs", "vb":
		return true
	}
	return false
}
