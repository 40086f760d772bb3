package offline

import "strings"

// addGroups adds groups behind a space to a number that begins with letters: digits, as numbers of shipments are
// written ("3SKLM 0087 4412"), more capitals in them, as on labels ("1Z 88E 04W 03 9917"), or a number with a stroke
// ("FT 2026/883").
func (n *numberSpan) addGroups(t *text) {
	first := t.all[n.from:n.to]
	if strings.ContainsAny(first, "-/.:#") || isTime(first) {
		return
	}
	letters := strings.Trim(first, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
	if letters && (len(first) == 1 || first == "FR") { // "FR 26/118" is an invoice in Portugal, "FR 40 303 265 045" a tax's number
		n.addStroke(t)
		return
	}
	if len(first) < 2 || letters && (len(first) > 4 || isMark(fold(first)) || impossibleBefore(first)) {
		return
	}
	if !letters && (digitsOf(first) == 0 || digitsOf(first) == len(first)) {
		return
	}
	last, digits, groups := n.last, digitsOf(first), 0
	for last+1 < len(t.tokens) {
		k := &t.tokens[last+1]
		word := t.all[k.from:k.to]
		carrier := first == "3S" && groups == 0 && len(word) == 4 && isCode(word) // of the Dutch post, four letters of the sender follow
		if t.all[t.tokens[last].to:k.from] != " " || !carrier && !isGroup(word, digits) {
			break
		}
		last++
		groups++
		digits += digitsOf(t.all[k.from:k.to])
	}
	long := groups >= 2 && digits >= 9
	plain := !letters && groups >= 1 && t.tokens[n.last+1].to-t.tokens[n.last+1].from >= 3
	if long || plain {
		n.last, n.to = last, t.tokens[last].to
		n.join(t)
		n.value = t.all[n.from:n.to]
		return
	}
	if letters && len(first) <= 3 {
		n.addStroke(t)
	}
}

// addStroke adds a number with a stroke, as "5512/26", that stands behind a space.
func (n *numberSpan) addStroke(t *text) {
	if stroke := n.withStroke(t); stroke > 0 {
		n.last, n.to = stroke, t.tokens[stroke].to
		n.value = t.all[n.from:n.to]
	}
}

// withStroke gives the last word of a number with a stroke, as "5512/26", that stands behind a space; 0 if there is none.
func (n *numberSpan) withStroke(t *text) int {
	if n.last+2 >= len(t.tokens) || t.all[n.to:t.tokens[n.last+1].from] != " " {
		return 0
	}
	next := numberSpan{from: t.tokens[n.last+1].from, to: t.tokens[n.last+1].to, tok: n.last + 1, last: n.last + 1}
	next.join(t)
	value := t.all[next.from:next.to]
	hyphen := "/"
	switch t.all[n.from:n.to] {
	case "FT", "FV", "FA":
		hyphen = "/-"
	}
	letters := len(value) - digitsOf(value) - strings.Count(value, "/") - strings.Count(value, "-") // of a series: "FT 2026A/118"
	if !strings.ContainsAny(value, hyphen) || letters > 1 || strings.ToUpper(value) != value || digitsOf(value) < 5-2*letters || isDate(value) {
		return 0
	}
	return next.last
}

// isGroup says whether a word may be a group within the number of a shipment: digits, with capitals or without, or the
// letters of the country at its end.
func isGroup(word string, digitsBefore int) bool {
	if strings.Trim(word, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || len(word) > 8 {
		return false
	}
	return digitsOf(word) > 0 && (digitsBefore >= 6 || !isTime(word)) || len(word) == 2 && digitsBefore >= 9
}

// inGroups says whether a number that is announced is written in groups of two or three digits: "77 44 01", "550 812 340".
func (n *numberSpan) inGroups(t *text) bool {
	size := n.to - n.from
	if !n.plain || size < 2 || size > 3 || n.last+2 >= len(t.tokens) {
		return false
	}
	for i := n.last + 1; i <= n.last+2; i++ {
		k := &t.tokens[i]
		if word := t.all[k.from:k.to]; t.all[t.tokens[i-1].to:k.from] != " " || len(word) != size || digitsOf(word) != size {
			return false
		}
	}
	return true
}

// inTwoGroups says whether a number is written as two groups of digits right behind a word or sign that says that a number
// follows: "n° 7712 884", "ordernr 88 120". A second group that is a year, or has a unit, is no part of it.
func (n *numberSpan) inTwoGroups(t *text, words map[int]announcement) bool {
	size := n.to - n.from
	if !n.plain || size < 2 || size > 4 || n.last+1 >= len(t.tokens) || !n.hash && !isMarkedBefore(t, n.tok, words) {
		return false
	}
	next := &t.tokens[n.last+1]
	word, after := t.all[next.from:next.to], t.all[next.to:min(len(t.all), next.to+12)]
	long := len(word) == 3 || len(word) == 4
	if !long || digitsOf(word) != len(word) || t.all[n.to:next.from] != " " || isYear(word) || unitFollows(word, after) {
		return false
	}
	return len(after) < 2 || !strings.ContainsAny(after[:1], ".,/:- ") || after[1] < '0' || after[1] > '9'
}

// isMarkedBefore says whether the word right before a place says that a number follows, or a colon stands behind it.
func isMarkedBefore(t *text, at int, words map[int]announcement) bool {
	if at == 0 {
		return false
	}
	before := t.tokens[at-1]
	return isMark(before.form) || words[at-1].number || strings.Contains(t.all[before.to:t.tokens[at].from], ":")
}

// isYear says whether four digits are a year of this or the last century.
func isYear(word string) bool {
	return len(word) == 4 && (strings.HasPrefix(word, "19") || strings.HasPrefix(word, "20"))
}

// spansStroke adds what stands behind a stroke with spaces around it, as in "2026 / 118", "26 / 4410" and "118 / 2026", and
// says whether it did.
func (n *numberSpan) spansStroke(t *text) bool {
	if !n.plain || n.last+1 >= len(t.tokens) {
		return false
	}
	next := &t.tokens[n.last+1]
	word := t.all[next.from:next.to]
	if t.all[n.to:next.from] != " / " || len(word) < 2 || digitsOf(word) != len(word) {
		return false
	}
	ofYear := len(n.value) == 2 && n.value[0] == '2' && len(word) >= 3 && !isYear(word)
	if size := len(n.value); size != 4 && !ofYear && (size < 3 || !isYear(word)) {
		return false
	}
	n.last, n.to = n.last+1, next.to
	n.value, n.plain = t.all[n.from:n.to], false
	return true
}

// takeGroups adds all groups of digits that follow a number, as on labels of parcels: "9400 1118 9922".
func (n *numberSpan) takeGroups(t *text) {
	for n.last+1 < len(t.tokens) {
		k := t.tokens[n.last+1]
		if t.all[n.to:k.from] != " " || strings.Trim(t.all[k.from:k.to], "0123456789") != "" {
			break
		}
		n.last++
		n.to = k.to
	}
	if n.isPolishAccount(t) {
		n.value = ""
		return
	}
	n.value = t.all[n.from:n.to]
}

// isPolishAccount says whether groups of digits are those of an account at a Polish bank, which is written without its
// country: two digits and six times four.
func (n *numberSpan) isPolishAccount(t *text) bool {
	if n.last-n.tok != 6 || t.tokens[n.tok].to-t.tokens[n.tok].from != 2 {
		return false
	}
	for i := n.tok + 1; i <= n.last; i++ {
		if t.tokens[i].to-t.tokens[i].from != 4 {
			return false
		}
	}
	return true
}
