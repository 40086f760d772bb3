package offline

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestNumber bounds what is a reference, in bytes.
const longestNumber = 40

// numbersIn finds what may be a reference: digits, with letters, hyphens, strokes or dots between them.
func numbersIn(t *text) []numberSpan {
	var found []numberSpan
	for i := 0; i < len(t.tokens); i++ {
		k := &t.tokens[i]
		if !isCode(t.all[k.from:k.to]) {
			continue
		}
		if isIBAN(t.all[k.from:min(len(t.all), k.from+36)]) {
			i = t.endOfIBAN(i)
			continue
		}
		n := numberSpan{from: k.from, to: k.to, tok: i, last: i}
		n.join(t)
		n.value = t.all[n.from:n.to]
		if prefixTooWordy(n.value) {
			n.trimPrefix(t)
		}
		n.addGroups(t)
		i = max(i, n.last)
		if !strings.ContainsAny(n.value, "0123456789") || len(n.value) > longestNumber {
			continue
		}
		n.plain = strings.Trim(n.value, "0123456789") == ""
		n.hash = hashBefore(t.all, n.from)
		n.groups = phoneLike(t.all, &n) && !strings.ContainsAny(t.all[max(0, n.from-2):n.from], "+(")
		n.impossible = impossible(t.all, &n)
		found = append(found, n)
	}
	return found
}

// impossibleBefore says whether capitals before digits say what these are: money, and no number.
func impossibleBefore(word string) bool {
	switch word {
	case "EUR", "USD", "GBP", "PLN", "CHF", "BRL", "TEL", "FAX", "CAP", "PLZ", "CEP", "NIP", "CP", "KW", "PIN", "BIC", "BLZ",
		"GB", "DE", "FR", "ES", "PT", "IT", "NL", "PL", "AT", "BE", "IE", // of taxes
		"UPS", "DHL", "DPD", "GLS", "TNT", "BRT", "SDA", "CTT", "MRW", "USPS": // who carries it is no part of a parcel's number
		return true
	}
	return false
}

// join adds parts that one mark joins to a number.
func (n *numberSpan) join(t *text) {
	for n.last+1 < len(t.tokens) {
		next := &t.tokens[n.last+1]
		if !glued(t.all[n.to:next.from]) || !isCode(t.all[next.from:next.to]) {
			return
		}
		n.last++
		n.to = next.to
	}
}

// isCode says whether a word may be part of a reference: digits, capitals, or letters with digits.
func isCode(word string) bool {
	digits, upper, lower := 0, 0, 0
	for i := 0; i < len(word); i++ {
		switch c := word[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'A' && c <= 'Z':
			upper++
		case c >= 'a' && c <= 'z':
			lower++
		default:
			return false
		}
	}
	return digits > 0 && digits+upper+lower <= 30 || upper > 0 && lower == 0 && upper <= 8 || lower > 0 && lower+upper <= 3
}

// glued says whether one mark joins two parts of a number.
func glued(between string) bool {
	return between == "-" || between == "/" || between == "_" || between == "." || between == ":"
}

// prefixTooWordy says whether a number begins with a word that only announces it: "Nr.4711", "no:4711", and not with
// letters of its own: "TRV.552.18".
func prefixTooWordy(value string) bool {
	head := value[:prefixLength(value)]
	if strings.HasSuffix(head, ":") {
		return true
	}
	letters, dotted := strings.CutSuffix(head, ".")
	if !dotted {
		return false
	}
	if len(letters) > 4 || strings.Trim(letters, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || isMark(fold(letters)) {
		return true
	}
	switch letters {
	case "REF", "RIF", "TEL", "FAX", "CAP", "PLZ", "COD", "ART", "KOD", "POS", "TLF":
		return true
	}
	return false
}

// isTax says whether a number has the form of a company's for value added tax, as DE811887442: two letters for the
// state, and as many digits as its numbers have.
func isTax(value string) bool {
	if len(value) < 10 {
		return false
	}
	digits := strings.Trim(value[2:], "0123456789") == ""
	switch value[:2] {
	case "DE", "PT", "GB", "EL":
		return digits && len(value) == 11
	case "IT", "FR", "HR":
		return digits && len(value) == 13
	case "PL", "BE", "SK":
		return digits && len(value) == 12
	case "AT":
		return value[2] == 'U' && len(value) == 11 && digitsOf(value) == 8
	case "NL":
		return len(value) == 14 && value[11] == 'B' && digitsOf(value) == 11
	case "ES":
		return len(value) == 11 && digitsOf(value) >= 7 && digitsOf(value) < 9
	}
	return false
}

// trimPrefix takes the parts without digits from the beginning of a number.
func (n *numberSpan) trimPrefix(t *text) {
	for n.tok < n.last && !strings.ContainsAny(t.all[t.tokens[n.tok].from:t.tokens[n.tok].to], "0123456789") {
		n.tok++
	}
	n.from = t.tokens[n.tok].from
	n.value = t.all[n.from:n.to]
}

func hashBefore(all string, at int) bool {
	before := strings.TrimRight(all[max(0, at-4):at], " ")
	r, _ := utf8.DecodeLastRuneInString(before)
	return r == '#' || r == '№' || r == '°' || r == 'º'
}

// impossible says whether a number is a date, a time, a price, a quantity with a unit, or a part of something
// longer: a telephone's number, an account's, an address on the web.
func impossible(all string, n *numberSpan) bool {
	before, after := all[max(0, n.from-8):n.from], all[n.to:min(len(all), n.to+12)]
	value := n.value
	switch {
	case strings.HasSuffix(before, "+") || strings.HasSuffix(before, "€") || strings.HasSuffix(before, "$") || strings.HasSuffix(before, "£"):
		return true
	case strings.HasSuffix(strings.TrimRight(before, " "), "€"), strings.HasSuffix(strings.TrimRight(before, " "), "$"),
		strings.HasSuffix(strings.TrimRight(before, " "), "£"), strings.HasSuffix(strings.ToUpper(strings.TrimRight(before, " ")), "EUR"):
		return true
	case strings.HasSuffix(before, "@") || strings.HasSuffix(before, "/") || strings.HasPrefix(after, "@"):
		return true
	case len(after) >= 2 && after[0] == ',' && after[1] >= '0' && after[1] <= '9':
		return true
	case len(before) >= 2 && before[len(before)-1] == ',' && before[len(before)-2] >= '0' && before[len(before)-2] <= '9':
		return true
	case isDate(value) || isTime(value) || isFault(value) || isTax(value) || isDecimal(value) || isPostcode(value, all[n.to:]):
		return true
	}
	return unitFollows(value, after) || phoneLike(all, n)
}

// unitFollows says whether money, a percentage or a measure stands behind a number. What has letters in it is no count,
// and an hour has at most two digits: "am" behind a longer number is German.
func unitFollows(value, after string) bool {
	rest := strings.TrimLeft(after, " \u00a0")
	if strings.Trim(value, "0123456789.,") != "" && strings.Contains(value, "-") {
		return false
	}
	for _, sign := range []string{"€", "$", "£", "%", "zł", "º", "°"} {
		if strings.HasPrefix(rest, sign) {
			return true
		}
	}
	word := rest
	if end := strings.IndexFunc(rest, func(r rune) bool { return !isWordRune(r) }); end >= 0 {
		word = rest[:end]
	}
	switch fold(word) {
	case "uhr", "h", "pm":
		return len(value) <= len("12.30")
	case "am":
		return len(value) <= 2 || strings.Contains(value, ".")
	case "x":
		return len(value) <= 3
	case "mal", "times", "fois":
		return len(value) <= 4
	case "eur", "euro", "euros", "usd", "gbp", "pln", "zl", "chf", "dollars", "pounds", "kg", "km", "cm", "mm", "ml",
		"stuck", "pieces", "pcs", "units", "days", "tage", "tagen", "jours", "dias", "giorni", "dagen", "dni", "weeks", "wochen", "stuks", "sztuk",
		"szt", "pezzi", "unidades", "pieces,", "hours", "stunden", "minutes", "minuten", "uur", "reais", "zlotych", "items", "kwh", "gb", "mb", "m2", "people", "points", "punkte",
		"steps", "schritte", "pasos", "passos", "passi", "stappen", "krokow", "residents", "visitors", "followers", "einwohner", "habitants",
		"vecinos", "habitantes", "abitanti", "inwoners", "mieszkancow":
		return true
	}
	return false
}

// isDate says whether a number is a date as 05.12.2026, 2026-12-05, 5/12/26 or 5.12.
func isDate(value string) bool {
	parts := strings.FieldsFunc(value, func(r rune) bool { return r == '.' || r == '-' || r == '/' })
	for _, p := range parts {
		if strings.Trim(p, "0123456789") != "" {
			return false
		}
	}
	small := func(s string) bool { return len(s) == 1 || len(s) == 2 && s <= "31" }
	switch len(parts) {
	case 3:
		return isYear(parts[0]) && small(parts[1]) && small(parts[2]) || small(parts[0]) && small(parts[1]) && (isYear(parts[2]) || len(parts[2]) == 2)
	case 2:
		return small(parts[0]) && small(parts[1]) && !strings.Contains(value, "-")
	}
	return false
}

// isDecimal says whether a number has two digits behind its point, as a price has: "3.90".
func isDecimal(value string) bool {
	whole, rest, found := strings.Cut(value, ".")
	return found && len(whole) >= 1 && len(whole) <= 3 && len(rest) == 2 && strings.Trim(whole+rest, "0123456789") == ""
}

// isFault says whether a number is what a machine shows when it fails: "E-77", "F03".
func isFault(value string) bool {
	rest, found := strings.CutPrefix(value, "E")
	if !found {
		rest, found = strings.CutPrefix(value, "F")
	}
	rest = strings.TrimPrefix(rest, "-")
	return found && len(rest) > 0 && len(rest) <= 3 && strings.Trim(rest, "0123456789") == ""
}

func isTime(value string) bool {
	h, m, found := strings.Cut(value, ":")
	if found {
		return len(h) <= 2 && len(m) <= 5
	}
	lower := strings.ToLower(value)
	for _, end := range []string{"pm", "am", "h", "uhr", "kg", "km", "cm", "mm", "ml", "gb", "mb", "st", "nd", "rd", "th", "eme", "x", "€"} {
		if head, ok := strings.CutSuffix(lower, end); ok && head != "" && strings.Trim(head, "0123456789") == "" {
			return true
		}
	}
	h, m, found = strings.Cut(lower, "h")
	return found && len(h) <= 2 && len(m) == 2 && strings.Trim(h+m, "0123456789") == ""
}

// isIBAN says whether a text begins like the number of a bank account.
func isIBAN(s string) bool {
	if len(s) > 2 && s[2] == ' ' {
		return false // "RB 4410 2277" is a parcel's
	}
	s = strings.ReplaceAll(s, " ", "")
	if len(s) < 15 || s[:2] == "JD" || s[0] < 'A' || s[0] > 'Z' || s[1] < 'A' || s[1] > 'Z' || s[2] < '0' || s[2] > '9' || s[3] < '0' || s[3] > '9' {
		return false
	}
	digits := 0
	for _, r := range s[4:15] {
		if r >= '0' && r <= '9' {
			digits++
		} else if r < 'A' || r > 'Z' {
			return false
		}
	}
	return digits >= 7 && strings.IndexFunc(s[:15], func(r rune) bool { return r == '-' || r == '/' }) < 0
}

// endOfIBAN gives the last word of a bank account's number: groups of at most four characters follow each other.
func (t *text) endOfIBAN(at int) int {
	const longest = 34
	size := t.tokens[at].to - t.tokens[at].from
	for at+1 < len(t.tokens) {
		k := &t.tokens[at+1]
		group := t.all[k.from:k.to]
		if size += len(group); t.all[t.tokens[at].to:k.from] != " " || len(group) > 4 || size > longest || !isCode(group) || strings.ToUpper(group) != group {
			break
		}
		at++
	}
	return at
}

// isPostcode says whether a number is a Portuguese, Brazilian or Polish postcode before the name of a town.
func isPostcode(value, after string) bool {
	head, end, found := strings.Cut(value, "-")
	if !found || len(end) != 3 || strings.Trim(head+end, "0123456789") != "" || len(head) != 2 && len(head) != 4 && len(head) != 5 {
		return false
	}
	town, spaced := strings.CutPrefix(after, " ")
	r, _ := utf8.DecodeRuneInString(town)
	return spaced && unicode.IsUpper(r)
}

// phoneLike says whether a number is one of several groups of digits, as telephones and cards have.
func phoneLike(all string, n *numberSpan) bool {
	groups, digits := 1, 0
	count := func(s string) {
		for i := 0; i < len(s); i++ {
			if s[i] >= '0' && s[i] <= '9' {
				digits++
			}
		}
	}
	if strings.Trim(n.value, "0123456789-/.") != "" {
		return false
	}
	count(n.value)
	for i := n.to; groups < 12 && i+1 < len(all) && all[i] == ' ' && all[i+1] >= '0' && all[i+1] <= '9'; groups++ {
		end := i + 1
		for end < len(all) && all[end] >= '0' && all[end] <= '9' {
			end++
		}
		count(all[i+1 : end])
		i = end
	}
	for i := n.from - 1; groups < 12 && i > 0 && (all[i] == ' ' || all[i] == ')') && (all[i-1] >= '0' && all[i-1] <= '9' || all[i-1] == ')'); groups++ {
		end := i
		for i--; i >= 0 && (all[i] >= '0' && all[i] <= '9' || all[i] == '(' || all[i] == ')' || all[i] == '+'); i-- {
		}
		count(all[i+1 : end])
	}
	return groups >= 2 && digits >= 8 || groups == 1 && strings.Count(n.value, "-")+strings.Count(n.value, ".") >= 3 && digits >= 9
}
