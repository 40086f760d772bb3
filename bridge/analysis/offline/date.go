package offline

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"parley/bridge/analysis"
	"parley/bridge/analysis/offline/lexicon"
)

// awayUntil returns the date until which a customer is away, such as "2026-12-05" for "I'm back on 5 December". Parley then
// suggests to snooze the conversation until that day. It returns "" if the text names no such date. A day without a year
// is the next such day after now. Weekdays aren't recognised. matches are the phrases that the lexicons found in the text,
// such as "back on" and names of months.
func awayUntil(t *text, matches []match, now time.Time) string {
	const ahead = 4 // a date may start up to four words after the phrase
	for _, m := range matchesOf(matches, lexicon.OfDate) {
		if m.Name != "back" || t.tokens[m.first].quoted {
			continue
		}
		_, last := t.sentenceOf(m.first)
		for i := m.first; i <= min(m.last+ahead, last); i++ {
			if date := dateAt(t, matches, i, now); date != "" {
				return date
			}
		}
	}
	return ""
}

// firstYear: only greater numbers are years.
const firstYear = 1900

// dateAt parses the date that starts with the word i, in digits or with the name of a month. It returns "" if there is no
// date.
func dateAt(t *text, matches []match, i int, now time.Time) string {
	if i+2 >= len(t.tokens) {
		return upcomingDate(t, matches, i, now)
	}

	first, second, third := t.numberAt(i), t.numberAt(i+1), t.numberAt(i+2)
	between := t.separatorAfter(i)
	if first > firstYear && between == "-" { // "2026-12-05"
		return formatDate(first, second, third)
	}
	if third > firstYear && isDayMonthYear(between, first, second) {
		return formatDate(third, second, first)
	}

	if first > 0 {
		for next := i + 1; next <= i+2; next++ { // "5 December 2026", "5 de diciembre de 2026"
			month, year := monthAt(matches, next), t.yearAfter(next)
			if month > 0 && year > 0 {
				return formatDate(year, month, first)
			}
		}
	}

	month := monthAt(matches, i)
	if month > 0 && third > firstYear { // "December 5, 2026"
		return formatDate(third, month, second)
	}

	return upcomingDate(t, matches, i, now)
}

// isDayMonthYear reports whether two numbers before a year are clearly a day and a month, given the separator between
// them: "5.12.", "25/12" or "5/5". "5/12" is ambiguous, since it may be the 12th of May.
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

// yearAfter returns the year in the two words after the word i, or 0 if neither is a year.
func (t *text) yearAfter(i int) int {
	for next := i + 1; next <= min(i+2, len(t.tokens)-1); next++ {
		if year := t.numberAt(next); year > firstYear {
			return year
		}
	}
	return 0
}

// upcomingDate parses a day and the name of a month without a year, starting with the word i, as the next such day after
// now. It returns "" if there is no date, if the day is too far ahead (see analysis.CanRestUntil), or if now is zero.
func upcomingDate(t *text, matches []match, i int, now time.Time) string {
	if now.IsZero() || i+1 >= len(t.tokens) {
		return ""
	}

	day, month := t.numberAt(i), monthAt(matches, i+1)
	if month == 0 && i+2 < len(t.tokens) { // "5 de diciembre"
		month = monthAt(matches, i+2)
	}
	if month == 0 { // "December 5"
		day, month = t.numberAt(i+1), monthAt(matches, i)
	}
	if day < 1 || month < 1 {
		return ""
	}

	for _, year := range []int{now.Year(), now.Year() + 1} {
		date := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
		if analysis.CanRestUntil(date, now) {
			return formatDate(year, month, day)
		}
	}

	return ""
}

// numberAt returns the word i as a number from 1 to 9999, possibly an ordinal ("5th"). It returns 0 for other words.
func (t *text) numberAt(i int) int {
	const maxNumber = 9999
	digits := strings.TrimRight(t.tokens[i].form, "sthndreo") // without "st", "nd", "rd", "th", "ero", "o"
	n, err := strconv.Atoi(digits)
	if err != nil || n > maxNumber {
		return 0
	}
	return n
}

// monthAt returns the month whose name starts with the word i, or 0 if there is none.
func monthAt(matches []match, i int) int {
	for _, m := range matches {
		if m.Family != lexicon.OfDate || m.first != i {
			continue
		}
		month, err := strconv.Atoi(m.Name) // phrases like "back on" have the name "back"
		if err == nil {
			return month
		}
	}
	return 0
}

// formatDate formats a day of this century as "2026-12-05". It returns "" for an invalid date, such as 31 April.
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
