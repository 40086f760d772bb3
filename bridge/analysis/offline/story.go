package offline

import "slices"

// Customers who were sent away again and again often tell it in sentences that begin alike: "I called. I wrote. I
// called again." This file measures such repetition, as a sign of frustration.

// How much the form of a text tells of frustration.
const (
	fullRepetition = 1.0
	halfRepetition = 0.5
)

// measureRepetition returns how much the form of a text is a sign of frustration, from 0 to 1. It looks at
// sentences that begin alike, and at one date after the other.
func (t *text) measureRepetition() float64 {
	const (
		severalDates = 3
		shortText    = 20 // words: in fewer, dates are rather an appointment
	)
	alike := countAlike(t.sentenceBeginnings())
	isListOfDates := t.countDates() >= severalDates && len(t.tokens) > shortText
	if alike >= 2 || isListOfDates {
		return fullRepetition
	}
	if alike == 1 {
		return halfRepetition
	}
	return 0
}

// sentenceBeginnings returns the first two words of each sentence that is the customer's own and begins with no number.
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

// countAlike counts the beginnings that one of the two before them repeats.
func countAlike(beginnings []string) int {
	alike := 0
	for i, b := range beginnings {
		if slices.Contains(beginnings[max(0, i-2):i], b) {
			alike++
		}
	}
	return alike
}

// countDates counts the days that are named in a text, as "on 12".
func (t *text) countDates() int {
	const longestDay = 4 // "12th"
	dates := 0
	for i := range t.tokens {
		k := &t.tokens[i]
		isShortNumber := k.number && len(k.form) <= longestDay
		if !isShortNumber || !t.isOwnText(k) {
			continue
		}
		if i > 0 && dayPrepositions.has(t.tokens[i-1].form) {
			dates++
		}
	}
	return dates
}

// isOwnText reports whether a word is the customer's own and in the text, not in a subject.
func (t *text) isOwnText(k *token) bool { return !k.quoted && !t.isInSubject(k.from) }

// hasQuotedStaff reports whether a customer names somebody who works at the company and quotes them, which tells of anger at
// them: "The lady at the counter said “not my problem”."
func (t *text) hasQuotedStaff(modifiers []match) bool {
	const (
		ahead       = 12 // words behind the sentence that are looked at
		leastQuoted = 2
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

		if quoted >= leastQuoted {
			return true
		}
	}

	return false
}
