package bridge

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// This file reads days: "24.12.", "2026-12-24", "3rd of may", "tomorrow", "next friday". Each read function reads a day at
// the beginning of a text and returns it with the rest of the text, which may be a time of day: for "tomorrow at 9" it
// returns the day and "at 9". Texts are in lower case and have single spaces.

const daysOfWeek = 7

// date is a day in a time zone. As in time.Date, month and day may be out of range: 32 January means 1 February.
type date struct {
	year  int
	month time.Month
	day   int
	loc   *time.Location
}

// at returns the given time of the day.
func (d date) at(c clock) time.Time {
	return time.Date(d.year, d.month, d.day, c.hour, c.minute, 0, 0, d.loc)
}

func (r reader) today() date {
	return date{year: r.now.Year(), month: r.now.Month(), day: r.now.Day(), loc: r.now.Location()}
}

// isInCalendar reports whether the day exists, which 30 February does not.
func (d date) isInCalendar() bool {
	year, month, day := d.at(clock{hour: noonHour}).Date()
	return year == d.year && month == d.month && day == d.day
}

// readDay reads a day in any form.
func (r reader) readDay(words string) (day date, rest string, ok bool) {
	if d, rest, ok := r.readDate(words); ok {
		return d, rest, true
	}
	if d, rest, ok := r.readRelativeDay(words); ok {
		return d, rest, true
	}
	return r.readWeekday(words)
}

var (
	isoDate   = regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:,? |t)(.+))?$`)
	dotDate   = regexp.MustCompile(`^(\d{1,2})\. ?(\d{1,2})(?:\.(\d{4}|\d{2})?)?(?:,? (.+))?$`)
	dayMonth  = regexp.MustCompile(`^(\d{1,2})(?:\.|st|nd|rd|th)? (?:of )?([a-zä]{3,})\.?(?:,? (\d{4}))?(?:,? (.+))?$`)
	monthDay  = regexp.MustCompile(`^([a-zä]{3,})\.? (\d{1,2})(?:\.|st|nd|rd|th)?(?:,? (\d{4}))?(?:,? (.+))?$`)
	weekdayAt = regexp.MustCompile(`^(?:(?:next|this|coming|nächsten|nächster|naechsten|kommenden|diesen) )?([a-zä]+)\.?,?(?: (.+))?$`)
)

// dateParts are the digits of a date, and the rest of the text. The year may be missing.
type dateParts struct{ year, month, day, rest string }

// splitDate returns the parts of the date at the beginning of a text. If there is none, all parts are empty.
func splitDate(words string) dateParts {
	if m := isoDate.FindStringSubmatch(words); m != nil {
		return dateParts{year: m[1], month: m[2], day: m[3], rest: m[4]}
	}
	if m := dotDate.FindStringSubmatch(words); m != nil {
		return dateParts{day: m[1], month: m[2], year: m[3], rest: m[4]}
	}
	if m := dayMonth.FindStringSubmatch(words); m != nil {
		return dateParts{day: m[1], month: monthNumber(m[2]), year: m[3], rest: m[4]}
	}
	if m := monthDay.FindStringSubmatch(words); m != nil {
		return dateParts{month: monthNumber(m[1]), day: m[2], year: m[3], rest: m[4]}
	}
	return dateParts{}
}

// readDate reads dates: "2026-12-24", "24.12.", "24 december", "dec 24, 2026".
func (r reader) readDate(words string) (date, string, bool) {
	parts := splitDate(words)
	month, monthErr := strconv.Atoi(parts.month)
	day, dayErr := strconv.Atoi(parts.day)
	if monthErr != nil || dayErr != nil {
		return date{}, "", false
	}
	if month < int(time.January) || month > int(time.December) {
		return date{}, "", false
	}
	if parts.year == "" {
		found, ok := r.nextOccurrence(time.Month(month), day)
		return found, parts.rest, ok
	}

	year, err := strconv.Atoi(parts.year)
	if len(parts.year) == 2 { // "24.12.26"
		const century = 2000
		year += century
	}

	found := date{year: year, month: time.Month(month), day: day, loc: r.now.Location()}
	return found, parts.rest, err == nil && found.isInCalendar()
}

// nextOccurrence returns the next such day, which may be today. It returns false for a day that never occurs.
func (r reader) nextOccurrence(month time.Month, day int) (date, bool) {
	const yearsAhead = 8 // 29 February may be eight years away: from 2096 to 2104
	today := r.today()
	midnight := today.at(clock{})
	for years := range yearsAhead + 1 {
		d := date{year: today.year + years, month: month, day: day, loc: today.loc}
		if d.isInCalendar() && !d.at(clock{}).Before(midnight) {
			return d, true
		}
	}
	return date{}, false
}

// readRelativeDay reads days that are relative to today: "tomorrow", "next week", "end of week".
func (r reader) readRelativeDay(words string) (date, string, bool) {
	today := r.today()
	weekday := r.now.Weekday()
	if rest, ok := cutAny(words, "next week", "nächste woche", "nächster woche", "naechste woche", "kommende woche"); ok {
		monday := today
		monday.day += daysOfWeek - daysSinceMonday(weekday)
		day, rest := readWeekdayOf(monday, rest)
		return day, rest, true
	}

	if rest, ok := cutAny(words, "next month", "nächsten monat", "naechsten monat"); ok {
		return date{year: today.year, month: today.month + 1, day: 1, loc: today.loc}, rest, true
	}

	rest, ok := cutAny(words, "end of the week", "end of week", "eow", "ende der woche")
	if ok && rest == "" {
		today.day += daysUntil(weekday, time.Friday)
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

// daysSinceMonday returns the number of days from Monday to a day of the same week: 0 for Monday, 6 for Sunday.
func daysSinceMonday(day time.Weekday) int { return daysUntil(time.Monday, day) }

// daysUntil returns the number of days from one weekday to the next occurrence of another: 0 if both are the same.
func daysUntil(from, to time.Weekday) int { return int(to-from+daysOfWeek) % daysOfWeek }

// readWeekdayOf reads the optional weekday after "next week". monday is the Monday of that week, which is the result if the
// text doesn't begin with a weekday.
func readWeekdayOf(monday date, words string) (day date, rest string) {
	m := weekdayAt.FindStringSubmatch(words)
	if m == nil {
		return monday, words
	}
	weekday, ok := findWeekday(m[1])
	if !ok {
		return monday, words
	}
	monday.day += daysSinceMonday(weekday)
	return monday, m[2]
}

// readWeekday reads a weekday, which means its next occurrence after today.
func (r reader) readWeekday(words string) (date, string, bool) {
	m := weekdayAt.FindStringSubmatch(words)
	if m == nil {
		return date{}, "", false
	}
	weekday, ok := findWeekday(m[1])
	if !ok {
		return date{}, "", false
	}
	days := cmp.Or(daysUntil(r.now.Weekday(), weekday), daysOfWeek)
	day := r.today()
	day.day += days
	return day, m[2], true
}

// cutAny cuts the first matching prefix off a text, with the spaces and commas after it. A prefix matches whole words only:
// "morgens" does not begin with "morgen".
func cutAny(words string, prefixes ...string) (rest string, ok bool) {
	for _, prefix := range prefixes {
		rest, ok := strings.CutPrefix(words, prefix)
		if !ok {
			continue
		}
		trimmed := strings.TrimLeft(rest, " ,")
		endsWord := rest == "" || trimmed != rest
		if endsWord {
			return trimmed, true
		}
	}
	return "", false
}
