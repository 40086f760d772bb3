package when

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// date is a day in a zone; its day may overflow, as in time.Date.
type date struct {
	year  int
	month time.Month
	day   int
	loc   *time.Location
}

// at returns the moment of a time of day.
func (d date) at(c clock) (time.Time, bool) {
	return time.Date(d.year, d.month, d.day, c.hour, c.minute, 0, 0, d.loc), true
}

// exists reports whether the calendar has the day.
func (d date) exists() bool {
	t := time.Date(d.year, d.month, d.day, noonHour, 0, 0, 0, d.loc)
	return t.Year() == d.year && t.Month() == d.month && t.Day() == d.day
}

// day reads the day with which a text begins, and returns it with what follows it.
func (r reader) day(words string) (date, string, bool) {
	if d, rest, ok := r.calendar(words); ok {
		return d, rest, true
	}
	if d, rest, ok := r.relative(words); ok {
		return d, rest, true
	}
	return r.weekday(words)
}

var (
	isoDate   = regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:,? |t)(.+))?$`)
	dotDate   = regexp.MustCompile(`^(\d{1,2})\. ?(\d{1,2})(?:\.(\d{4}|\d{2})?)?(?:,? (.+))?$`)
	dayMonth  = regexp.MustCompile(`^(\d{1,2})(?:\.|st|nd|rd|th)? (?:of )?([a-zä]{3,})\.?(?:,? (\d{4}))?(?:,? (.+))?$`)
	monthDay  = regexp.MustCompile(`^([a-zä]{3,})\.? (\d{1,2})(?:\.|st|nd|rd|th)?(?:,? (\d{4}))?(?:,? (.+))?$`)
	weekdayAt = regexp.MustCompile(`^(?:(?:next|this|coming|nächsten|nächster|naechsten|kommenden|diesen) )?([a-zä]+)\.?,?(?: (.+))?$`)
)

// calendar reads dates: "2026-12-24", "24.12.", "24 december", "dec 24, 2026".
func (r reader) calendar(words string) (date, string, bool) {
	var year, month, day, rest string
	if m := isoDate.FindStringSubmatch(words); m != nil {
		year, month, day, rest = m[1], m[2], m[3], m[4]
	} else if m := dotDate.FindStringSubmatch(words); m != nil {
		day, month, year, rest = m[1], m[2], m[3], m[4]
	} else if m := dayMonth.FindStringSubmatch(words); m != nil {
		day, month, year, rest = m[1], monthNumber(m[2]), m[3], m[4]
	} else if m := monthDay.FindStringSubmatch(words); m != nil {
		month, day, year, rest = monthNumber(m[1]), m[2], m[3], m[4]
	}
	m, errMonth := strconv.Atoi(month)
	d, errDay := strconv.Atoi(day)
	if errMonth != nil || errDay != nil || m < 1 || m > 12 {
		return date{}, "", false
	}
	if year == "" {
		found, ok := r.nextYearly(time.Month(m), d)
		return found, rest, ok
	}
	y, err := strconv.Atoi(year)
	if len(year) == 2 {
		y += 2000
	}
	found := date{y, time.Month(m), d, r.now.Location()}
	return found, rest, err == nil && found.exists()
}

// nextYearly returns the next day of that name that isn't past, today included.
func (r reader) nextYearly(month time.Month, day int) (date, bool) {
	today := date{r.now.Year(), r.now.Month(), r.now.Day(), r.now.Location()}
	start, _ := today.at(clock{})
	for year := range 9 { // 29 February may be eight years away
		d := date{today.year + year, month, day, today.loc}
		if at, _ := d.at(clock{}); d.exists() && !at.Before(start) {
			return d, true
		}
	}
	return date{}, false
}

// relative reads days that are counted from today.
func (r reader) relative(words string) (date, string, bool) {
	today := date{r.now.Year(), r.now.Month(), r.now.Day(), r.now.Location()}
	weekday := int(r.now.Weekday())
	if rest, ok := cutAny(words, "next week", "nächste woche", "nächster woche", "naechste woche", "kommende woche"); ok {
		today.day += 7 - (weekday+6)%7
		today, rest = inWeek(today, rest)
		return today, rest, true
	}
	if rest, ok := cutAny(words, "next month", "nächsten monat", "naechsten monat"); ok {
		return date{today.year, today.month + 1, 1, today.loc}, rest, true
	}
	if rest, ok := cutAny(words, "end of the week", "end of week", "eow", "ende der woche"); ok && rest == "" {
		today.day += (int(time.Friday) - weekday + 7) % 7
		return today, "end of day", true
	}
	for days, names := range [...][]string{
		{"today", "heute"},
		{"tomorrow", "tmrw", "tmr", "morgen"},
		{"day after tomorrow", "the day after tomorrow", "übermorgen", "uebermorgen"},
	} {
		if rest, ok := cutAny(words, names...); ok {
			today.day += days
			return today, rest, true
		}
	}
	return date{}, "", false
}

// inWeek reads the weekday after "next week", whose Monday is given.
func inWeek(monday date, rest string) (date, string) {
	m := weekdayAt.FindStringSubmatch(rest)
	if m == nil {
		return monday, rest
	}
	day, ok := weekdayNumber(m[1])
	if !ok {
		return monday, rest
	}
	monday.day += (day + 6) % 7
	return monday, m[2]
}

// weekday reads the name of a weekday: the next one, never today.
func (r reader) weekday(words string) (date, string, bool) {
	m := weekdayAt.FindStringSubmatch(words)
	if m == nil {
		return date{}, "", false
	}
	day, ok := weekdayNumber(m[1])
	if !ok {
		return date{}, "", false
	}
	ahead := (day - int(r.now.Weekday()) + 7) % 7
	if ahead == 0 {
		ahead = 7
	}
	return date{r.now.Year(), r.now.Month(), r.now.Day() + ahead, r.now.Location()}, m[2], true
}

// cutAny cuts the first of these words that the text begins with, as whole words.
func cutAny(words string, fronts ...string) (string, bool) {
	for _, front := range fronts {
		rest, ok := strings.CutPrefix(words, front)
		if ok && (rest == "" || rest[0] == ' ' || rest[0] == ',') {
			return strings.TrimLeft(rest, " ,"), true
		}
	}
	return "", false
}
