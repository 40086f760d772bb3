package measure

import (
	"fmt"
	"time"
)

// The figures of the dashboard, such as how long customers waited, are stored as sums of days, and for speed also as
// sums of weeks and of spans of four weeks (measure_spans). This file divides a requested range of days into as few of
// these as possible. For example, a report on a thousand agents over a year reads some 25,000 rows instead of 365,000.

// parts holds the single days and the spans that make up a range of days. Each is identified by its first day, such as
// "2026-11-28". The lists may be empty but are never nil, because nil would be NULL in the statements that read the sums.
type parts struct {
	days  []string
	weeks []string
	long  []string // spans of four weeks
}

// Lengths of parts, in days. Sums are stored for these lengths only. A week begins on a Monday, and a long span on every
// fourth Monday counted from firstMonday.
const (
	singleDay = 1
	weekDays  = 7
	longDays  = 28
)

// partsOf divides a range of days, both ends included, into parts that don't overlap. longest is the maximum length of a
// part: singleDay, weekDays or longDays. It returns an error if from or to doesn't have the form 2006-01-02.
func partsOf(from, to string, longest int) (parts, error) {
	first, err := dayNumber(from)
	if err != nil {
		return parts{}, err
	}
	last, err := dayNumber(to)
	if err != nil {
		return parts{}, err
	}

	p := parts{days: []string{}, weeks: []string{}, long: []string{}}
	for day := first; day <= last; {
		length := min(longestSpan(day, last), longest)
		switch name := dayName(day); length {
		case longDays:
			p.long = append(p.long, name)
		case weekDays:
			p.weeks = append(p.weeks, name)
		default:
			p.days = append(p.days, name)
		}
		day += length
	}
	return p, nil
}

// longestSpan returns the length of the longest part that begins on day and ends no later than last. A caller may use a
// shorter length instead, because every long span begins with a week and every week with a single day.
func longestSpan(day, last int) int {
	if day < 0 { // no spans exist before firstMonday
		return singleDay
	}
	for _, length := range []int{longDays, weekDays} {
		if day%length == 0 && day+length-1 <= last {
			return length
		}
	}
	return singleDay
}

// firstMonday returns the day from which days and spans are counted: 2001-01-01.
func firstMonday() time.Time { return time.Date(2001, time.January, 1, 0, 0, 0, 0, time.UTC) }

// dayNumber returns the number of days from firstMonday to a day. It is negative for days before firstMonday.
func dayNumber(day string) (int, error) {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return 0, fmt.Errorf("store: figures of the day %q: %w", day, err)
	}
	return int(at.Sub(firstMonday()) / (24 * time.Hour)), nil
}

// dayName is the reverse of dayNumber.
func dayName(number int) string { return firstMonday().AddDate(0, 0, number).Format(time.DateOnly) }
