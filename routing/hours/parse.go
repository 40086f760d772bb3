package hours

import (
	"slices"
	"strings"
	"time"
)

// ParseZone reads the name of a time zone, such as Europe/Berlin. It fails for a name that the system doesn't know, and for the
// machine's own zone, which has no name.
func ParseZone(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	isNamed := name != "" && name != "Local" // for these time.LoadLocation returns UTC and the machine's zone
	if err != nil || !isNamed {
		return nil, faultf("unknown time zone %q: it should be a name like Europe/Berlin", name)
	}
	return zone, nil
}

// ParseDays reads days of the week, in the order in which they are written: "sat", "mon,wed", "mon-fri". A range may go past the end
// of the week, as "fri-mon" does; "mon-mon" is monday alone. It fails for what isn't a day, and for a day that comes twice.
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

// daysFrom returns the days from the first to the last, both included. They go past the end of the week if the last comes before the
// first.
func daysFrom(first, last time.Weekday) []time.Weekday {
	days := []time.Weekday{first}
	for d := first; d != last; {
		d = (d + 1) % daysOfWeek
		days = append(days, d)
	}
	return days
}

// readWeekday reads mon or Monday.
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

// ParseSpans reads the times of a day: "09:00-17:30", "09:00-12:30, 13:30-17:30", "22:00-24:00". It returns them sorted, and none
// for "closed". It fails for what isn't a time, for times that end before they begin, and for such that overlap.
func ParseSpans(s string) ([]Span, error) {
	if strings.EqualFold(strings.TrimSpace(s), closed) {
		return nil, nil
	}

	var spans []Span
	for part := range strings.SplitSeq(s, ",") {
		from, to, _ := strings.Cut(part, "-")
		begin, fromOK := readMinutes(from)
		end, toOK := readMinutes(to)
		if !fromOK || !toOK {
			return nil, faultf("%q is not a time from and to: it should be like 09:00-17:30, or closed", strings.TrimSpace(part))
		}
		if begin >= end {
			return nil, faultf("%q ends before it begins: a night should be like 22:00-24:00 and, on the next day, 00:00-06:00",
				strings.TrimSpace(part))
		}

		spans = append(spans, Span{From: begin, To: end})
	}

	sortSpans(spans)

	for i := 1; i < len(spans); i++ {
		if spans[i].From < spans[i-1].To {
			return nil, faultf("the times in %q overlap: they should be like 09:00-12:30, 13:30-17:30", strings.TrimSpace(s))
		}
	}

	return spans, nil
}

// readMinutes reads 09:00 or 9:00; 24:00 is the end of the day.
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

// readDigits reads a number of digits only, without a sign. ok is false for "".
func readDigits(s string) (n int, ok bool) {
	for _, r := range s {
		if r < '0' || r > '9' {
			return 0, false
		}
		n = n*10 + int(r-'0')
	}
	return n, s != ""
}

// ParseDate reads the date of a holiday, such as 2026-12-25. It fails for what isn't a date, and for a day that its month doesn't have.
func ParseDate(s string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return time.Time{}, faultf("%q is not a date: it should be like 2026-12-25", s)
	}
	return t, nil
}
