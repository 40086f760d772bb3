package offline

import (
	"slices"
	"strings"
	"unicode/utf8"

	"parley/bridge/analysis"
	"parley/bridge/analysis/offline/lexicon"
	"parley/bridge/analysis/offline/numeral"
)

// Whether somebody has to look at a customer's message at once, and by which of its words. The model weighs how
// urgent the message is; this file finds the sentence that agents are shown as the reason. Without such a sentence,
// it isn't urgent.

// maxReasonRunes is how many characters of a customer's words say why something is urgent.
const maxReasonRunes = 120

// findUrgency reports whether somebody has to look at once, with the sentence that says so. What the lexicons found comes
// first as a reason, then what the model found.
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

// isCalming reports whether a phrase says that something isn't urgent, or not any more.
func (m match) isCalming() bool { return m.Name == "calm" || m.Name == "over" }

// findUrgentWord returns the first word that the lexicons call urgent, or one that names a time at which something is lost.
func findUrgentWord(t *text, all, modifiers []match) (at int, found bool) {
	var urgent, soon []int
	for _, m := range all {
		if t.tokens[m.first].quoted {
			continue
		}

		switch m.Name {
		case "urgent":
			isAsked := m.Weight < 1 && t.isInQuestion(m.first) // weak words count only outside of questions
			if !isAsked && !isNegated(t, m, modifiers) {
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

// findUrgentWord returns the word that speaks most for urgency, in the sentence that does so most. A sentence of the text goes
// before a subject.
func (m *model) findUrgentWord(t *text, features []feature) (at int, found bool) {
	weights := make([]int64, len(t.tokens)) // by word
	for _, f := range features {
		row := m.row(f)
		if row != "" && f.at >= 0 {
			weights[f.at] += int64(int8(row[urgentLabel])) * int64(f.value)
		}
	}

	most := int64(0)
	for i := 0; i < len(weights); {
		first, last := t.sentenceOf(i)
		sum, top := int64(0), first
		for k := first; k <= last; k++ {
			sum += weights[k]
			if weights[k] > weights[top] {
				top = k
			}
		}

		isBetter := sum > most || t.isInSubject(t.tokens[at].from)
		if t.isInSubject(t.tokens[first].from) {
			isBetter = false
		}
		if !found || isBetter {
			at, found = top, true
			most = sum
		}

		i = last + 1
	}

	return at, found
}

// isInQuestion reports whether a word's sentence is a question. What "smokes" in a question is asked about, and doesn't burn.
func (t *text) isInQuestion(at int) bool {
	_, last := t.sentenceOf(at)
	return t.tokens[last].asks
}

// isNegated reports whether a word of negation stands right before a match of one word, with at most one word between.
func isNegated(t *text, m match, modifiers []match) bool {
	if m.first != m.last {
		return false
	}
	return slices.ContainsFunc(modifiers, func(n match) bool { return n.Name == "not" && isShortlyBefore(t, n, m, 2) })
}

// isAtStake reports whether something is lost if a time passes: an event in the time's sentence or in one beside it, or something
// that the customer needs in the time's own sentence, unless the time is a bare hour.
func isAtStake(t *text, soon match, all, modifiers []match) bool {
	for _, m := range all {
		if m.Name != "stake" || t.tokens[m.first].quoted {
			continue
		}

		isPartOfTime := m.first >= soon.first && m.last <= soon.last
		if isPartOfTime || isNegated(t, m, modifiers) {
			continue
		}

		apart := t.tokens[m.first].sentence - t.tokens[soon.first].sentence
		isEventNear := m.Weight > 1 && numeral.IsWithin(apart, -1, 1)
		isNeeded := apart == 0 && soon.Weight >= 1
		if isEventNear || isNeeded {
			return true
		}
	}

	return false
}

// quoteAround returns the sentence of a word, or as much around the word as has room. If that is on several lines, it returns
// only the word.
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

// firstRunes returns the beginning of a text, up to a number of characters or to what isn't valid, which is written as \x00.
func firstRunes(s string, most int) string {
	for i, r := range s {
		if most == 0 || r == 0 {
			return s[:i]
		}
		most--
	}
	return s
}
