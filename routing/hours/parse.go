package hours

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// ParseZone returns the time zone with a name such as Europe/Berlin.
// Errors: *Error if the system doesn't know the name, or if it is "" or "Local".
func ParseZone(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	isNamed := name != "" && name != "Local" // for those time.LoadLocation returns UTC and the machine's zone
	if err != nil || !isNamed {
		return nil, faultf("unknown time zone %q: it should be a name like Europe/Berlin", name)
	}
	return zone, nil
}

// ParseDays parses days of the week and returns them in the order in which they are written: "sat",
// "mon,wed", "mon-fri". A range may continue past the end of the week: "fri-mon" is four days.
// Errors: *Error if a part is not a day or range, or if a day occurs twice.
func ParseDays(s string) ([]time.Weekday, error) {
	var days []time.Weekday
	for part := range strings.SplitSeq(s, ",") {
		from, to, isRange := strings.Cut(part, "-")
		first, ok := readWeekday(from)
		last := first
		if ok && isRange {
			last, ok = readWeekday(to)
		}
		if !ok {
			return nil, faultf("%q is not a day of the week or a range of days: it should be like sat or mon-fri",
				strings.TrimSpace(part))
		}

		for _, d := range daysFrom(first, last) {
			if slices.Contains(days, d) {
				return nil, faultf("%s is given twice", strings.ToLower(d.String()))
			}
			days = append(days, d)
		}
	}

	return days, nil
}

// daysFrom returns the days from first to last, both included. It continues past the end of the week if last
// precedes first.
func daysFrom(first, last time.Weekday) []time.Weekday {
	days := []time.Weekday{first}
	for d := first; d != last; {
		d = (d + 1) % daysOfWeek
		days = append(days, d)
	}
	return days
}

// readWeekday parses the name of a day, such as mon or Monday.
func readWeekday(s string) (time.Weekday, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	for d := time.Sunday; d <= time.Saturday; d++ {
		name := strings.ToLower(d.String())
		if s == name || s == name[:3] {
			return d, true
		}
	}
	return 0, false
}

// ParseSpans parses the opening times of a day: "09:00-17:30", "09:00-12:30, 13:30-17:30", "22:00-24:00". It
// returns them sorted, and nil for "closed".
// Errors: *Error if a part is not a pair of times, ends before it begins, or overlaps another one.
func ParseSpans(s string) ([]Span, error) {
	if strings.EqualFold(strings.TrimSpace(s), closed) {
		return nil, nil
	}

	var spans []Span
	for part := range strings.SplitSeq(s, ",") {
		from, to, _ := strings.Cut(part, "-")
		begin, isBeginValid := readMinutes(from)
		end, isEndValid := readMinutes(to)
		if !isBeginValid || !isEndValid {
			return nil, faultf("%q is not a time from and to: it should be like 09:00-17:30, or closed", strings.TrimSpace(part))
		}
		if begin >= end {
			return nil, faultf("%q ends before it begins: a night should be like 22:00-24:00 and, on the next day, 00:00-06:00",
				strings.TrimSpace(part))
		}

		spans = append(spans, Span{From: begin, To: end})
	}

	slices.SortFunc(spans, func(a, b Span) int { return cmp.Compare(a.From, b.From) })

	for i := 1; i < len(spans); i++ {
		if spans[i].From < spans[i-1].To {
			return nil, faultf("the times in %q overlap: they should be like 09:00-12:30, 13:30-17:30", strings.TrimSpace(s))
		}
	}

	return spans, nil
}

// readMinutes parses a time such as 09:00 or 9:00 and returns the minutes since midnight. 24:00 is the end of
// the day.
func readMinutes(s string) (int, bool) {
	const endOfDay = 24 * minutesOfHour
	h, m, ok := strings.Cut(strings.TrimSpace(s), ":")
	if !ok || len(h) > 2 || len(m) != 2 {
		return 0, false
	}
	hour, hourOK := readDigits(h)
	minute, minuteOK := readDigits(m)
	if !hourOK || !minuteOK || minute >= minutesOfHour {
		return 0, false
	}
	minutes := hour*minutesOfHour + minute
	return minutes, minutes <= endOfDay
}

// readDigits parses a number that has only digits, and no sign. ok is false for "".
func readDigits(s string) (n int, ok bool) {
	for _, r := range s {
		if r < '0' || r > '9' {
			return 0, false
		}
		n = n*10 + int(r-'0')
	}
	return n, s != ""
}

// ParseDate parses the date of a holiday, such as 2026-12-25.
// Errors: *Error if it is not a date that exists.
func ParseDate(s string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return time.Time{}, faultf("%q is not a date: it should be like 2026-12-25", s)
	}
	return t, nil
}
