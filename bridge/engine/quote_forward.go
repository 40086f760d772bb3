package engine

import (
	"regexp"
	"slices"
	"strings"
)

// Forward is a mail that another one passes on.
type Forward struct {
	Note    string // what was written above it
	Name    string // its author's; may be empty
	Address string // its author's
	Text    string // what it says
}

// forwarded matches the subject of a mail that passes another one on, as programs write it in their languages.
var forwarded = regexp.MustCompile(`(?i)^\s*(fwd?|wg|tr|rv|enc|i|vs|vb|vl|pd|tov|ilt|doorst|пересл|πρθ|转发|轉寄|転送|전달)\s*[:：]`)

var addressInHeader = regexp.MustCompile(`[^\s<>\[\]()"':;,\\|*]+@[^\s<>\[\]()"':;,\\|*]+\.[^\s<>\[\]()"':;,\\|*]+`)

// ReadForward finds the mail that a text passes on: the first one whose header is quoted in it. Its fields may be in any language,
// so they are known by their order: all programs name the author before the recipients, and before that nothing but the date and
// the subject.
func ReadForward(text, subject string) (f Forward, ok bool) {
	if !forwarded.MatchString(subject) {
		return f, false
	}
	m := Read(text)
	about := quoteWordsOf(withoutPrefixes(subject))
	for i := range min(len(m.lines), maxLines) {
		m.lines[i].words = quoteWordsOf(m.lines[i].plain)
	}
	for i := range min(len(m.lines), maxLines) {
		isWithin := i > 0 && m.lines[i-1].hasLabel() && m.lines[i-1].depth == m.lines[i].depth // a header that names no author
		end := m.readForwardHeader(i, about, &f)
		if end == i || isWithin {
			continue
		}
		f.Note, f.Text = m.above(i), m.below(end, m.lines[i].depth)
		return f, true
	}
	return f, false
}

// readForwardHeader reads the header of a mail that begins at line i, and returns its end, or i if there is none.
func (m *Mail) readForwardHeader(i int, about []string, f *Forward) int {
	fields, end, isDated, author := 0, i, false, ""
	for j := i; j < min(len(m.lines), i+maxHeaderLines); j++ {
		l := &m.lines[j]
		if l.isBlank() && fields > 0 && fields < minLabels && j+1 < len(m.lines) && m.lines[j+1].hasLabel() {
			continue
		}
		isFolded := fields > 0 && !l.hasLabel() && strings.Contains(l.plain, "@")
		if l.depth != m.lines[i].depth || l.isBlank() || !l.hasLabel() && !isFolded {
			break
		}
		end = j + 1
		if isFolded {
			continue
		}
		fields++
		address := ""
		if all := addressInHeader.FindAllString(l.plain, -1); len(all) > 0 {
			address = all[len(all)-1] // a name before it may look like an address, too
		}
		isDate := countNumbers(l.words) > 1 && address == ""
		isDated = isDated || isDate
		switch {
		case author != "":
		case address != "":
			author = address
			f.Address, f.Name = strings.ToLower(address), nameBefore(l.plain, address)
		case !isDate && !(len(about) > 0 && containsRun(l.words, about)):
			return i // the author has no address: the next one would be a recipient's
		}
	}
	if fields < minLabels || author == "" || !isDated {
		return i
	}
	return end
}

// nameBefore returns the name in a field such as "*From:* Bob Bauer <bob@other.test>".
func nameBefore(field, address string) string {
	_, value, _ := strings.Cut(strings.Replace(field, "：", ":", 1), ":")
	name := value[:max(0, strings.LastIndex(value, address))]
	if at := strings.IndexAny(name, `<[(`); at >= 0 {
		name = name[:at]
	}
	return strings.Trim(strings.ReplaceAll(name, `\`, ""), "*_\"' \u00a0")
}

// above returns what stands above a forwarded mail, without the line that introduces it and the author's signature.
func (m *Mail) above(i int) string {
	const introWords = 6
	lines := m.lines[:i]
	for len(lines) > 0 {
		l := &lines[len(lines)-1]
		isIntro := len(l.words) <= introWords && (l.endsLikeAttribution() || strings.HasPrefix(strings.TrimLeft(l.plain, `\ `), "--"))
		if !l.isBlank() && !isIntro && !isRule(l.plain) {
			break
		}
		lines = lines[:len(lines)-1]
	}
	if at := slices.IndexFunc(lines, func(l line) bool { return l.beginsSignature() }); at >= 0 {
		lines = lines[:at]
	}
	return joinTexts(lines, 0)
}

// below returns the text from a line on, without as many marks of quotes as depth says.
func (m *Mail) below(i, depth int) string { return joinTexts(m.lines[i:], depth) }

func joinTexts(lines []line, depth int) string {
	var out strings.Builder
	for i := range lines {
		text := lines[i].text
		for range depth {
			text = strings.TrimPrefix(strings.TrimPrefix(strings.TrimLeft(text, " "), ">"), " ")
		}
		out.WriteString(text + "\n")
	}
	return strings.Trim(out.String(), "\n ")
}
