package offline

import (
	"slices"
	"strings"

	"parley/bridge/analysis"
	"parley/bridge/analysis/offline/lexicon"
	"parley/bridge/analysis/offline/numeral"
)

// The lexicons list happy and unhappy phrases of each language. This file determines a customer's sentiment from the phrases
// in a text. Words around a phrase change its weight ("not happy", "very happy"), and praise of something broken is irony.
// The result is one of the features that the model (model.go) uses.

// feelings has the sum of the weights of phrases for each mood.
type feelings struct {
	happy, thanks, unhappy, fault, frustrated, irony float64
}

// The effects of words around a phrase on its weight.
const (
	farNegation    = 4 // the maximum distance of a negation before a phrase, in words
	veryFactor     = 1.3
	slightlyFactor = 0.6
	butFactor      = 0.6 // "nice, but …"
	capitalsFactor = 1.3 // for a word in capitals, unless the whole text is

	negatedPraise    = 0.9 // "not happy" is nearly "unhappy"
	negatedComplaint = 0.3 // "not bad" is hardly "good"
)

// The weights of a text's form.
const (
	quotedStaffWeight = 0.9
	ironyOfFault      = 1.5 // praise of what is said to be broken
	ironyOfPraise     = 0.8 // times other praise in such a text
	ironyAlone        = 0.3
	certainIrony      = 2.0 // the weight of phrases that are always ironic
	shoutedFault      = 0.5
	allCapitals       = 0.6
)

// judge applies the model to a text's features. Several exclamation marks in a row mean anger as often as joy. So if they
// make the text positive, but no phrase of the lexicons does, judge ignores the exclamation marks.
func (a *Analyzer) judge(t *text, matches []match, features []feature) verdict {
	v := a.model.judge(features)
	if !strings.Contains(t.all, "!!") || !v.isContent() || lexiconSentiment(t, matches, false) == analysis.Positive {
		return v
	}
	return a.model.judge(slices.DeleteFunc(slices.Clone(features), func(f feature) bool { return f.loud }))
}

// lexiconSentiment returns the sentiment of a text by the lexicons alone. It ignores quoted words.
func lexiconSentiment(t *text, matches []match, urgent bool) analysis.Sentiment {
	modifiers := matchesOf(matches, lexicon.OfModifier)
	var f feelings
	var plain, ironic []match // separate, because an ironic phrase may contain the fault that it praises
	for _, m := range matchesOf(matches, lexicon.OfMood) {
		if m.Name == "irony" {
			ironic = append(ironic, m)
		} else {
			plain = append(plain, m)
		}
	}

	for _, m := range append(withoutInnerMatches(plain), withoutInnerMatches(ironic)...) {
		if !t.tokens[m.first].quoted {
			f.addMatch(t, m, modifiers)
		}
	}

	if t.hasQuotedStaff(modifiers) {
		f.unhappy += quotedStaffWeight
	}

	f.frustrated += t.measureRepetition()
	shouts := t.countShouts()
	f.addForm(t, shouts)
	return f.decideSentiment(t, shouts, urgent)
}

// addMatch adds one phrase. The modifiers around it may negate it or change its weight.
func (f *feelings) addMatch(t *text, m match, modifiers []match) {
	w := m.Weight
	isNegated, containsNegation := false, false
	for _, n := range modifiers {
		switch n.Name {
		case "not":
			if isShortlyBefore(t, n, m, farNegation) || isNegatedAfter(t, n, m) {
				isNegated = true
			}
			if n.first >= m.first && n.last <= m.last {
				containsNegation = true
			}
		case "very":
			if isShortlyBefore(t, n, m, 2) {
				w *= veryFactor
			}
		case "slightly":
			if isShortlyBefore(t, n, m, 2) {
				w *= slightlyFactor
			}
		case "but":
			isSameSentence := t.tokens[n.first].sentence == t.tokens[m.first].sentence
			if isSameSentence && n.first > m.last {
				w *= butFactor
			}
		}
	}

	if t.tokens[m.first].caps && t.capitals < len(t.tokens)/2 {
		w *= capitalsFactor
	}

	if isNegated && !containsNegation { // "not bad" is a phrase of its own
		f.countNegated(m.Name, w)
	} else {
		f.count(m.Name, w)
	}
}

// isShortlyBefore reports whether a modifier precedes a phrase in the same clause, at a distance of at most maxDistance words.
func isShortlyBefore(t *text, modifier, m match, maxDistance int) bool {
	isNear := numeral.IsWithin(m.first-modifier.last, 1, maxDistance)
	return isNear && t.tokens[modifier.last].clause == t.tokens[m.first].clause
}

// isNegatedAfter reports whether a negation follows praise, as in German and Dutch: "das gefällt mir nicht".
func isNegatedAfter(t *text, negation, m match) bool {
	form := t.tokens[negation.first].form
	if form != "nicht" && form != "niet" {
		return false
	}
	if m.Name != "positive" || !numeral.IsWithin(negation.first-m.last, 1, 2) {
		return false
	}
	return t.tokens[negation.first].clause == t.tokens[m.last].clause
}

// count adds a phrase that isn't negated.
func (f *feelings) count(mood string, w float64) {
	switch mood {
	case "positive":
		f.happy += w
	case "negative":
		f.unhappy += w
	case "frustrated":
		f.frustrated += w
	case "fault":
		f.fault += w
	case "thanks":
		f.thanks += w
	case "irony":
		f.irony += w
		if w >= certainIrony {
			f.unhappy++
		}
	}
}

// countNegated adds a negated phrase. Negated faults and thanks mean nothing. A negation doesn't change frustration and
// irony.
func (f *feelings) countNegated(mood string, w float64) {
	switch mood {
	case "positive":
		f.unhappy += negatedPraise * w
	case "negative":
		f.happy += negatedComplaint * w
	case "frustrated", "irony":
		f.count(mood, w)
	}
}

// addForm adds the effects of irony, exclamation marks and capitals. It comes after all phrases, since it depends on their
// sums.
func (f *feelings) addForm(t *text, shouts int) {
	if f.irony > 0 {
		isDissatisfied := f.unhappy > 0 || f.frustrated > 0
		if isDissatisfied || f.fault > 0 {
			f.unhappy += ironyOfFault + ironyOfPraise*f.happy
			f.happy = 0
		} else {
			f.unhappy += ironyAlone
		}
	}

	if f.happy != 0 {
		return
	}
	if shouts >= 2 && f.fault > 0 {
		f.unhappy += shoutedFault
	}

	const fewCapitals = 5 // words in capitals
	if t.capitals > fewCapitals && t.capitals > len(t.tokens)/2 {
		f.unhappy += allCapitals
	}
}

// decideSentiment returns the sentiment: the first of frustrated, negative and positive that has enough weight.
func (f *feelings) decideSentiment(t *text, shouts int, urgent bool) analysis.Sentiment {
	if urgent && f.isWeak() {
		return analysis.Pressing
	}
	if f.frustrated >= 1 && f.unhappy+f.frustrated >= f.happy {
		return analysis.Frustrated
	}

	const minMood = 0.8 // a plain phrase has the weight 1, a weak one 0.5
	if f.unhappy >= minMood && f.unhappy >= 0.8*f.happy {
		return analysis.Negative
	}
	if f.happy >= minMood && f.fault < f.happy+f.thanks {
		return analysis.Positive
	}
	if f.isThanks(t, shouts) {
		return analysis.Positive
	}
	if urgent {
		return analysis.Pressing
	}

	return analysis.Neutral
}

// isWeak reports whether no mood has much weight.
func (f *feelings) isWeak() bool {
	if f.frustrated > 1 || f.unhappy >= 0.5 {
		return false
	}
	return f.happy < 1
}

// isThanks reports whether a text is little more than warm thanks: it is short, asks nothing and isn't merely polite.
func (f *feelings) isThanks(t *text, shouts int) bool {
	const maxWords = 12
	if f.thanks < 1 || f.fault != 0 {
		return false
	}
	if len(t.tokens) > maxWords || t.hasQuestion() {
		return false
	}
	isWarm := shouts > 0 || f.happy > 0
	return isWarm || f.thanks > 1
}

// countShouts returns the number of sentences that end with an exclamation mark.
func (t *text) countShouts() int {
	shouts := 0
	for i := range t.tokens {
		if t.tokens[i].loud {
			shouts++
		}
	}
	return shouts
}

// hasQuestion reports whether a customer asks anything.
func (t *text) hasQuestion() bool {
	for i := range t.tokens {
		if t.tokens[i].asks && !t.tokens[i].quoted {
			return true
		}
	}
	return false
}
