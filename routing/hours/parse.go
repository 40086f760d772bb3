package hours

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// ParseZone reads a time zone.
// Shape: Europe/Berlin
// Errors: unknown, or not named.
func ParseZone(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	isNamed := name != "" && name != "Local" // for these time.LoadLocation returns UTC and the machine's zone
	if err != nil || !isNamed {
		return nil, fmt.Errorf("hours: %q is no time zone", name)
	}
	return zone, nil
}

// ParseDays reads days of the week, in the order in which they are written.
// Shape: mon-fri; sat; mon,wed; fri-mon; mon-mon is monday alone
// Errors: no day, or one twice.
func ParseDays(s string) ([]time.Weekday, error) {
	var days []time.Weekday
	for part := range strings.SplitSeq(s, ",") {
		from, to, ranged := strings.Cut(part, "-")
		first, ok := readWeekday(from)
		last := first
		if ok && ranged {
			last, ok = readWeekday(to)
		}
		if !ok {
			return nil, fmt.Errorf("hours: %q are no days of the week", strings.TrimSpace(part))
		}

		for d := first; ; d = (d + 1) % daysOfWeek {
			if slices.Contains(days, d) {
				return nil, fmt.Errorf("hours: %s is given twice", strings.ToLower(d.String()))
			}

			days = append(days, d)

			if d == last {
				break
			}
		}
	}

	return days, nil
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

// ParseSpans reads the times of a day, sorted; none for "closed".
// Shape: 09:00-17:30; 09:00-12:30, 13:30-17:30; 22:00-24:00; closed
// Errors: no times, one that ends before it begins, two that overlap.
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
			return nil, fmt.Errorf("hours: %q is no time of day", strings.TrimSpace(part))
		}
		if begin >= end {
			return nil, fmt.Errorf("hours: %q ends before it begins", strings.TrimSpace(part))
		}

		spans = append(spans, Span{From: begin, To: end})
	}

	sortSpans(spans)

	for i := 1; i < len(spans); i++ {
		if spans[i].From < spans[i-1].To {
			return nil, fmt.Errorf("hours: times in %q overlap", strings.TrimSpace(s))
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

// ParseDate reads a holiday.
// Shape: 2026-12-25
// Errors: no such day.
func ParseDate(s string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("hours: %q is no date", s)
	}
	return t, nil
}
