package offline

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"parley/bridge/analysis"
)

// awayUntil returns the date until which a customer is away, such as "2026-12-05" for "I'm back on 5 December". Parley then
// suggests to snooze the conversation until that day. It returns "" if the text names no such date. Weekdays aren't
// recognised. matches are the phrases that the lexicons found in the text, such as "back on" and names of months.
func awayUntil(t *text, matches []match, now time.Time) string {
	const ahead = 4 // a date may start up to four words after the phrase
	for _, m := range matches {
		if m.family != "date" || m.name != "back" || t.tokens[m.first].quoted {
			continue
		}
		_, end := t.sentenceOf(m.first)
		for i := m.first; i <= min(m.last+ahead, end); i++ {
			if date := dateAt(t, matches, i, now); date != "" {
				return date
			}
		}
	}
	return ""
}

var (
	isoDate = regexp.MustCompile(`^\d{4}-\d{1,2}-\d{1,2}\b`)
	dotDate = regexp.MustCompile(`^(\d{1,2})\. ?(\d{1,2})\. ?(\d{4})\b`) // with slashes it could be the 5th of a month, or May
)

// dateAt parses the date that starts with the word i, in digits or with the name of a month: "2026-12-05", "5.12.2026",
// "5 de diciembre de 2026", "December 5". Without a year it is the next such day after now.
func dateAt(t *text, matches []match, i int, now time.Time) string {
	rest := t.all[t.tokens[i].from:]
	if m := isoDate.FindString(rest); m != "" {
		return formatDate(time.Parse("2006-1-2", m))
	}
	if m := dotDate.FindStringSubmatch(rest); m != nil {
		return formatDate(time.Parse("2006-1-2", m[3]+"-"+m[2]+"-"+m[1]))
	}
	day, month, year := 0, 0, 0
	for k := i; k <= min(i+4, len(t.tokens)-1); k++ { //nolint:mnd // of "5 de diciembre de 2026"
		n, _ := strconv.Atoi(strings.TrimRight(t.tokens[k].form, "sthndreo")) // "5th", "1er"
		switch {
		case month == 0 && monthAt(matches, k) > 0:
			month = monthAt(matches, k)
		case day == 0 && n > 0:
			day = n
		case year == 0 && n > 2000:
			year = n
		}
	}
	if day == 0 || month == 0 || t.tokens[i].form == "de" {
		return ""
	}
	years := []int{year}
	if year == 0 {
		years = []int{now.Year(), now.Year() + 1}
	}
	for _, y := range years {
		date := formatDate(time.Parse("2006-1-2", strconv.Itoa(y)+"-"+strconv.Itoa(month)+"-"+strconv.Itoa(day)))
		parsed, err := time.Parse(time.DateOnly, date)
		if err == nil && (year > 0 || analysis.CanRestUntil(parsed, now)) {
			return date
		}
	}
	return ""
}

// monthAt returns the month whose name starts with the word i, or 0 if there is none.
func monthAt(matches []match, i int) int {
	for _, m := range matches {
		month, err := strconv.Atoi(m.name) // phrases like "back on" have the name "back"
		if m.family == "date" && m.first == i && err == nil {
			return month
		}
	}
	return 0
}

// formatDate formats a day of this century as "2026-12-05". It returns "" for an invalid one, such as 31 April.
func formatDate(d time.Time, err error) string {
	if err != nil || d.Year() < 2000 || d.Year() > 2100 {
		return ""
	}
	return d.Format(time.DateOnly)
}
