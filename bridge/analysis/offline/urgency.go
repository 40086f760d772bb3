package offline

import (
	"slices"
	"strings"
	"unicode/utf8"

	"parley/bridge/analysis"
	"parley/bridge/analysis/offline/lexicon"
	"parley/bridge/analysis/offline/numeral"
)

// maxReasonRunes is the maximum length of the quoted reason for urgency.
const maxReasonRunes = 120

// findUrgency reports whether an agent should look at a text at once, with the sentence that is the reason: "We open at nine
// and the oven is dead". The model's score decides whether a text can be urgent. The reason is a phrase that the lexicons list
// as urgent, or else the sentence with the highest score. Without a reason, the text isn't urgent.
func findUrgency(t *text, matches []match, features []feature, m *model, v *verdict) analysis.Urgency {
	if v[urgentLabel] < minUrgentScore || v.isContent() {
		return analysis.Urgency{}
	}

	all := withoutInnerMatches(matchesOf(matches, lexicon.OfUrgency))
	for _, m := range all {
		if m.isCalming() && !t.tokens[m.first].quoted {
			return analysis.Urgency{}
		}
	}

	at, found := findUrgentWord(t, all, matchesOf(matches, lexicon.OfModifier))
	if !found && v[urgentLabel] >= minUrgentScoreWithoutWord {
		at, found = m.findUrgentWord(t, features)
	}
	if !found {
		return analysis.Urgency{}
	}

	because := t.quoteAround(at)
	return analysis.Urgency{Urgent: because != "", Because: because}
}

// isCalming reports whether a phrase means that something isn't urgent, or is no longer urgent.
func (m match) isCalming() bool { return m.Name == "calm" || m.Name == "over" }

// findUrgentWord returns the first word of an urgent phrase, or else of a time that something depends on: "tomorrow" in "the
// wedding is tomorrow". all are the phrases of the family OfUrgency.
func findUrgentWord(t *text, all, modifiers []match) (at int, found bool) {
	var urgent, soon []int
	for _, m := range all {
		if t.tokens[m.first].quoted {
			continue
		}

		switch m.Name {
		case "urgent":
			isOnlyAsked := m.Weight < 1 && t.isInQuestion(m.first) // "smokes" in a question isn't urgent
			if !isOnlyAsked && !isNegated(t, m, modifiers) {
				urgent = append(urgent, m.first)
			}
		case "soon":
			if isAtStake(t, m, all, modifiers) {
				soon = append(soon, m.first)
			}
		}
	}

	if len(urgent) > 0 {
		return t.firstOf(urgent), true
	}
	if len(soon) > 0 {
		return t.firstOf(soon), true
	}

	return 0, false
}

// firstOf returns the first of some words that isn't in a subject, or else the first.
func (t *text) firstOf(words []int) int {
	for _, at := range words {
		if !t.isInSubject(t.tokens[at].from) {
			return at
		}
	}
	return words[0]
}

// findUrgentWord returns the word with the highest urgency weight in the sentence with the highest sum of weights. It prefers
// sentences of the text to subjects.
func (m *model) findUrgentWord(t *text, features []feature) (at int, found bool) {
	weights := make([]int64, len(t.tokens)) // by word
	for _, f := range features {
		row := m.row(f)
		if row != "" && f.at >= 0 {
			weights[f.at] += int64(int8(row[urgentLabel])) * int64(f.value)
		}
	}

	highest := int64(0)
	for i := 0; i < len(weights); {
		first, last := t.sentenceOf(i)
		sum, top := int64(0), first
		for k := first; k <= last; k++ {
			sum += weights[k]
			if weights[k] > weights[top] {
				top = k
			}
		}

		isBetter := sum > highest || t.isInSubject(t.tokens[at].from)
		if t.isInSubject(t.tokens[first].from) {
			isBetter = false
		}
		if !found || isBetter {
			at, found = top, true
			highest = sum
		}

		i = last + 1
	}

	return at, found
}

// isInQuestion reports whether the sentence of the word at is a question.
func (t *text) isInQuestion(at int) bool {
	_, last := t.sentenceOf(at)
	return t.tokens[last].asks
}

// isNegated reports whether a negation precedes a match of one word, with at most one word between them.
func isNegated(t *text, m match, modifiers []match) bool {
	if m.first != m.last {
		return false
	}
	return slices.ContainsFunc(modifiers, func(n match) bool { return n.Name == "not" && isShortlyBefore(t, n, m, 2) })
}

// isAtStake reports whether something depends on a time: an event in the same or a neighbouring sentence, or something that
// the customer needs in the same sentence. A time of weight below 1, such as a bare hour, counts only with an event.
func isAtStake(t *text, soon match, all, modifiers []match) bool {
	for _, m := range all {
		if m.Name != "stake" || t.tokens[m.first].quoted {
			continue
		}

		isPartOfTime := m.first >= soon.first && m.last <= soon.last
		if isPartOfTime || isNegated(t, m, modifiers) {
			continue
		}

		distance := t.tokens[m.first].sentence - t.tokens[soon.first].sentence
		isEventNear := m.Weight > 1 && numeral.IsWithin(distance, -1, 1)
		isNeeded := distance == 0 && soon.Weight >= 1
		if isEventNear || isNeeded {
			return true
		}
	}

	return false
}

// quoteAround returns the sentence of the word at, or the part of it around the word that isn't longer than maxReasonRunes.
// If that spans several lines, it returns only the word.
func (t *text) quoteAround(at int) string {
	first, last := t.sentenceOf(at)
	quote := t.all[t.tokens[first].from:t.tokens[last].to]
	for utf8.RuneCountInString(quote) > maxReasonRunes {
		if first == last {
			return firstRunes(strings.ToValidUTF8(t.wordAt(at), "\x00"), maxReasonRunes)
		}

		if last-at >= at-first {
			last--
		} else {
			first++
		}

		quote = t.all[t.tokens[first].from:t.tokens[last].to]
	}

	if strings.ContainsAny(quote, "\n\r") {
		return t.wordAt(at)
	}

	return quote
}

// firstRunes returns at most maxRunes characters from the beginning of a text. It stops at \x00, which replaces invalid
// UTF-8.
func firstRunes(s string, maxRunes int) string {
	for i, r := range s {
		if maxRunes == 0 || r == 0 {
			return s[:i]
		}
		maxRunes--
	}
	return s
}
