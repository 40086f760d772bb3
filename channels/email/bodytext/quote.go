package bodytext

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Most replies repeat the mail that they answer. This file finds where the new text of a mail ends and its signature or
// quoted history begins, which agents see only on demand. In this mail the history begins at the third line:
//
//	Yes, please send it again.
//
//	On Mon, Nov 2, 2026, Ann <ann@acme.test> wrote:   <- the attribution: who wrote the quoted mail, and when
//	> Shall we send the invoice again?
//
// The lines of a history are marked with ">" or by the HTML of the mail; or they are unmarked, below an attribution, a
// separator ("-----Original Message-----") or the headers of the quoted mail ("From: Ann"). A wrong cut would hide what
// a customer wrote, so forwarded mails and mails with answers inside the quote are never cut.

// line is one line of a mail as its reader sees it, from plain text or from HTML.
type line struct {
	// set by setText
	text                string
	isBlank             bool        // it shows nothing
	field               quotedField // the header field with which it begins, if any
	endsLikeAttribution bool        // it ends with a colon, dashes or a verb ("Ann wrote:")

	quoteDepth    int  // how many quotes contain it
	beginsHistory bool // the HTML marks it as the beginning of the history
	isSignature   bool // the HTML marks it as part of the signature
	maybeIndented bool // it is in a block quote that may only be indented text: history only below an attribution
}

// setText sets text and the fields that are derived from it.
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
	maxQuoteLines = 5000 // longer mails are never cut
	maxLineBytes  = 2000 // the rest of a line is ignored
)

// trimBlanks removes spaces, including non-breaking and invisible ones, from the beginning of a line. For ASCII text it
// is faster than strings.TrimLeft.
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

// PatternBudget limits how many bytes of one mail are matched against regular expressions, so that a hostile mail can't
// keep a processor busy. It starts at MaxPatternBytes, which is plenty for mails that people write.
type PatternBudget int

// MaxPatternBytes is the initial budget of one mail.
const MaxPatternBytes PatternBudget = 8 << 10

// lineCost is the fixed cost of a line, in bytes.
const lineCost = 50

// Allow takes the cost of matching a line from the budget. It returns false if the budget is exhausted; the caller must
// then treat the line as one that doesn't match.
func (b *PatternBudget) Allow(text string) bool {
	*b -= PatternBudget(len(text) + lineCost)
	return *b >= 0
}

// findHistory returns the index from which lines has only signature and quoted history. It returns len(lines) if all
// lines must be shown.
func findHistory(lines []line) int {
	if len(lines) > maxQuoteLines {
		return len(lines)
	}
	cut := findQuote(lines)
	if cut < len(lines) && mustBeShown(lines, cut) {
		cut = len(lines)
	}
	cut = findSignature(lines[:cut])
	if !hasText(lines[:cut]) { // a mail without other text would look empty
		return len(lines)
	}
	return cut
}

// mustBeShown reports whether the quote at lines[cut] is a forwarded mail or has answers inside it.
func mustBeShown(lines []line, cut int) bool {
	return isForward(lines, cut) || hasHintAtAnswersInside(lines[:cut])
}

// isOnlyHistory reports whether lines have no text besides signature and quoted history.
func isOnlyHistory(lines []line) bool {
	if len(lines) > maxQuoteLines {
		return false
	}
	quote := findQuote(lines)
	signature := findSignature(lines[:quote])
	return !hasText(lines[:signature])
}

// hasText reports whether lines show more than blanks and rules.
func hasText(lines []line) bool {
	return slices.ContainsFunc(lines, func(l line) bool { return !l.isBlank && !l.isRule() })
}

// findQuote returns the index of the quoted history at the end of lines, including its attribution. It returns
// len(lines) if there is none.
func findQuote(lines []line) int {
	unmarked := findUnmarkedHistory(lines)
	body := lines[:unmarked]
	end := endOfText(body)
	signature := findSignature(body)
	if signature < end && hasQuotedText(body[:signature]) {
		end = endOfText(body[:signature]) // the signature is below the quote
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

func (l *line) isQuotedOrBlank() bool { return l.quoteDepth > 0 || l.isBlank }

func hasQuotedText(lines []line) bool {
	return slices.ContainsFunc(lines, func(l line) bool { return l.quoteDepth > 0 && !l.isBlank })
}

// endOfText returns the index after the last line that has text.
func endOfText(lines []line) int {
	end := len(lines)
	for end > 0 && lines[end-1].isBlank {
		end--
	}
	return end
}

// findUnmarkedHistory returns the index of a history whose lines aren't marked as quoted, or len(lines). Its beginning
// is marked in HTML, or is a separator, a block of headers, or an attribution with author and time.
func findUnmarkedHistory(lines []line) int {
	budget := MaxPatternBytes
	for i, l := range lines {
		if l.beginsHistory {
			return ruleAbove(lines, i)
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
	const maxDistance = 2
	for above := i - 1; above >= max(0, i-maxDistance) && !hasText(lines[above:i]); above-- {
		if lines[above].isRule() {
			return above
		}
	}
	return i
}

// isRule reports whether a line has only underscores or dashes.
func (l *line) isRule() bool {
	const minBytes = 5 // shorter lines may be dashes in a text
	text := strings.TrimSpace(l.text)
	return len(text) >= minBytes && strings.Trim(text, "_-—–=") == ""
}

// maxAttributionLines is the maximum length of an attribution. Mail programs fold long ones.
const maxAttributionLines = 4

// countAttributionLines returns the number of lines of the attribution with which lines begins, or 0 if there is none.
// The history below it is unmarked, so the attribution must name author and time.
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
			firstIsAnswer := n > 0 && mayBeAnswer(lines[0].text) && countAttributionLines(lines[1:], budget) > 0
			if firstIsAnswer {
				return 0 // the attribution begins on the next line
			}
			return n + 1
		}
	}

	return 0
}

// mayBeAnswer reports whether a line that begins like an attribution may be the end of the sender's answer. The first
// line of a folded attribution has a date, or ends with a comma after the day of the week.
func mayBeAnswer(text string) bool {
	return !strings.ContainsAny(text, "0123456789") && !strings.HasSuffix(strings.TrimSpace(text), ",")
}

// isFirstTextQuoted reports whether the first line with text is quoted.
func isFirstTextQuoted(lines []line) bool {
	for _, l := range lines {
		if !l.isBlank {
			return l.quoteDepth > 0
		}
	}
	return false
}

// attributionAbove returns the index of the attribution of the quote at lines[start], or start if it has none. An
// attribution far above the quote must name author and time.
//
// Mail programs fold attributions, so attributionAbove looks at more and more lines, upwards. A line above a complete
// attribution may be the sender's answer: it is included only if the attribution lacks a date or name without it.
func attributionAbove(lines []line, start int) int {
	const maxNear, maxFar = 2, 8 // limits of the blank lines between attribution and quote
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
		completes := begins && hasDate || lacksName(lower)
		if found == start || completes {
			found = i
		}
		if begins || hasDate {
			break
		}
	}

	return found
}

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

// hasHintAtAnswersInside reports whether the sender says that the answers are inside the quote ("see my comments
// below").
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

// mayMatchInside is a cheap check before answersInside: it reports whether a line has a word that every match has.
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

// linesOfText splits plain text into lines.
func linesOfText(text string) []line {
	raw := strings.Split(text, "\n")
	lines := make([]line, len(raw))
	for i, whole := range raw {
		shown := whole[:min(len(whole), maxLineBytes)] // with its marks
		rest := whole
		for strings.HasPrefix(rest, ">") {
			lines[i].quoteDepth++
			rest = strings.TrimPrefix(rest[1:], " ")
		}
		if lines[i].quoteDepth > 0 && rest == "" {
			shown = ">"
		}
		lines[i].setText(shown)
	}
	return lines
}

// hasAnswerAbove reports whether plain text has an answer above quoted history.
func hasAnswerAbove(text string) bool {
	_, history := splitQuote(text, false)
	return history != ""
}

// splitQuote splits plain text into the sender's new text and the signature and quoted history below it. If noHistory
// is true, all of it is new.
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
