package offline

import (
	"slices"
	"strings"

	"parley/bridge/analysis/offline/lexicon"
	"parley/bridge/analysis/offline/numeral"
)

// Whether a number in a text is an hour of the day: "17:30", "14h", "5 pm", "alle 16". Many numbers look alike,
// such as prices ("4.30"), so the words and signs around it decide. An hour is one of the features that a message
// is judged by.

// isClock reports whether a word tells an hour of the day, in digits or as a word.
func isClock(t *text, i int, lexicons []*lexicon.Lexicon, use []int) bool {
	if t.tokens[i].number && isHour(t, i) {
		return true
	}
	return isHourWord(t, i, lexicons, use)
}

// isHour reports whether a number tells an hour of the day: "17:30", "14h", "5 pm", "17 Uhr", "at 4", "alle 16".
func isHour(t *text, i int) bool {
	if len(t.wordAt(i)) > len("17h30pm") {
		return false
	}

	word := strings.ToLower(t.wordAt(i))
	if hasHourUnit(word) {
		return true
	}
	if !isHourOfDay(word) {
		return false
	}
	if mark := minuteMark(t.all[t.tokens[i].to:]); mark != "" {
		return mark == ":" || t.isBehindHourWord(i) // "at 4.30", but "4.30" may be a price
	}
	if t.isBeforeHourUnit(i) {
		return true
	}

	isBehindHourWord := t.isBehindHourWord(i) && !t.isSentenceStart(i)
	return isBehindHourWord && !t.isCounted(i)
}

// hasHourUnit reports whether an hour has its unit in the same word: "5pm", "14h", "14u", "14h30".
func hasHourUnit(word string) bool {
	for _, end := range []string{"pm", "am", "h", "u"} {
		head, found := strings.CutSuffix(word, end)
		if found && isHourOfDay(head) {
			return true
		}
	}
	hour, minute, _ := strings.Cut(word, "h")
	return len(minute) == 2 && isHourOfDay(hour)
}

// minuteMark returns the mark between an hour and the minutes at the beginning of a text, ":" or ".", and "" if none stand
// there.
func minuteMark(after string) string {
	const length = len(":30")
	if len(after) < length || strings.IndexByte(":.", after[0]) < 0 {
		return ""
	}
	isLonger := len(after) > length && numeral.IsDigit(after[length])
	if isLonger || !isMinute(after[1:length]) {
		return ""
	}
	return after[:1]
}

// isBeforeHourUnit reports whether the word behind a number makes an hour of it: "5 pm", "17 Uhr".
func (t *text) isBeforeHourUnit(i int) bool {
	if i+1 >= len(t.tokens) || t.tokens[i+1].sentence != t.tokens[i].sentence {
		return false
	}
	return hourUnits.has(t.tokens[i+1].form)
}

// isBehindHourWord reports whether the word before a number often stands before an hour: "at".
func (t *text) isBehindHourWord(i int) bool { return i > 0 && hourPrepositions.has(t.tokens[i-1].form) }

// isHourWord reports whether a word tells an hour of the day: "at nine", "um acht". What is counted has its word behind the number.
func isHourWord(t *text, i int, lexicons []*lexicon.Lexicon, use []int) bool {
	k := &t.tokens[i]

	if t.isSentenceStart(i) || !t.isBehindHourWord(i) {
		return false
	}

	isNumber := slices.ContainsFunc(use, func(u int) bool { return lexicons[u].Numbers[k.form] })
	if k.number || !isNumber {
		return false
	}
	if i+1 == len(t.tokens) || t.tokens[i+1].clause != k.clause {
		return true
	}

	next := t.tokens[i+1].form
	switch next {
	case "oclock", "tonight":
		return true
	}

	return len(next) <= longestParticle
}

// longestParticle is how long words are, in bytes, that are rarely what is counted: "at nine in the morning".
const longestParticle = 3

// isCounted reports whether the word behind a number makes a count of it: "by 4 percent".
func (t *text) isCounted(i int) bool {
	if i+1 >= len(t.tokens) || t.tokens[i+1].sentence != t.tokens[i].sentence {
		return false
	}
	next := t.tokens[i+1].form
	isWord := len(next) > longestParticle && !hourPrepositions.has(next)
	return isWord && strings.TrimSpace(t.separatorAfter(i)) == ""
}

// isHourOfDay reports whether a text is a number from 0 to 9 or from 00 to 24.
func isHourOfDay(s string) bool {
	if len(s) == 2 {
		return s >= "00" && s <= "24"
	}
	return len(s) == 1 && numeral.HasOnlyDigits(s)
}

// isMinute reports whether two characters are a number up to 59.
func isMinute(s string) bool { return numeral.HasOnlyDigits(s) && s <= "59" }
