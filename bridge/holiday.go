package bridge

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rickar/cal/v2"

	"parley/routing/hours"
)

// Day is a public holiday in one year.
type Day struct {
	Date string // "2026-12-25"
	Name string // in the country's language
}

// Calendar has the public holidays of one country or state. It is safe for concurrent use.
type Calendar struct {
	holidays []*cal.Holiday

	mu    sync.Mutex
	years map[int][]Day // caches the results of HolidaysOf by year
}

// FindCalendar returns the calendar of a country or state by its ISO 3166 code, such as "DE" or "DE-BY", in any case. The
// error for an unknown code lists the known ones, for people.
func FindCalendar(code string) (*Calendar, error) {
	all := slices.Concat(Countries(), Parts())
	i := slices.IndexFunc(all, func(r Region) bool { return strings.EqualFold(r.Code, code) })
	if i < 0 {
		return nil, fmt.Errorf("holiday: %q: known are %s", code, Codes(code))
	}
	return &Calendar{holidays: all[i].holidays, years: map[int][]Day{}}, nil
}

// Codes lists, for an error message, the codes that could be meant by an unknown one: those of the states of the same
// country or, if it has none here, those of all countries.
func Codes(code string) string {
	country, _, _ := strings.Cut(strings.ToUpper(code), "-")
	var codes []string
	for _, r := range slices.Concat(Countries(), Parts()) {
		if strings.HasPrefix(r.Code, country+"-") {
			codes = append(codes, r.Code)
		}
	}

	if len(codes) == 0 {
		for _, r := range Countries() {
			codes = append(codes, r.Code)
		}
		codes = append(codes, "and parts of AU, CH and DE")
		slices.Sort(codes[:len(codes)-1])
	}

	return strings.Join(codes, ", ")
}

// Hours reads stored business hours, with the public holidays of their country.
func Hours(plan []byte) (*hours.Hours, error) {
	return hours.Read(plan, func(code string) hours.Calendar {
		calendar, err := FindCalendar(code)
		if err != nil {
			return nil // the country is known to another version of Parley only; ignore its holidays
		}
		return calendar
	})
}

// Holiday returns the name of the public holiday on a day, or "" if there is none.
func (c *Calendar) Holiday(year int, month time.Month, day int) string {
	date := time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	for _, holiday := range c.HolidaysOf(year) {
		if holiday.Date == date {
			return holiday.Name
		}
	}
	return ""
}

// Names returns the names of all public holidays, without duplicates.
func (c *Calendar) Names() []string {
	var names []string
	for _, h := range c.holidays {
		if !slices.Contains(names, h.Name) {
			names = append(names, h.Name)
		}
	}
	return names
}

// HolidaysOf returns the public holidays of a year, sorted by date. If a holiday is observed on another day, for example on
// the Monday after a weekend, the result has both days. Callers must not modify it.
func (c *Calendar) HolidaysOf(year int) []Day {
	c.mu.Lock()
	defer c.mu.Unlock()

	days, isCached := c.years[year]
	if !isCached {
		days = calculateDays(c.holidays, year)
		c.years[year] = days
	}
	return days
}

func calculateDays(holidays []*cal.Holiday, year int) []Day {
	var days []Day
	add := func(at time.Time, name string) {
		// The library returns midnight in this machine's time zone. If the clocks skip midnight on that day, its result
		// is on the day before. Two hours later it is the right day in any case.
		at = at.Add(2 * time.Hour)
		date := at.Format(time.DateOnly)
		if at.Year() == year && !slices.ContainsFunc(days, func(d Day) bool { return d.Date == date }) {
			days = append(days, Day{date, name})
		}
	}
	for _, h := range holidays {
		for y := year - 1; y <= year+1; y++ { // 1 January may be observed on 31 December of the year before
			if actual, observed := h.Calc(y); !actual.IsZero() {
				add(actual, h.Name)
				add(observed, h.Name)
			}
		}
	}

	slices.SortFunc(days, func(a, b Day) int { return strings.Compare(a.Date, b.Date) })
	return days
}
