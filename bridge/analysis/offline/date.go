package offline

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"parley/bridge/analysis"
	"parley/bridge/analysis/offline/lexicon"
)

// Customers say until when they are away: "back on 5 December". Parley can suggest to snooze their conversations
// until then. This file reads such dates, in digits or with the name of a month.

// awayUntil returns the date until which a customer says to be away, as "2026-12-05", and "" if none is named. A day
// without a year is the next one after now; a day of the week isn't a date.
func awayUntil(t *text, matches []match, now time.Time) string {
	const ahead = 4 // words behind the phrase at which a date may begin
	for _, m := range matchesOf(matches, lexicon.OfDate) {
		if m.Name != "back" || t.tokens[m.first].quoted {
			continue
		}
		_, last := t.sentenceOf(m.first)
		for at := m.first; at <= min(m.last+ahead, last); at++ {
			if date := dateAt(t, matches, at, now); date != "" {
				return date
			}
		}
	}
	return ""
}

// firstYear is what a number has to pass to be a year.
const firstYear = 1900

// dateAt reads the date that begins with the word at: in digits, or with the name of its month. It returns "" if no date begins
// there.
func dateAt(t *text, matches []match, at int, now time.Time) string {
	if at+2 >= len(t.tokens) {
		return upcomingDate(t, matches, at, now)
	}

	first, second := t.numberAt(at), t.numberAt(at+1)
	third := t.numberAt(at + 2)
	between := t.separatorAfter(at)
	if first > firstYear && between == "-" { // "2026-12-05"
		return formatDate(first, second, third)
	}
	if third > firstYear && isDayMonthYear(between, first, second) {
		return formatDate(third, second, first)
	}

	if first > 0 {
		for next := at + 1; next <= at+2; next++ { // "5 December 2026", "5 de diciembre de 2026"
			month, year := monthAt(matches, next), t.yearBehind(next)
			if month > 0 && year > 0 {
				return formatDate(year, month, first)
			}
		}
	}

	month := monthAt(matches, at)
	if month > 0 && third > firstYear { // "December 5, 2026"
		return formatDate(third, month, second)
	}

	return upcomingDate(t, matches, at, now)
}

// isDayMonthYear reports whether the mark between two numbers tells that the first is the day and the second the month:
// "5.12.", or "25/12" and "5/5". "5/12" may be the 12th of May.
func isDayMonthYear(between string, first, second int) bool {
	switch between {
	case ".", ". ":
		return second > 0
	case "/":
		const lastMonth = 12
		return first > lastMonth || first == second
	}
	return false
}

// yearBehind returns the year that is one of the two words behind a word. It returns 0 if none of them is a year.
func (t *text) yearBehind(at int) int {
	for i := at + 1; i <= min(at+2, len(t.tokens)-1); i++ {
		if year := t.numberAt(i); year > firstYear {
			return year
		}
	}
	return 0
}

// upcomingDate reads a day and the name of its month, without a year, as the next such day after now. It returns "" if there is
// none, if it is too far ahead to be meant, or if now isn't known.
func upcomingDate(t *text, matches []match, at int, now time.Time) string {
	if now.IsZero() || at+1 >= len(t.tokens) {
		return ""
	}

	day, month := t.numberAt(at), monthAt(matches, at+1)
	if month == 0 && at+2 < len(t.tokens) { // "5 de diciembre"
		month = monthAt(matches, at+2)
	}
	if month == 0 { // "December 5"
		day, month = t.numberAt(at+1), monthAt(matches, at)
	}
	if day < 1 || month < 1 {
		return ""
	}

	for _, year := range []int{now.Year(), now.Year() + 1} {
		if analysis.CanRestUntil(time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC), now) {
			return formatDate(year, month, day)
		}
	}

	return ""
}

// numberAt returns the number that a word is, "5th" included, or 0.
func (t *text) numberAt(at int) int {
	const most = 9999
	n, err := strconv.Atoi(strings.TrimRight(t.tokens[at].form, "sthndreo")) // without "st", "nd", "rd", "th", "ero", "o"
	if err != nil || n > most {
		return 0 // no number
	}
	return n
}

// monthAt returns the month whose name begins at a word. It returns 0 if no such name begins there.
func monthAt(matches []match, at int) int {
	for _, m := range matches {
		if m.Family != lexicon.OfDate || m.first != at {
			continue
		}
		month, err := strconv.Atoi(m.Name)
		if err == nil { // else it is the heading "date back"
			return month
		}
	}
	return 0
}

// formatDate writes a day of this century as "2026-12-05"; "" if there is no such day.
func formatDate(year, month, day int) string {
	d := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if d.Day() != day || int(d.Month()) != month {
		return ""
	}
	const firstCentury, lastCentury = 2000, 2100
	if year < firstCentury || year > lastCentury {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", year, month, day)
}
