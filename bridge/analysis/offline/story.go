package offline

import "slices"

// The results of measureRepetition, from 0 to 1.
const (
	fullRepetition = 1.0
	halfRepetition = 0.5
)

// measureRepetition measures the repetition in a text as a sign of frustration. Customers who tried again and again often
// tell so in sentences with the same beginning ("I called on the 3rd. I called again. I wrote."), or list many dates.
func (t *text) measureRepetition() float64 {
	const (
		manyDates = 3
		shortText = 20 // words; in a shorter text, dates are more likely appointments
	)
	repeated := countRepeated(t.sentenceBeginnings())
	isListOfDates := t.countDates() >= manyDates && len(t.tokens) > shortText
	if repeated >= 2 || isListOfDates {
		return fullRepetition
	}
	if repeated == 1 {
		return halfRepetition
	}
	return 0
}

// sentenceBeginnings returns the first two words of each sentence of the customer. It omits quoted sentences and those that
// begin with a number.
func (t *text) sentenceBeginnings() []string {
	var found []string
	sentence := -1
	for i := range t.tokens {
		k := &t.tokens[i]
		if k.sentence == sentence || !t.isOwnText(k) {
			continue
		}

		sentence = k.sentence
		hasSecond := i+1 < len(t.tokens) && t.tokens[i+1].sentence == sentence
		if hasSecond && !k.number {
			found = append(found, k.form+" "+t.tokens[i+1].form)
		}
	}

	return found
}

// countRepeated counts the beginnings that are equal to one of the two beginnings before them.
func countRepeated(beginnings []string) int {
	repeated := 0
	for i, b := range beginnings {
		if slices.Contains(beginnings[max(0, i-2):i], b) {
			repeated++
		}
	}
	return repeated
}

// countDates counts the days that a text names, such as "on 12".
func (t *text) countDates() int {
	const maxDayBytes = 4 // "12th"
	dates := 0
	for i := range t.tokens {
		k := &t.tokens[i]
		isShortNumber := k.number && len(k.form) <= maxDayBytes
		if !isShortNumber || !t.isOwnText(k) {
			continue
		}
		if i > 0 && dayPrepositions.has(t.tokens[i-1].form) {
			dates++
		}
	}
	return dates
}

// isOwnText reports whether a word is the customer's own, and isn't in a subject.
func (t *text) isOwnText(k *token) bool { return !k.quoted && !t.isInSubject(k.from) }

// hasQuotedStaff reports whether a customer quotes a member of the company's staff, which is a sign of anger: "The lady at
// the counter said “not my problem”."
func (t *text) hasQuotedStaff(modifiers []match) bool {
	const (
		ahead     = 12 // words after the sentence
		minQuoted = 2  // words
	)
	for _, m := range modifiers {
		if m.Name != "staff" || t.tokens[m.first].quoted {
			continue
		}

		first, last := t.sentenceOf(m.first)
		quoted := 0
		for i := first; i <= min(last+ahead, len(t.tokens)-1); i++ {
			if t.tokens[i].quoted {
				quoted++
			}
		}

		if quoted >= minQuoted {
			return true
		}
	}

	return false
}
