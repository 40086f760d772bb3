package bodytext

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// line is a line of a body as a reader sees it, from plain text or from HTML.
type line struct {
	text  string
	blank bool // it shows nothing
	field byte // the header field that it looks like, as headerField names it; 0 if there is none
	ends  bool // it ends in a colon, dashes or a verb, as an attribution does
	depth int  // how deep it is quoted
	tail  bool // a mail program's mark says that the history begins here
	sig   bool // a mail program's mark says that it belongs to the signature
	loose bool // it is in a block quote that the sender may have made: history only below an attribution
}

// read sets text and the fields that depend on it.
func (l *line) read(text string) {
	l.text = text
	if l.blank = trimBlanks(text) == ""; l.blank {
		return
	}
	l.field = fieldOfLine(text)
	text = strings.TrimRight(text, " "+nbsp)
	l.ends = strings.HasSuffix(text, ":") || strings.HasSuffix(text, "：") || strings.HasSuffix(text, "--") || strings.HasSuffix(text, bareVerb)
}

// Limits of the search for history.
const (
	quoteLines = 5000 // longer mails are shown as a whole
	lineBytes  = 2000 // only the beginning of a line is looked at
)

// trimBlanks removes spaces, also non-breaking and invisible ones, from the beginning of a line. For
// ASCII it is faster than strings.TrimLeft.
func trimBlanks(text string) string {
	for text != "" {
		switch c := text[0]; {
		case c == ' ' || c == '\t' || c == '\r':
			text = text[1:]
		case c < utf8.RuneSelf:
			return text
		default:
			r, size := utf8.DecodeRuneInString(text)
			if r != '\u00a0' && r != '\u1427' && r != '\u200b' {
				return text
			}
			text = text[size:]
		}
	}
	return text
}

// Looks is how many bytes of one body may still be matched against regular expressions, which are
// slow. It begins at PatternBytes. The limit is only reached by mails that no person writes.
type Looks int

// PatternBytes are the bytes that may be matched of one body.
const PatternBytes Looks = 8 << 10

// lookCost is what each line costs besides its length.
const lookCost = 50

// Allow reports whether a line may be matched, and counts it.
func (l *Looks) Allow(text string) bool {
	*l -= Looks(len(text) + lookCost)
	return *l >= 0
}

// findHistory returns the index of the line at which signature or quoted history begins, up to the
// end. len(lines) means that there is none, or that it must be shown: in forwards, in mails with
// answers inside of the quote, and in mails that have no other text.
func findHistory(lines []line, whole bool) int {
	if whole || len(lines) > quoteLines {
		return len(lines)
	}
	cut := findQuote(lines)
	if cut < len(lines) && (isForward(lines, cut) || saysInside(lines[:cut])) {
		cut = len(lines)
	}
	cut = findSignature(lines[:cut])
	if !hasText(lines[:cut]) {
		return len(lines)
	}
	return cut
}

// onlyHistory reports whether lines are nothing but signature and quoted history.
func onlyHistory(lines []line) bool {
	return len(lines) <= quoteLines && !hasText(lines[:findSignature(lines[:findQuote(lines)])])
}

// hasText reports whether any line has text.
func hasText(lines []line) bool {
	for _, l := range lines {
		if !l.blank {
			return true
		}
	}
	return false
}

// findQuote returns the index at which the quoted history begins that reaches to the end.
func findQuote(lines []line) int {
	tail := findTail(lines)
	body := lines[:tail]
	end := lastText(body)
	if sig := findSignature(body); sig < end && hasQuoted(body[:sig]) {
		end = lastText(body[:sig]) // a signature below the quote
	}
	if end == 0 || body[end-1].depth == 0 {
		return tail
	}
	start := end
	for start > 0 && (body[start-1].depth > 0 || body[start-1].blank) {
		start--
	}
	for start < end && body[start].blank {
		start++
	}
	first := start
	if start = attributionAbove(body, start); start == first && body[first].loose {
		return tail
	}
	if hasQuoted(body[:start]) {
		return tail // answers between quotes
	}
	return start
}

// hasQuoted reports whether any line is quoted text.
func hasQuoted(lines []line) bool {
	for _, l := range lines {
		if l.depth > 0 && !l.blank {
			return true
		}
	}
	return false
}

// lastText returns the index behind the last line that has text.
func lastText(lines []line) int {
	end := len(lines)
	for end > 0 && lines[end-1].blank {
		end--
	}
	return end
}

// findTail returns the index at which history begins whose lines aren't marked as quoted. It begins with
// a mail program's mark, a block of headers, a separator, or an attribution that says who and when.
func findTail(lines []line) int {
	looks := PatternBytes
	for i, l := range lines {
		switch {
		case l.blank && !l.tail:
		case l.tail, isSeparator(l.text):
			return i
		case l.field != 0 && isHeaderBlock(lines[i:]):
			return ruleAbove(lines, i)
		case l.depth == 0:
			if n := strictAttribution(lines[i:], &looks); n > 0 && !startsQuoted(lines[i+n:]) {
				return i
			}
		}
	}
	return len(lines)
}

// ruleAbove returns the index of the line of underscores or dashes just above line i, or i if there is
// none.
func ruleAbove(lines []line, i int) int {
	for k := i - 1; k >= 0 && k >= i-2; k-- {
		text := strings.TrimSpace(lines[k].text)
		if len(text) >= 5 && strings.Trim(text, "_-—–=") == "" {
			return k
		}
	}
	return i
}

// headerLines is how many lines a block of headers may have.
const headerLines = 16

// isHeaderBlock reports whether lines begin with the headers of a mail: From and two more fields
// within a few lines.
func isHeaderBlock(lines []line) bool {
	seen, used := "", 0
	for _, l := range lines[:min(len(lines), headerLines)] {
		if l.blank {
			continue
		}
		if used++; used > 9 {
			break
		}
		if l.field != 0 && l.field != fieldCc && strings.IndexByte(seen, l.field) < 0 {
			seen += string(l.field)
		}
	}
	return len(seen) >= 3 && strings.IndexByte(seen, fieldFrom) >= 0
}

// strictAttribution returns the number of lines of the attribution with which lines begin, above
// history that isn't marked; 0 if there is none.
func strictAttribution(lines []line, looks *Looks) int {
	lines = lines[:min(len(lines), 4)]
	ends := func(l line) bool { return l.ends }
	if !slices.ContainsFunc(lines, ends) || !startsAttribution(lines[0].text) {
		return 0
	}
	joined := ""
	for n, l := range lines {
		if l.blank || l.depth > 0 {
			return 0
		}
		joined = strings.TrimSpace(joined + " " + l.text)
		if l.ends && looks.Allow(joined) && isAttribution(joined, true) {
			return n + 1
		}
	}
	return 0
}

// startsQuoted reports whether the first line that has text is quoted.
func startsQuoted(lines []line) bool {
	for _, l := range lines {
		if !l.blank {
			return l.depth > 0
		}
	}
	return false
}

// attributionAbove returns the index at which the attribution of the quote at start begins; start if
// it has none. One that stands further above must say who wrote and when.
func attributionAbove(lines []line, start int) int {
	const near, far = 2, 8 // blank lines
	end := lastText(lines[:start])
	if start-end > far {
		return start
	}
	strict := start-end > near
	joined, found := "", start
	for i := end - 1; i >= 0 && i >= end-4; i-- {
		if lines[i].blank || lines[i].depth > 0 {
			break
		}
		joined = strings.TrimSpace(lines[i].text + " " + joined)
		if isAttribution(joined, strict) {
			found = i
			if startsAttribution(joined) {
				break
			}
		} else if found < start {
			break
		}
	}
	return found
}

// isForward reports whether a forwarded mail begins near the line cut.
func isForward(lines []line, cut int) bool {
	for _, l := range lines[max(0, cut-3):min(len(lines), cut+3)] {
		if forwardLine.MatchString(l.text) {
			return true
		}
	}
	return false
}

// saysInside reports whether the sender says that the answers are inside of the quote.
func saysInside(lines []line) bool {
	looks := PatternBytes
	for _, l := range lines {
		if l.depth == 0 && insideWord(l.text) && looks.Allow(l.text) && answersInside.MatchString(l.text) {
			return true
		}
	}
	return false
}

// insideWord reports whether a line has a word that answersInside needs. It is faster than that.
func insideWord(text string) bool {
	text = strings.ToLower(text)
	for _, word := range []string{
		"below", "line", "unten", "u.", "im text", "ci-dessous", "le texte", "abajo", "sotto", "onder", " in ", " en ",
	} {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// signatureLines is the longest signature that is collapsed.
const signatureLines = 25

// findSignature returns the index at which the signature at the end begins: with "-- ", with a mail
// program's mark, or with the footer of a phone. len(lines) if there is none.
func findSignature(lines []line) int {
	end := lastText(lines)
	start := len(lines)
	for n := 0; n < 10 && end > 0 && lines[end-1].depth == 0 && isFooter(lines[end-1].text); n++ {
		start = end - 1
		end = lastText(lines[:start])
	}
	for i := end - 1; i >= 0 && i >= end-signatureLines; i-- {
		if lines[i].depth > 0 && !lines[i].blank {
			break
		}
		if strings.TrimRight(lines[i].text, " "+nbsp) == "--" {
			return i
		}
	}
	for i := end - 1; i >= 0 && (lines[i].sig || lines[i].blank); i-- {
		if lines[i].sig && !lines[i].blank {
			start = i
		}
	}
	return start
}

// textLines reads plain text as lines.
func textLines(text string) []line {
	raw := strings.Split(text, "\n")
	lines := make([]line, len(raw))
	for i, s := range raw {
		text := s[:min(len(s), lineBytes)]
		for strings.HasPrefix(s, ">") {
			lines[i].depth++
			s = strings.TrimPrefix(s[1:], " ")
		}
		if lines[i].depth > 0 && s == "" {
			text = ">"
		}
		lines[i].read(text)
	}
	return lines
}

// answersAbove reports whether plain text has an answer above quoted history.
func answersAbove(text string) bool {
	_, history := splitQuote(text, false)
	return history != ""
}

// splitQuote splits plain text into what the sender wrote now, and signature with quoted history. whole
// = there is no history.
func splitQuote(text string, whole bool) (now, history string) {
	if whole || strings.Count(text, "\n") >= quoteLines {
		return text, ""
	}
	lines := textLines(text)
	cut := findHistory(lines, whole)
	if cut == len(lines) {
		return text, ""
	}
	raw := strings.Split(text, "\n")
	return strings.Join(raw[:cut], "\n"), strings.Join(raw[cut:], "\n")
}
