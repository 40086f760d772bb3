package offline

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// alone says whether a number that no word announces looks like one all the same.
func alone(t *text, n *numberSpan, words map[int]announcement, pays bool) bool {
	most := 6
	if distinctive(n) && prefixLength(n.value) > 0 {
		most = 2
	}
	coded := n.tok > 0 && isCodeWord(t.tokens[n.tok-1].form) && inParts(n.value)
	return coded || (distinctive(n) || numbered(t, n) || bare(t, n) || pays && ofYear(n.value)) && !others(t, words, n.tok, most)
}

// ofYear says whether a number is counted within a year, as those of invoices: "54/26".
func ofYear(value string) bool {
	number, year, found := strings.Cut(value, "/")
	return found && len(number) >= 2 && len(number) <= 5 && strings.Trim(number, "0123456789") == "" && len(year) == 2 && year[0] == '2' && year[1] >= '0' && year[1] <= '9'
}

func directHash(t *text, n *numberSpan) bool {
	return n.from > 0 && t.all[n.from-1] == '#' && n.to-n.from >= 3
}

// others says whether one of so many words before a number, in its sentence, announces something else, and not another
// number. Words that may stand between aren't counted.
func others(t *text, words map[int]announcement, tok, most int) bool {
	first, _ := t.sentenceOf(tok)
	if isPartOf(t, tok) {
		return false
	}
	for i := tok - 1; i >= first && most > 0; i-- {
		if t.tokens[i].number && !turnsTo(t, i, tok) {
			return false
		}
		if words[i].other && !(i+1 < tok && isSize(t.all[t.tokens[i+1].from:t.tokens[i+1].to])) {
			return true
		}
		if !words[i].filler && !isMark(t.tokens[i].form) {
			most--
		}
	}
	return false
}

// isPartOf says whether what stands before a number is a part of that number's, or its subject: "the article in 88213",
// "call me about 88213", "un article de la 88120".
func isPartOf(t *text, tok int) bool {
	first, _ := t.sentenceOf(tok)
	if tok-2 > first && isArticle(t.tokens[tok-1].form) {
		tok--
	}
	return tok-1 > first && isOf(t.tokens[tok-1].form)
}

func isArticle(form string) bool {
	switch form {
	case "the", "der", "die", "das", "den", "dem", "la", "le", "el", "il", "o", "a", "de", "het":
		return true
	}
	return false
}

// isOf says whether a word before a number makes what was named before it a part of that number's, or its subject.
func isOf(form string) bool {
	switch form {
	case "of", "in", "about", "for", "regarding", "re", "aus", "von", "de", "zu", "zur", "bei", "fur", "wegen", "du", "pour", "dans", "concernant", "del",
		"para", "sobre", "do", "da", "dal", "dalla", "per", "nel", "van", "uit", "voor", "over", "z", "ze", "dla", "od":
		return true
	}
	return false
}

// isSize says whether a word is the size that was announced before it, "size M", so that a number behind it is another's.
func isSize(word string) bool {
	return word == "S" || word == "M" || word == "L" || word == "XS" || word == "XL" || word == "XXL"
}

// turnsTo says whether a number is set against one shortly before it, which is then of the same sort: "12345, not 12346".
func turnsTo(t *text, number, tok int) bool {
	if tok-number > 3 || tok-number < 2 {
		return false
	}
	switch t.tokens[tok-1].form {
	case "not", "nicht", "non", "no", "nao", "niet", "nie", "statt", "of", "de", "pas", "van", "zamiast":
		return true
	}
	return false
}

// numbered says whether "no." or its like stands directly before a number that is long enough for a reference.
func numbered(t *text, n *numberSpan) bool {
	return n.tok > 0 && isMark(t.tokens[n.tok-1].form) && t.tokens[n.tok-1].sentence == t.tokens[n.tok].sentence && n.to-n.from >= 4
}

// bare says whether a number without any word of what it is may be one that the customer was given: five to eight
// digits that are no round number, no postcode before a town, and no count of what follows.
func bare(t *text, n *numberSpan) bool {
	size := n.to - n.from
	if head, tail, dotted := strings.Cut(n.value, "."); dotted {
		return len(head) >= 2 && len(head) <= 3 && len(tail) == 3 && strings.Trim(head+tail, "0123456789") == "" && tail[1:] != "00" && tail[1:] != "50"
	}
	if !n.plain || size < 5 || size > 8 || n.value[0] == '0' || strings.HasSuffix(n.value, "00") || n.tok > 0 && isTransfer(t.tokens[n.tok-1].form) {
		return false
	}
	if n.last+1 < len(t.tokens) {
		next := &t.tokens[n.last+1]
		r, _ := utf8.DecodeRuneInString(t.all[next.from:])
		if t.all[n.to:next.from] == " " && size == 5 && unicode.IsUpper(r) {
			return false
		}
	}
	return true
}

// isTransfer says whether a word tells that money was sent, so that a number right behind it is how much.
func isTransfer(form string) bool {
	switch form {
	case "transferred", "wired", "vire", "transferi", "bonificato", "przelalem", "przelalam":
		return true
	}
	return false
}

// distinctive says whether a number looks like a reference wherever it stands: capitals and digits, or groups
// of digits, joined by a hyphen or a stroke.
func distinctive(n *numberSpan) bool {
	digits := digitsOf(n.value)
	head := n.value[:prefixLength(n.value)]
	letters := strings.TrimRight(head, "-/_")
	switch {
	case isLookalike(n.value):
		return false
	case inParts(n.value):
		return true
	case strings.ContainsAny(n.value, ".:") || len(letters) > 5 || strings.ToUpper(letters) != letters:
		return false
	case letters != "" && letters != head:
		return digits >= 3 && !(digits <= 4 && strings.HasSuffix(n.value, "00") || digits == 3 && strings.HasSuffix(n.value, "0")) // "SX-2000" is a model
	case letters == "" && digits >= 4 && endsInLetters(n.value):
		return true
	case letters == "" && !n.plain && n.value[0] != '0':
		return digits >= 5 && strings.ContainsAny(n.value, "-/") && strings.Trim(n.value, "0123456789-/") == ""
	}
	return letters != "" && digits >= 4 && len(letters) <= 3
}

// isLookalike says whether a number looks like a reference and is none where no word announces it: a season or a month
// ("2026/27"), a span of round numbers, a telephone ("600-100-200"), a tyre ("205/55R16"), a number plate ("12-AB-34", "AB-123-CD").
func isLookalike(value string) bool {
	parts := strings.FieldsFunc(value, func(r rune) bool { return r == '-' || r == '/' })
	if len(parts) < 2 {
		return false
	}
	plain, capitals := true, 0
	for _, p := range parts {
		plain = plain && len(p) >= 2 && len(p) <= 4 && digitsOf(p) == len(p)
		capitals += len(p) - digitsOf(p)
	}
	digits, last := digitsOf(value), parts[len(parts)-1]
	year := len(parts[0]) == 4 && (parts[0][:2] == "20" || parts[0][:2] == "19")
	switch {
	case len(parts) == 2 && plain && year:
		return len(last) == 4 && last[:2] == parts[0][:2] || last <= "12" && len(last) == 2 || len(last) == 2 && last == nextYear(parts[0])
	case len(parts) == 2 && capitals == 0:
		return strings.HasSuffix(parts[0], "00") && strings.HasSuffix(last, "00")
	case len(parts) == 3 && plain && capitals == 0:
		return digits >= 9 && digits <= 11
	case len(parts) == 3 && len(value) == 8:
		return len(parts[0]) == 2 && len(parts[1]) == 2 && capitals <= 4
	case len(parts) == 3 && len(value) == 9: // "AB-123-CD"
		return len(parts[0]) == 2 && len(parts[1]) == 3 && digitsOf(parts[1]) == 3 && capitals == 4
	}
	return len(parts) == 2 && strings.Contains(last, "R1")
}

// nextYear gives the last two digits of the year after one.
func nextYear(year string) string {
	n := (int(year[2]-'0')*10 + int(year[3]-'0') + 1) % 100
	return string([]byte{byte('0' + n/10), byte('0' + n%10)})
}

// inParts says whether a number has two parts or more of digits and capitals, joined by hyphens, strokes or dots, with
// both in it: "77Q-3310", "4/2026-B", "C.2026.551".
func inParts(value string) bool {
	parts := strings.FieldsFunc(value, func(r rune) bool { return r == '-' || r == '/' || r == '.' })
	capitals := 0
	for _, p := range parts {
		if strings.Trim(p, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || len(p)-digitsOf(p) > 4 {
			return false
		}
		capitals += len(p) - digitsOf(p)
	}
	model := len(parts) == 2 && digitsOf(parts[0]) == 0 && strings.HasSuffix(value, "00")
	return len(parts) >= 2 && capitals > 0 && digitsOf(value) >= 4 && !model
}

// endsInLetters says whether a number of digits ends with a hyphen and one or two capitals: "77120-B".
func endsInLetters(value string) bool {
	number, end, found := strings.Cut(value, "-")
	return found && len(number) >= 4 && strings.Trim(number, "0123456789") == "" && len(end) <= 2 && strings.Trim(end, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
