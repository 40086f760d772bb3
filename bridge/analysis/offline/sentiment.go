package offline

import "parley/bridge/analysis"

// feelings counts what speaks for each mood.
type feelings struct {
	happy, thanks, unhappy, fault, frustrated, irony float64
}

// sentiment says how a customer feels. Quoted words are somebody else's.
func sentiment(t *text, matches []match, urgent bool) analysis.Sentiment {
	turns := matchesOf(matches, ofTurn)
	var f feelings
	var plain, ironic []match // what is said with irony doesn't hide the fault that it praises
	for _, m := range matchesOf(matches, ofMood) {
		if m.name == "irony" {
			ironic = append(ironic, m)
		} else {
			plain = append(plain, m)
		}
	}
	for _, m := range append(longest(plain), longest(ironic)...) {
		if !t.tokens[m.first].quoted {
			f.add(t, m, turns)
		}
	}
	f.unhappy += t.staff(turns)
	f.frustrated += t.litany()
	return f.decide(t, urgent)
}

// add counts one match, turned and strengthened by what stands around it.
func (f *feelings) add(t *text, m match, turns []match) {
	w := m.weight
	negated, holds := false, false // a phrase that holds its own negation isn't turned again
	for _, n := range turns {
		near := n.last < m.first && m.first-n.last <= 4 && t.tokens[n.last].clause == t.tokens[m.first].clause
		sameSentence := t.tokens[n.first].sentence == t.tokens[m.first].sentence
		switch n.name {
		case "not":
			behind := m.name == "positive" && n.first > m.last && n.first-m.last <= 2 && t.tokens[n.first].clause == t.tokens[m.last].clause &&
				(t.tokens[n.first].form == "nicht" || t.tokens[n.first].form == "niet")
			if near || behind {
				negated = true
			}
			if n.first >= m.first && n.last <= m.last {
				holds = true
			}
		case "very":
			if near && m.first-n.last <= 2 {
				w *= 1.3
			}
		case "slightly":
			if near && m.first-n.last <= 2 {
				w *= 0.6
			}
		case "but":
			if sameSentence && n.first > m.last {
				w *= 0.6
			}
		}
	}
	if t.tokens[m.first].caps && t.caps < len(t.tokens)/2 {
		w *= 1.3
	}
	f.count(m.name, w, negated && !holds)
}

func (f *feelings) count(mood string, w float64, negated bool) {
	switch mood {
	case "positive":
		if negated {
			f.unhappy += 0.9 * w
		} else {
			f.happy += w
		}
	case "negative":
		if negated {
			f.happy += 0.3 * w
		} else {
			f.unhappy += w
		}
	case "frustrated":
		f.frustrated += w
	case "fault":
		if !negated {
			f.fault += w
		}
	case "thanks":
		if !negated {
			f.thanks += w
		}
	case "irony":
		f.irony += w
		if w >= 2 {
			f.unhappy++
		}
	}
}

// decide weighs what was found.
func (f *feelings) decide(t *text, urgent bool) analysis.Sentiment {
	if f.irony > 0 && (f.fault > 0 || f.unhappy > 0 || f.frustrated > 0) {
		f.unhappy += 1.5 + 0.8*f.happy
		f.happy = 0
	} else if f.irony > 0 {
		f.unhappy += 0.3
	}
	shouts := 0
	for i := range t.tokens {
		if t.tokens[i].loud {
			shouts++
		}
	}
	if shouts >= 2 && f.fault > 0 && f.happy == 0 {
		f.unhappy += 0.5
	}
	if t.caps > 5 && t.caps > len(t.tokens)/2 && f.happy == 0 {
		f.unhappy += 0.6
	}
	bad := f.unhappy + f.frustrated
	switch {
	case urgent && f.frustrated <= 1 && f.unhappy < 0.5 && f.happy < 1:
		return analysis.Pressing
	case f.frustrated >= 1 && bad >= f.happy:
		return analysis.Frustrated
	case f.unhappy >= 0.8 && f.unhappy >= 0.8*f.happy:
		return analysis.Negative
	case f.happy >= 0.8 && f.fault < f.happy+f.thanks:
		return analysis.Positive
	case f.thanks >= 1 && f.fault == 0 && len(t.tokens) <= 12 && !t.questions() && (shouts > 0 || f.thanks > 1 || f.happy > 0):
		return analysis.Positive
	case urgent:
		return analysis.Pressing
	}
	return analysis.Neutral
}

// questions says whether a text asks anything.
func (t *text) questions() bool {
	for i := range t.tokens {
		if t.tokens[i].asks && !t.tokens[i].quoted {
			return true
		}
	}
	return false
}
