package offline

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// awayUntil gives the date until which a customer says to be away, as "2026-12-05", and "" if none is named. A day
// without a year is the next one after now; a day of the week is no date.
func awayUntil(t *text, matches []match, now time.Time) string {
	for _, m := range matchesOf(matches, ofDate) {
		if m.name != "back" || t.tokens[m.first].quoted {
			continue
		}
		for at := m.first; at <= min(m.last+4, len(t.tokens)-1) && t.tokens[at].sentence == t.tokens[m.first].sentence; at++ {
			if d := dateAt(t, matches, at, now); d != "" {
				return d
			}
		}
	}
	return ""
}

// dateAt reads a date that begins with a word: in digits, or with the name of its month.
func dateAt(t *text, matches []match, at int, now time.Time) string {
	if at+2 >= len(t.tokens) {
		return upcoming(t, matches, at, now)
	}
	a, b, c := t.number(at), t.number(at+1), t.number(at+2)
	between := t.all[t.tokens[at].to:t.tokens[at+1].from]
	switch {
	case a > 1900 && between == "-":
		return date(a, b, c)
	case c > 1900 && b > 0 && (between == "." || between == ". "):
		return date(c, b, a)
	case c > 1900 && between == "/" && (a > 12 || b <= 12 && a == b):
		return date(c, b, a)
	}
	for next := at + 1; next <= at+2; next++ { // "5 December 2026", "5 de diciembre de 2026"
		if month := monthAt(matches, next); month > 0 && a > 0 {
			for y := next + 1; y <= min(next+2, len(t.tokens)-1); y++ {
				if t.number(y) > 1900 {
					return date(t.number(y), month, a)
				}
			}
		}
	}
	if month := monthAt(matches, at); month > 0 && c > 1900 { // "December 5, 2026"
		return date(c, month, b)
	}
	return upcoming(t, matches, at, now)
}

// upcoming reads a day and the name of its month, without a year, as the next one after now; "" where now isn't known.
func upcoming(t *text, matches []match, at int, now time.Time) string {
	if now.IsZero() || at+1 >= len(t.tokens) {
		return ""
	}
	day, month := t.number(at), monthAt(matches, at+1)
	if month == 0 && at+2 < len(t.tokens) { // "5 de diciembre"
		month = monthAt(matches, at+2)
	}
	if month == 0 {
		day, month = t.number(at+1), monthAt(matches, at)
	}
	if day < 1 || month < 1 {
		return ""
	}
	year := now.Year()
	if time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Before(now) {
		year++
	}
	return date(year, month, day)
}

// number gives the number that a word is, "5th" included, or 0.
func (t *text) number(at int) int {
	n, err := strconv.Atoi(strings.TrimRight(t.tokens[at].form, "sthndreo"))
	if err != nil || n > 9999 {
		return 0
	}
	return n
}

func monthAt(matches []match, at int) int {
	for _, m := range matches {
		if m.family == ofDate && m.first == at {
			if month, err := strconv.Atoi(m.name); err == nil {
				return month
			}
		}
	}
	return 0
}

// date gives a day that exists.
func date(year, month, day int) string {
	d := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if d.Day() != day || int(d.Month()) != month || year < 2000 || year > 2100 {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", year, month, day)
}
