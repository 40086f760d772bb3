package offline

import "strings"

// isHour says whether a number tells an hour of the day: "17:30", "14h", "5 pm", "17 Uhr", "at 4", "alle 16".
func isHour(t *text, i int) bool {
	k := &t.tokens[i]
	word := t.all[k.from:k.to]
	if len(word) > 7 {
		return false
	}
	lower := strings.ToLower(word)
	for _, end := range []string{"pm", "am", "h", "u"} {
		if head, cut := strings.CutSuffix(lower, end); cut && isHourOfDay(head) {
			return true
		}
	}
	if head, rest, cut := strings.Cut(lower, "h"); cut && isHourOfDay(head) && len(rest) == 2 {
		return true
	}
	if !isHourOfDay(lower) {
		return false
	}
	after := t.all[k.to:min(len(t.all), k.to+8)]
	if len(after) >= 3 && (after[0] == ':' || after[0] == '.') && isMinute(after[1:3]) && (len(after) < 4 || after[3] < '0' || after[3] > '9') && after[3:] != "20" {
		return after[0] == ':' || i > 0 && isBeforeHour(t.tokens[i-1].form)
	}
	if i+1 < len(t.tokens) && t.tokens[i+1].sentence == k.sentence {
		switch t.tokens[i+1].form {
		case "uhr", "h", "pm", "am", "uur", "oclock", "heures", "horas", "hs", "ore", "rano", "sharp":
			return true
		}
	}
	return i > 0 && t.tokens[i-1].sentence == k.sentence && isBeforeHour(t.tokens[i-1].form) && !t.unitAt(i+1)
}

// isHourWord says whether a word tells an hour of the day: "at nine", "um acht". What is counted has its word behind the number.
func isHourWord(t *text, i int, lexicons []*lexicon, use []int) bool {
	k := &t.tokens[i]
	if i == 0 || k.number || t.tokens[i-1].sentence != k.sentence || !isBeforeHour(t.tokens[i-1].form) {
		return false
	}
	for _, u := range use {
		if lexicons[u].numbers[k.form] {
			return i+1 == len(t.tokens) || t.tokens[i+1].clause != k.clause || len(t.tokens[i+1].form) <= 3 || t.tokens[i+1].form == "oclock" || t.tokens[i+1].form == "tonight"
		}
	}
	return false
}

// isBeforeHour says whether a word often stands before an hour of the day.
func isBeforeHour(form string) bool {
	switch form {
	case "at", "by", "until", "till", "before", "um", "bis", "vor", "ab", "las", "alle", "entro", "om", "voor", "vanaf", "godz", "godzinie", "godziny", "ate", "as":
		return true
	}
	return false
}

// unitAt says whether a word behind a number makes a count of it.
func (t *text) unitAt(i int) bool {
	if i >= len(t.tokens) || t.tokens[i].sentence != t.tokens[i-1].sentence {
		return false
	}
	between := t.all[t.tokens[i-1].to:t.tokens[i].from]
	return strings.TrimSpace(between) == "" && !isBeforeHour(t.tokens[i].form) && len(t.tokens[i].form) > 3
}

func isHourOfDay(s string) bool {
	return len(s) == 1 && s >= "0" && s <= "9" || len(s) == 2 && s >= "00" && s <= "24"
}

func isMinute(s string) bool { return s >= "00" && s <= "59" && strings.Trim(s, "0123456789") == "" }
