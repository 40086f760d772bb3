package measure

import (
	"fmt"
	"time"
)

// parts are days that make up a time between two days: weeks, and spans of four of them, have sums of their own
// (measure_spans), so that a year of a thousand agents is not summed up from 365,000 rows but from some 25,000.
type parts struct {
	days  []string // single ones
	weeks []string // the first days of weeks
	long  []string // the first days of spans of four weeks
}

// Lengths of the spans that have sums of their own. They begin on Mondays, counted from spansFrom on.
const (
	weekDays = 7
	longDays = 28

	spansFrom = "2001-01-01"
)

// partsOf divides the time from one day to another, which counts too, into spans of so many days at most.
func partsOf(from, to string, longest int) (parts, error) {
	p := parts{days: []string{}, weeks: []string{}, long: []string{}} // nil would be NULL
	var at [3]time.Time
	for i, day := range []string{from, to, spansFrom} {
		t, err := time.Parse(time.DateOnly, day)
		if err != nil {
			return p, fmt.Errorf("store: figures of the days from %q to %q", from, to)
		}
		at[i] = t
	}
	number := func(t time.Time) int { return int(t.Sub(at[2]) / (24 * time.Hour)) }
	first, last := number(at[0]), number(at[1])
	for day := first; day <= last; {
		name, n := at[2].AddDate(0, 0, day).Format(time.DateOnly), 1
		switch {
		case longest >= longDays && day >= 0 && day%longDays == 0 && day+longDays-1 <= last:
			p.long, n = append(p.long, name), longDays
		case longest >= weekDays && day >= 0 && day%weekDays == 0 && day+weekDays-1 <= last:
			p.weeks, n = append(p.weeks, name), weekDays
		default:
			p.days = append(p.days, name)
		}
		day += n
	}
	return p, nil
}
