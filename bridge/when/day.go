package when

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Days in people's words: "24.12.", "2026-12-24", "3rd of may", "tomorrow", "next friday". Each read function takes
// the day at the beginning of a text and returns it with what follows, which may be a time of day.

const daysOfWeek = 7

// date is a day in a time zone. Its month and day may be too large, as in time.Date: 32 January means 1 February.
type date struct {
	year  int
	month time.Month
	day   int
	loc   *time.Location
}

// at returns the moment of a time of day.
func (d date) at(c clock) time.Time {
	return time.Date(d.year, d.month, d.day, c.hour, c.minute, 0, 0, d.loc)
}

// today returns the day of now.
func (r reader) today() date {
	return date{year: r.now.Year(), month: r.now.Month(), day: r.now.Day(), loc: r.now.Location()}
}

// isInCalendar reports whether the calendar has the day.
func (d date) isInCalendar() bool {
	year, month, day := d.at(clock{hour: noonHour}).Date()
	return year == d.year && month == d.month && day == d.day
}

// readDay reads the day with which a text begins, and returns it with what follows it.
func (r reader) readDay(words string) (date, string, bool) {
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

// dateParts are the digits of a date, and the words that follow it. The year may be missing.
type dateParts struct{ year, month, day, rest string }

// splitDate finds the parts of a date. The day is "" if the text begins with no date.
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
		found, ok := r.nextYearly(time.Month(month), day)
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

// nextYearly returns the next day of that name that isn't past, today included.
func (r reader) nextYearly(month time.Month, day int) (date, bool) {
	const years = 9 // 29 February may be eight years away: from 2096 to 2104
	today := r.today()
	start := today.at(clock{})
	for year := range years {
		d := date{year: today.year + year, month: month, day: day, loc: today.loc}
		if d.isInCalendar() && !d.at(clock{}).Before(start) {
			return d, true
		}
	}
	return date{}, false
}

// readRelativeDay reads days that are counted from today.
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

// daysSinceMonday returns how many days of its week lie before a weekday: 0 for Monday, 6 for Sunday.
func daysSinceMonday(day time.Weekday) int { return daysUntil(time.Monday, day) }

// daysUntil returns how many days after a weekday another one comes: 0 if both are the same.
func daysUntil(from, to time.Weekday) int { return int(to-from+daysOfWeek) % daysOfWeek }

// readWeekdayOf reads the weekday after "next week", whose Monday is given. Without a weekday, the Monday is meant.
func readWeekdayOf(monday date, rest string) (date, string) {
	m := weekdayAt.FindStringSubmatch(rest)
	if m == nil {
		return monday, rest
	}
	weekday, ok := findWeekday(m[1])
	if !ok {
		return monday, rest
	}
	monday.day += daysSinceMonday(weekday)
	return monday, m[2]
}

// readWeekday reads the name of a weekday: the next one, never today.
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

// cutAny cuts the first of these words that the text begins with, as whole words.
func cutAny(words string, fronts ...string) (string, bool) {
	for _, front := range fronts {
		rest, ok := strings.CutPrefix(words, front)
		if !ok {
			continue
		}
		if after := strings.TrimLeft(rest, " ,"); rest == "" || after != rest { // "morgens" doesn't begin with "morgen"
			return after, true
		}
	}
	return "", false
}
