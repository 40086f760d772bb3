package bodytext

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Most answers repeat the mail that they answer. This file finds where the text that the sender wrote now ends, and signature and quoted
// history begin; agents see the history only on demand. History is marked as quoted ("> "), or begins with headers or a mail program's
// mark. The line above it that says who wrote it and when is called its attribution: "On Monday, Ann wrote:".

// line is a line of a body as a reader sees it, from plain text or from HTML.
type line struct {
	// setText sets these.
	text                string
	isBlank             bool // it shows nothing
	field               quotedField
	endsLikeAttribution bool // it ends in a colon, dashes or a verb, as the line above a quote does ("Ann wrote:")

	quoteDepth    int  // how many quotes contain it
	beginsHistory bool // a mail program's mark says that the history begins here
	isSignature   bool // a mail program's mark says that it belongs to the signature
	maybeIndented bool // its block quote may be the sender's own: it is history only below an attribution
}

// setText sets text and the fields that depend on it.
func (l *line) setText(text string) {
	text = withoutDirections(text)
	l.text = text
	l.isBlank = trimBlanks(text) == ""
	if l.isBlank {
		return
	}
	l.field = fieldOfLine(text)
	text = strings.TrimRight(text, " "+nbsp)
	for _, end := range []string{":", "：", "--", cutVerb} {
		if strings.HasSuffix(text, end) {
			l.endsLikeAttribution = true
		}
	}
}

// Limits of the search for history.
const (
	maxQuoteLines = 5000 // longer mails are shown as a whole
	maxLineBytes  = 2000 // only the beginning of a line is looked at
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

// PatternBudget is how many bytes of one body may still be matched against regular expressions, which are slow. It begins at
// MaxPatternBytes, which is enough for all mails that people write.
type PatternBudget int

// MaxPatternBytes is how many bytes of one body may be matched.
const MaxPatternBytes PatternBudget = 8 << 10

// lineCost is what each line costs besides its length.
const lineCost = 50

// Allow takes the cost of a line from the budget. It returns false if the budget is used up: then the line must not be matched.
func (b *PatternBudget) Allow(text string) bool {
	*b -= PatternBudget(len(text) + lineCost)
	return *b >= 0
}

// findHistory returns the index of the line from which on there is only signature and quoted history. It returns len(lines) if there is
// none, or if people must see it: in forwards, in mails with answers inside of the quote, and in mails that have no other text.
func findHistory(lines []line) int {
	if len(lines) > maxQuoteLines {
		return len(lines)
	}
	cut := findQuote(lines)
	if cut < len(lines) && mustBeShown(lines, cut) {
		cut = len(lines)
	}
	cut = findSignature(lines[:cut])
	if !hasText(lines[:cut]) {
		return len(lines)
	}
	return cut
}

// mustBeShown reports whether a reader needs the quote that begins at the line cut: it is a forwarded mail, or has
// answers inside of it.
func mustBeShown(lines []line, cut int) bool {
	return isForward(lines, cut) || hasHintAtAnswersInside(lines[:cut])
}

// isOnlyHistory reports whether lines are nothing but signature and quoted history.
func isOnlyHistory(lines []line) bool {
	if len(lines) > maxQuoteLines {
		return false
	}
	quote := findQuote(lines)
	signature := findSignature(lines[:quote])
	return !hasText(lines[:signature])
}

// hasText reports whether any line has text.
func hasText(lines []line) bool {
	return slices.ContainsFunc(lines, func(l line) bool { return !l.isBlank })
}

// findQuote returns the index at which quoted history begins that reaches to the end, with its attribution. It returns len(lines) if there
// is none.
func findQuote(lines []line) int {
	unmarked := findUnmarkedHistory(lines)
	body := lines[:unmarked]
	end := endOfText(body)
	signature := findSignature(body)
	if signature < end && hasQuotedText(body[:signature]) {
		end = endOfText(body[:signature]) // the signature stands below the quote
	}
	if end == 0 || body[end-1].quoteDepth == 0 {
		return unmarked
	}

	start := end
	for start > 0 && body[start-1].isQuotedOrBlank() {
		start--
	}

	for start < end && body[start].isBlank {
		start++
	}

	attribution := attributionAbove(body, start)
	hasAttribution := attribution < start
	if !hasAttribution && body[start].maybeIndented {
		return unmarked
	}
	if hasQuotedText(body[:attribution]) {
		return unmarked // there are answers between quotes
	}

	return attribution
}

// isQuotedOrBlank reports whether a line isn't the sender's own text.
func (l *line) isQuotedOrBlank() bool { return l.quoteDepth > 0 || l.isBlank }

// hasQuotedText reports whether any line is quoted text.
func hasQuotedText(lines []line) bool {
	return slices.ContainsFunc(lines, func(l line) bool { return l.quoteDepth > 0 && !l.isBlank })
}

// endOfText returns the index behind the last line that has text.
func endOfText(lines []line) int {
	end := len(lines)
	for end > 0 && lines[end-1].isBlank {
		end--
	}
	return end
}

// findUnmarkedHistory returns the index at which history begins whose lines aren't marked as quoted, or len(lines). Such history begins
// with a mail program's mark, a block of headers, a separator, or an attribution that says who and when.
func findUnmarkedHistory(lines []line) int {
	budget := MaxPatternBytes
	for i, l := range lines {
		if l.beginsHistory {
			return i
		}
		if l.isBlank {
			continue
		}
		if isSeparator(l.text) {
			return i
		}
		if l.field != noField && isHeaderBlock(lines[i:]) {
			return ruleAbove(lines, i)
		}
		count := countAttributionLines(lines[i:], &budget)
		if count > 0 && !isFirstTextQuoted(lines[i+count:]) {
			return i
		}
	}

	return len(lines)
}

// ruleAbove returns the index of the line of underscores or dashes just above line i, or i if there is none.
func ruleAbove(lines []line, i int) int {
	const minBytes, maxDistance = 5, 2 // shorter lines may be dashes of a text
	for k := i - 1; k >= max(0, i-maxDistance); k-- {
		text := strings.TrimSpace(lines[k].text)
		if len(text) >= minBytes && strings.Trim(text, "_-—–=") == "" {
			return k
		}
	}
	return i
}

// maxAttributionLines is how many lines an attribution may have: programs fold long ones.
const maxAttributionLines = 4

// countAttributionLines returns how many lines the attribution at the beginning of lines has, above history that isn't marked as quoted.
// It returns 0 if there is no attribution.
func countAttributionLines(lines []line, budget *PatternBudget) int {
	lines = lines[:min(len(lines), maxAttributionLines)]
	ends := func(l line) bool { return l.endsLikeAttribution }
	if !slices.ContainsFunc(lines, ends) || !canBeginAttribution(lines[0].text) {
		return 0
	}

	joined := ""
	for n, l := range lines {
		if l.isQuotedOrBlank() {
			return 0
		}

		joined = strings.TrimSpace(joined + " " + l.text)

		if !l.endsLikeAttribution {
			continue
		}
		if budget.Allow(joined) && isAttribution(joined, true) {
			if n > 0 && mayBeAnswer(lines[0].text) && countAttributionLines(lines[1:], budget) > 0 {
				return 0 // the first line is the sender's own
			}
			return n + 1
		}
	}

	return 0
}

// mayBeAnswer reports whether a line that begins like an attribution may rather be the end of an answer. If a program folds an attribution,
// its first line has the date, or ends with a comma behind the day of the week.
func mayBeAnswer(text string) bool {
	return !strings.ContainsAny(text, "0123456789") && !strings.HasSuffix(strings.TrimSpace(text), ",")
}

// isFirstTextQuoted reports whether the first line that has text is quoted.
func isFirstTextQuoted(lines []line) bool {
	for _, l := range lines {
		if !l.isBlank {
			return l.quoteDepth > 0
		}
	}
	return false
}

// attributionAbove returns the index at which the attribution of the quote at start begins. It returns start if the quote has none. An
// attribution that is far above the quote must say both who wrote and when. Programs fold attributions, so lines are added upwards; but
// since a line above may also be the sender's answer, it is added only if the attribution lacks a date or name without it.
func attributionAbove(lines []line, start int) int {
	const maxNear, maxFar = 2, 8 // blank lines between attribution and quote
	end := endOfText(lines[:start])
	if start-end > maxFar {
		return start
	}

	strict := start-end > maxNear
	joined := ""
	found := start
	for i := end - 1; i >= max(0, end-maxAttributionLines); i-- {
		if lines[i].isQuotedOrBlank() || i < end-1 && lines[i].endsSentence() {
			break
		}

		lower := joined
		joined = strings.TrimSpace(lines[i].text + " " + lower)
		if !isAttribution(joined, strict) {
			if found < start {
				break
			}
			continue
		}

		begins := canBeginAttribution(joined)
		hasDate := dateInText.MatchString(mailInText.ReplaceAllString(joined, ""))
		addsToIt := begins && hasDate || lacksName(lower)
		if found == start || addsToIt {
			found = i
		}
		if begins || hasDate {
			break
		}
	}

	return found
}

// endsSentence reports whether a line ends as a person's sentence does.
func (l *line) endsSentence() bool {
	text := strings.TrimRight(l.text, " \t\r"+nbsp)
	return text != "" && strings.ContainsRune(".!?", rune(text[len(text)-1]))
}

// isForward reports whether a forwarded mail begins near the line cut.
func isForward(lines []line, cut int) bool {
	const near = 3 // lines above and below
	return slices.ContainsFunc(lines[max(0, cut-near):min(len(lines), cut+near)], func(l line) bool {
		return forwardLine.MatchString(l.text)
	})
}

// hasHintAtAnswersInside reports whether the sender says that the answers are inside of the quote.
func hasHintAtAnswersInside(lines []line) bool {
	budget := MaxPatternBytes
	for _, l := range lines {
		if l.quoteDepth > 0 || !mayMatchInside(l.text) {
			continue
		}
		if budget.Allow(l.text) && answersInside.MatchString(l.text) {
			return true
		}
	}
	return false
}

// mayMatchInside reports whether a line has one of the words that all lines have that answersInside matches. It is faster than the regular
// expression.
func mayMatchInside(text string) bool {
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

// linesOfText reads plain text as lines.
func linesOfText(text string) []line {
	raw := strings.Split(text, "\n")
	lines := make([]line, len(raw))
	for i, s := range raw {
		text := s[:min(len(s), maxLineBytes)]

		for strings.HasPrefix(s, ">") {
			lines[i].quoteDepth++
			s = strings.TrimPrefix(s[1:], " ")
		}

		if lines[i].quoteDepth > 0 && s == "" {
			text = ">"
		}

		lines[i].setText(text)
	}

	return lines
}

// hasAnswerAbove reports whether plain text has an answer above quoted history.
func hasAnswerAbove(text string) bool {
	_, history := splitQuote(text, false)
	return history != ""
}

// splitQuote splits plain text into what the sender wrote now, and signature with quoted history. noHistory
// says that all of it was written now.
func splitQuote(text string, noHistory bool) (now, history string) {
	if noHistory || strings.Count(text, "\n") >= maxQuoteLines {
		return text, ""
	}
	lines := linesOfText(text)
	cut := findHistory(lines)
	if cut == len(lines) {
		return text, ""
	}
	raw := strings.Split(text, "\n")
	return strings.Join(raw[:cut], "\n"), strings.Join(raw[cut:], "\n")
}
