package offline

import (
	"slices"
	"strings"
	"unicode/utf8"

	"parley/bridge/analysis"
)

// maxReasonRunes is the maximum length of the quoted reason for urgency.
const maxReasonRunes = 120

// findUrgency reports whether an agent should look at a text at once, with the sentence that is the reason: "We open at nine
// and the oven is dead". The model's score decides whether a text can be urgent. The reason is a pressing phrase of the
// lexicons, or else the sentence with the highest score.
func (a *Analyzer) findUrgency(t *text, matches []match, features []feature, v *verdict) analysis.Urgency {
	isContent := slices.Max(v[:urgentLabel]) == v[slices.Index(analysis.Sentiments(), analysis.Positive)]
	at, found := findPressing(t, matches)
	if !found && v[urgentLabel] >= minUrgentAlone {
		at, found = a.model.mostUrgentWord(t, features)
	}
	isCalmed := slices.ContainsFunc(matches, func(m match) bool { return m.isCalming() && !t.tokens[m.first].quoted })
	if !found || isContent || isCalmed || v[urgentLabel] < minUrgent {
		return analysis.Urgency{}
	}
	because := t.quoteAround(at)
	return analysis.Urgency{Urgent: because != "", Because: because}
}

// isCalming reports whether a phrase means that something isn't urgent, or is no longer urgent.
func (m match) isCalming() bool {
	return m.family == "urgency" && (m.name == "calm" || m.name == "over")
}

// findPressing returns the first word of an urgent phrase, or else of a time that something depends on: "tomorrow" in "the
// wedding is tomorrow". It prefers words outside of subjects.
func findPressing(t *text, matches []match) (at int, found bool) {
	turns := matchesOf(matches, "turn")
	all := slices.DeleteFunc(matchesOf(matches, "urgency"), func(m match) bool {
		return t.tokens[m.first].quoted || isNegated(t, m, turns)
	})
	var urgent, soon []int
	for _, m := range all {
		_, last := t.sentenceOf(m.first)
		isOnlyAsked := m.weight < 1 && t.tokens[last].asks // "smokes" in a question isn't urgent
		if m.name == "urgent" && !isOnlyAsked {
			urgent = append(urgent, m.first)
		}
		if m.name == "soon" && isAtStake(t, m, all) {
			soon = append(soon, m.first)
		}
	}
	pressing := append(urgent, soon...)
	for _, at := range pressing {
		if !t.isInSubject(at) {
			return at, true
		}
	}
	if len(pressing) == 0 {
		return 0, false
	}
	return pressing[0], true
}

// isAtStake reports whether something depends on a time: an event in the same or a neighbouring sentence, or something that
// the customer needs in the same sentence. A time of weight below 1, such as a bare hour, counts only with an event.
func isAtStake(t *text, soon match, all []match) bool {
	return slices.ContainsFunc(all, func(m match) bool {
		distance := t.tokens[m.first].sentence - t.tokens[soon.first].sentence
		isEventNear := m.weight > 1 && distance >= -1 && distance <= 1
		isNeeded := distance == 0 && soon.weight >= 1
		isPartOfTime := m.first >= soon.first && m.last <= soon.last
		return m.name == "stake" && !isPartOfTime && (isEventNear || isNeeded)
	})
}

// mostUrgentWord returns the word with the highest weight in the sentence with the highest sum of weights. It prefers
// sentences of the text to subjects.
func (m *model) mostUrgentWord(t *text, features []feature) (at int, found bool) {
	weights := make([]int64, len(t.tokens)) // by word
	for _, f := range features {
		if row := m.row(f); row != "" && f.at >= 0 {
			weights[f.at] += int64(int8(row[urgentLabel])) * int64(f.value)
		}
	}
	highest := int64(0)
	for first := 0; first < len(weights); {
		_, last := t.sentenceOf(first)
		sum, top := int64(0), first
		for k := first; k <= last; k++ {
			sum += weights[k]
			if weights[k] > weights[top] {
				top = k
			}
		}
		if !found || t.isInSubject(at) || sum > highest && !t.isInSubject(first) {
			at, found, highest = top, true, sum
		}
		first = last + 1
	}
	return at, found
}

// quoteAround returns the sentence of the word at, or the part of it around the word that isn't longer than maxReasonRunes.
func (t *text) quoteAround(at int) string {
	first, last := t.sentenceOf(at)
	for {
		quote := t.all[t.tokens[first].from:t.tokens[last].to]
		switch isLong := utf8.RuneCountInString(quote) > maxReasonRunes; {
		case !isLong && !strings.ContainsAny(quote, "\n\r"):
			return quote
		case first == last:
			word := strings.ToValidUTF8(t.wordAt(at), "")
			return string([]rune(word)[:min(maxReasonRunes, utf8.RuneCountInString(word))])
		case last-at >= at-first:
			last--
		default:
			first++
		}
	}
}
