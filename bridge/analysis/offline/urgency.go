package offline

import (
	"strings"
	"unicode/utf8"

	"parley/bridge/analysis"
)

// longestBecause is how many characters of a customer's words say why something is urgent.
const longestBecause = 120

// urgency says whether somebody has to look at once, with the sentence that says so. What the lexicons found comes
// first as a reason, then what the model found. A subject's words count only where the text has none.
func urgency(t *text, matches []match, features []feature, m *model, v *verdict) analysis.Urgency {
	if v[urgentLabel] < leastUrgent || v.content() {
		return analysis.Urgency{}
	}
	all := longest(matchesOf(matches, ofUrgency))
	for _, m := range all {
		if !t.tokens[m.first].quoted && (m.name == "calm" || m.name == "over") {
			return analysis.Urgency{}
		}
	}
	found := urgentWord(t, all, matchesOf(matches, ofTurn))
	if found < 0 && v[urgentLabel] >= plainUrgent {
		found = m.reason(t, features)
	}
	if found < 0 {
		return analysis.Urgency{}
	}
	because := t.because(found)
	return analysis.Urgency{Urgent: because != "", Because: because}
}

// urgentWord gives the first word that the lexicons call urgent, or -1.
func urgentWord(t *text, all, turns []match) int {
	found := -1
	take := func(m match) {
		if found < 0 || t.inSubject(t.tokens[found].from) && !t.inSubject(t.tokens[m.first].from) {
			found = m.first
		}
	}
	for _, m := range all {
		if !t.tokens[m.first].quoted && m.name == "urgent" && !negates(t, m, turns) && (m.weight >= 1 || !t.asksAt(m.first)) {
			take(m)
		}
	}
	if found >= 0 {
		return found
	}
	for _, m := range all {
		if m.name == "soon" && !t.tokens[m.first].quoted && atStake(t, m, all, turns) {
			take(m)
		}
	}
	return found
}

// reason gives a word of the sentence that speaks most for urgency: the word that does so within it; or -1.
func (m *model) reason(t *text, features []feature) int {
	words := make([]int64, len(t.tokens))
	for _, f := range features {
		if row := m.row(f); row != "" && f.at >= 0 {
			words[f.at] += int64(int8(row[urgentLabel])) * int64(f.value)
		}
	}
	best, most := -1, int64(0)
	for i := 0; i < len(words); {
		first, last := t.sentenceOf(i)
		sum, top := int64(0), first
		for k := first; k <= last; k++ {
			if sum += words[k]; words[k] > words[top] {
				top = k
			}
		}
		if best < 0 || sum > most && !t.inSubject(t.tokens[first].from) || t.inSubject(t.tokens[best].from) && !t.inSubject(t.tokens[first].from) {
			best, most = top, sum
		}
		i = last + 1
	}
	return best
}

// asksAt says whether a word's sentence is a question: what smokes in one is asked for, and doesn't burn.
func (t *text) asksAt(at int) bool {
	_, last := t.sentenceOf(at)
	return t.tokens[last].asks
}

// negates says whether a word of negation stands shortly before a match that holds none itself.
func negates(t *text, m match, turns []match) bool {
	for _, n := range turns {
		if n.name == "not" && n.last < m.first && m.first-n.last <= 2 && t.tokens[n.last].clause == t.tokens[m.first].clause {
			return m.first == m.last
		}
	}
	return false
}

// atStake says whether something is lost if a time passes: an event beside it, or in its own sentence what the
// customer needs, unless the time is a bare hour.
func atStake(t *text, soon match, all []match, turns []match) bool {
	for _, m := range all {
		if m.name != "stake" || t.tokens[m.first].quoted || m.first >= soon.first && m.last <= soon.last {
			continue
		}
		apart := t.tokens[m.first].sentence - t.tokens[soon.first].sentence
		if apart >= -1 && apart <= 1 && !negates(t, m, turns) && (soon.weight >= 1 && apart == 0 || m.weight > 1) {
			return true
		}
	}
	return false
}

// because gives the sentence of a word, or as much of it around the word as fits.
func (t *text) because(at int) string {
	first, last := t.sentenceOf(at)
	for fits(t.all[t.tokens[first].from:t.tokens[last].to]) > longestBecause {
		switch {
		case last > at && (last-at >= at-first || first == at):
			last--
		case first < at:
			first++
		default:
			return firstRunes(strings.ToValidUTF8(t.all[t.tokens[at].from:t.tokens[at].to], "\x00"), longestBecause)
		}
	}
	s := t.all[t.tokens[first].from:t.tokens[last].to]
	if strings.ContainsAny(s, "\n\r") {
		return t.all[t.tokens[at].from:t.tokens[at].to]
	}
	return s
}

func fits(s string) int { return utf8.RuneCountInString(s) }

// firstRunes gives the beginning of a text, up to a number of characters or to what isn't valid.
func firstRunes(s string, most int) string {
	for i, r := range s {
		if most == 0 || r == 0 {
			return s[:i]
		}
		most--
	}
	return s
}
