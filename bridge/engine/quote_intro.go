package engine

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Mail programs introduce what they quote: by a sentence that says who wrote it and when, or by the fields of its header.
// Both are written in the language of the person who answers, so they are recognised by what all languages have in common:
// the names and addresses of those who wrote, numbers of a date, colons. Below them, lines may be quoted without a mark.

// span is a range of lines.
type span struct{ start, end int }

const (
	maxAttributionLines = 4  // mail programs fold them
	maxAttributionWords = 10 // besides names and numbers: more are a sentence of the author's own
	minLabels           = 3
	maxHeaderLines      = 16
	maxLabelBytes       = 60
)

// findIntros returns the introductions in a mail, and marks the lines below them as quoted if nothing else does.
func (m *Mail) findIntros(said []Said, subject []string) []span {
	var people []string
	for _, s := range said {
		for _, name := range s.By {
			if !slices.Contains(people, name) {
				people = append(people, name)
			}
		}
	}

	var intros []span
	for i := 0; i < len(m.lines); i++ {
		s := span{i, m.endOfHeader(i, people, subject)}
		if s.end == i {
			s = m.attributionAt(i, people)
		}
		if s.start == s.end {
			continue
		}
		intros = append(intros, s)
		for j := s.start; j < s.end; j++ {
			m.lines[j].intro = len(intros)
		}
		next := m.nextWords(s.end)
		isMarked := m.lines[i].depth > 0 || next >= 0 && m.lines[next].depth > 0
		if !isMarked {
			for j := s.end; j < len(m.lines); j++ {
				m.lines[j].look = looksQuoted
			}
		}
		i = s.end - 1
	}
	return intros
}

// endsLikeAttribution reports whether a line ends as the sentence above a quote does: "Ann wrote:".
func (l *line) endsLikeAttribution() bool {
	text := strings.TrimRight(l.plain, " *_\u00a0\u200e\u200f\u202c")
	return strings.HasSuffix(text, ":") || strings.HasSuffix(text, "：") || strings.HasSuffix(text, "----") && !isRule(text)
}

// attributionAt returns the sentence above a quote that ends at line i, or an empty span. It names somebody and has the
// numbers of a date; without an address it must have a time of day, too.
func (m *Mail) attributionAt(i int, people []string) (none span) {
	const dateNumbers, timeNumbers = 2, 4
	last := &m.lines[i]
	if !last.endsLikeAttribution() {
		return none
	}
	var words []string
	for start := i; start >= 0 && start > i-maxAttributionLines; start-- {
		l := &m.lines[start]
		isOther := l.isBlank() || l.intro > 0 || l.depth != last.depth
		if isOther || start < i && l.endsSentence() {
			return none
		}
		words = slices.Concat(l.words, words)
		rest, found := cutNames(words, people)
		numbers := countNumbers(rest)
		isDated := numbers >= timeNumbers || found == anAddress && numbers >= dateNumbers
		if found == noName || !isDated || len(rest)-numbers > maxAttributionWords {
			continue
		}
		if start > 0 && start == i { // the name may be in the line above
			above := &m.lines[start-1]
			rest, found := cutNames(above.words, people)
			if found != noName && len(rest) == 0 && above.depth == last.depth {
				start--
			}
		}
		return span{start, i + 1}
	}
	return none
}

func (l *line) endsSentence() bool {
	r, _ := utf8.DecodeLastRuneInString(strings.TrimRight(l.plain, " \u00a0"))
	return strings.ContainsRune(".!?", r)
}

// countNumbers counts the words that begin with a digit.
func countNumbers(words []string) (n int) {
	for _, w := range words {
		if r, _ := utf8.DecodeRuneInString(w); unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

// hasLabel reports whether a line begins like a field of a header: "*From:* Ann".
func (l *line) hasLabel() bool {
	label, value, _ := strings.Cut(l.plain[:min(len(l.plain), maxLabelBytes)], ":")
	if value == "" {
		label, _, _ = strings.Cut(label, "：")
	}
	if len(label) >= min(len(l.plain), maxLabelBytes) || strings.HasPrefix(value, "//") {
		return false
	}
	const maxWords = 3
	words := strings.Fields(label)
	return 0 < len(words) && len(words) <= maxWords && strings.ContainsFunc(label, unicode.IsLetter)
}

// endOfHeader returns the end of the header of a quoted mail that begins at line i, or i if there is none. It has at least
// three fields, of which two name people, and the numbers of a date.
func (m *Mail) endOfHeader(i int, people, subject []string) int {
	if !m.lines[i].hasLabel() {
		return i
	}
	end, labels, named, numbers := i, 0, 0, 0
	for j := i; j < len(m.lines) && j < i+maxHeaderLines; j++ {
		l := &m.lines[j]
		if l.isBlank() && labels > 0 && j+1 < len(m.lines) && m.lines[j+1].hasLabel() {
			continue
		}
		rest, found := cutNames(l.words, people)
		isNamed := found != noName || strings.Contains(l.plain, "@")
		count := countNumbers(rest)
		isField := isNamed || count > 1 || len(subject) > 0 && containsRun(l.words, subject)
		isFolded := labels > 0 && !l.hasLabel() && isNamed
		if l.depth != m.lines[i].depth || l.isBlank() || !isField || !l.hasLabel() && !isFolded {
			break
		}
		if !isFolded {
			labels++
		}
		if isNamed {
			named++
		}
		numbers = max(numbers, count)
		end = j + 1
	}
	if labels < minLabels || named < 2 || numbers < 2 {
		return i
	}
	return end
}

// withoutPrefixes returns a subject without what programs put before that of an answer: "Re: AW: Invoice".
func withoutPrefixes(subject string) string {
	const maxPrefix = 6
	for {
		prefix, rest, hasPrefix := strings.Cut(subject, ":")
		if !hasPrefix || utf8.RuneCountInString(strings.TrimSpace(prefix)) > maxPrefix {
			return subject
		}
		subject = rest
	}
}

// containsRun reports whether words contain others, one after the other.
func containsRun(words, others []string) bool {
	for i := 0; i+len(others) <= len(words); i++ {
		if slices.Equal(words[i:i+len(others)], others) {
			return true
		}
	}
	return false
}
