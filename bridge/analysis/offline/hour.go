package offline

import (
	"slices"
	"strings"

	"parley/bridge/analysis/offline/lexicon"
	"parley/bridge/analysis/offline/numeral"
)

// isClock reports whether the word i is a time of day, in digits or as a word: "17:30", "14h", "5 pm", "alle 16", "at nine".
// Other numbers look the same, such as the price "4.30", so it also depends on the words and marks around it. use has the
// indices of the lexicons of the text's language.
//
// The model uses times of day to judge whether a message is urgent.
func isClock(t *text, i int, lexicons []*lexicon.Lexicon, use []int) bool {
	if t.tokens[i].number && isHour(t, i) {
		return true
	}
	return isHourWord(t, i, lexicons, use)
}

// isHour reports whether a number in digits is a time of day.
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
		return mark == ":" || t.isAfterHourWord(i) // "at 4.30", since "4.30" alone may be a price
	}
	if t.isBeforeHourUnit(i) {
		return true
	}

	return t.isAfterHourWord(i) && !t.isSentenceStart(i) && !t.isCounted(i)
}

// hasHourUnit reports whether a word is an hour with its unit: "5pm", "14h", "14u", "14h30".
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

// minuteMark returns the separator before the minutes of a time, ":" or ".", given the text after its hour. It returns ""
// if there are no minutes.
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

// isBeforeHourUnit reports whether the word after the number i is the unit of an hour: "5 pm", "17 Uhr".
func (t *text) isBeforeHourUnit(i int) bool {
	if i+1 >= len(t.tokens) || t.tokens[i+1].sentence != t.tokens[i].sentence {
		return false
	}
	return hourUnits.has(t.tokens[i+1].form)
}

// isAfterHourWord reports whether the word before the word i often precedes an hour: "at".
func (t *text) isAfterHourWord(i int) bool { return i > 0 && hourPrepositions.has(t.tokens[i-1].form) }

// isHourWord reports whether a number word is an hour: "at nine", "um acht". If a noun follows, as in "at nine shops", the
// number is a count.
func isHourWord(t *text, i int, lexicons []*lexicon.Lexicon, use []int) bool {
	k := &t.tokens[i]

	if t.isSentenceStart(i) || !t.isAfterHourWord(i) {
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

	return len(next) <= maxParticleBytes
}

// maxParticleBytes: shorter words after a number are rarely nouns that it counts, as in "at nine in the morning".
const maxParticleBytes = 3

// isCounted reports whether the number i is a count of the word after it: "by 4 percent".
func (t *text) isCounted(i int) bool {
	if i+1 >= len(t.tokens) || t.tokens[i+1].sentence != t.tokens[i].sentence {
		return false
	}
	next := t.tokens[i+1].form
	isWord := len(next) > maxParticleBytes && !hourPrepositions.has(next)
	return isWord && strings.TrimSpace(t.separatorAfter(i)) == ""
}

// isHourOfDay reports whether a text is a number from 0 to 9 or from 00 to 24.
func isHourOfDay(s string) bool {
	if len(s) == 2 {
		return s >= "00" && s <= "24"
	}
	return len(s) == 1 && numeral.HasOnlyDigits(s)
}

// isMinute reports whether a text of two characters is a number up to 59.
func isMinute(s string) bool { return numeral.HasOnlyDigits(s) && s <= "59" }
