package offline

import (
	"slices"
	"strings"

	"parley/bridge/analysis"
	"parley/bridge/analysis/offline/lexicon"
	"parley/bridge/analysis/offline/numeral"
)

// How a customer feels, by the lexicons: they list happy and unhappy phrases in each language. Words around a
// phrase change its weight ("not happy", "very happy"), and praise of something broken is taken for irony. The
// model (model.go) weighs the result together with much else.

// feelings counts what speaks for each mood.
type feelings struct {
	happy, thanks, unhappy, fault, frustrated, irony float64
}

// How words around a phrase change what it weighs.
const (
	farNegation    = 4 // words between which a negation still turns a phrase
	veryFactor     = 1.3
	slightlyFactor = 0.6
	butFactor      = 0.6 // "nice, but …"
	capitalsFactor = 1.3 // a word in capitals in a text that is not

	negatedPraise    = 0.9 // "not happy" is nearly "unhappy"
	negatedComplaint = 0.3 // "not bad" is hardly "good"
)

// What is added where the form of a text tells of a mood.
const (
	quotedStaff   = 0.9
	ironyOfFault  = 1.5 // praise of what is said to be broken
	ironyOfPraise = 0.8 // of what else is praised in such a text
	ironyAlone    = 0.3
	certainIrony  = 2.0 // the weight of irony that is never meant otherwise
	shoutedFault  = 0.5
	allCapitals   = 0.6
)

// judge weighs what a text has. Several exclamation marks in a row are as often anger as joy: they speak for satisfaction only
// where a word of the lexicons does.
func (a *Analyzer) judge(t *text, matches []match, features []feature) verdict {
	v := a.model.judge(features)
	if !strings.Contains(t.all, "!!") || !v.isContent() || lexiconSentiment(t, matches, false) == analysis.Positive {
		return v
	}
	return a.model.judge(slices.DeleteFunc(slices.Clone(features), func(f feature) bool { return f.loud }))
}

// lexiconSentiment says how a customer feels, by the lexicons alone. The model weighs it together with much else. Quoted
// words are somebody else's.
func lexiconSentiment(t *text, matches []match, urgent bool) analysis.Sentiment {
	modifiers := matchesOf(matches, lexicon.OfModifier)
	var f feelings
	var plain, ironic []match // what is said with irony doesn't hide the fault that it praises
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
		f.unhappy += quotedStaff
	}

	f.frustrated += t.measureRepetition()
	shouts := t.countShouts()
	f.addForm(t, shouts)
	return f.decideSentiment(t, shouts, urgent)
}

// addMatch counts one phrase, turned and strengthened by what stands around it.
func (f *feelings) addMatch(t *text, m match, modifiers []match) {
	w := m.Weight
	isNegated, holdsNegation := false, false // a phrase that holds its own negation isn't turned again
	for _, n := range modifiers {
		switch n.Name {
		case "not":
			if isShortlyBefore(t, n, m, farNegation) || isNegatedBehind(t, n, m) {
				isNegated = true
			}
			if n.first >= m.first && n.last <= m.last {
				holdsNegation = true
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

	if isNegated && !holdsNegation {
		f.countNegated(m.Name, w)
	} else {
		f.count(m.Name, w)
	}
}

// isShortlyBefore reports whether a modifier stands before a phrase in the same clause, at most so many words away.
func isShortlyBefore(t *text, modifier, m match, most int) bool {
	return numeral.IsWithin(m.first-modifier.last, 1, most) && t.tokens[modifier.last].clause == t.tokens[m.first].clause
}

// isNegatedBehind reports whether a negation stands right behind praise, as in German and Dutch: "das gefällt mir nicht".
func isNegatedBehind(t *text, negation, m match) bool {
	form := t.tokens[negation.first].form
	if form != "nicht" && form != "niet" {
		return false
	}
	if m.Name != "positive" || !numeral.IsWithin(negation.first-m.last, 1, 2) {
		return false
	}
	return t.tokens[negation.first].clause == t.tokens[m.last].clause
}

// count adds a phrase that is meant as it stands.
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

// countNegated adds a phrase that words around it turn. A fault that there isn't, and thanks that aren't given, say nothing;
// frustration and irony stay what they are.
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

// addForm adds what irony, exclamation marks and capitals tell beside what is said.
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

// decideSentiment weighs what was found: frustration before dissatisfaction, that before satisfaction.
func (f *feelings) decideSentiment(t *text, shouts int, urgent bool) analysis.Sentiment {
	if urgent && f.isEven() {
		return analysis.Pressing
	}
	if f.frustrated >= 1 && f.unhappy+f.frustrated >= f.happy {
		return analysis.Frustrated
	}

	const leastMood = 0.8 // a plain phrase weighs 1, a weak one 0.5
	if f.unhappy >= leastMood && f.unhappy >= 0.8*f.happy {
		return analysis.Negative
	}
	if f.happy >= leastMood && f.fault < f.happy+f.thanks {
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

// isEven reports whether hardly anything speaks for a mood.
func (f *feelings) isEven() bool {
	if f.frustrated > 1 || f.unhappy >= 0.5 {
		return false
	}
	return f.happy < 1
}

// isThanks reports whether a text is short, asks nothing, and thanks with more than a word of politeness.
func (f *feelings) isThanks(t *text, shouts int) bool {
	const longest = 12 // words
	if f.thanks < 1 || f.fault != 0 {
		return false
	}
	if len(t.tokens) > longest || t.hasQuestion() {
		return false
	}
	isWarm := shouts > 0 || f.happy > 0
	return isWarm || f.thanks > 1
}

// countShouts counts the sentences that end with an exclamation mark.
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
