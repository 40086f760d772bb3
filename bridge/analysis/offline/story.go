package offline

import "slices"

// litany gives what the form of a text tells of frustration: who was sent away again and again tells it in
// sentences that begin alike, as "I called. I wrote. I called again.", or with one date after the other.
func (t *text) litany() float64 {
	var heads []string
	last, dates := -1, 0
	for i := range t.tokens {
		k := &t.tokens[i]
		if t.inSubject(k.from) || k.quoted {
			continue
		}
		if k.number && len(k.form) <= 4 && i > 0 && isDayBefore(t.tokens[i-1].form) {
			dates++
		}
		if k.sentence == last {
			continue
		}
		last = k.sentence
		if i+1 < len(t.tokens) && t.tokens[i+1].sentence == k.sentence && !k.number {
			heads = append(heads, k.form+" "+t.tokens[i+1].form)
		}
	}
	same := 0
	for i := range heads {
		if i > 0 && slices.Contains(heads[max(0, i-2):i], heads[i]) {
			same++
		}
	}
	switch {
	case same >= 2 || dates >= 3 && len(t.tokens) > 20:
		return 1
	case same == 1:
		return 0.5
	}
	return 0
}

// isDayBefore says whether a word stands before the day of a date.
func isDayBefore(form string) bool {
	switch form {
	case "am", "le", "el", "dia", "il", "op", "de", "the", "on", "den":
		return true
	}
	return false
}

// staff gives what speaks for anger at people: who works at the company is named, and quoted in the same sentence.
func (t *text) staff(turns []match) float64 {
	for _, m := range turns {
		if m.name != "staff" || t.tokens[m.first].quoted {
			continue
		}
		first, last := t.sentenceOf(m.first)
		quoted := 0
		for i := first; i <= min(last+12, len(t.tokens)-1); i++ {
			if t.tokens[i].quoted {
				quoted++
			}
		}
		if quoted >= 2 {
			return 0.9
		}
	}
	return 0
}
