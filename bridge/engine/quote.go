package engine

import (
	"slices"
	"strings"
	"unicode"
)

// Said is a message that was sent or received before.
type Said struct {
	Text string   // all of it, with its signature and what it quotes, as Markdown
	By   []string // the names and addresses of its author
}

// Mail is a text that may quote others, as Markdown.
type Mail struct{ lines []line }

// line is a line of a mail.
type line struct {
	text  string // with the marks of its quotes
	plain string // without them
	depth int    // how many quotes contain it
	look  look
	intro int // which introduction it belongs to, counted from 1; 0 means none

	words  []string
	at     int  // where its words begin in search.words
	isWord bool // it shows more than rules, brackets and the like
	hidden bool
	source int // whose words it repeats; -1 means that they are not known
}

// look is what a line looks like: it may be hidden only if it looks like a repetition.
type look int

const (
	looksNew look = iota
	looksQuoted
	looksSigned // below the line "-- "
)

// Signature is what stands between a text and its signature. What follows it may also be quoted without what is above.
const Signature = "\n\n-- \n"

const (
	maxLines          = 10_000 // the rest of a longer mail is shown
	maxSignatureLines = 25     // longer ones are text
)

// Read reads a text.
func Read(text string) *Mail {
	m := &Mail{}
	for text := range strings.SplitSeq(text, "\n") {
		l := line{text: text, plain: text, source: -1}
		for {
			rest, isQuoted := strings.CutPrefix(strings.TrimLeft(l.plain, " "), ">")
			if !isQuoted {
				break
			}
			l.plain = rest
			l.depth++
		}
		if l.depth > 0 {
			l.look = looksQuoted
			l.plain = strings.TrimPrefix(l.plain, " ")
		}
		m.lines = append(m.lines, l)
	}
	return m
}

// MayRepeat is a quick check before Split: it reports whether a mail has anything that looks like a quote or a signature.
func (m *Mail) MayRepeat() bool {
	labels := 0
	for i := range m.lines {
		l := &m.lines[i]
		if l.hasLabel() {
			labels++
		}
		isIntro := l.endsLikeAttribution() && strings.ContainsFunc(l.plain, unicode.IsDigit)
		if l.depth > 0 || l.beginsSignature() || isIntro || labels >= minLabels {
			return true
		}
	}
	return false
}

// Split divides a mail into what is new, and what was said before. Either may be empty. subject is the mail's own.
func (m *Mail) Split(said []Said, subject string) (now, before string) {
	if len(said) == 0 || len(m.lines) > maxLines {
		return m.join(func(*line) bool { return true }), ""
	}

	for i := range m.lines {
		l := &m.lines[i]
		l.words = quoteWordsOf(l.plain)
		l.isWord = len(l.words) > 0 || !isOrnament(l.plain)
	}
	intros := m.findIntros(said, quoteWordsOf(withoutPrefixes(subject)))
	m.findSignatures()
	newSearch(said, m.lines).hideKnown(m.lines)
	m.hideIntros(intros, said)
	m.hideOrnaments(said)
	m.showQuestions()
	return m.join(func(l *line) bool { return !l.hidden }), m.join(func(l *line) bool { return l.hidden })
}

// join returns the lines that are wanted. Where others were between them, there is an empty line.
func (m *Mail) join(isWanted func(*line) bool) string {
	var out strings.Builder
	gap, wasBlank, depth := false, false, 0
	for i := range m.lines {
		l := &m.lines[i]
		if !isWanted(l) {
			gap = true
			continue
		}
		if (gap || l.depth != depth) && !wasBlank && !l.isBlank() && out.Len() > 0 {
			out.WriteByte('\n')
		}
		gap, wasBlank, depth = false, l.isBlank(), l.depth
		out.WriteString(l.text + "\n")
	}
	return strings.Trim(out.String(), "\n")
}

func (l *line) isBlank() bool { return strings.TrimFunc(l.plain, unicode.IsSpace) == "" }

func (l *line) beginsSignature() bool {
	return strings.TrimRight(strings.TrimPrefix(l.plain, `\`), " \u00a0") == "--"
}

// findSignatures marks the lines below "-- ".
func (m *Mail) findSignatures() {
	left, depth := 0, 0
	for i := range m.lines {
		l := &m.lines[i]
		switch {
		case l.beginsSignature():
			left, depth = maxSignatureLines, l.depth
		case l.intro > 0 || l.depth != depth && !l.isBlank():
			left = 0
		case left > 0:
			l.look = looksSigned
			left--
		}
	}
}

// hideIntros hides the introductions of what is hidden: who wrote it, and when.
func (m *Mail) hideIntros(intros []span, said []Said) {
	for _, s := range intros {
		next := m.nextWords(s.end)
		if next < 0 || m.lines[next].source < 0 {
			continue
		}
		isByAuthor := false
		for i := s.start; i < s.end && !isByAuthor; i++ { // the first person named has written it; others got it
			_, found := cutNames(m.lines[i].words, said[m.lines[next].source].By)
			isByAuthor = found != noName
			if !isByAuthor && strings.Contains(m.lines[i].plain, "@") {
				break
			}
		}
		for i := s.start; isByAuthor && i < s.end; i++ {
			m.lines[i].hidden = true
		}
	}
}

// nextWords returns the index of the first line from i that shows words, or -1.
func (m *Mail) nextWords(i int) int {
	for ; i < len(m.lines); i++ {
		if m.lines[i].isWord {
			return i
		}
	}
	return -1
}

// hideOrnaments hides what has no words of its own, such as rules and empty lines, with the line below it, and at the end
// of a mail with the line above it.
func (m *Mail) hideOrnaments(said []Said) {
	isHidden := false // the next line with words
	for i := range m.lines {
		if m.lines[i].isWord {
			isHidden = m.lines[i].hidden
		}
	}
	for i := range slices.Backward(m.lines) {
		l := &m.lines[i]
		switch {
		case isHidden && l.isSeparator():
			l.hidden = true
		case isHidden && l.isWord && len(l.words) == 0 && l.look != looksNew: // an emoji
			l.hidden = slices.ContainsFunc(said, func(s Said) bool { return strings.Contains(s.Text, strings.TrimSpace(l.plain)) })
		case !l.isWord && (l.isBlank() || l.look != looksNew || isRule(l.plain)):
			l.hidden = isHidden
		}
		isHidden = l.hidden
	}
}

// isSeparator reports whether a line has words between dashes, as older programs write them: "-----Original Message-----".
func (l *line) isSeparator() bool {
	const dashes, maxWords = "----", 5
	text := strings.TrimSpace(strings.ReplaceAll(l.plain, `\`, ""))
	isDashed := strings.HasPrefix(text, dashes) && strings.HasSuffix(text, dashes)
	return isDashed && 0 < len(l.words) && len(l.words) <= maxWords
}

// maxQuestionLines is how many lines above an answer inside a quote are shown as what it answers.
const maxQuestionLines = 3

// showQuestions shows, in a mail that was answered inside its quote, what each answer stands below: "Yes" says nothing
// without its question. What wasn't marked as quoted is marked, so that it doesn't look like the author's own words.
func (m *Mail) showQuestions() {
	type state int
	const (
		nothing  state = iota
		quoted         // a hidden quote
		answered       // words below it
	)
	was, isInside := nothing, false
	var below []int // the last lines of hidden quotes with something new directly below them
	last := 0
	for i := range m.lines {
		l := &m.lines[i]
		isRepeated := l.hidden && l.source >= 0 && l.look == looksQuoted
		switch {
		case !l.isWord:
			if isRule(l.plain) && !l.isBlank() {
				last = -1
			}
		case isRepeated:
			isInside = isInside || was == answered
			was, last = quoted, i
		case l.hidden:
			last = -1
		case l.depth > 0: // quoted, and not known
			isInside = isInside || was == answered
			was, last = quoted, -1
		default:
			if l.look == looksQuoted {
				l.text = strings.TrimLeft(l.text, " ") // what it was an item of may be hidden
			}
			if was != nothing {
				was = answered
				if last >= 0 {
					below = append(below, last)
				}
			}
			last = -1
		}
	}
	if !isInside {
		return
	}

	for _, end := range below {
		for i := end; i > max(end-maxQuestionLines, -1); i-- {
			l := &m.lines[i]
			if !l.hidden || l.source < 0 {
				break
			}
			l.hidden = false
			if l.depth == 0 {
				l.text, l.depth = "> "+l.text, 1
			}
		}
	}
}
