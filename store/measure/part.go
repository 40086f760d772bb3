package measure

import (
	"fmt"
	"time"
)

// parts are the single days and spans that make up a range of days. Weeks and spans of four weeks have sums of their
// own (measure_spans), so that a year of a thousand agents is summed up from some 25,000 rows and not from 365,000.
type parts struct {
	days  []string // single ones
	weeks []string // the first days of weeks
	long  []string // the first days of spans of four weeks
}

// Lengths of the spans that have sums of their own. Spans begin on Mondays; the first ones begin on firstMonday.
const (
	weekDays = 7
	longDays = 28
)

// firstMonday is the day 2001-01-01, from which spans are counted.
func firstMonday() time.Time { return time.Date(2001, time.January, 1, 0, 0, 0, 0, time.UTC) }

// dayNumber returns how many days after firstMonday a day is.
func dayNumber(day string) (int, error) {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return 0, fmt.Errorf("store: figures of the day %q: %w", day, err)
	}
	return int(at.Sub(firstMonday()) / (24 * time.Hour)), nil
}

// dayName is the reverse of dayNumber.
func dayName(number int) string { return firstMonday().AddDate(0, 0, number).Format(time.DateOnly) }

// partsOf divides the days from one day to another, both included, into days and spans of at most longest days.
func partsOf(from, to string, longest int) (parts, error) {
	p := parts{days: []string{}, weeks: []string{}, long: []string{}} // nil would be NULL
	first, err := dayNumber(from)
	if err != nil {
		return p, err
	}

	last, err := dayNumber(to)
	if err != nil {
		return p, err
	}

	// begins returns whether a span of this length begins on the day and ends within the range. There are no spans before
	// firstMonday.
	begins := func(day, length int) bool {
		if length > longest || day < 0 {
			return false
		}
		return day%length == 0 && day+length-1 <= last
	}
	for day := first; day <= last; {
		switch name := dayName(day); {
		case begins(day, longDays):
			p.long = append(p.long, name)
			day += longDays
		case begins(day, weekDays):
			p.weeks = append(p.weeks, name)
			day += weekDays
		default:
			p.days = append(p.days, name)
			day++
		}
	}

	return p, nil
}
